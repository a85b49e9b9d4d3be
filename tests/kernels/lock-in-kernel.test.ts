import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { LockInKernel, type SineWindow } from '../../src/kernels/lock-in-kernel.ts';
import {
  mergeTriangles,
  solveTriangle,
  type WindowFit,
  type WindowTriangle,
} from '../../src/kernels/lock-in-triangle.ts';
import { twinLockIn } from '../../src/kernels/lock-in-twin.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { caughtFault } from '../support/caught-fault.ts';

const BUILDS = ['simd', 'scalar'] as const;
const SEED = 7_310_224;

interface Signals {
  readonly voltage: Float64Array;
  readonly current: Float64Array;
}

/** A cell at 3.7 V that drifts, a sine of 10 mV and one of 2 mA, with noise. */
function signalsOf(window: SineWindow, noise: number): Signals {
  const random = new Random(SEED);
  const at = (k: number): number => window.cycleFirst + k * window.cyclesPerSample;
  const voltage = Float64Array.from({ length: window.sampleCount }, (_, k) => {
    const u = k / window.sampleCount;
    const sine = 0.01 * Math.cos(2 * Math.PI * at(k) - 0.7);
    return 3.7 + 0.02 * u - 0.005 * u * u + sine + noise * random.normal();
  });
  const current = Float64Array.from(
    { length: window.sampleCount },
    (_, k) => 2e-3 * Math.cos(2 * Math.PI * at(k)) + 0.1 * noise * random.normal(),
  );
  return { voltage, current };
}

function fitted(...measurement: Parameters<typeof reduced>): WindowFit {
  return solveTriangle(reduced(...measurement));
}

function reduced(
  build: (typeof BUILDS)[number],
  window: SineWindow,
  { voltage, current }: Signals,
  chunk = window.sampleCount,
): WindowTriangle {
  const kernel = new LockInKernel(loadKernelModule('lock-in', build));
  kernel.begin(window);
  for (let from = 0; from < window.sampleCount; from += chunk) {
    kernel.push(voltage.subarray(from, from + chunk), current.subarray(from, from + chunk));
  }
  return kernel.finish();
}

/** The largest difference, each relative to the size of its signal or matrix. */
function difference(a: WindowFit, b: WindowFit): number {
  const rms = (fit: WindowFit, name: 'voltage' | 'current'): number =>
    Math.sqrt(fit[name].residualSquares / fit.degreesOfFreedom);
  const sine = (name: 'voltage' | 'current', size: number): number[] => [
    (a[name].phasor.re - b[name].phasor.re) / size,
    (a[name].phasor.im - b[name].phasor.im) / size,
    ...a[name].trend.map((value, k) => (value - (b[name].trend[k] ?? NaN)) / size),
    (rms(a, name) - rms(b, name)) / size,
  ];
  const variance = (['re', 'im', 'covariance'] as const).map(
    (part) => (a.unitSpread[part] - b.unitSpread[part]) / b.unitSpread.re,
  );
  return Math.max(
    ...[...sine('voltage', 3.7), ...sine('current', 2e-3), ...variance].map(Math.abs),
  );
}

const WINDOWS: readonly (readonly [string, SineWindow])[] = [
  ['one whole period', { cyclesPerSample: 1 / 500, cycleFirst: 0, sampleCount: 500 }],
  ['many periods', { cyclesPerSample: 1 / 12.5, cycleFirst: 0.31, sampleCount: 10_000 }],
  [
    'a sampling rate that fits no period',
    { cyclesPerSample: 0.0173, cycleFirst: 4, sampleCount: 611 },
  ],
  [
    'little more than two samples a period',
    { cyclesPerSample: 0.45, cycleFirst: 0, sampleCount: 64 },
  ],
  ['as few samples as can be', { cyclesPerSample: 0.21, cycleFirst: 0, sampleCount: 6 }],
  ['a late start', { cyclesPerSample: 1 / 64, cycleFirst: 1e5 + 0.25, sampleCount: 640 }],
];

