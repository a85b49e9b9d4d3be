import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import { type Driver, driver } from '../../../hardware/driver.ts';
import { linkedOptions, openableLink } from '../../../hardware/link-options.ts';
import { SimulatedPotentiostat } from '../../../hardware/simulated/simulated-potentiostat.ts';
import { closedObject } from '../../../src/domain/closed-object.ts';
import type { Potentiostat } from '../../../src/domain/instrument.ts';
import { Voltmeter } from './voltmeter.ts';
import { VoltmeterTwin } from './voltmeter-twin.ts';

/** The names that a rig file may give, the options behind each, and how it is built from them. */
export const VOLTMETER_DRIVERS: Readonly<Record<string, Driver<Potentiostat>>> = {
  voltmeter: driver([], linkedOptions({}), (id, options, { clock }) => {
    const instrument = `potentiostat ${id}`;
    const link = openableLink(options, { clock, baudRate: 9600, instrument });
    return new Voltmeter({ id, link, clock, provenance: 'measured' });
  }),
  'voltmeter-simulated': driver(['simulation'], closedObject({}), (id, _, { clock, terminals }) => {
    const [near, far] = createLinkPair('in-process');
    return new SimulatedPotentiostat(
      new Voltmeter({ id, link: near, clock, provenance: 'simulated' }),
      new VoltmeterTwin({ link: far, terminals }),
    );
  }),
};
