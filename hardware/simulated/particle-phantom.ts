import { ironAttenuation } from './iron-absorption.ts';
import type { Ellipsoid, Solid } from './phantom-solids.ts';

/** One particle of active material, as a microscope at the iron edge sees it. */

/** The front moves in at different speeds along the three axes (Sun 2019: anisotropic). */
const FRONT_EXPONENTS = { a: 0.25, b: 1 / 3, c: 5 / 12 } as const;

/**
 * The particle with a core of pyrite and a shell in which iron has become metal.
 * @param pyriteShare of the particle's volume, 0 to 1
 */
export function particleSolids(options: {
  readonly radiusMetre: number;
  readonly pyriteShare: number;
  readonly energyJoule: number;
}): readonly Solid[] {
  const { radiusMetre, pyriteShare, energyJoule } = options;
  const shell = ironAttenuation('Fe', energyJoule);
  const core = ironAttenuation('FeS2', energyJoule);
  const whole = { a: radiusMetre, b: radiusMetre, c: radiusMetre };
  if (pyriteShare <= 0) return [ellipsoid(whole, shell)];
  // The exponents add up to 1, so the core's share of the volume is the pyrite's.
  const front = (exponent: number): number => radiusMetre * Math.min(1, pyriteShare) ** exponent;
  const axes = {
    a: front(FRONT_EXPONENTS.a),
    b: front(FRONT_EXPONENTS.b),
    c: front(FRONT_EXPONENTS.c),
  };
  return [ellipsoid(whole, shell), ellipsoid(axes, core - shell)];
}

function ellipsoid(
  axes: { readonly a: number; readonly b: number; readonly c: number },
  attenuation: number,
): Ellipsoid {
  const centred = { kind: 'ellipsoid', x: 0, y: 0, z: 0, turn: 0.4 } as const;
  return { ...centred, ...axes, zFloor: Number.NEGATIVE_INFINITY, attenuation };
}
