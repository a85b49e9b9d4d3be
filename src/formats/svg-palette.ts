/** Colours that stay apart for the common kinds of colour blindness, and in grey on paper. */

/** Okabe and Ito: blue and vermillion. */
export const FIT_COLOUR = '#0072b2';
export const WARNING_COLOUR = '#b34700';
export const SECOND_COLOUR = '#d55e00';

/** Viridis (van der Walt and Smith 2015) without its yellow end, too pale for white paper. */
const RAMP = [
  [68, 1, 84],
  [69, 55, 129],
  [52, 95, 141],
  [36, 131, 142],
  [41, 166, 133],
  [92, 194, 98],
  [160, 200, 30],
] as const;

/** The colour of one of `count` spectra in their order, dark to light. */
export function rampColour(index: number, count: number): string {
  const place = count < 2 ? 0 : (index / (count - 1)) * (RAMP.length - 1);
  const below = RAMP[Math.min(Math.floor(place), RAMP.length - 2)] ?? RAMP[0];
  const above = RAMP[Math.min(Math.floor(place) + 1, RAMP.length - 1)] ?? RAMP[0];
  const share = place - Math.min(Math.floor(place), RAMP.length - 2);
  const channel = (at: 0 | 1 | 2): string =>
    Math.round(below[at] + share * (above[at] - below[at]))
      .toString(16)
      .padStart(2, '0');
  return `#${channel(0)}${channel(1)}${channel(2)}`;
}
