/** Proportional-integral control of a duty, with anti-windup: a function of its arguments. */

export interface PiSettings {
  /** Deviation that alone asks for full power, °C. */
  readonly bandCelsius: number;
  readonly integralSecond: number;
  /** Share of full power that may be given at the most; 1 without it. */
  readonly dutyMax?: number;
}

export interface PiStep {
  readonly dutyFraction: number;
  /** Integral part of the duty, to be given back at the next step. */
  readonly integralFraction: number;
}

/**
 * One step of the controller, `stepSecond` after the last.
 * @param input.feedForwardFraction duty that alone should hold the target, 0 without it
 */
export function controlPi(
  settings: PiSettings,
  integralFraction: number,
  input: {
    readonly errorCelsius: number;
    readonly stepSecond: number;
    readonly feedForwardFraction?: number;
  },
): PiStep {
  const { dutyMax = 1 } = settings;
  const { feedForwardFraction = 0 } = input;
  const proportional = input.errorCelsius / settings.bandCelsius;
  const weight = feedForwardFraction > 0 ? nearness(proportional) : 1;
  const gained = (weight * proportional * input.stepSecond) / settings.integralSecond;
  const wanted = feedForwardFraction + proportional + integralFraction + gained;
  // Anti-windup: at a limit the integral may only move away from that limit.
  const winding = (wanted > dutyMax && gained > 0) || (wanted < 0 && gained < 0);
  const integral = winding ? integralFraction : integralFraction + gained;
  const asked = feedForwardFraction + proportional + integral;
  const dutyFraction = Math.min(dutyMax, Math.max(0, asked));
  return { dutyFraction, integralFraction: integral };
}

/** Share of the band within which the integral works at more than half its speed. */
const NEAR_SHARE = 0.25;

/**
 * Where a duty is known that should hold the target, the integral has only the rest to find: what
 * it gathers on the way there would be overshoot. Never zero, so no error stays for ever.
 */
function nearness(proportional: number): number {
  return 1 / (1 + (proportional / NEAR_SHARE) ** 2);
}
