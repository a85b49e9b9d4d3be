import { Fault } from '../domain/fault.ts';
import type { ScanPixels } from '../domain/scan-source.ts';
import { type FlatMoment, referenceAt } from './tomography-flat-field.ts';

/** A beam is never taken to be weaker than this share of that of the flats. */
const BEAM_MIN = 1e-4;

/** @throws Fault badInput when the margin is no whole number of columns or leaves no detector */
export function checkAirMargin(airMarginColumns: number, columns: number): void {
  const isWhole = Number.isInteger(airMarginColumns) && airMarginColumns >= 1;
  if (isWhole && 2 * airMarginColumns <= columns) return;
  const message = `${airMarginColumns} columns at each end of ${columns}; expected 1 to ${columns >> 1}`;
  throw new Fault('badInput', { where: 'air margin', message });
}

/**
 * @param beamScale beam of each view relative to that of the flats
 * @throws Fault badInput when there is not one for each view, or one is not above 0
 */
export function checkBeamScale(beamScale: ArrayLike<number>, views: number): void {
  const bad = Array.from(beamScale).findIndex((scale) => !(scale > 0 && Number.isFinite(scale)));
  if (beamScale.length === views && bad < 0) return;
  const message =
    bad < 0
      ? `${beamScale.length} values for ${views} views; expected one for each`
      : `view ${bad + 1} has ${beamScale[bad]}; expected a number above 0`;
  throw new Fault('badInput', { where: 'beam', message });
}

/** ln of a view's beam relative to that of the flats, to be added to its attenuation. */
export function beamOffset(relativeBeam: number): number {
  return Math.log(Math.max(BEAM_MIN, relativeBeam));
}

/**
 * Mean transmission of a view at both ends of the detector, where there is no sample; 1 when all
 * pixels there are dead.
 * @param pixels the view, [row, column]
 */
export function marginTransmission(
  pixels: ScanPixels,
  moments: readonly FlatMoment[],
  { view, columns, margin }: { view: number; columns: number; margin: number },
): number {
  let [sum, count] = [0, 0];
  for (let row = 0; row * columns < pixels.length; row++) {
    const { dark, gain } = referenceAt(moments, view, row, columns);
    for (let k = 0; k < 2 * margin; k++) {
      const column = k < margin ? k : columns - 1 - (k - margin);
      const light = (pixels[row * columns + column] ?? 0) - (dark[column] ?? 0);
      const transmission = light * (gain[column] ?? 0);
      if (!Number.isFinite(transmission) || gain[column] === 0) continue;
      sum += transmission;
      count += 1;
    }
  }
  return count > 0 ? sum / count : 1;
}
