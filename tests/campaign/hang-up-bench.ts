import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import { PtyLink } from '../../firmware-bridge/pty-link.ts';
import { SerialLink } from '../../firmware-bridge/serial-link.ts';
import { EmStat } from '../../hardware/potentiostats/emstat.ts';
import { cellSimulationSchema } from '../../hardware/simulated/cell-parameters.ts';
import type { CellTerminals } from '../../hardware/simulated/cell-terminals.ts';
import { EmStatTwin } from '../../hardware/simulated/emstat-twin.ts';
import { ovenSchema } from '../../hardware/simulated/oven-plant.ts';
import { simulatedBench } from '../../hardware/simulated/simulated-bench.ts';
import { Bus } from '../../src/domain/bus.ts';
import { type Cell, cellSchema } from '../../src/domain/cell.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Potentiostat } from '../../src/domain/instrument.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner } from '../../src/run/runner.ts';
import { REPOSITORY } from '../bench/repository.ts';
import { memoryRunInfo } from '../support/memory-run.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';
import { Plug } from '../support/plug.ts';

export type Transport = 'in-process' | 'pty';
export type Policy = 'resume' | 'hold';

/** Plating with a galvanostatic spectrum again and again: the link is never idle. */
const PLATING: Readonly<Record<Transport, string>> = {
  'in-process': platingOf({ record: '2 s', time: '10 min', every: '40 s', to: '1 Hz' }),
  pty: platingOf({ record: '50 ms', time: '5 s', every: '2 s', to: '200 Hz' }),
};

function platingOf(words: { record: string; time: string; every: string; to: string }): string {
  return `
recipe: hang-ups
title: Plating with galvanostatic impedance
safety:
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }
steps:
  - name: plate
    technique: constantCurrent
    current: "0.4 mA/cm²"
    record: { every: "${words.record}" }
    until: { any: [{ time: "${words.time}" }] }
    during:
      - { technique: impedance, mode: galvanostatic, from: "1 kHz", to: "${words.to}", pointsPerDecade: 5, amplitude: "20 µA", every: "${words.every}" }
`;
}

/** The terminals of the simulated cell, and whether its circuit is open. */
export class WitnessedTerminals implements CellTerminals {
  isOpen = true;
  readonly #cell: CellTerminals;

  constructor(cell: CellTerminals) {
    this.#cell = cell;
  }

  setCurrent(currentAmpere: number): void {
    this.isOpen = false;
    this.#cell.setCurrent(currentAmpere);
  }

  setOpen(): void {
    this.isOpen = true;
    this.#cell.setOpen();
  }

  currentAmpere(): number {
    return this.#cell.currentAmpere();
  }

  voltageVolt(): number {
    return this.#cell.voltageVolt();
  }

  impedance(frequencyHertz: number): { readonly zRealOhm: number; readonly zImagOhm: number } {
    return this.#cell.impedance(frequencyHertz);
  }

  get isOff(): boolean {
    return this.isOpen && this.#cell.currentAmpere() === 0;
  }
}

/** What the driver was asked for and has confirmed, in order. */
export interface Witnessed {
  readonly what: 'connect' | 'cellOff' | 'measure';
  readonly second: number;
  /** What the terminals show at this moment. */
  readonly isOff: boolean;
}

/** One run that is ready to start, its instrument behind a plug. */
export interface HangUpBench {
  readonly plug: Plug;
  readonly runner: Runner;
  readonly writer: MemoryWriter;
  readonly terminals: WitnessedTerminals;
  readonly witnessed: readonly Witnessed[];
  dispose(): Promise<void>;
}

export async function hangUpBench(
  transport: Transport,
  options: { readonly clock: Clock; readonly policy: Policy; readonly seed: number },
): Promise<HangUpBench> {
  const { clock, policy, seed } = options;
  const cell = readCell();
  const terminals = new WitnessedTerminals(simulatedCell(cell, clock, seed));
  const plug = new Plug();
  const { host, device, dispose } = wireOf(transport, clock);
  const twin = new EmStatTwin({ link: plug.deviceEnd(device), clock, terminals, seed });
  await twin.start();
  const link = plug.hostEnd(host);
  const driver = new EmStat({ id: 'pot', link, clock, provenance: 'simulated', model: 'es4_hr' });
  const witnessed: Witnessed[] = [];
  const potentiostat = witnessing(driver, (what) => {
    witnessed.push({ what, second: clock.nowSecond(), isOff: terminals.isOff });
  });
  const recipe = recipeSchema.parse({
    ...(parse(PLATING[transport]) as object),
    resume: { policy, maxGap: '10 min' },
  });
  const instruments = { potentiostat, sensors: [] };
  const writer = new MemoryWriter(clock);
  const runner = new Runner({
    plan: planRun(recipe, cell, instruments),
    instruments,
    clock,
    bus: new Bus((name, error) => {
      throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
    }),
    writer,
    spools: new MemorySpools(),
    info: memoryRunInfo({ seed }),
    analyses: [],
  });
  return {
    plug,
    runner,
    writer,
    terminals,
    witnessed,
    dispose: async () => {
      plug.putBack();
      await twin.stop();
      dispose();
    },
  };
}

function readCell(): Cell {
  const path = join(REPOSITORY, 'recipes/cells/li-li3ps4-li.yaml');
  return cellSchema.parse(parse(readFileSync(path, 'utf8')));
}

function simulatedCell(cell: Cell, clock: Clock, seed: number): CellTerminals {
  return simulatedBench({
    clock,
    simulation: cellSimulationSchema.parse(cell.simulation),
    areaSquareMetre: cell.area,
    oven: ovenSchema.parse({}),
    seed,
  }).cell;
}

function wireOf(
  transport: Transport,
  clock: Clock,
): { readonly host: Link; readonly device: Link; readonly dispose: () => void } {
  if (transport === 'in-process') {
    const [host, device] = createLinkPair('in-process');
    return { host, device, dispose: () => {} };
  }
  const folder = mkdtempSync(join(tmpdir(), 'operando-hang-up-'));
  const path = join(folder, 'port');
  return {
    host: new SerialLink({ path, baudRate: 921_600, clock }),
    device: new PtyLink({ path, clock }),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The driver, telling of each thing it has begun to measure or has confirmed. */
function witnessing(driver: Potentiostat, tell: (what: Witnessed['what']) => void): Potentiostat {
  return {
    get info() {
      return driver.info;
    },
    get capability() {
      return driver.capability;
    },
    connect: async (signal) => {
      await driver.connect(signal);
      tell('connect');
    },
    // Told with its first reading: what is begun on a dead link has measured nothing.
    async *measure(technique, signal) {
      let isTold = false;
      for await (const reading of driver.measure(technique, signal)) {
        if (!isTold) tell('measure');
        isTold = true;
        yield reading;
      }
    },
    cellOff: async () => {
      await driver.cellOff();
      tell('cellOff');
    },
    disconnect: () => driver.disconnect(),
  };
}
