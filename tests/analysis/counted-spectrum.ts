import { SimulatedSpectrometer } from '../../hardware/simulated/simulated-spectrometer.ts';
import { simulatedSpectrometerSchema } from '../../hardware/simulated/spectrometer-regions.ts';
import type { DetectorSpectrum } from '../../src/domain/detector-spectrum.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';

const never = new AbortController().signal;

/** The axis of the diffraction detector in the simulated rig. */
export const DIFFRACTION_AXIS = {
  label: 'photon energy',
  unit: 'keV',
  from: 58,
  to: 72,
  channels: 561,
};

export interface CountedLine {
  readonly position: number;
  readonly width: number;
  /** Counts per second. */
  readonly area: number;
  readonly lorentzian?: number;
  readonly partner?: { readonly split: number; readonly ratio: number };
}

/** What the simulated spectrometer counts of known lines. */
export async function countedSpectrum(options: {
  readonly seed: number;
  readonly lines: readonly CountedLine[];
  readonly background?: readonly [number, number];
  readonly step?: number;
  readonly second?: number;
  readonly axis?: typeof DIFFRACTION_AXIS;
}): Promise<DetectorSpectrum> {
  const { seed, lines, second = 90, axis = DIFFRACTION_AXIS } = options;
  const clock = new VirtualClock();
  const region = {
    axis,
    background: options.background ?? [6, 3],
    step: options.step ?? 0,
    peaks: lines.map((line, at) => ({ name: `line ${at}`, ...line })),
  };
  const spectrometer = new SimulatedSpectrometer({
    id: 'spectrometer',
    settings: simulatedSpectrometerSchema.parse({ regions: { edxrd: region } }),
    signal: () => 0,
    clock,
    seed,
  });
  const counting = spectrometer.measure({ region: 'edxrd', durationSecond: second }, never);
  await clock.advance(second);
  return counting;
}

/** Mean and standard deviation. */
export function deviationOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
