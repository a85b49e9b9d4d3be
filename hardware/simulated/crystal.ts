/** Planck constant times speed of light, J m: CODATA 2018, exact. */
const PLANCK_LIGHT = 6.626_070_15e-34 * 299_792_458;

/** 1/d² = (h² + k²)/a² + l²/c² of a tetragonal crystal, which is cubic where c is a. */
export function planeSpacingMetre(
  [h, k, l]: readonly [number, number, number],
  { a, c }: { readonly a: number; readonly c: number },
): number {
  return 1 / Math.sqrt((h * h + k * k) / (a * a) + (l * l) / (c * c));
}

/** E = hc / (2 d sin θ), Bragg's law: what planes of this spacing diffract to this angle 2θ. */
export function diffractedJoule(spacingMetre: number, twoThetaRadian: number): number {
  return PLANCK_LIGHT / (2 * spacingMetre * Math.sin(twoThetaRadian / 2));
}
