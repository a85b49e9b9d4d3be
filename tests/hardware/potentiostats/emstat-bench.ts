import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../../firmware-bridge/link.ts';
import { EmStat, type EmStatOptions } from '../../../hardware/potentiostats/emstat.ts';
import { EmStatTwin, type EmStatTwinOptions } from '../../../hardware/simulated/emstat-twin.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { type Circuit, ResistorCapacitorTerminals } from './resistor-capacitor-terminals.ts';

export const CIRCUIT: Circuit = {
  openCircuitVolt: 0.1,
  seriesOhm: 100,
  parallelOhm: 400,
  capacitanceFarad: 1e-5,
};

/** A driver, its twin and the wire between them, on a clock that only the test moves. */
export interface Bench {
  readonly clock: VirtualClock;
  readonly terminals: ResistorCapacitorTerminals;
  readonly hostEnd: Link;
  readonly deviceEnd: Link;
  readonly twin: EmStatTwin;
  readonly driver: EmStat;
}

/** What makes a bench another than that of an EmStat4 HR. */
export interface BenchChanges {
  readonly driver?: Partial<EmStatOptions>;
  readonly twin?: Partial<EmStatTwinOptions>;
}

export function makeBench(circuit: Circuit = CIRCUIT, changes: BenchChanges = {}): Bench {
  const clock = new VirtualClock();
  const terminals = new ResistorCapacitorTerminals(clock, circuit);
  const [hostEnd, deviceEnd] = createLinkPair('bench');
  const twin = new EmStatTwin({ link: deviceEnd, clock, terminals, seed: 7, ...changes.twin });
  const driver = new EmStat({
    id: 'pot',
    link: hostEnd,
    clock,
    provenance: 'simulated',
    ...changes.driver,
  });
  return { clock, terminals, hostEnd, deviceEnd, twin, driver };
}

export async function connectedBench(
  circuit: Circuit = CIRCUIT,
  changes: BenchChanges = {},
): Promise<Bench> {
  const bench = makeBench(circuit, changes);
  await bench.twin.start();
  await runToEnd(bench.clock, bench.driver.connect(new AbortController().signal));
  return bench;
}

const STEPS_MAX = 100_000;

/** Moves the clock until the work is done; fails when it never is. */
export async function runToEnd<T>(
  clock: VirtualClock,
  work: Promise<T>,
  stepSecond = 1,
): Promise<T> {
  let isDone = false;
  const settled = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  void settled.then(() => {
    isDone = true;
  });
  for (let step = 0; step < STEPS_MAX && !isDone; step += 1) await clock.advance(stepSecond);
  if (!isDone) throw new Error(`not done after ${STEPS_MAX * stepSecond} simulated seconds`);
  const outcome = await settled;
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** Reads to the end, handing each reading to `onReading` first. */
export async function collect(
  readings: AsyncIterable<Reading>,
  onReading: (reading: Reading, count: number) => void = () => {},
): Promise<Reading[]> {
  const all: Reading[] = [];
  for await (const reading of readings) {
    all.push(reading);
    onReading(reading, all.length);
  }
  return all;
}
