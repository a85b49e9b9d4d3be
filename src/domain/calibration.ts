import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { quantity } from './units.ts';

/** What every comparison of a sensor with a better one has to say. */
const common = {
  title: z.string().min(1).max(200),
  /** Day of the comparison: 2026-03-02. */
  date: z.iso.date('expected a day such as "2026-03-02"'),
  /** Day on which it is to be repeated. */
  due: z.iso.date('expected a day such as "2027-03-02"'),
  by: z.string().min(1).max(200),
  /** What it was compared with: the standard, the certificate. */
  against: z.string().min(1).max(400),
  /** Of the uncertainties below: 2 where they are expanded ones of 95 %. */
  coverage: z.number().min(1).max(4).default(2),
};

/** IEC 60751: R = R0 (1 + A t + B t² + C (t - 100 °C) t³), the last term below 0 °C only. */
const platinum = closedObject({
  kind: z.literal('platinum'),
  ...common,
  resistance: quantity('resistance').refine((value) => value > 0, 'expected more than 0 Ω'),
  a: z.number().positive().default(3.9083e-3),
  b: z.number().negative().default(-5.775e-7),
  c: z.number().default(-4.183e-12),
  /** Of the converter it was compared with, for the ratio of the two is what is read. */
  reference: quantity('resistance').refine((value) => value > 0, 'expected more than 0 Ω'),
  uncertainty: quantity('temperature'),
});

const thermocouple = closedObject({
  kind: z.literal('thermocouple'),
  ...common,
  /** By how much the uncorrected reading is too high. */
  offset: quantity('temperature'),
  uncertainty: quantity('temperature'),
});

const loadCell = closedObject({
  kind: z.literal('loadCell'),
  ...common,
  /** Code of the amplifier without load. */
  zero: z.number().min(-8_388_608).max(8_388_607),
  codesPerNewton: z.number().positive('expected a number above zero: exchange the signal wires'),
  uncertainty: quantity('force'),
  /** Of the reading, besides. */
  relativeUncertainty: quantity('ratio').default(0),
});

const transducer = closedObject({
  kind: z.literal('transducer'),
  ...common,
  /** Of 5 V, at the two pressures below. */
  zeroVoltage: quantity('voltage'),
  spanVoltage: quantity('voltage'),
  zeroPressure: quantity('pressure'),
  spanPressure: quantity('pressure'),
  uncertainty: quantity('pressure'),
}).refine((one) => one.spanVoltage > one.zeroVoltage && one.spanPressure > one.zeroPressure, {
  path: ['spanVoltage'],
  message: 'expected more voltage and more pressure than at zero',
});

/** How a sensor's raw value becomes a quantity, and how well that is known. */
export const calibrationSchema = z.discriminatedUnion(
  'kind',
  [platinum, thermocouple, loadCell, transducer],
  { error: 'expected a kind: platinum, thermocouple, loadCell or transducer' },
);
export type Calibration = z.infer<typeof calibrationSchema>;
export type CalibrationKind = Calibration['kind'];
export type CalibrationOf<K extends CalibrationKind> = Extract<Calibration, { readonly kind: K }>;

const DAY_MS = 86_400_000;

/** Whether its comparison should have been repeated by now; it holds to the end of that day, UTC. */
export function isOverdue({ due }: Calibration, utcMs: number): boolean {
  return utcMs >= Date.parse(due) + DAY_MS;
}
