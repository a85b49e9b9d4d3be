import { describe, expect, it } from 'vitest';
import { HoldShortDetector } from '../../src/run/hold-short-detector.ts';

const HOUR = 3600;
const CHARGE_AMPERE = 1e-3;
const OPTIONS = { residualAmpere: undefined, chargeAmpere: CHARGE_AMPERE, afterSecond: HOUR };

interface Hold {
  readonly hours: number;
  readonly ampere: (second: number) => number;
  readonly volt?: number;
  readonly celsius?: (second: number) => number;
  /** When the voltage was last switched on, at a moment. */
  readonly flowStart?: (second: number) => number;
}

function tell(hold: Hold, options: ConstructorParameters<typeof HoldShortDetector>[0] = OPTIONS) {
  const { hours, ampere, volt = 4.2, celsius = () => 25, flowStart = () => 0 } = hold;
  const detector = new HoldShortDetector(options);
  for (let second = 10; second <= hours * HOUR; second += 10) {
    const reading = { timeSecond: second, voltageVolt: volt, currentAmpere: ampere(second) };
    const verdict = detector.add(reading, flowStart(second), celsius(second));
    if (verdict) return { second, ...verdict };
  }
  return undefined;
}

/** Cottrell at first, exponential at the end. */
const decaying = (second: number): number =>
  (CHARGE_AMPERE * Math.exp(-second / 20_000)) / (1 + Math.sqrt(second / 600));
const leaking =
  (ampere: number, fromSecond = 0) =>
  (second: number) =>
    decaying(second) + (second > fromSecond ? ampere : 0);

describe('a cell at a held voltage', () => {
  it('whose current decays is never taken for a shorted one', () => {
    expect(tell({ hours: 48, ampere: decaying })).toBeUndefined();
    expect(tell({ hours: 48, ampere: () => 0 })).toBeUndefined();
  });

  it('that gives current, less and less, is not one that takes more and more', () => {
    expect(tell({ hours: 48, ampere: (second) => -decaying(second) })).toBeUndefined();
  });

  it('whose current rises against its course is told of within half an hour', () => {
    const found = tell({ hours: 12, ampere: leaking(2e-4, 6 * HOUR) });
    expect(found?.kind).toBe('rising');
    expect(found?.second).toBeGreaterThan(6 * HOUR);
    expect(found?.second).toBeLessThanOrEqual(6.5 * HOUR);
    expect(found?.seenAmpere).toBeGreaterThan(2e-4);
  });

  it('whose current stays above 5 % of the charging current is told of', () => {
    const found = tell({ hours: 48, ampere: leaking(2e-4) });
    expect(found).toMatchObject({ kind: 'residual', usualAmpere: 5e-5 });
  });

  it('may keep less than that for ever', () => {
    expect(tell({ hours: 120, ampere: leaking(3e-5) })).toBeUndefined();
  });

  it('is judged by what the recipe allows instead, if it says', () => {
    const strict = { ...OPTIONS, residualAmpere: 1e-5 };
    expect(tell({ hours: 120, ampere: leaking(3e-5) }, strict)?.kind).toBe('residual');
    const generous = { ...OPTIONS, residualAmpere: 5e-4 };
    expect(tell({ hours: 48, ampere: leaking(2e-4) }, generous)).toBeUndefined();
  });

  it('that no current has brought there has no usual current, and only a rise tells', () => {
    const options = { ...OPTIONS, chargeAmpere: undefined };
    expect(tell({ hours: 48, ampere: leaking(2e-4) }, options)).toBeUndefined();
    expect(tell({ hours: 12, ampere: leaking(2e-4, 6 * HOUR) }, options)?.kind).toBe('rising');
  });

  it('with a negative voltage is fed with a negative current', () => {
    const ampere = (second: number) => -leaking(2e-4, 6 * HOUR)(second);
    const found = tell({ hours: 12, ampere, volt: -1 });
    expect(found?.kind).toBe('rising');
    expect(found?.seenAmpere).toBeLessThan(-2e-4);
  });

  it('is not judged by the minutes after a sweep, nor by what came before a long break', () => {
    // Each hour the voltage is switched on anew, and the cell takes what it had lost meanwhile.
    const flowStart = (second: number) => HOUR * Math.floor(second / HOUR);
    const ampere = (second: number) =>
      decaying(second) + 5e-4 * Math.exp(-(second - flowStart(second)) / 60);
    expect(tell({ hours: 24, ampere, flowStart })).toBeUndefined();
  });

  it('whose temperature changes takes another current for that', () => {
    const celsius = (second: number) => (second > 6 * HOUR ? 40 : 25);
    expect(tell({ hours: 12, ampere: leaking(1e-4, 6 * HOUR), celsius })?.kind).not.toBe('rising');
  });

  it('is not judged by a single glitch', () => {
    const ampere = (second: number) => decaying(second) + (second === 20_000 ? 1e-3 : 0);
    expect(tell({ hours: 12, ampere })).toBeUndefined();
  });
});
