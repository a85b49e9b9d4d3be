import type { Reading } from '../../src/domain/instrument.ts';
import { type ImpedanceWaveform, WAVEFORM_SAMPLES_MAX } from '../../src/domain/waveform.ts';
import type { StreamLine } from './methodscript.ts';
import type { PackageVariable } from './methodscript-value.ts';

type PointReading = Extract<Reading, { readonly kind: 'impedancePoint' }>;

interface Pending {
  readonly reading: PointReading;
  readonly samplingHertz: number;
  /** How many samples the instrument has announced. */
  readonly announced: number;
  readonly potentialVolt: Float64Array;
  readonly currentAmpere: Float64Array;
  received: number;
}

/**
 * Holds a point of a spectrum back until the loop with its samples (`L … +`) has ended. A waveform
 * is whole or it is nothing: one sample that is missing moves all that follow it in time.
 */
export class WaveformCollector {
  #pending: Pending | undefined;

  /** Takes what the package of a point tells. @returns what of it needs not wait */
  begin(readings: readonly Reading[], variables: readonly PackageVariable[]): readonly Reading[] {
    const point = readings.find((reading) => reading.kind === 'impedancePoint');
    if (!point) return readings;
    const at = variables.findIndex(({ type }) => type === 'cg');
    const samplingHertz = variables[at]?.value ?? Number.NaN;
    const announced = variables[at + 1]?.value ?? Number.NaN;
    const isCount = Number.isInteger(announced) && announced > 0;
    // Room for as many as can be: what a damaged package announces takes no memory.
    const room = at >= 0 && isCount ? Math.min(announced, WAVEFORM_SAMPLES_MAX) : 0;
    this.#pending = {
      reading: point,
      samplingHertz,
      announced,
      potentialVolt: new Float64Array(room),
      currentAmpere: new Float64Array(room),
      received: 0,
    };
    return readings.filter((reading) => reading !== point);
  }

  /** Takes a package of one moment, of a point that was lost too. @returns false when it is none */
  addSample(variables: readonly PackageVariable[]): boolean {
    const [potential, current, ...more] = variables;
    const isSample = potential?.type === 'ce' && current?.type === 'cf' && more.length === 0;
    if (!isSample) return false;
    const pending = this.#pending;
    if (!pending) return true;
    // More than was announced are counted and not kept.
    if (pending.received < pending.potentialVolt.length) {
      pending.potentialVolt[pending.received] = potential.value;
      pending.currentAmpere[pending.received] = current.value;
    }
    pending.received += 1;
    return true;
  }

  /** No more samples come. @returns the point that has waited, with its waveform if it is whole */
  end(): PointReading | undefined {
    const pending = this.#pending;
    if (!pending) return undefined;
    this.#pending = undefined;
    const waveform = wholeWaveform(pending);
    return waveform ? { ...pending.reading, waveform } : pending.reading;
  }
}

/** Whether a line is one after which no more samples of the point before can come. */
export function endsWaveform({ kind }: StreamLine): boolean {
  return kind === 'loopEnd' || kind === 'measurementEnd';
}

function wholeWaveform(pending: Pending): ImpedanceWaveform | undefined {
  const { samplingHertz, announced, received, potentialVolt, currentAmpere } = pending;
  const isWhole = received === announced && potentialVolt.length === announced;
  const isNumber = potentialVolt.every(Number.isFinite) && currentAmpere.every(Number.isFinite);
  if (!(isWhole && isNumber && samplingHertz > 0 && Number.isFinite(samplingHertz)))
    return undefined;
  return { samplingHertz, potentialVolt, currentAmpere };
}
