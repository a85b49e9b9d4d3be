import { z } from 'zod';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { Fault } from '../../src/domain/fault.ts';
import type {
  InstrumentInfo,
  Potentiostat,
  PotentiostatCapability,
  Reading,
} from '../../src/domain/instrument.ts';
import type { ImpedancePoint, Spectrum } from '../../src/domain/spectrum.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import { quantity } from '../../src/domain/units.ts';

export const replayPotentiostatSchema = closedObject({
  /** Folder of recorded spectra, below the data folder. */
  spectra: z.string().min(1),
  /** Time between points; without it as long as an instrument needs (see pointSecond). */
  pointDuration: quantity('time')
    .refine((value) => value > 0, 'expected a time above zero')
    .optional(),
});

/** Periods an instrument averages at each frequency, and what it needs to settle and report. */
const PERIODS_PER_POINT = 3;
const OVERHEAD_SECOND = 0.2;

/**
 * Plays recorded spectra, one for each impedance technique, from high to low frequency. The
 * recording wins: its own frequencies come, whatever the technique asks for. There is no cell:
 * no current can be asked of it, and open circuit was not recorded.
 */
export class ReplayPotentiostat implements Potentiostat {
  readonly info: InstrumentInfo;
  readonly capability: PotentiostatCapability;
  readonly #spectra: readonly Spectrum[];
  readonly #clock: Clock;
  readonly #pointDurationSecond: number | undefined;
  #played = 0;

  constructor(options: {
    readonly id: string;
    readonly spectra: readonly Spectrum[];
    readonly clock: Clock;
    readonly pointDurationSecond: number | undefined;
  }) {
    this.info = { id: options.id, model: 'recorded spectra', provenance: 'recorded' };
    this.#spectra = options.spectra;
    this.#clock = options.clock;
    this.#pointDurationSecond = options.pointDurationSecond;
    this.capability = recordedCapability(options.spectra);
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
  }

  /** @throws Fault instrumentUnable for any other technique, or when all spectra are played */
  async *measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading> {
    if (technique.kind !== 'impedance') {
      throw this.#unable(`has recorded impedance only and cannot do ${technique.kind}`);
    }
    const spectrum = this.#spectra[this.#played];
    if (!spectrum) {
      throw this.#unable(
        `has played all ${this.#spectra.length} recorded spectra; ` +
          'let the recipe measure no more than that',
      );
    }
    this.#played += 1;
    for (const point of highToLow(spectrum.points)) {
      await sleep(this.#clock, this.#pointDurationSecond ?? pointSecond(point), signal);
      const timeSecond = this.#clock.nowSecond();
      yield { kind: 'impedancePoint', timeSecond, point, quality: 'good' };
    }
  }

  async cellOff(): Promise<void> {}

  async disconnect(): Promise<void> {}

  #unable(message: string): Fault {
    return new Fault('instrumentUnable', { where: `potentiostat ${this.info.id}`, message });
  }
}

/** How long an instrument takes for one frequency, in seconds. */
export function pointSecond(point: ImpedancePoint): number {
  return PERIODS_PER_POINT / point.frequencyHertz + OVERHEAD_SECOND;
}

function highToLow(points: readonly ImpedancePoint[]): readonly ImpedancePoint[] {
  return points.toSorted((one, other) => other.frequencyHertz - one.frequencyHertz);
}

/**
 * Limits of current and voltage are unknown, not zero. The frequencies asked for are not what
 * comes, so none is refused.
 */
function recordedCapability(spectra: readonly Spectrum[]): PotentiostatCapability {
  return {
    techniques: spectra.length > 0 ? ['impedance'] : [],
    currentAmpereMax: Number.POSITIVE_INFINITY,
    voltageVoltMin: Number.NEGATIVE_INFINITY,
    voltageVoltMax: Number.POSITIVE_INFINITY,
    frequencyHertzMin: 0,
    frequencyHertzMax: Number.POSITIVE_INFINITY,
    sampleEverySecondMin: 0,
    keepsVoltageLimits: 'none',
    accuracy: { voltageVolt: [], currentAmpere: [], source: 'not recorded' },
  };
}
