import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scaleOf, searchLimits, startTheta } from '../../src/analysis/impedance-starts.ts';
import { type Circuit, parseCircuit } from '../../src/domain/circuit.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import type { KernelSpectrum, SearchLimits } from '../../src/kernels/impedance-kernel.ts';
import { SHARED_DATA } from './repository.ts';

/** The circuit of the figures: 9 parameters. */
export const CIRCUIT_TEXT = 'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3';
const STARTS = 12;
const POINTS = 57;

/** About the optimum of the measured spectrum, in the circuit's order. */
const SYNTHETIC_TRUTH = [0.016, 0.0038, 0.25, 0.95, 0.0125, 5, 0.75, 320, 0.55];
const SYNTHETIC_NOISE = 0.005;

/** A spectrum to fit, with everything that kernel and yardsticks start from. */
export interface ImpedanceProblem {
  /** Where the spectrum is from. */
  readonly source: string;
  readonly circuit: Circuit;
  readonly points: readonly ImpedancePoint[];
  readonly spectrum: KernelSpectrum;
  readonly limits: SearchLimits;
  /** Evenly spread over the plausible region, before projection. */
  readonly starts: readonly Float64Array[];
}

/** The capacitive points of impedance.py's example where it is, else a spectrum like it. */
export function impedanceProblem(seed: number): ImpedanceProblem {
  const circuit = parseCircuit(CIRCUIT_TEXT);
  const file = join(SHARED_DATA, 'eis', 'exampleData.csv');
  const measured = existsSync(file);
  const points = measured ? readCapacitive(file) : syntheticPoints(seed);
  const spectrum = {
    frequencyHertz: Float64Array.from(points, (point) => point.frequencyHertz),
    zRealOhm: Float64Array.from(points, (point) => point.zRealOhm),
    zImagOhm: Float64Array.from(points, (point) => point.zImagOhm),
    weightPerOhm: Float64Array.from(points, (p) => 1 / Math.hypot(p.zRealOhm, p.zImagOhm)),
  };
  const scale = scaleOf(spectrum);
  return {
    source: measured ? 'exampleData.csv of impedance.py, Im Z < 0' : 'synthetic, 0.5 % noise',
    circuit,
    points,
    spectrum,
    limits: searchLimits(circuit, scale),
    starts: Array.from({ length: STARTS }, (_, index) =>
      startTheta(circuit, scale, { index, seed }),
    ),
  };
}

/** Every optimum parameter halved or doubled in turn, exponents 0.8. */
export function nearStart(circuit: Circuit, optimum: readonly number[]): number[] {
  return moved(circuit, optimum, (p) => (p % 2 === 0 ? 0.5 : 2), 0.8);
}

/** Every optimum parameter 5 % lower or higher in turn. */
export function warmStart(circuit: Circuit, optimum: readonly number[]): number[] {
  return moved(circuit, optimum, (p) => (p % 2 === 0 ? 0.95 : 1.05));
}

function moved(
  circuit: Circuit,
  optimum: readonly number[],
  factor: (p: number) => number,
  exponent?: number,
): number[] {
  return circuit.parameters.map(({ scale }, p) => {
    const value = (optimum[p] ?? Number.NaN) * factor(p);
    return scale === 'log' ? value : (exponent ?? Math.min(1, value));
  });
}

function readCapacitive(file: string): ImpedancePoint[] {
  const rows = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  return rows
    .map((row) => row.split(',').map(Number))
    .map(([frequencyHertz = Number.NaN, zRealOhm = Number.NaN, zImagOhm = Number.NaN]) => ({
      frequencyHertz,
      zRealOhm,
      zImagOhm,
    }))
    .filter((point) => point.zImagOhm < 0);
}

/** The circuit at SYNTHETIC_TRUTH from 3 mHz to 1.6 kHz, with seeded noise. */
function syntheticPoints(seed: number): ImpedancePoint[] {
  const random = new Random(deriveSeed(seed, 'noise of the benched spectrum'));
  const noise = (): number => SYNTHETIC_NOISE * random.normal();
  const [r0 = 0, r1 = 0, q1 = 0, n1 = 0, r2 = 0, q2 = 0, n2 = 0, q3 = 0, n3 = 0] = SYNTHETIC_TRUTH;
  return Array.from({ length: POINTS }, (_, k) => {
    const frequencyHertz = 10 ** (3.2 - (5.7 * k) / (POINTS - 1));
    const cpe = (q: number, n: number): readonly [number, number] => {
      const size = 1 / (q * (2 * Math.PI * frequencyHertz) ** n);
      return [size * Math.cos((n * Math.PI) / 2), -size * Math.sin((n * Math.PI) / 2)];
    };
    const arc = (r: number, [re, im]: readonly [number, number]): readonly [number, number] => {
      const square = (r + re) ** 2 + im ** 2;
      return [(r * (re * (r + re) + im ** 2)) / square, (r * r * im) / square];
    };
    const parts = [arc(r1, cpe(q1, n1)), arc(r2, cpe(q2, n2)), cpe(q3, n3)];
    const re = parts.reduce((sum, part) => sum + part[0], r0);
    const im = parts.reduce((sum, part) => sum + part[1], 0);
    const size = Math.hypot(re, im);
    return { frequencyHertz, zRealOhm: re + size * noise(), zImagOhm: im + size * noise() };
  });
}
