import { badFile } from './file-access.ts';

const RADIAN_PER_DEGREE = Math.PI / 180;

/**
 * Angles of a file in radian.
 * @param unit as the file names it; degrees when it names none
 * @throws Fault fileFormat for a unit that is no angle, or an angle that is not finite
 */
export function anglesInRadian(
  angles: Float64Array,
  unit: string | undefined,
  where: string,
): Float64Array {
  const factor = unitFactor(unit, where);
  const bad = angles.findIndex((angle) => !Number.isFinite(angle));
  if (bad >= 0) throw badFile(where, `angle ${bad + 1} is ${angles[bad]}; expected a number`);
  return angles.map((angle) => angle * factor);
}

function unitFactor(unit: string | undefined, where: string): number {
  if (unit === undefined || /^(?:°|deg|degs|degrees?)$/i.test(unit.trim()))
    return RADIAN_PER_DEGREE;
  if (/^(?:rad|rads|radians?)$/i.test(unit.trim())) return 1;
  throw badFile(where, `angles are in "${unit}"; expected degrees or radians`);
}
