import { describe, expect, it } from 'vitest';
import { SineLockIn, type SinePoint, type SineSettings } from '../../src/analysis/lock-in.ts';
import { Random } from '../../src/domain/random.ts';
import { LockInKernel } from '../../src/kernels/lock-in-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { heldImpedance, heldResponse, ONE_ARC, TWO_ARCS } from './discretised-circuit.ts';

const SEED = 20_261_121;
const KERNEL = new LockInKernel(loadKernelModule('lock-in'));

interface Signals {
  readonly voltage: Float64Array;
  readonly current: Float64Array;
}

function sine(settings: SineSettings, samples: number, amplitude = 1e-3): Float64Array {
  const turn = (2 * Math.PI * settings.frequencyHertz) / settings.sampleRateHertz;
  return Float64Array.from({ length: samples }, (_, k) => amplitude * Math.cos(turn * k));
}

function measured(settings: SineSettings, { voltage, current }: Signals, chunk = 777): SinePoint {
  const lockIn = new SineLockIn(KERNEL, settings);
  for (let from = 0; from < voltage.length; from += chunk) {
    lockIn.push(voltage.subarray(from, from + chunk), current.subarray(from, from + chunk));
  }
  return lockIn.result();
}

function relativeError(point: SinePoint, re: number, im: number): number {
  return Math.hypot(point.zRealOhm - re, point.zImagOhm - im) / Math.hypot(re, im);
}

describe('a single sine through a circuit that is discretised exactly', () => {
  const cases = [
    ['R + RC', ONE_ARC, { frequencyHertz: 5, sampleRateHertz: 2000 }],
    [
      'R + RC, two samples and a half a period',
      ONE_ARC,
      { frequencyHertz: 800, sampleRateHertz: 2000 },
    ],
    ['R + RC + RC', TWO_ARCS, { frequencyHertz: 2, sampleRateHertz: 1000 }],
    [
      'R + RC + RC, no whole number of samples a period',
      TWO_ARCS,
      { frequencyHertz: 7.3, sampleRateHertz: 1000 },
    ],
  ] as const;

  it.each(cases)('gives the impedance to 1e-9 without noise: %s', (_, circuit, settings) => {
    const samples = 8 * settings.sampleRateHertz;
    const current = sine(settings, samples);
    const voltage = heldResponse(circuit, current, settings.sampleRateHertz).map((v) => v + 3.7);
    const point = measured(settings, { voltage, current });
    const { re, im } = heldImpedance(circuit, settings.frequencyHertz, settings.sampleRateHertz);
    expect(relativeError(point, re, im)).toBeLessThan(1e-9);
    expect(point.state).toBe('settled');
    expect(point.quality).toBe('good');
    expect(point.zImagOhm).toBeLessThan(0);
    expect(point.coherent).toBe(
      Number.isInteger(settings.sampleRateHertz / settings.frequencyHertz),
    );
  });

  it('gives it to 1e-9 while the potential drifts by ten times the sine', () => {
    const settings = { frequencyHertz: 5, sampleRateHertz: 2000 };
    const current = sine(settings, 8000);
    const voltage = heldResponse(ONE_ARC, current, 2000).map(
      (v, k) => v + 3.7 + 0.3 * (k / 8000) - 0.1 * (k / 8000) ** 2,
    );
    const { re, im } = heldImpedance(ONE_ARC, 5, 2000);
    expect(relativeError(measured(settings, { voltage, current }), re, im)).toBeLessThan(1e-9);
  });

  it('gives the same however long it runs, in constant memory', () => {
    const settings = { frequencyHertz: 20, sampleRateHertz: 400 };
    const current = sine(settings, 400_000);
    const voltage = heldResponse(ONE_ARC, current, 400);
    const point = measured(settings, { voltage, current });
    const { re, im } = heldImpedance(ONE_ARC, 20, 400);
    expect(relativeError(point, re, im)).toBeLessThan(1e-9);
    // Windows have been joined: hardly any period is left out all the same.
    expect(point.periodsUsed + point.periodsDiscarded).toBeGreaterThan(19_000);
  });
});

