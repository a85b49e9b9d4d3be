import type { Safety } from '../domain/recipe.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import type { ShortVerdict } from './short-detector.ts';

/**
 * Below this share of what is usual only the leads are left. The same share as for the voltage:
 * at one current both are the same question.
 */
const SHORTED_FRACTION = 0.3;
/** One point alone may be an artefact. */
const CONFIRM_POINTS = 2;

export interface SweepGround {
  /** Flows through the cell during the sweep. */
  readonly biasAmpere: number;
  readonly amplitudeAmpereRms: number;
  /** The newest voltage at the same current; undefined when the sweep begins the step. */
  readonly flowingVolt: number | undefined;
  /** The newest voltage without current. */
  readonly restVolt: number | undefined;
  /** Real parts of the spectrum before, in the same order; empty when there is none. */
  readonly usualOhm: readonly number[];
  readonly safety: Pick<Safety, 'voltage'>;
}

export type SweepVerdict =
  | { readonly kind: 'short'; readonly short: ShortVerdict }
  /** The voltage may have left the limits: a real reading has to tell. */
  | { readonly kind: 'outside'; readonly voltageVolt: number };

/**
 * Watches a galvanostatic sweep, in which the potentiostat tells no voltage, by its points. The
 * real part of a passive cell does not fall towards lower frequencies, and at one frequency it
 * does not collapse from one spectrum to the next: where it does, the cell has shorted. The
 * voltage is estimated as that before the sweep and the peak of the excitation around it.
 */
export class SweepWatch {
  readonly #ground: SweepGround;
  readonly #seenOhm: number[] = [];
  /** The highest that two points in a row have agreed on. */
  #highestOhm = 0;
  #collapsed = 0;

  constructor(ground: SweepGround) {
    this.#ground = ground;
  }

  /** Real parts of this sweep so far. */
  get seenOhm(): readonly number[] {
    return this.#seenOhm;
  }

  look({ zRealOhm, zImagOhm }: ImpedancePoint): SweepVerdict | undefined {
    const { biasAmpere, usualOhm } = this.#ground;
    const usual = Math.max(usualOhm[this.#seenOhm.length] ?? 0, this.#highestOhm);
    const last = this.#seenOhm.at(-1);
    this.#seenOhm.push(zRealOhm);
    if (last !== undefined) {
      this.#highestOhm = Math.max(this.#highestOhm, Math.min(last, zRealOhm));
    }
    this.#collapsed = Math.abs(zRealOhm) < SHORTED_FRACTION * usual ? this.#collapsed + 1 : 0;
    if (this.#collapsed >= CONFIRM_POINTS) {
      const size = Math.abs(biasAmpere);
      return {
        kind: 'short',
        short: { usualVolt: size * usual, shortedVolt: size * Math.abs(zRealOhm) },
      };
    }
    return this.#judgeVoltage(zRealOhm, Math.hypot(zRealOhm, zImagOhm));
  }

  #judgeVoltage(zRealOhm: number, sizeOhm: number): SweepVerdict | undefined {
    const { amplitudeAmpereRms, biasAmpere, flowingVolt, restVolt, safety } = this.#ground;
    const meanVolt =
      flowingVolt ?? (restVolt === undefined ? undefined : restVolt + biasAmpere * zRealOhm);
    if (meanVolt === undefined) return undefined;
    const peakVolt = Math.SQRT2 * amplitudeAmpereRms * sizeOhm;
    const { min, max } = safety.voltage;
    if (meanVolt + peakVolt > max) return { kind: 'outside', voltageVolt: meanVolt + peakVolt };
    if (meanVolt - peakVolt < min) return { kind: 'outside', voltageVolt: meanVolt - peakVolt };
    return undefined;
  }
}
