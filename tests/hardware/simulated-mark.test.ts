import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import type { RigContext } from '../../hardware/driver.ts';
import { EmStat } from '../../hardware/potentiostats/emstat.ts';
import { Keithley } from '../../hardware/potentiostats/keithley.ts';
import { DEVICE_IDS, DEVICES } from '../../hardware/potentiostats/methodscript-devices.ts';
import { Rodeostat } from '../../hardware/potentiostats/rodeostat.ts';
import { openRig } from '../../hardware/registry.ts';
import { INSTRUMENT_TWINS } from '../../hardware/simulated/instrument-twins.ts';
import { Keithley2400Twin } from '../../hardware/simulated/keithley-2400-twin.ts';
import type { Potentiostat } from '../../src/domain/instrument.ts';
import { rigSchema } from '../../src/domain/rig.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { CIRCUIT, runToEnd } from './potentiostats/emstat-bench.ts';
import { ResistorCapacitorTerminals } from './potentiostats/resistor-capacitor-terminals.ts';
import { variantOf } from './potentiostats/rodeostat-bench.ts';
import { readCell } from './simulated/support.ts';

const { signal } = new AbortController();

/** A driver as a rig file asks for it, which knows nothing of what answers. */
function driverOf(name: string, parts: { link: Link; clock: VirtualClock }): Potentiostat {
  const kind = INSTRUMENT_TWINS[name];
  const own = { id: 'pot', provenance: 'measured', ...parts } as const;
  if (kind?.driver === 'emstat') {
    const model = DEVICE_IDS.find((id) => DEVICES[id].name === kind.driverOptions.model);
    return new EmStat({ ...own, model });
  }
  if (kind?.driver === 'rodeostat') {
    return new Rodeostat({ ...own, variant: variantOf(kind.driverOptions.variant ?? '') });
  }
  return new Keithley({ ...own, family: name === 'keithley-2400' ? '2400' : '2450' });
}

function bench() {
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('wire');
  const terminals = new ResistorCapacitorTerminals(clock, CIRCUIT);
  return { clock, near, twinParts: { link: far, clock, terminals, seed: 1 } };
}

describe('values of a simulated instrument behind a real wire', () => {
  it.each(Object.keys(INSTRUMENT_TWINS))('are never called measured: %s', async (name) => {
    const { clock, near, twinParts } = bench();
    const twin = INSTRUMENT_TWINS[name]?.build(twinParts);
    await twin?.start();
    const driver = driverOf(name, { link: near, clock });
    expect(driver.info.provenance).toBe('measured');
    await runToEnd(clock, driver.connect(signal), 0.1);
    expect(driver.info.provenance).toBe('simulated');
    expect(driver.info.model).toMatch(/ SIM/);
  });

  it('are called measured where the instrument has the serial number of a real one', async () => {
    const { clock, near, twinParts } = bench();
    const identity = 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1098765,C30   Mar 17 2006';
    new Keithley2400Twin({ ...twinParts, identity }).start();
    const driver = driverOf('keithley-2400', { link: near, clock });
    await runToEnd(clock, driver.connect(signal), 0.1);
    expect(driver.info).toEqual({
      id: 'pot',
      model: 'Keithley 2400 1098765',
      provenance: 'measured',
    });
  });

  it('are told apart again when a real one is plugged in instead', async () => {
    const { clock, near, twinParts } = bench();
    const simulated = new Keithley2400Twin(twinParts);
    simulated.start();
    const driver = driverOf('keithley-2400', { link: near, clock });
    await runToEnd(clock, driver.connect(signal), 0.1);
    await runToEnd(clock, driver.disconnect(), 0.1);
    await simulated.stop();
    const identity = 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1098765,C30   Mar 17 2006';
    new Keithley2400Twin({ ...twinParts, identity }).start();
    await runToEnd(clock, driver.connect(signal), 0.1);
    expect(driver.info.provenance).toBe('measured');
  });
});

describe('values of a trace that is played', () => {
  it.each([
    ['emstat', { model: 'EmStat4 HR' }],
    ['keithley-2400', {}],
    ['rodeostat', { variant: '10V_microAmpV0.2' }],
  ])('are recorded, not measured: %s', async (driver, options) => {
    const context: RigContext = {
      clock: new VirtualClock(),
      cell: readCell('li-li3ps4-li-25c'),
      seed: 1,
      recordings: undefined,
    };
    const rig = (link: object) =>
      rigSchema.parse({
        rig: 'test',
        title: 'Test',
        instruments: { potentiostat: { driver, options: { ...options, ...link } } },
      });
    const played = await openRig(rig({ replay: '/tmp/session.trace' }), context);
    expect(played.potentiostat.info.provenance).toBe('recorded');
    const wired = await openRig(rig({ tcp: 'instrument.local:5025' }), context);
    expect(wired.potentiostat.info.provenance).toBe('measured');
  });
});
