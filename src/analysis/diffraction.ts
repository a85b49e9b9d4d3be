/** Energy-dispersive diffraction: a white beam, a detector at one fixed angle. */

/** Planck constant times speed of light, J m: CODATA 2018, exact. */
const PLANCK_LIGHT = 6.626_070_15e-34 * 299_792_458;

/** d = hc / (2 E sin θ) in m, with θ half the angle between beam and detector (Bragg). */
export function spacingMetre(energyJoule: number, twoThetaRadian: number): number {
  return PLANCK_LIGHT / (2 * energyJoule * Math.sin(twoThetaRadian / 2));
}
