/** Proportional-integral control of a duty, with anti-windup: a function of its arguments. */

export interface PiSettings {
  /** Deviation that alone asks for full power, °C. */
  readonly bandCelsius: number;
  readonly integralSecond: number;
}

export interface PiStep {
  readonly dutyFraction: number;
  /** Integral part of the duty, to be given back at the next step. */
  readonly integralFraction: number;
}

/** One step of the controller, `stepSecond` after the last. */
export function controlPi(
  settings: PiSettings,
  integralFraction: number,
  input: { readonly errorCelsius: number; readonly stepSecond: number },
): PiStep {
  const proportional = input.errorCelsius / settings.bandCelsius;
  const gained = (proportional * input.stepSecond) / settings.integralSecond;
  const wanted = proportional + integralFraction + gained;
  // Anti-windup: at a limit the integral may only move away from that limit.
  const winding = (wanted > 1 && gained > 0) || (wanted < 0 && gained < 0);
  const integral = winding ? integralFraction : integralFraction + gained;
  const dutyFraction = Math.min(1, Math.max(0, proportional + integral));
  return { dutyFraction, integralFraction: integral };
}
