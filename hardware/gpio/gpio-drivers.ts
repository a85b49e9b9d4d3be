import { z } from 'zod';
import { closedObject } from '../../src/domain/closed-object.ts';
import type { Sensor } from '../../src/domain/instrument.ts';
import { quantity } from '../../src/domain/units.ts';
import { DetectorTrigger } from '../detectors/detector-trigger.ts';
import { type Driver, driver } from '../driver.ts';
import { GpioInterlock } from './gpio-interlock.ts';
import { PULSE_WIDTH_SECOND_MAX, PULSE_WIDTH_SECOND_MIN } from './gpio-line.ts';
import { GPIO_ADAPTERS, openGpio } from './open-gpio.ts';

/** Of the 40 pins of the header, BCM 0 and 1 belong to the EEPROM of a HAT. */
const BCM_MIN = 2;
const BCM_MAX = 27;
const EVERY_SECOND_MIN = 0.1;
const DEBOUNCE_SECOND_MIN = 1e-3;
const DEBOUNCE_SECOND_MAX = 0.5;
const MS = 1000;

const commonShape = {
  /** "auto" is onoff where it works, else the tools of libgpiod. */
  adapter: z.enum(GPIO_ADAPTERS).default('auto'),
};

const BCM_EXPECTED = `expected a BCM number of the header, ${BCM_MIN} to ${BCM_MAX}`;
const bcm = z.number().int(BCM_EXPECTED).min(BCM_MIN, BCM_EXPECTED).max(BCM_MAX, BCM_EXPECTED);

const interlockSchema = closedObject({
  ...commonShape,
  contacts: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'expected 1 to 32 of a-z, 0-9 and _'),
      closedObject({
        bcm,
        /** What the pin reads while all is well: "low" for a contact to ground and a pull-up. */
        closed: z.enum(['low', 'high']).default('low'),
      }),
    )
    .refine((contacts) => Object.keys(contacts).length > 0, 'expected at least one contact')
    .refine(
      (contacts) => {
        const pins = Object.values(contacts).map((contact) => contact.bcm);
        return new Set(pins).size === pins.length;
      },
      { message: 'two contacts have the same pin: expected a pin for each' },
    ),
  every: quantity('time')
    .refine((value) => value >= EVERY_SECOND_MIN, `expected ${EVERY_SECOND_MIN} s or more`)
    .default(1),
  debounce: quantity('time')
    .refine(
      (value) => value >= DEBOUNCE_SECOND_MIN && value <= DEBOUNCE_SECOND_MAX,
      `expected ${DEBOUNCE_SECOND_MIN * MS} ms to ${DEBOUNCE_SECOND_MAX * MS} ms`,
    )
    .default(0.02),
});

const triggerSchema = closedObject({
  ...commonShape,
  bcm,
  width: quantity('time')
    .refine(
      (value) => value >= PULSE_WIDTH_SECOND_MIN && value <= PULSE_WIDTH_SECOND_MAX,
      `expected ${PULSE_WIDTH_SECOND_MIN * MS} ms to ${PULSE_WIDTH_SECOND_MAX} s`,
    )
    .default(0.01),
  triggers: z.enum(['scanner', 'spectrometer']),
});

/** What is wired to the computer's own header. */
export const GPIO_SENSORS: Readonly<Record<string, Driver<Sensor>>> = {
  'gpio-interlock': driver([], interlockSchema, (id, options, { clock }) => {
    const contacts = Object.entries(options.contacts).map(([name, contact]) => ({
      name,
      bcm: contact.bcm,
      closedLevel: contact.closed === 'low' ? (0 as const) : (1 as const),
    }));
    return new GpioInterlock({
      id,
      contacts,
      everySecond: options.every,
      debounceSecond: options.debounce,
      clock,
      openGpio: () => openGpio(options.adapter, { clock }),
    });
  }),
  'gpio-trigger': driver([], triggerSchema, (id, options, { clock }) => {
    return new DetectorTrigger({
      info: { id, model: 'trigger pin on the header', provenance: 'measured' },
      widthSecond: options.width,
      triggers: options.triggers,
      openOutput: async () => (await openGpio(options.adapter, { clock })).openOutput(options.bcm),
    });
  }),
};
