import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../../firmware-bridge/link.ts';
import { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import type { KeithleyDialect } from '../../../hardware/potentiostats/keithley-models.ts';
import { Keithley2400Twin } from '../../../hardware/simulated/keithley-2400-twin.ts';
import { Keithley2450Twin } from '../../../hardware/simulated/keithley-2450-twin.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { runToEnd } from './emstat-bench.ts';
import { type Circuit, ResistorCapacitorTerminals } from './resistor-capacitor-terminals.ts';

/** A battery of 3.7 V behind 100 Ω, with an arc of 400 Ω and 4 s. */
export const BATTERY: Circuit = {
  openCircuitVolt: 3.7,
  seriesOhm: 100,
  parallelOhm: 400,
  capacitanceFarad: 1e-2,
};

/** A driver, its twin and the wire between them, on a clock that only the test moves. */
export interface KeithleyBench {
  readonly clock: VirtualClock;
  readonly terminals: ResistorCapacitorTerminals;
  readonly hostEnd: Link;
  readonly deviceEnd: Link;
  readonly twin: Keithley2400Twin | Keithley2450Twin;
  readonly driver: Keithley;
}

export interface BenchOptions {
  readonly family: KeithleyDialect;
  readonly circuit?: Circuit;
  readonly clockError?: number;
  readonly triggerLine?: number;
  /** Of the RS-232 of a 2400. */
  readonly baudRate?: number;
}

export function makeKeithleyBench(options: BenchOptions): KeithleyBench {
  const { family, circuit = BATTERY, clockError = 0, triggerLine } = options;
  const clock = new VirtualClock(1_700_000_000_000);
  const terminals = new ResistorCapacitorTerminals(clock, circuit);
  const [hostEnd, deviceEnd] = createLinkPair('bench');
  const parts = { link: deviceEnd, clock, terminals, seed: 7, clockError };
  const { baudRate } = options;
  const serial = baudRate === undefined ? parts : { ...parts, baudRate };
  const twin = family === '2400' ? new Keithley2400Twin(serial) : new Keithley2450Twin(parts);
  const triggerOut = triggerLine === undefined ? undefined : { line: triggerLine };
  const wire = { link: hostEnd, clock, provenance: 'simulated', family, triggerOut } as const;
  const driver = new Keithley({ id: 'smu', ...wire });
  return { clock, terminals, hostEnd, deviceEnd, twin, driver };
}

export async function connectedKeithley(options: BenchOptions): Promise<KeithleyBench> {
  const bench = makeKeithleyBench(options);
  await bench.twin.start();
  await runToEnd(bench.clock, bench.driver.connect(new AbortController().signal), 0.1);
  return bench;
}

export type ElectricalReading = Extract<Reading, { kind: 'electrical' }>;

/** Electrical readings only; fails on any other. */
export function electrical(readings: readonly Reading[]): readonly ElectricalReading[] {
  return readings.map((reading) => {
    if (reading.kind !== 'electrical') throw new Error(`unexpected ${reading.kind}`);
    return reading;
  });
}
