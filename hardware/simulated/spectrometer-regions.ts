import { z } from 'zod';
import { closedObject } from '../../src/domain/closed-object.ts';
import { energyJoulePer } from '../../src/domain/detector-spectrum.ts';
import { quantity } from '../../src/domain/units.ts';

/**
 * What a simulated spectrometer can be asked for, in the rig file. Positions and widths are in the
 * unit of the region's axis, rates in counts per second.
 */

const POINTS_MAX = 100;
const PEAKS_MAX = 50;
const REGIONS_MAX = 50;
const CHANNELS_MAX = 16_384;

/** A number, or one that follows the cell's state over straight lines, level beyond the ends. */
const following = closedObject({
  /** `stateOfCharge`, `cycles`, `platedCharge` (mAh/cm²), or a phase of the cell file. */
  follows: z.string().min(1).max(32),
  points: z
    .array(z.tuple([z.number(), z.number()]))
    .min(2)
    .max(POINTS_MAX)
    .refine(
      (points) => points.every(([x], at) => at === 0 || x > (points[at - 1]?.[0] ?? x)),
      'expected the first numbers to rise from point to point',
    ),
});
const level = z.union([z.number(), following], {
  error: 'expected a number, or follows: and points:, such as [[0, 1], [1, 5]]',
});
export type Level = z.output<typeof level>;

const above = z.number().positive();

const peak = closedObject({
  name: z.string().min(1).max(40),
  position: level.optional(),
  /** Instead: planes of a crystal of the cell, where the diffraction angle puts them. */
  reflection: closedObject({
    phase: z.string().min(1).max(32),
    planes: z.tuple([z.int(), z.int(), z.int()]),
  }).optional(),
  /** Full width at half maximum, with the detector's resolution in it. */
  width: above,
  /** Counts per second in the whole peak. */
  area: level,
  /** Share of the Lorentzian in the sum of a Gaussian and a Lorentzian of this width. */
  lorentzian: z.number().min(0).max(1).default(0),
  /** A second line of the same shape, so far above the first, with this share of its area. */
  partner: closedObject({ split: z.number(), ratio: z.number().min(0).max(10) }).optional(),
}).refine(({ position, reflection }) => (position === undefined) !== (reflection === undefined), {
  error: 'expected either position or reflection',
});
export type Peak = z.output<typeof peak>;

const region = closedObject({
  axis: closedObject({
    label: z.string().min(1).max(40),
    unit: z.string().min(1).max(16),
    from: z.number(),
    to: z.number(),
    channels: z.int().min(2).max(CHANNELS_MAX),
  }).refine(({ from, to }) => from < to, 'expected from below to'),
  /** Counts per second and channel without peaks, at the lower and at the upper end. */
  background: z.tuple([z.number().min(0), z.number().min(0)]).default([0, 0]),
  /** Counts per second and channel behind a peak, above it on the axis, for each of its counts. */
  step: z.number().min(0).max(1).default(0),
  /** Between beam and detector, fixed, of energy-dispersive diffraction. */
  twoTheta: quantity('angle').optional(),
  /** Of photoelectrons: a charged surface moves every peak by its potential. */
  photoelectrons: z.boolean().default(false),
  peaks: z.array(peak).max(PEAKS_MAX).default([]),
}).refine(
  ({ peaks, twoTheta, axis }) =>
    peaks.every(({ reflection }) => reflection === undefined) ||
    (twoTheta !== undefined && energyJoulePer(axis.unit) !== undefined),
  { error: 'reflections need twoTheta, and an axis in eV or keV' },
);
export type Region = z.output<typeof region>;

export const simulatedSpectrometerSchema = closedObject({
  /** In which the detector is blind after a count: the live time is shorter than the real one. */
  deadTimeMicrosecond: z.number().min(0).max(1000).default(2),
  regions: z.record(z.string().min(1).max(40), region).refine((regions) => {
    const count = Object.keys(regions).length;
    return count >= 1 && count <= REGIONS_MAX;
  }, `expected 1 to ${REGIONS_MAX} regions`),
});
export type SimulatedSpectrometerSettings = z.output<typeof simulatedSpectrometerSchema>;
