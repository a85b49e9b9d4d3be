import { describe, expect, test } from 'vitest';
import { Diffusion, type DiffusionShape } from '../../../hardware/simulated/cell-diffusion.ts';

const LENGTH_METRE = 10e-6;
const DIFFUSIVITY = 1e-13; // m²/s: L²/D = 1000 s in the sheet, 9000 s in the sphere

/**
 * The same diffusion by finite volumes, implicit in time: an oracle that shares nothing with the
 * sum of exponentials. Returns the surface's lead over the mean, at the end of each step.
 */
function finiteVolumes(
  shape: DiffusionShape,
  steps: readonly { readonly durationSecond: number; readonly change: number }[],
): number[] {
  const cells = 600;
  const extent = shape === 'planar' ? LENGTH_METRE : 3 * LENGTH_METRE;
  // Finer towards the surface, where a pulse is felt first.
  const edges = Array.from({ length: cells + 1 }, (_, at) => extent * (1 - (1 - at / cells) ** 2));
  const area = (x: number) => (shape === 'planar' ? 1 : x * x);
  const within = (x: number) => (shape === 'planar' ? x : x ** 3 / 3);
  const volume = edges.slice(1).map((edge, at) => within(edge) - within(edges[at] ?? 0));
  const centre = edges.slice(1).map((edge, at) => (edge + (edges[at] ?? 0)) / 2);
  const total = within(extent);
  let level = new Float64Array(cells);
  const leads: number[] = [];
  let inflow = 0;
  for (const { durationSecond, change } of steps) {
    const turns = 2000;
    const dt = durationSecond / turns;
    inflow = (change * total) / durationSecond;
    for (let turn = 0; turn < turns; turn += 1) {
      level = implicitStep({ level, volume, centre, edges, area, dt, inflow });
    }
    const mean = level.reduce((sum, x, at) => sum + x * (volume[at] ?? 0), 0) / total;
    const half = extent - (centre[cells - 1] ?? 0);
    const gradient = inflow / (DIFFUSIVITY * area(extent));
    leads.push((level[cells - 1] ?? 0) + gradient * half - mean);
  }
  return leads;
}

/** Backward Euler on a tridiagonal system (Thomas). */
function implicitStep(given: {
  readonly level: Float64Array;
  readonly volume: readonly number[];
  readonly centre: readonly number[];
  readonly edges: readonly number[];
  readonly area: (x: number) => number;
  readonly dt: number;
  readonly inflow: number;
}): Float64Array<ArrayBuffer> {
  const { level, volume, centre, edges, area, dt, inflow } = given;
  const count = level.length;
  const link = (at: number) =>
    (DIFFUSIVITY * area(edges[at + 1] ?? 0)) / ((centre[at + 1] ?? 0) - (centre[at] ?? 0));
  const upper = new Float64Array(count);
  const right = new Float64Array(count);
  for (let at = 0; at < count; at += 1) {
    const below = at > 0 ? (link(at - 1) * dt) / (volume[at] ?? 1) : 0;
    const above = at < count - 1 ? (link(at) * dt) / (volume[at] ?? 1) : 0;
    const source = at === count - 1 ? (inflow * dt) / (volume[at] ?? 1) : 0;
    const pivot = 1 + below + above - below * -(upper[at - 1] ?? 0);
    upper[at] = -above / pivot;
    right[at] = ((level[at] ?? 0) + source + below * (right[at - 1] ?? 0)) / pivot;
  }
  const next = new Float64Array(count);
  for (let at = count - 1; at >= 0; at -= 1) {
    next[at] = (right[at] ?? 0) - (upper[at] ?? 0) * (next[at + 1] ?? 0);
  }
  return next;
}

/** A pulse, a rest, a stronger pulse back, a long rest. */
const STEPS = [
  { durationSecond: 1, change: 1e-5 },
  { durationSecond: 299, change: 2.99e-3 },
  { durationSecond: 60, change: 0 },
  { durationSecond: 600, change: -0.02 },
  { durationSecond: 3000, change: 0 },
];

