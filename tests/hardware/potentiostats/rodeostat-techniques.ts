import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { electrical } from './keithley-bench.ts';
import type { RodeostatBench } from './rodeostat-bench.ts';

/** A signal that does not abort. */
export const never = new AbortController().signal;

/** A potential held for fifty samples. */
export const HOLD = {
  kind: 'constantVoltage',
  voltageVolt: 1,
  sampleEverySecond: 0.1,
  durationSecond: 5,
  currentAmpereMax: 1e-3,
} as const;

/** Six samples at rest. */
export const RESTING = { kind: 'openCircuit', sampleEverySecond: 0.5, durationSecond: 3 } as const;

/** All readings of a technique. */
export async function measured(bench: RodeostatBench, technique: ElectrochemicalTechnique) {
  const { clock, driver } = bench;
  return electrical(await runToEnd(clock, collect(driver.measure(technique, never)), 0.1));
}