describe.each(BUILDS)('the %s lock-in kernel', (build) => {
  it.each(WINDOWS)('agrees with its twin to 1e-12: %s', (_, window) => {
    for (const noise of [0, 1e-4]) {
      const signals = signalsOf(window, noise);
      const expected = twinLockIn(window, signals.voltage, signals.current);
      expect(difference(fitted(build, window, signals), expected)).toBeLessThan(1e-12);
    }
  });

  it('gives the same bits however the samples are cut', () => {
    const window = { cyclesPerSample: 1 / 97, cycleFirst: 0, sampleCount: 9700 };
    const signals = signalsOf(window, 1e-4);
    const whole = fitted(build, window, signals);
    for (const chunk of [1, 61, 4096, 4097]) {
      expect(fitted(build, window, signals, chunk)).toEqual(whole);
    }
  });

  it('finds amplitude, phase and drift of a sine without noise to 1e-12', () => {
    const window = { cyclesPerSample: 1 / 250, cycleFirst: 0, sampleCount: 1000 };
    const { voltage, current } = fitted(build, window, signalsOf(window, 0));
    expect(Math.abs(voltage.phasor.re - 0.01 * Math.cos(0.7))).toBeLessThan(1e-14);
    expect(Math.abs(voltage.phasor.im + 0.01 * Math.sin(0.7))).toBeLessThan(1e-14);
    expect(Math.abs(current.phasor.re - 2e-3)).toBeLessThan(1e-15);
    expect(Math.abs(current.phasor.im)).toBeLessThan(1e-15);
    // A quadratic drift of 15 mV leaves nothing in the residual.
    expect(Math.sqrt(voltage.residualSquares / 1000)).toBeLessThan(1e-14);
  });

  it('fits windows joined afterwards like one window, whatever their lengths', () => {
    const whole = { cyclesPerSample: 1 / 97, cycleFirst: 0.4, sampleCount: 1000 };
    const signals = signalsOf(whole, 1e-4);
    const ends = [97, 300, 306, 1000];
    const parts = ends.map((end, index) => {
      const from = ends[index - 1] ?? 0;
      const cycleFirst = whole.cycleFirst + from * whole.cyclesPerSample;
      return reduced(
        build,
        { ...whole, cycleFirst, sampleCount: end - from },
        {
          voltage: signals.voltage.subarray(from, end),
          current: signals.current.subarray(from, end),
        },
      );
    });
    const joined = solveTriangle(mergeTriangles(parts));
    expect(difference(joined, twinLockIn(whole, signals.voltage, signals.current))).toBeLessThan(
      1e-12,
    );
  });

  it('keeps a residual a million times smaller than the signal', () => {
    const window = { cyclesPerSample: 1 / 250, cycleFirst: 0, sampleCount: 100_000 };
    const { voltage, degreesOfFreedom } = fitted(build, window, signalsOf(window, 1e-8));
    const noise = Math.sqrt(voltage.residualSquares / degreesOfFreedom);
    expect(Math.abs(noise / 1e-8 - 1)).toBeLessThan(0.01);
  });
});

describe('the lock-in kernel', () => {
  it('gives the same bits with and without SIMD', () => {
    for (const [, window] of WINDOWS) {
      const signals = signalsOf(window, 1e-3);
      expect(fitted('simd', window, signals)).toEqual(fitted('scalar', window, signals));
    }
  });

  const window = { cyclesPerSample: 0.01, cycleFirst: 0, sampleCount: 100 };
  it.each([
    ['no frequency', { ...window, cyclesPerSample: 0 }, 'cycles per sample'],
    ['half the sampling rate', { ...window, cyclesPerSample: 0.5 }, 'less than 0.5'],
    ['a frequency that is no number', { ...window, cyclesPerSample: NaN }, 'NaN cycles'],
    ['five samples', { ...window, sampleCount: 5 }, 'above 5'],
    ['half a sample', { ...window, sampleCount: 99.5 }, 'whole number'],
    ['an endless start', { ...window, cycleFirst: Infinity }, 'starts at cycle'],
  ])('refuses a window with %s', async (_, bad, message) => {
    const kernel = new LockInKernel(loadKernelModule('lock-in'));
    const fault = await caughtFault(() => kernel.begin(bad));
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain(message);
  });

  it('refuses samples that are not finite, do not pair up or do not fit, and takes none', async () => {
    const kernel = new LockInKernel(loadKernelModule('lock-in'));
    kernel.begin(window);
    const good = new Float64Array(50);
    const bad = Float64Array.from(good).fill(NaN, 30, 31);
    const messages = [
      (await caughtFault(() => kernel.push(good, bad))).message,
      (await caughtFault(() => kernel.push(good, good.subarray(1)))).message,
      (await caughtFault(() => kernel.push(new Float64Array(101), new Float64Array(101)))).message,
      (await caughtFault(() => kernel.finish())).message,
    ];
    expect(messages[0]).toContain('sample 31 is 0 V, NaN A');
    expect(messages[1]).toContain('50 voltages and 49 currents');
    expect(messages[2]).toContain('the window takes 100 more');
    expect(messages[3]).toContain('100 samples are missing');
  });

  it('refuses a small part of a period, where any sine looks like a parabola', async () => {
    const kernel = new LockInKernel(loadKernelModule('lock-in'));
    kernel.begin({ cyclesPerSample: 1e-6, cycleFirst: 0, sampleCount: 100 });
    kernel.push(new Float64Array(100), new Float64Array(100));
    const fault = await caughtFault(() => solveTriangle(kernel.finish()));
    expect(fault.code).toBe('analysis');
    expect(fault.message).toContain('at least one whole period');
  });
});
