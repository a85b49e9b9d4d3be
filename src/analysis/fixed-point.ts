/**
 * Attenuation in 16 bits, as the phase filter keeps it between its passes: from the brightest to
 * the darkest pixel the kernel knows (transmission e to 1e-4). A step is 1.6e-4, so that rounding
 * adds 4.5e-5 to a photon noise that is seldom below 3e-3.
 */
const LEAST = -1;
const MOST = -Math.log(1e-4);
const STEP = (MOST - LEAST) / 65_535;

/** @param target as long as `attenuation` */
export function encodeAttenuation(attenuation: Float32Array, target: Uint16Array): void {
  for (let at = 0; at < target.length; at++) {
    const steps = Math.round(((attenuation[at] ?? 0) - LEAST) / STEP);
    target[at] = steps < 0 ? 0 : steps > 65_535 ? 65_535 : steps;
  }
}

/** @param target as long as `steps` */
export function decodeAttenuation(steps: ArrayLike<number>, target: Float32Array): void {
  for (let at = 0; at < target.length; at++) target[at] = LEAST + (steps[at] ?? 0) * STEP;
}
