import { z } from 'zod';
import { createLinkPair } from '../firmware-bridge/in-process-link.ts';
import { closedObject } from '../src/domain/closed-object.ts';
import type { Potentiostat } from '../src/domain/instrument.ts';
import { deriveSeed } from '../src/domain/random.ts';
import { type Driver, driver } from './driver.ts';
import { linkedOptions, linkProvenance, openableLink } from './link-options.ts';
import { Rodeostat } from './potentiostats/rodeostat.ts';
import {
  type RodeostatVariant,
  rodeostatVariant,
  VARIANT_NAME,
} from './potentiostats/rodeostat-variants.ts';
import { FaultyLink } from './simulated/faults-link.ts';
import { RodeostatTwin } from './simulated/rodeostat-twin.ts';
import { SimulatedPotentiostat } from './simulated/simulated-potentiostat.ts';

/** Of the firmware; over USB it means nothing. */
const BAUD_RATE = 115_200;

const variantShape = {
  variant: z
    .string()
    .regex(VARIANT_NAME, 'expected what getVariant reports, such as 10V_microAmpV0.2')
    .describe('What the instrument calls itself, such as 10V_microAmpV0.2'),
};

const realOptions = linkedOptions({
  ...variantShape,
  holdsZeroVoltAtEnd: z
    .literal(true)
    .optional()
    .describe('Hardware V0.1 cannot open the cell: say that you know, and put a relay in between'),
}).refine(
  ({ variant, holdsZeroVoltAtEnd }) =>
    rodeostatVariant(variant)?.hasSwitches !== false || holdsZeroVoltAtEnd === true,
  {
    path: ['holdsZeroVoltAtEnd'],
    error:
      'hardware V0.1 cannot open the cell: after each step it keeps 0 V on it, which discharges a battery. Put a relay between, and write holdsZeroVoltAtEnd: true to say so',
  },
);

/** IO Rodeo's Rodeostat: the real one, and a simulated one. */
export const RODEOSTAT_DRIVERS: Readonly<Record<string, Driver<Potentiostat>>> = {
  rodeostat: driver([], realOptions, (id, settings, { clock }) => {
    const instrument = `potentiostat ${id}`;
    const link = openableLink(settings, { clock, baudRate: BAUD_RATE, instrument });
    const variant = checkedVariant(settings.variant);
    return new Rodeostat({ id, link, clock, provenance: linkProvenance(settings), variant });
  }),
  'rodeostat-simulated': driver(
    ['simulation'],
    closedObject({ variant: variantShape.variant.default('10V_10MilliAmpV0.2') }),
    (id, settings, workbench) => {
      const { clock, terminals, faults } = workbench;
      const variant = checkedVariant(settings.variant);
      const [near, far] = createLinkPair('in-process');
      const link = faults ? new FaultyLink(near, faults, clock) : near;
      const seed = deriveSeed(workbench.seed, `${id} noise`);
      return new SimulatedPotentiostat(
        new Rodeostat({ id, link, clock, provenance: 'simulated', variant }),
        new RodeostatTwin({ link: far, clock, terminals, seed, variant }),
      );
    },
  ),
};

function checkedVariant(name: string): RodeostatVariant {
  const variant = rodeostatVariant(name);
  if (!variant) throw new Error(`built from a variant that was not checked: ${name}`);
  return variant;
}
