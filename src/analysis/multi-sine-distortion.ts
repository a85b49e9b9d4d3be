import { magnitude, meanPhasor } from './lock-in-phasor.ts';
import type { MultiSine } from './multi-sine-design.ts';
import { type PeriodSpectra, periodSpectra } from './multi-sine-spectra.ts';

/** What the response holds at lines that were not excited, against the excited ones. */
export interface Distortion {
  /** Root-mean-square amplitude of empty even lines, noise taken out. */
  readonly evenPercent: number;
  readonly oddPercent: number;
  /** The same of the noise, averaged over the periods used. */
  readonly noisePercent: number;
  /** True when even or odd lines stand above the noise beyond chance. */
  readonly distorted: boolean;
}

const EXCESS_SIGMA = 5;
/** Levels below this share of the excited lines are rounding. */
const LEVEL_MIN = 1e-10;

/**
 * Distortion of a response: even lines show rectification and everything quadratic, odd lines the
 * cubic part. Both repeat from period to period; noise does not.
 * @param response whole periods, three or more, without trend
 */
export function distortionOf(design: MultiSine, response: Float64Array): Distortion {
  const spectra = (harmonics: readonly number[]): PeriodSpectra =>
    periodSpectra(response, design.samplesPerPeriod, harmonics);
  const excited = levelsOf(spectra(design.lines.map(({ harmonic }) => harmonic)));
  const even = levelsOf(spectra(design.evenDetection));
  const odd = levelsOf(spectra(design.oddDetection));
  const lines = even.lines + odd.lines;
  const noise = lines > 0 ? (even.noise * even.lines + odd.noise * odd.lines) / lines : 0;
  const percent = (square: number): number =>
    excited.square > 0 ? 100 * Math.sqrt(Math.max(0, square) / excited.square) : 0;
  const stands = ({ square, lines: count }: Levels): boolean =>
    count > 0 &&
    square > noise * (1 + EXCESS_SIGMA / Math.sqrt(count)) + LEVEL_MIN ** 2 * excited.square;
  return {
    evenPercent: percent(even.square - noise),
    oddPercent: percent(odd.square - noise),
    noisePercent: percent(noise),
    distorted: stands(even) || stands(odd),
  };
}

interface Levels {
  readonly lines: number;
  /** Mean |X|² of the spectra averaged over periods. */
  readonly square: number;
  /** Its part that is noise, from the scatter of the periods. */
  readonly noise: number;
}

function levelsOf(spectra: PeriodSpectra): Levels {
  const periods = spectra.length;
  const lines = spectra[0]?.length ?? 0;
  let square = 0;
  let noise = 0;
  for (let k = 0; k < lines; k += 1) {
    const each = spectra.map((period) => period[k] ?? { re: 0, im: 0 });
    const mean = meanPhasor(each);
    const scatter = each.reduce(
      (total, x) => total + (x.re - mean.re) ** 2 + (x.im - mean.im) ** 2,
      0,
    );
    square += magnitude(mean) ** 2 / lines;
    noise += scatter / (periods - 1) / periods / lines;
  }
  return { lines, square, noise };
}
