import type { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import type { ConstantCurrent, ConstantVoltage } from '../../../src/domain/technique.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { type ElectricalReading, electrical, type KeithleyBench } from './keithley-bench.ts';

/** What the tests are run with in turn. */
export const FAMILIES = ['2400', '2450'] as const;

/** A signal that does not abort. */
export const never = (): AbortSignal => new AbortController().signal;

/** A charge of ten samples. */
export const CHARGE: ConstantCurrent = {
  kind: 'constantCurrent',
  currentAmpere: 1e-3,
  sampleEverySecond: 2,
  durationSecond: 20,
  voltageVoltMin: 2.5,
  voltageVoltMax: 4.5,
};

/** A voltage held for fifteen samples. */
export const HOLD: ConstantVoltage = {
  kind: 'constantVoltage',
  voltageVolt: 3.8,
  sampleEverySecond: 2,
  durationSecond: 30,
  currentAmpereMax: 20e-3,
};

/** All readings of a technique. */
export async function measured(
  bench: KeithleyBench,
  technique: Parameters<Keithley['measure']>[0],
): Promise<readonly ElectricalReading[]> {
  const work = collect(bench.driver.measure(technique, never()));
  return electrical(await runToEnd(bench.clock, work, 0.1));
}

/** Begins a measurement and reads it in the background. */
export function begun(bench: KeithleyBench, technique: Parameters<Keithley['measure']>[0]) {
  const stop = new AbortController();
  const readings: ElectricalReading[] = [];
  const work = collect(bench.driver.measure(technique, stop.signal), (reading) => {
    if (reading.kind === 'electrical') readings.push(reading);
  });
  const outcome = work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { stop, readings, outcome };
}
