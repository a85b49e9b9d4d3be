import { z } from 'zod';
import { createLinkPair } from '../firmware-bridge/in-process-link.ts';
import { closedObject } from '../src/domain/closed-object.ts';
import type { Potentiostat } from '../src/domain/instrument.ts';
import { deriveSeed } from '../src/domain/random.ts';
import { type Driver, driver } from './driver.ts';
import { linkedOptions, linkProvenance, openableLink } from './link-options.ts';
import { EmStat } from './potentiostats/emstat.ts';
import { DEVICE_IDS, DEVICES, type DeviceId } from './potentiostats/methodscript-devices.ts';
import { EmStatTwin } from './simulated/emstat-twin.ts';
import { FaultyLink } from './simulated/faults-link.ts';
import { SimulatedPotentiostat } from './simulated/simulated-potentiostat.ts';

const PIN_MAX = 7;
const CHANNEL_MAX = 1;
const MODEL_NAMES = DEVICE_IDS.map((id) => DEVICES[id].name);

const ownShape = {
  channel: z
    .int()
    .min(0)
    .max(CHANNEL_MAX)
    .default(0)
    .describe('Potentiostat of an instrument that has two: 0 or 1'),
  trigger: closedObject({
    pin: z.int().min(0).max(PIN_MAX).describe('General-purpose pin, from 0'),
    at: z
      .enum(['point', 'measurement'])
      .default('point')
      .describe('A pulse at each point, or high while the cell is closed'),
  })
    .optional()
    .describe('A pin that tells a camera when something is measured'),
  timeDomain: z
    .never({
      error:
        'the waves of an impedance point have no place in the record of a run: leave timeDomain out',
    })
    .optional(),
};

const options = linkedOptions({
  model: z
    .enum(MODEL_NAMES)
    .transform((name) => DEVICE_IDS.find((id) => DEVICES[id].name === name))
    .describe('What must be there; anything else is refused'),
  ...ownShape,
});

/** Potentiostats that speak MethodSCRIPT: the real ones, and a simulated one of each kind. */
export const EMSTAT_DRIVERS: Readonly<Record<string, Driver<Potentiostat>>> = {
  emstat: driver([], options, (id, settings, { clock }) => {
    const { channel, trigger, model } = settings;
    const { baudRate, usesFlowControl } = DEVICES[model ?? 'es4_hr'];
    const instrument = `potentiostat ${id}`;
    const link = openableLink(settings, { clock, baudRate, usesFlowControl, instrument });
    return new EmStat({
      id,
      link,
      clock,
      provenance: linkProvenance(settings),
      model,
      channel,
      trigger,
    });
  }),
  'emstat4-simulated': simulated('es4_hr'),
  'emstat4-lr-simulated': simulated('es4_lr'),
  'emstat-pico-simulated': simulated('espico'),
  'nexus-simulated': simulated('nexus1'),
};

/** The real driver, answered by a twin with the simulated cell at its terminals. */
function simulated(model: DeviceId): Driver<Potentiostat> {
  return driver(['simulation'], closedObject(ownShape), (id, { channel, trigger }, workbench) => {
    const { clock, faults, terminals } = workbench;
    const [near, far] = createLinkPair('in-process');
    const seed = deriveSeed(workbench.seed, `${id} noise`);
    const link = faults ? new FaultyLink(near, faults, clock) : near;
    return new SimulatedPotentiostat(
      new EmStat({ id, link, clock, provenance: 'simulated', model, channel, trigger }),
      new EmStatTwin({ link: far, clock, terminals, seed, device: model }),
    );
  });
}
