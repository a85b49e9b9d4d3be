import { z } from 'zod';
import { calibrationSchema } from './calibration.ts';
import { closedObject } from './closed-object.ts';
import { injectedFaultSchema } from './injected-fault.ts';

/** An instrument by driver name; the driver checks its own options. */
const instrument = closedObject({
  driver: z.string().min(1),
  options: z.record(z.string(), z.unknown()).default({}),
});
export type InstrumentEntry = z.infer<typeof instrument>;

/** The instruments and their wiring. */
export const rigSchema = closedObject({
  rig: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -, such as "oven-2"'),
  title: z.string().min(1).max(200),
  instruments: closedObject({
    potentiostat: instrument,
    sensors: z.record(z.string().regex(/^[a-z0-9-]{1,32}$/), instrument).default({}),
    heater: instrument.optional(),
    scanner: instrument.optional(),
    spectrometer: instrument.optional(),
    /** The microcontroller that several of them share, and that switches off below this software. */
    board: instrument.optional(),
  }),
  /** By the name its instruments call it; from the folder of calibrations where it is not here. */
  calibrations: z.record(z.string().regex(/^[a-z0-9-]{1,32}$/), calibrationSchema).optional(),
  /** Who puts a fresh cell in: a person, who is asked; without it a simulated rig alone can. */
  cellExchange: z.literal('person').optional(),
  /** Faults that a simulated rig plays on purpose. */
  faults: z.array(injectedFaultSchema).max(32).optional(),
});
export type Rig = z.infer<typeof rigSchema>;
