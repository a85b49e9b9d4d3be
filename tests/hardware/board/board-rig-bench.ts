import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { RigContext } from '../../../hardware/driver.ts';
import { openRig } from '../../../hardware/registry.ts';
import { calibrationSchema } from '../../../src/domain/calibration.ts';
import type { Instruments } from '../../../src/domain/instrument.ts';
import { type Rig, rigSchema } from '../../../src/domain/rig.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { LITHIUM_CELL } from '../simulated/support.ts';

const never = new AbortController().signal;
const ROOT = new URL('../../../', import.meta.url);

function read(path: string): unknown {
  return parse(readFileSync(new URL(path, ROOT), 'utf8'));
}

export const CALIBRATIONS = Object.fromEntries(
  ['pt100', 'type-k', 'load-cell', 'transducer'].map((name) => [
    `${name}-reference`,
    read(`hardware/calibrations/${name}-reference.yaml`),
  ]),
);

export function calibration<K extends keyof typeof CALIBRATIONS>(name: K) {
  return calibrationSchema.parse(CALIBRATIONS[name]);
}

/** A rig file as text tells it, changed by the test before it is checked. */
export function rigWith(change: (rig: Written) => void = () => {}, name = 'board-simulated'): Rig {
  const rig = { ...(read(`hardware/rigs/${name}.yaml`) as Written), calibrations: CALIBRATIONS };
  change(rig);
  return rigSchema.parse(rig);
}

export interface Written {
  instruments: {
    board?: { driver: string; options: Record<string, unknown> };
    sensors: Record<string, { driver: string; options: Record<string, unknown> }>;
    heater?: { driver: string; options: Record<string, unknown> };
    [other: string]: unknown;
  };
  calibrations: Record<string, unknown>;
  [other: string]: unknown;
}

export function contextOf(clock: VirtualClock): RigContext {
  return { clock, cell: LITHIUM_CELL, seed: 1, recordings: undefined };
}

/** The instruments of a rig on simulated time, and every sample they have told. */
export async function openBoardRig(rig = rigWith()) {
  const clock = new VirtualClock();
  const instruments = await openRig(rig, contextOf(clock));
  const samples: Sample[] = [];
  const sink = (sample: Sample): void => void samples.push(sample);
  const during = <T>(work: Promise<T>): Promise<T> => duringOn(clock, work);
  return {
    clock,
    instruments,
    samples,
    during,
    last: (channel: string) => samples.findLast((one) => one.channel === channel),
    connect: () => during(connectAll(instruments, sink)),
    disconnect: () => during(disconnectAll(instruments)),
  };
}

async function connectAll(
  { guard, sensors, heater, potentiostat }: Instruments,
  sink: (sample: Sample) => void,
): Promise<void> {
  await guard?.connect(never);
  for (const sensor of sensors) await sensor.connect(never, sink);
  await heater?.connect(never, sink);
  await potentiostat.connect(never);
}

async function disconnectAll(instruments: Instruments): Promise<void> {
  const { guard, sensors, heater, potentiostat } = instruments;
  await potentiostat.disconnect();
  await heater?.disconnect();
  for (const sensor of sensors) await sensor.disconnect();
  await guard?.disconnect();
}

/** Time passes until the work is done. */
export async function duringOn<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const settled = work.then(
    () => {
      isDone = true;
    },
    () => {
      isDone = true;
    },
  );
  for (let step = 0; step < 4000 && !isDone; step += 1) await clock.advance(0.005);
  if (!isDone) throw new Error('it took more than 20 s');
  await settled;
  return work;
}
