import { describe, expect, it } from 'vitest';
import { RestShortDetector } from '../../src/run/rest-short-detector.ts';

const HOUR = 3600;
const OPTIONS = { rateVoltPerSecond: 3e-3 / HOUR, afterSecond: HOUR };

interface Rest {
  readonly hours: number;
  readonly everySecond?: number;
  readonly volt: (second: number) => number;
  readonly celsius?: (second: number) => number;
}

/** What the detector says of a rest first, and when. */
function tell({ hours, everySecond = 10, volt, celsius = () => 25 }: Rest, options = OPTIONS) {
  const detector = new RestShortDetector(options, 0);
  let told = 0;
  let first: { readonly second: number; readonly kind: string; readonly rate: number } | undefined;
  for (let second = everySecond; second <= hours * HOUR; second += everySecond) {
    const verdict = detector.add({ timeSecond: second, value: volt(second) }, celsius(second));
    if (!verdict) continue;
    told += 1;
    first ??= { second, kind: verdict.kind, rate: verdict.rateVoltPerSecond * HOUR };
  }
  return { first, told };
}

/** After a long charge: diffusion, and an arc of ten minutes. */
const relaxing = (second: number): number =>
  3.8 +
  (0.04 * (Math.sqrt(second + 36_000) - Math.sqrt(second))) / 190 +
  0.01 * Math.exp(-second / 600);
const drifting =
  (ratePerHour: number, fromSecond = 0) =>
  (second: number) =>
    relaxing(second) - (ratePerHour / HOUR) * Math.max(0, second - fromSecond);

describe('a cell at rest', () => {
  it('that only relaxes is never taken for a shorted one, after charge or discharge', () => {
    expect(tell({ hours: 48, volt: relaxing }).first).toBeUndefined();
    expect(tell({ hours: 48, volt: (second) => 7 - relaxing(second) }).first).toBeUndefined();
  });

  it('that discharges itself slower than it may is left alone', () => {
    expect(tell({ hours: 24, volt: drifting(2e-3) }).first).toBeUndefined();
  });

  it('that discharges itself faster is told of within 2 h, once, with its rate', () => {
    const { first, told } = tell({ hours: 12, volt: drifting(20e-3) });
    expect(first?.kind).toBe('drift');
    expect(first?.second).toBeLessThanOrEqual(2 * HOUR);
    expect(first?.rate).toBeLessThan(-15e-3);
    expect(told).toBe(1);
  });

  it('is told of the sooner the faster it discharges itself', () => {
    const slow = tell({ hours: 12, volt: drifting(15e-3) }).first?.second ?? Number.NaN;
    const fast = tell({ hours: 12, volt: drifting(200e-3) }).first?.second ?? Number.NaN;
    expect(fast).toBeLessThan(slow);
    expect(fast).toBeLessThanOrEqual(HOUR);
  });

  it('that begins to discharge itself hours later is told of within the hour', () => {
    const from = 10 * HOUR;
    const { first } = tell({ hours: 14, volt: drifting(60e-3, from) });
    expect(first?.kind).toBe('faster');
    expect(first?.second).toBeGreaterThan(from);
    expect(first?.second).toBeLessThanOrEqual(from + HOUR);
  });

  it('with a negative voltage is judged the same way', () => {
    const { first } = tell({ hours: 12, volt: (second) => -drifting(20e-3)(second) });
    expect(first?.rate).toBeGreaterThan(15e-3);
  });

  it('whose two electrodes are equal has no voltage to lose', () => {
    const volt = (second: number) => 0.05 - (20e-3 / HOUR) * second;
    expect(tell({ hours: 2, volt }).first).toBeUndefined();
  });

  it('that is warmed is not judged by what that does to its voltage', () => {
    // 20 °C within 2 h, at 3 mV/K: as much as a filament would take.
    const celsius = (second: number) => 25 + Math.min(20, Math.max(0, (second - 6 * HOUR) / 360));
    const volt = (second: number) => relaxing(second) - 3e-3 * (celsius(second) - 25);
    expect(tell({ hours: 24, volt, celsius }).first).toBeUndefined();
    // The same course of the voltage in a steady room is a reason.
    expect(tell({ hours: 24, volt }).first?.kind).toBe('faster');
  });

  it('is not judged by a single glitch, however large', () => {
    const volt = (second: number) => relaxing(second) - (second === 9000 ? 2 : 0);
    expect(tell({ hours: 6, volt }).first).toBeUndefined();
  });

  it('may be allowed more, and then is', () => {
    const more = { ...OPTIONS, rateVoltPerSecond: 50e-3 / HOUR };
    expect(tell({ hours: 12, volt: drifting(20e-3) }, more).first).toBeUndefined();
  });
});