describe.each(['planar', 'spherical'] as const)('diffusion in a %s particle', (shape) => {
  test('leads the mean as an independent finite-volume solution says', () => {
    const diffusion = new Diffusion(shape, LENGTH_METRE);
    const expected = finiteVolumes(shape, STEPS);
    for (const [at, step] of STEPS.entries()) {
      diffusion.advance({ ...step, diffusivity: DIFFUSIVITY });
      const oracle = expected[at] ?? 0;
      expect(Math.abs(diffusion.lead - oracle)).toBeLessThan(3e-3 * Math.abs(oracle) + 1e-6);
    }
  });

  test('settles at a third or a fifteenth of l² / D times the rate', () => {
    const diffusion = new Diffusion(shape, LENGTH_METRE);
    diffusion.advance({ durationSecond: 1e6, change: 1e-3 * 1e6, diffusivity: DIFFUSIVITY });
    const expected = shape === 'planar' ? 1000 / 3 : 9000 / 15;
    expect(diffusion.lead / (1e-3 * expected)).toBeCloseTo(1, 9);
  });

  test('begins as a half space of the same contact area: 2 / L √(t / π D)', () => {
    for (const durationSecond of [1e-3, 0.1, 1, 10]) {
      const diffusion = new Diffusion(shape, LENGTH_METRE);
      diffusion.advance({ durationSecond, change: durationSecond, diffusivity: DIFFUSIVITY });
      const halfSpace = 2 * Math.sqrt((durationSecond * 1e-13) / Math.PI) * (LENGTH_METRE / 1e-13);
      // The mean's own rise, and a sphere's curvature, are what is missing at 10 s.
      const surface = diffusion.lead + durationSecond;
      expect(Math.abs(surface / halfSpace - 1)).toBeLessThan(durationSecond < 1 ? 0.01 : 0.1);
    }
  });

  test('comes to the same gradient whether a step is taken at once or in a thousand parts', () => {
    const once = new Diffusion(shape, LENGTH_METRE);
    const often = new Diffusion(shape, LENGTH_METRE);
    once.advance({ durationSecond: 700, change: 0.01, diffusivity: DIFFUSIVITY });
    for (let at = 0; at < 1000; at += 1) {
      often.advance({ durationSecond: 0.7, change: 1e-5, diffusivity: DIFFUSIVITY });
    }
    expect(often.lead / once.lead).toBeCloseTo(1, 9);
  });

  test('relaxes to nothing and leads the other way when the current is reversed', () => {
    const diffusion = new Diffusion(shape, LENGTH_METRE);
    diffusion.advance({ durationSecond: 100, change: -0.01, diffusivity: DIFFUSIVITY });
    expect(diffusion.lead).toBeLessThan(-1e-4);
    diffusion.advance({ durationSecond: 1e5, change: 0, diffusivity: DIFFUSIVITY });
    expect(Math.abs(diffusion.lead)).toBeLessThan(1e-12);
  });

  test('responds to a frequency as the closed form of its transmission line', () => {
    const diffusion = new Diffusion(shape, LENGTH_METRE);
    const lagSecond = shape === 'planar' ? 1000 : 9000;
    for (let decade = -5; decade <= 3; decade += 0.25) {
      const omega = 10 ** decade;
      const exact = closedForm(shape, omega, lagSecond);
      const found = diffusion.response(omega, DIFFUSIVITY);
      const error = Math.hypot(found.real - exact.real, found.imag - exact.imag);
      expect(error / Math.hypot(exact.real, exact.imag)).toBeLessThan(2e-3);
    }
  });

  test('takes back what it saved, and refuses what is not its own', () => {
    const diffusion = new Diffusion(shape, LENGTH_METRE);
    diffusion.advance({ durationSecond: 50, change: 0.01, diffusivity: DIFFUSIVITY });
    const saved = JSON.parse(JSON.stringify(diffusion.save())) as number[];
    const other = new Diffusion(shape, LENGTH_METRE);
    expect(other.restore(saved.slice(1))).toBe(false);
    expect(other.lead).toBe(0);
    expect(other.restore(saved)).toBe(true);
    expect(other.lead).toBeCloseTo(diffusion.lead, 15);
  });
});

/** Surface over flux without the mean, 1/jω: T coth(s)/s - 1/jω; T tanh(s)/3(s - tanh s) - 1/jω. */
function closedForm(shape: DiffusionShape, omega: number, lagSecond: number) {
  const root = Math.sqrt((omega * lagSecond) / 2);
  // s = (1 + j) root; tanh s by its exponential, which is small beside 1 for large s.
  const small = Math.exp(-2 * root);
  const wave = { real: small * Math.cos(2 * root), imag: -small * Math.sin(2 * root) };
  const s = { real: root, imag: root };
  const tanh = divide(
    { real: 1 - wave.real, imag: -wave.imag },
    { real: 1 + wave.real, imag: wave.imag },
  );
  const whole =
    shape === 'planar'
      ? divide({ real: lagSecond, imag: 0 }, multiply(s, tanh))
      : divide(
          { real: (lagSecond / 3) * tanh.real, imag: (lagSecond / 3) * tanh.imag },
          { real: s.real - tanh.real, imag: s.imag - tanh.imag },
        );
  return { real: whole.real, imag: whole.imag + 1 / omega };
}

interface Complex {
  readonly real: number;
  readonly imag: number;
}

function multiply(a: Complex, b: Complex): Complex {
  return { real: a.real * b.real - a.imag * b.imag, imag: a.real * b.imag + a.imag * b.real };
}

function divide(a: Complex, b: Complex): Complex {
  const square = b.real ** 2 + b.imag ** 2;
  return {
    real: (a.real * b.real + a.imag * b.imag) / square,
    imag: (a.imag * b.real - a.real * b.imag) / square,
  };
}
