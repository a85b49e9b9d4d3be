/**
 * Attenuation of pyrite around the iron K edge, and of the same atoms after iron has become metal
 * (FeS2 + 4 Li → Fe + 2 Li2S, the particle's size taken as unchanged).
 *
 * Mass attenuation at 7112 eV after NIST: Fe 53 cm²/g below the edge and 408 above, S 135 cm²/g;
 * FeS2 is 46.6 % iron by mass, density 5.0 g/cm³. Off the edge it falls as E^-2.8.
 */
const EDGE_ELECTRONVOLT = 7112;
const BELOW_PER_METRE = 4.85e4;
const JUMP_PER_METRE = 8.25e4;
const FALL_EXPONENT = 2.8;

export const JOULE_PER_ELECTRONVOLT = 1.602_176_634e-19;

export type IronPhase = 'FeS2' | 'Fe';

/** An edge as an arctangent at E0 with a line after it; energies in eV. */
const EDGES = {
  /** E0 of pyrite lies 5 to 6 eV above that of the metal. */
  FeS2: { edge: 7117.6, width: 1.8, line: 7119.6, lineWidth: 2.2, lineHeight: 0.45 },
  Fe: { edge: EDGE_ELECTRONVOLT, width: 2.5, line: 7131, lineWidth: 4, lineHeight: 0.12 },
} as const satisfies Record<IronPhase, object>;

/** Attenuation in 1/m of the atoms of pyrite whose iron is in this state. */
export function ironAttenuation(phase: IronPhase, energyJoule: number): number {
  const energy = energyJoule / JOULE_PER_ELECTRONVOLT;
  const fall = (EDGE_ELECTRONVOLT / energy) ** FALL_EXPONENT;
  const { edge, width, line, lineWidth, lineHeight } = EDGES[phase];
  const step = 0.5 + Math.atan((energy - edge) / width) / Math.PI;
  const peak = lineHeight * Math.exp(-0.5 * ((energy - line) / lineWidth) ** 2);
  return fall * (BELOW_PER_METRE + JUMP_PER_METRE * (step + peak));
}
