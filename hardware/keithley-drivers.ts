import { z } from 'zod';
import { createLinkPair } from '../firmware-bridge/in-process-link.ts';
import { closedObject } from '../src/domain/closed-object.ts';
import type { Potentiostat } from '../src/domain/instrument.ts';
import { deriveSeed } from '../src/domain/random.ts';
import { type Driver, driver } from './driver.ts';
import { linkedOptions, linkProvenance, openableLink } from './link-options.ts';
import { Keithley } from './potentiostats/keithley.ts';
import { TRIGGER_LINES } from './potentiostats/keithley-dialect.ts';
import type { KeithleyDialect } from './potentiostats/keithley-models.ts';
import { FaultyLink } from './simulated/faults-link.ts';
import { Keithley2400Twin } from './simulated/keithley-2400-twin.ts';
import { Keithley2450Twin } from './simulated/keithley-2450-twin.ts';
import { SimulatedPotentiostat } from './simulated/simulated-potentiostat.ts';

/** RS-232 of a 2400 as it is delivered; a 2450 has none and is reached over TCP. */
const BAUD_RATE = 9600;

/** Keithley source-measure units: the real ones, and a simulated one of each family. */
export const KEITHLEY_DRIVERS: Readonly<Record<string, Driver<Potentiostat>>> = {
  'keithley-2400': real('2400'),
  'keithley-2450': real('2450'),
  'keithley-2400-simulated': simulated('2400'),
  'keithley-2450-simulated': simulated('2450'),
};

function ownShape(family: KeithleyDialect) {
  const lines = TRIGGER_LINES[family];
  const line = z.int().min(1).max(lines).describe(`Trigger line, 1 to ${lines}`);
  return {
    triggerOut: closedObject({ line })
      .optional()
      .describe('A line that is pulsed at each reading the instrument takes'),
  };
}

function real(family: KeithleyDialect): Driver<Potentiostat> {
  return driver([], linkedOptions(ownShape(family)), (id, settings, { clock }) => {
    const instrument = `potentiostat ${id}`;
    const link = openableLink(settings, { clock, baudRate: BAUD_RATE, instrument });
    const { triggerOut } = settings;
    return new Keithley({
      id,
      link,
      clock,
      provenance: linkProvenance(settings),
      family,
      triggerOut,
    });
  });
}

/** The real driver, answered by a twin with the simulated cell at its terminals. */
function simulated(family: KeithleyDialect): Driver<Potentiostat> {
  return driver(['simulation'], closedObject(ownShape(family)), (id, settings, workbench) => {
    const { clock, faults, terminals } = workbench;
    const { triggerOut } = settings;
    const [near, far] = createLinkPair('in-process');
    const link = faults ? new FaultyLink(near, faults, clock) : near;
    const seed = deriveSeed(workbench.seed, `${id} noise`);
    const parts = { link: far, clock, terminals, seed };
    return new SimulatedPotentiostat(
      new Keithley({ id, link, clock, provenance: 'simulated', family, triggerOut }),
      family === '2400' ? new Keithley2400Twin(parts) : new Keithley2450Twin(parts),
    );
  });
}
