import type { Phasor } from '../kernels/lock-in-triangle.ts';
import { difference, magnitude } from './lock-in-phasor.ts';

/** Complex amplitudes of one signal: one array per period, in the order of the harmonics. */
export type PeriodSpectra = readonly (readonly Phasor[])[];

/** Amplitudes of the chosen harmonics in every whole period. */
export function periodSpectra(
  signal: Float64Array,
  samplesPerPeriod: number,
  harmonics: readonly number[],
): PeriodSpectra {
  const cosines = Float64Array.from({ length: samplesPerPeriod }, (_, k) =>
    Math.cos((2 * Math.PI * k) / samplesPerPeriod),
  );
  const sines = Float64Array.from({ length: samplesPerPeriod }, (_, k) =>
    Math.sin((2 * Math.PI * k) / samplesPerPeriod),
  );
  const periods = Math.floor(signal.length / samplesPerPeriod);
  return Array.from({ length: periods }, (_, period) => {
    const from = period * samplesPerPeriod;
    const samples = signal.subarray(from, from + samplesPerPeriod);
    return harmonics.map((harmonic) => lineOf(samples, harmonic, { cosines, sines }));
  });
}

/** One line of the discrete Fourier transform, by tables: the lines are few and not in a row. */
function lineOf(
  samples: Float64Array,
  harmonic: number,
  { cosines, sines }: { readonly cosines: Float64Array; readonly sines: Float64Array },
): Phasor {
  const count = samples.length;
  // A constant is taken out first: at 3.7 V it would cost digits of a sine of millivolts.
  const offset = samples[0] ?? 0;
  let re = 0;
  let im = 0;
  let at = 0;
  for (let k = 0; k < count; k += 1) {
    const value = (samples[k] ?? 0) - offset;
    re += value * (cosines[at] ?? 0);
    im -= value * (sines[at] ?? 0);
    at += harmonic;
    if (at >= count) at -= count;
  }
  return { re: (2 * re) / count, im: (2 * im) / count };
}

/**
 * Takes a linear and quadratic trend out of a periodic signal, exactly: the difference of
 * successive periods holds the trend alone, whatever the period holds.
 * @param signal two whole periods or more
 * @param periodFirst the trend is that from this period on, continued to the start
 */
export function withoutTrend(
  signal: Float64Array,
  samplesPerPeriod: number,
  periodFirst = 0,
): Float64Array {
  const first = periodFirst * samplesPerPeriod;
  const count = signal.length - samplesPerPeriod - first;
  const centre = first + (count - 1) / 2;
  let mean = 0;
  let slope = 0;
  let leverage = 0;
  for (let k = first; k < first + count; k += 1) {
    const step = (signal[k + samplesPerPeriod] ?? 0) - (signal[k] ?? 0);
    mean += step / count;
    slope += step * (k - centre);
    leverage += (k - centre) ** 2;
  }
  // With a trend a t + b t², successive periods differ by N a + 2 N b t, where t is the middle
  // between them; so time counts from half a period after the centre.
  const quadratic = slope / leverage / (2 * samplesPerPeriod);
  const linear = mean / samplesPerPeriod;
  const origin = centre + samplesPerPeriod / 2;
  return signal.map((value, k) => {
    const time = k - origin;
    return value - linear * time - quadratic * time * time;
  });
}

/** Differences below this share of the lines are rounding. */
const SETTLED_RELATIVE = 1e-10;
const EXCESS_SIGMA = 5;

/**
 * Periods to leave out at the start: those that differ from the next by more than periods of the
 * second half do. A steady drift makes every difference the same and leaves nothing out.
 * @param spectra two periods or more
 */
export function periodsToDiscard(spectra: PeriodSpectra): number {
  const last = spectra.at(-1) ?? [];
  const steps = spectra.slice(1).map((lines, period) =>
    lines.reduce((total, line, k) => {
      const before = spectra[period]?.[k] ?? line;
      const size = magnitude(last[k] ?? line);
      return size > 0 ? total + (magnitude(difference(line, before)) / size) ** 2 : total;
    }, 0),
  );
  const later = steps.slice(Math.floor(steps.length / 2)).toSorted((a, b) => a - b);
  const usual = later[Math.floor(later.length / 2)] ?? 0;
  const excess = 1 + EXCESS_SIGMA / Math.sqrt(Math.max(1, last.length));
  const limit = usual * excess + last.length * SETTLED_RELATIVE ** 2;
  return Math.max(
    0,
    steps.findIndex((step) => step <= limit),
  );
}
