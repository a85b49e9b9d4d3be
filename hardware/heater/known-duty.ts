import type { ThermalResponse } from '../../src/domain/instrument.ts';

/** Over which the rate of a moving target is taken. */
const RATE_SECOND = 20;

interface PastTarget {
  readonly timeSecond: number;
  readonly celsius: number;
}

export interface Known {
  /** Share of full power that alone should do; 0 where nothing was identified, may be above 1. */
  readonly dutyFraction: number;
  /** Where a ramp should be by now: behind its target by the dead time, as nothing is faster. */
  readonly dueCelsius: number;
}

/**
 * The duty that alone should bring a target about where a first order was identified: what holds it,
 * and what a ramp needs besides. So the integral of the controller has only the rest to find.
 */
export class KnownDuty {
  readonly #response: ThermalResponse | undefined;
  #past: readonly PastTarget[] = [];

  constructor(response: ThermalResponse | undefined) {
    this.#response = response;
  }

  /** Nothing was asked for before. */
  forget(): void {
    this.#past = [];
  }

  /** To be asked at each beat. */
  at(timeSecond: number, targetCelsius: number): Known {
    if (!this.#response) return { dutyFraction: 0, dueCelsius: targetCelsius };
    const { riseKelvin, roomCelsius, timeConstantSecond, deadTimeSecond } = this.#response;
    const recent = this.#past.filter((one) => one.timeSecond > timeSecond - RATE_SECOND);
    const before = this.#past.findLast((one) => one.timeSecond <= timeSecond - RATE_SECOND);
    this.#past = [...(before ? [before] : []), ...recent, { timeSecond, celsius: targetCelsius }];
    const [first = { timeSecond, celsius: targetCelsius }] = this.#past;
    const span = timeSecond - first.timeSecond;
    const rate = span > 0 ? (targetCelsius - first.celsius) / span : 0;
    // What full power cannot follow is a step: the controller answers to that by itself.
    const ramp = Math.abs(rate) <= riseKelvin / timeConstantSecond ? rate : 0;
    const wanted = targetCelsius - roomCelsius + ramp * timeConstantSecond;
    return {
      dutyFraction: Math.max(0, wanted / riseKelvin),
      dueCelsius: targetCelsius - ramp * deadTimeSecond,
    };
  }
}