describe('the stated standard deviation of a single sine', () => {
  it('is the scatter of 1000 measurements with white noise, to 10 %', () => {
    const settings = { frequencyHertz: 10, sampleRateHertz: 800 };
    const random = new Random(SEED);
    const clean = sine(settings, 80 * 40);
    const steady = heldResponse(ONE_ARC, clean, 800);
    const [from, end] = [80 * 20, 80 * 40];
    const parts = { real: [] as number[], imag: [] as number[], stated: [] as number[] };
    for (let trial = 0; trial < 1000; trial += 1) {
      const current = clean.slice(from, end).map((i) => i + 4e-5 * random.normal());
      const voltage = steady.slice(from, end).map((v) => v + 1e-3 * random.normal());
      const point = measured(settings, { voltage, current });
      parts.real.push(point.zRealOhm);
      parts.imag.push(point.zImagOhm);
      parts.stated.push(point.sigmaOhm);
    }
    const stated = Math.sqrt(mean(parts.stated.map((s) => s * s)));
    expect(Math.abs(deviation(parts.real) / stated - 1)).toBeLessThan(0.1);
    expect(Math.abs(deviation(parts.imag) / stated - 1)).toBeLessThan(0.1);
    const { re, im } = heldImpedance(ONE_ARC, 10, 800);
    // And the mean of them all is the impedance, within its own standard deviation.
    expect(Math.abs(mean(parts.real) - re)).toBeLessThan((4 * stated) / Math.sqrt(1000));
    expect(Math.abs(mean(parts.imag) - im)).toBeLessThan((4 * stated) / Math.sqrt(1000));
  });
});

describe('the efficiency of a single sine', () => {
  // At 1000 samples a period each period is a window; at 7.3 a window holds nine.
  it.each([
    [1000, 6],
    [100, 20],
    [7.3, 400],
  ])('is that of the least squares there are: %f samples a period, %i periods', (perPeriod, periods) => {
    const settings = { frequencyHertz: 1, sampleRateHertz: perPeriod };
    const random = new Random(SEED);
    const samples = Math.round(perPeriod * periods);
    const current = sine(settings, samples);
    const variances = Array.from({ length: 50 }, () => {
      const voltage = current.map((i) => 20 * i + 1e-4 * random.normal());
      return measured(settings, { voltage, current }).sigmaOhm ** 2;
    });
    // Variance of a part of an amplitude from N samples of noise s²: 2 s² / N.
    const least = (2 * 1e-4 ** 2) / samples / 1e-3 ** 2;
    expect(Math.sqrt(mean(variances) / least)).toBeLessThan(1.07);
  });
});

describe('settling and drift of a single sine', () => {
  // The arc's time constant is 30 ms; what is slower than a period is taken up by the trend.
  it.each([
    [5, 1],
    [10, 3],
    [30, 4],
    [60, 1],
  ])('discards the periods of the transient at %f Hz, at least %i', (frequencyHertz, discarded) => {
    const settings = { frequencyHertz, sampleRateHertz: 100 * frequencyHertz };
    const random = new Random(SEED);
    const current = sine(settings, 4000);
    const clean = heldResponse(ONE_ARC, current, settings.sampleRateHertz);
    const point = measured(settings, {
      voltage: clean.map((v) => v + 1e-7 * random.normal()),
      current,
    });
    const { re, im } = heldImpedance(ONE_ARC, frequencyHertz, settings.sampleRateHertz);
    expect(point.state).toBe('settled');
    expect(point.periodsDiscarded).toBeGreaterThanOrEqual(discarded);
    expect(point.periodsDiscarded).toBeLessThan(10);
    expect(point.periodsUsed + point.periodsDiscarded).toBe(40);
    expect(Math.hypot(point.zRealOhm - re, point.zImagOhm - im)).toBeLessThan(4 * point.sigmaOhm);
  });

  it('says so when the measurement ends before the response has settled', () => {
    const settings = { frequencyHertz: 60, sampleRateHertz: 6000 };
    const current = sine(settings, 500);
    const voltage = heldResponse(ONE_ARC, current, 6000);
    const point = measured(settings, { voltage, current });
    expect(point.state).toBe('settling');
    expect(point.remarks.join()).toContain('measure more periods');
  });

  it.each([
    1e-7, 1e-5, 1e-4,
  ])('reports a cell that drifts by 1 % per second, with %f V noise', (noise) => {
    const settings = { frequencyHertz: 10, sampleRateHertz: 1000 };
    const random = new Random(SEED);
    const current = sine(settings, 10_000);
    const voltage = current.map((i, k) => 20 * i * (1 + 1e-5 * k) + noise * random.normal());
    const point = measured(settings, { voltage, current });
    expect(point.state).toBe('drifting');
    expect(Math.abs(point.driftPercentPerSecond - 1 / 1.05)).toBeLessThan(0.15);
    expect(Math.abs(point.zRealOhm - 21)).toBeLessThan(0.2);
    expect(point.remarks.join()).toContain('% per second');
  });

  it('calls a steady cell settled, without remarks, in 200 noisy measurements of 200', () => {
    const settings = { frequencyHertz: 10, sampleRateHertz: 1000 };
    const random = new Random(SEED);
    const current = sine(settings, 3000);
    for (let trial = 0; trial < 200; trial += 1) {
      const voltage = current.map((i) => 20 * i + 1e-4 * random.normal());
      const point = measured(settings, { voltage, current });
      expect([point.state, point.quality, point.remarks]).toEqual(['settled', 'good', []]);
    }
  });
});

