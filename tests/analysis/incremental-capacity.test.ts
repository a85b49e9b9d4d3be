import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ElectricalSeries } from '../../src/analysis/cycling-trace.ts';
import { incrementalCapacity } from '../../src/analysis/incremental-capacity.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';

/** Charge of two reactions at 3.3 and 3.6 V, by their equilibrium; C. */
const WIDTH = 0.03;
const chargeAt = (volt: number): number =>
  100 / (1 + Math.exp((3.3 - volt) / WIDTH)) + 50 / (1 + Math.exp((3.6 - volt) / WIDTH));

/** The voltage a slow current passes through, read so that the charge goes evenly. */
function sweep(ampere: number): ElectricalSeries {
  const volts = Array.from({ length: 4001 }, (_, at) => 3 + at * 0.00025);
  if (ampere < 0) volts.reverse();
  const start = chargeAt(volts[0] ?? 0);
  return {
    voltageVolt: Float64Array.from(volts),
    currentAmpere: Float64Array.from(volts, () => ampere),
    timeSecond: Float64Array.from(volts, (volt) => (chargeAt(volt) - start) / ampere),
  };
}

describe('incremental capacity', () => {
  it.each([0.01, -0.01])('has the peaks of two reactions, at %f A', (ampere) => {
    const found = incrementalCapacity(sweep(ampere));
    expect(found?.peaks).toHaveLength(2);
    const [high, low] = found?.peaks ?? [];
    expect(Math.abs((high?.voltageVolt ?? 0) - 3.3)).toBeLessThan(0.003);
    expect(Math.abs((low?.voltageVolt ?? 0) - 3.6)).toBeLessThan(0.003);
    // A logistic of this width has its charge over four widths as its highest slope.
    expect(Math.abs((high?.coulombPerVolt ?? 0) / (100 / (4 * WIDTH)) - 1)).toBeLessThan(0.02);
    expect(found?.closure).toBeCloseTo(1, 2);
    expect(Math.sign(found?.chargeCoulomb ?? 0)).toBe(Math.sign(ampere));
    expect(found?.coulombPerVolt.every((one) => one > -1)).toBe(true);
  });

  it('leaves out readings that go back, and says by its closure what is lost', () => {
    const { voltageVolt, ...rest } = sweep(0.01);
    const noisy = voltageVolt.map((volt, at) => volt + (at % 2 === 0 ? 0.002 : -0.002));
    const found = incrementalCapacity({ ...rest, voltageVolt: noisy });
    expect(Math.abs((found?.peaks[0]?.voltageVolt ?? 0) - 3.3)).toBeLessThan(0.006);
    expect(found?.closure).toBeCloseTo(1, 1);
    const held = voltageVolt.map((volt) => Math.min(volt, 3.45));
    expect(incrementalCapacity({ ...rest, voltageVolt: held })?.closure).toBeLessThan(0.7);
  });

  it('is nothing where the voltage hardly moves, or without readings', () => {
    const { voltageVolt, ...rest } = sweep(0.01);
    const flat = voltageVolt.map(() => 3.3);
    expect(incrementalCapacity({ ...rest, voltageVolt: flat })).toBeUndefined();
    expect(incrementalCapacity({ ...rest, voltageVolt }, { stepVolt: 0.2 })).toBeUndefined();
    expect(incrementalCapacity({ ...rest, voltageVolt }, { stepVolt: 0 })).toBeUndefined();
    expect(incrementalCapacity({ ...rest, voltageVolt }, { stepVolt: 1e-9 })).toBeUndefined();
    const none = new Float64Array(0);
    expect(
      incrementalCapacity({ timeSecond: none, voltageVolt: none, currentAmpere: none }),
    ).toBeUndefined();
  });
});

describeWithData('a measured graphite half cell', () => {
  /** Step blocks of one cycle whose type begins so. */
  function blocks(cycle: string, type: string): ElectricalSeries[] {
    const rows = readFileSync(sharedData('echem/neware_uio.csv'), 'utf8').split(/\r?\n/).slice(1);
    const found = new Map<string, number[][]>();
    for (const row of rows) {
      const [, index, step = '', kind = '', , clock = '', ampere, volt] = row.split(',');
      if (index !== cycle || !kind.startsWith(type)) continue;
      const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
      const second = 3600 * hours + 60 * minutes + seconds;
      found.set(step, [...(found.get(step) ?? []), [second, Number(ampere), Number(volt)]]);
    }
    return [...found.values()].map((block) => ({
      timeSecond: Float64Array.from(block, ([second = 0]) => second),
      currentAmpere: Float64Array.from(block, ([, ampere = 0]) => ampere),
      voltageVolt: Float64Array.from(block, ([, , volt = 0]) => volt),
    }));
  }

  it('has the peaks that another program finds in the charge of cycle 2', () => {
    const [charge] = blocks('2', 'CC Chg');
    if (!charge) throw new Error('expected a charge');
    const found = incrementalCapacity(charge);
    for (const expected of [0.118, 0.268, 0.478]) {
      const nearest = Math.min(
        ...(found?.peaks ?? []).map(({ voltageVolt }) => Math.abs(voltageVolt - expected)),
      );
      expect(nearest, String(expected)).toBeLessThan(0.01);
    }
    expect(Math.abs((found?.closure ?? 0) - 1)).toBeLessThan(0.01);
  });

  it('has those of its first discharge', () => {
    const [discharge] = blocks('2', 'CC DChg');
    if (!discharge) throw new Error('expected a discharge');
    const volts = (incrementalCapacity(discharge)?.peaks ?? []).map(
      ({ voltageVolt }) => voltageVolt,
    );
    for (const expected of [0.095, 0.25]) {
      expect(Math.min(...volts.map((volt) => Math.abs(volt - expected)))).toBeLessThan(0.01);
    }
  });
});
