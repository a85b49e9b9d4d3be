import type { ImpedanceWaveform } from '../../src/domain/waveform.ts';
import type { FrontEnd } from './emstat-twin-front-end.ts';

const PEAK_PER_RMS = Math.SQRT2;
const TURN = 2 * Math.PI;
/** A waveform lasts as long as its point is measured. */
const PERIODS = 3;
const SAMPLES_PER_PERIOD = 80;
/** The converter is no faster: at high frequencies a period has few samples, */
const SAMPLING_HERTZ_MAX = 1e6;
/** and so many are taken, over more periods. */
const FAST_SAMPLES = 384;

/**
 * Samples of potential and current while one point is measured: a sine around what lies at the
 * cell, the cell's response to it, and the noise of both meters. The simulated cell tells only its
 * small-signal impedance, so that the response is a pure sine at whatever amplitude.
 */
export function measuredWaveform(
  frontEnd: FrontEnd,
  options: {
    readonly frequencyHertz: number;
    readonly amplitudeRms: number;
    /** Samples there is room for. */
    readonly capacity: number;
  },
): ImpedanceWaveform {
  const { frequencyHertz, amplitudeRms, capacity } = options;
  const wantedHertz = SAMPLES_PER_PERIOD * frequencyHertz;
  const samplingHertz = Math.min(wantedHertz, SAMPLING_HERTZ_MAX);
  const isFast = wantedHertz > SAMPLING_HERTZ_MAX;
  const count = Math.min(isFast ? FAST_SAMPLES : PERIODS * SAMPLES_PER_PERIOD, capacity);
  const { zRealOhm, zImagOhm } = frontEnd.response(frequencyHertz);
  const direct = frontEnd.directPart();
  const peakVolt = amplitudeRms * PEAK_PER_RMS;
  const peakAmpere = peakVolt / Math.hypot(zRealOhm, zImagOhm);
  const largestAmpere = Math.abs(direct.currentAmpere) + peakAmpere;
  const phase = Math.atan2(zImagOhm, zRealOhm);
  const potentialVolt = new Float64Array(count);
  const currentAmpere = new Float64Array(count);
  for (let k = 0; k < count; k += 1) {
    const angle = (TURN * frequencyHertz * k) / samplingHertz;
    potentialVolt[k] = direct.voltageVolt + peakVolt * Math.sin(angle) + frontEnd.voltageNoise();
    const pure = direct.currentAmpere + peakAmpere * Math.sin(angle - phase);
    currentAmpere[k] = pure + frontEnd.currentNoise(largestAmpere);
  }
  return { samplingHertz, potentialVolt, currentAmpere };
}