describe('samples that cannot be trusted', () => {
  const settings = { frequencyHertz: 10, sampleRateHertz: 1000 };
  const current = sine(settings, 1000);
  const voltage = current.map((i) => 20 * i);

  it.each([
    ['without noise', 0, 0],
    ['with noise before the converter', 2e-4, 0],
    ['with the steps of a converter', 0, 1e-4],
  ])('finds a flat top without knowing the range: %s', (_, noise, step) => {
    const random = new Random(SEED);
    const clip = (v: number): number => Math.max(-0.017, Math.min(0.017, v));
    const clipped = voltage.map((v) => quantised(clip(v + noise * random.normal()), step));
    const point = measured(settings, { voltage: clipped, current });
    expect(point.quality).toBe('overload');
    expect(point.remarks).toContain(
      'the voltage is clipped; use a larger range or a smaller amplitude',
    );
  });

  it.each([1e-6, 1e-4, 2e-3])('takes the steps of a converter, %f V, for what they are', (step) => {
    const coarse = voltage.map((v) => quantised(v, step));
    expect(measured(settings, { voltage: coarse, current }).quality).toBe('good');
  });

  it('counts a sample at the end of a known range as overload', () => {
    const limited = { ...settings, currentLimitAmpere: 1e-3 };
    const point = measured(limited, { voltage, current });
    expect(point.quality).toBe('overload');
    expect(point.remarks.join()).toContain('the current is clipped');
    expect(measured({ ...settings, currentLimitAmpere: 2e-3 }, { voltage, current }).quality).toBe(
      'good',
    );
  });

  it('refuses to give an impedance where no current flows', async () => {
    const random = new Random(SEED);
    const dead = current.map(() => 1e-9 * random.normal());
    for (const none of [dead, new Float64Array(1000)]) {
      const fault = await caughtFault(() => measured(settings, { voltage, current: none }));
      expect(fault.code).toBe('analysis');
      expect(fault.message).toContain('not above its noise');
    }
  });

  it('says when the current is weak', () => {
    const random = new Random(SEED);
    const weak = current.map((i) => 1e-3 * i + 1e-6 * random.normal());
    const point = measured(settings, { voltage: voltage.map((v) => v * 1e-3), current: weak });
    expect(point.quality).toBe('underload');
    expect(point.sigmaOhm).toBeGreaterThan(0.01 * 20);
  });

  it('refuses too few periods and says how many there must be', async () => {
    const fault = await caughtFault(() =>
      measured(settings, { voltage: voltage.subarray(0, 299), current: current.subarray(0, 299) }),
    );
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain('10 Hz: 2 whole periods measured; expected at least 3');
  });

  it.each([
    [{ frequencyHertz: 0, sampleRateHertz: 1000 }, 'a frequency above 0'],
    [{ frequencyHertz: NaN, sampleRateHertz: 1000 }, 'a frequency above 0'],
    [{ frequencyHertz: 451, sampleRateHertz: 1000 }, 'sampled at 1000 Hz; expected at least 1002'],
    [{ frequencyHertz: 10, sampleRateHertz: NaN }, 'sampled at NaN Hz'],
  ])('refuses sampling %j', async (bad, message) => {
    const fault = await caughtFault(() => new SineLockIn(KERNEL, bad));
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain(message);
  });

  it('refuses samples that are not finite or do not pair up', async () => {
    const lockIn = new SineLockIn(KERNEL, settings);
    const nan = new Float64Array(200).fill(NaN);
    expect((await caughtFault(() => lockIn.push(nan, nan))).message).toContain('sample 1 is NaN V');
    for (const [v, i] of [
      [10, 9],
      [9, 10],
      [150, 10],
      [10, 150],
    ] as const) {
      const fault = await caughtFault(() => lockIn.push(new Float64Array(v), new Float64Array(i)));
      expect(fault.code).toBe('badInput');
    }
  });
});

function quantised(value: number, step: number): number {
  return step > 0 ? step * Math.round(value / step) : value;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((a, b) => a + (b - centre) ** 2, 0) / (values.length - 1));
}
