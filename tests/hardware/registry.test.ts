import { describe, expect, test } from 'vitest';
import type { RigContext } from '../../hardware/driver.ts';
import { openRig } from '../../hardware/registry.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Recordings } from '../../src/domain/recordings.ts';
import { type Rig, rigSchema } from '../../src/domain/rig.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { LITHIUM_CELL, readCell, readRig } from './simulated/support.ts';

const RECORDINGS: Recordings = {
  readSpectra: async (folder) => {
    expect(folder).toBe('eis/battery-cycling');
    return [{ points: [{ frequencyHertz: 10, zRealOhm: 1, zImagOhm: -1 }] }];
  },
  readScan: async (source) => {
    expect(source).toBe('tomo/savu-rod');
    return {
      rows: 1,
      columns: 2,
      anglesRadian: Float64Array.from([0, 1, 2]),
      projections: new Uint16Array(6),
      flats: new Uint16Array(2),
      darks: new Uint16Array(2),
    };
  },
};

function contextOf(changes: Partial<RigContext> = {}): RigContext {
  return {
    clock: new VirtualClock(),
    cell: LITHIUM_CELL,
    seed: 1,
    recordings: undefined,
    ...changes,
  };
}

function faultOf(rig: Rig, context = contextOf()): Promise<Fault> {
  return caughtFault(() => openRig(rig, context));
}

function rigOf(instruments: unknown): Rig {
  return rigSchema.parse({ rig: 'test', title: 'Test', instruments });
}

describe('opening the rigs that come with the software', () => {
  test('the simulated rig has all instruments, none of them measured', async () => {
    const clock = new VirtualClock();
    const rig = await openRig(readRig('simulated'), contextOf({ clock }));
    expect(rig.potentiostat.info).toMatchObject({ id: 'potentiostat', provenance: 'simulated' });
    expect(rig.sensors.map(({ info }) => info.id)).toEqual([
      'cell-temperature',
      'oven-temperature',
      'stack-pressure',
    ]);
    expect(rig.heater?.info).toMatchObject({ id: 'heater', provenance: 'simulated' });
    expect(rig.heater?.temperatureCelsiusMax).toBe(90);
    expect(rig.scanner).toMatchObject({ rows: 64, columns: 192, viewsMax: 3600 });
    expect(rig.scanner?.info.provenance).toBe('simulated');
    expect(rig.spectrometer?.info).toMatchObject({ id: 'spectrometer', provenance: 'simulated' });
    expect(rig.spectrometer?.regions).toEqual([
      'edxrd',
      'Li 1s',
      'Ge 3d',
      'Al 2p',
      'P 2p',
      'S 2p',
      'C 1s',
      'O 1s',
    ]);
  });

  test('the small simulated rig is the same with a detector of 16 × 2 pixels', async () => {
    const { instruments, ...names } = readRig('simulated-small');
    const large = readRig('simulated').instruments;
    expect(names.rig).toBe('simulated-small');
    expect({ ...instruments, scanner: undefined }).toEqual({ ...large, scanner: undefined });
    const rig = await openRig(readRig('simulated-small'), contextOf());
    expect(rig.scanner).toMatchObject({ rows: 2, columns: 16 });
  });

  test('its spectrometer sees lithium metal only after it was plated', async () => {
    const clock = new VirtualClock();
    const rig = await openRig(readRig('simulated'), contextOf({ clock }));
    const signal = new AbortController().signal;
    const metal = async (): Promise<number> => {
      const work = rig.spectrometer?.measure({ region: 'Li 1s', durationSecond: 60 }, signal);
      await clock.advance(60);
      const spectrum = await work;
      return spectrum?.counts.reduce((sum, count) => sum + count, 0) ?? Number.NaN;
    };
    const before = await metal();
    await Promise.all([rig.potentiostat.connect(signal), clock.advance(5)]);
    const plating = new AbortController();
    const readings = (async () => {
      const technique = {
        kind: 'constantCurrent',
        currentAmpere: 1e-3,
        sampleEverySecond: 10,
        durationSecond: 600,
        voltageVoltMin: -5,
        voltageVoltMax: 5,
      } as const;
      let count = 0;
      for await (const _ of rig.potentiostat.measure(technique, plating.signal)) count += 1;
      return count;
    })();
    await clock.advance(601);
    expect(await readings).toBe(60);
    expect(await metal()).toBeGreaterThan(before + 5000);
    // 0.17 mAh through 0.785 cm² is past the end of what the rig file says: 160 counts a second.
    await rig.freshCell?.(signal);
    expect(Math.abs((await metal()) - before)).toBeLessThan(6 * Math.sqrt(before));
  });

  test('a simulated rig has its cell exchanged at once, also in the middle of a run', async () => {
    const clock = new VirtualClock();
    const rig = await openRig(readRig('simulated'), contextOf({ clock }));
    expect(rig.freshCell).toBeDefined();
    const aborted = AbortSignal.abort(new Error('stopped'));
    await expect(rig.freshCell?.(aborted)).rejects.toThrow('stopped');
    await rig.freshCell?.(new AbortController().signal);
    expect(rig.specimen?.saveState()).toMatchObject({ specimen: { exchanges: 1 } });
  });

  test('a rig whose cell a person exchanges says so, simulated or not', async () => {
    const byPerson = { ...readRig('simulated'), cellExchange: 'person' } as const;
    const rig = await openRig(byPerson, contextOf());
    expect(rig.exchangedByPerson).toBe(true);
    await rig.freshCell?.(new AbortController().signal);
    expect(rig.specimen?.saveState()).toMatchObject({ specimen: { exchanges: 1 } });
    expect((await openRig(readRig('simulated'), contextOf())).exchangedByPerson).toBeUndefined();
  });

  test('its heater warms what its thermometer measures', async () => {
    const clock = new VirtualClock();
    const rig = await openRig(readRig('simulated'), contextOf({ clock }));
    const signal = new AbortController().signal;
    let celsius = Number.NaN;
    for (const sensor of rig.sensors) {
      await sensor.connect(signal, ({ channel, value }) => {
        if (channel === 'surface_temperature_celsius') celsius = value;
      });
    }
    expect(celsius).toBeCloseTo(25, 0);
    await rig.heater?.connect(signal, () => {});
    await rig.heater?.setTarget(60);
    await clock.advance(1200);
    expect(celsius).toBeGreaterThan(59.5);
    expect(celsius).toBeLessThan(61);
  });

  test('the replay rig plays what the data folder holds', async () => {
    const context = contextOf({ cell: readCell('replay-battery'), recordings: RECORDINGS });
    const rig = await openRig(readRig('replay'), context);
    expect(rig.potentiostat.info.provenance).toBe('recorded');
    expect(rig.potentiostat.capability.techniques).toEqual(['impedance']);
    expect(rig.scanner).toMatchObject({ rows: 1, columns: 2, viewsMax: 3 });
    expect(rig.sensors).toEqual([]);
    expect(rig.heater).toBeUndefined();
    expect([rig.spectrometer, rig.freshCell, rig.specimen]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a rig that cannot be opened', () => {
  test('names an unknown driver, its key and the drivers there are', async () => {
    const fault = await faultOf(rigOf({ potentiostat: { driver: 'emstat5' } }));
    expect(fault.code).toBe('instrumentMissing');
    expect(fault.exitCode).toBe(2);
    expect(fault.problems).toHaveLength(1);
    expect(fault.problems[0]?.where).toBe('instruments.potentiostat.driver');
    expect(fault.problems[0]?.message).toMatch(/expected .*emstat4-simulated or .*spectra-replay/);
  });

  test.each([
    'constructor',
    '__proto__',
    'toString',
  ])('does not take "%s" for a driver', async (name) => {
    const fault = await faultOf(rigOf({ potentiostat: { driver: name } }));
    expect(fault.code).toBe('instrumentMissing');
  });

  test('names an unknown spectrometer and what is wrong with a known one', async () => {
    const potentiostat = { driver: 'emstat4-simulated' };
    const unknown = await faultOf(rigOf({ potentiostat, spectrometer: { driver: 'scienta' } }));
    expect(unknown.problems[0]).toMatchObject({ where: 'instruments.spectrometer.driver' });
    expect(unknown.problems[0]?.message).toContain('spectrometer-simulated');
    const options = { regions: { edxrd: { axis: { label: 'E', unit: 'keV', from: 1, to: 0 } } } };
    const wrong = await faultOf(
      rigOf({ potentiostat, spectrometer: { driver: 'spectrometer-simulated', options } }),
    );
    expect(wrong.code).toBe('badInput');
    expect(wrong.problems.map(({ where }) => where)).toEqual([
      'instruments.spectrometer.options.regions.edxrd.axis.channels',
    ]);
  });

  test('reports every wrong option at once with its path', async () => {
    const fault = await faultOf(
      rigOf({
        potentiostat: { driver: 'emstat4-simulated', options: { port: '/dev/null' } },
        sensors: {
          't-1': { driver: 'thermometer-simulated', options: { every: '0 s', noise: '2 mV' } },
          't-2': { driver: 'thermocouple' },
        },
        heater: {
          driver: 'heater-simulated',
          options: { sensor: 't-9', temperatureMax: '90 °C', oven: { cellLag: '1 h' } },
        },
        scanner: { driver: 'scanner-simulated', options: { rows: 0 } },
      }),
    );
    expect(fault.problems.map(({ where }) => where).sort()).toEqual([
      'instruments.heater.options.oven.cellLag',
      'instruments.heater.options.sensor',
      'instruments.potentiostat.options',
      'instruments.scanner.options.rows',
      'instruments.sensors.t-1.options.every',
      'instruments.sensors.t-1.options.noise',
      'instruments.sensors.t-2.driver',
    ]);
  });

  test('asks for --data when a replay rig has no recordings', async () => {
    const fault = await faultOf(readRig('replay'));
    expect(fault.code).toBe('badInput');
    expect(fault.problems).toHaveLength(2);
    for (const { message } of fault.problems) expect(message).toContain('--data');
  });

  test('hands on what is wrong with the recordings', async () => {
    const missing = new Fault('fileMissing', { where: 'tomo/savu-rod', message: 'not there' });
    const recordings = { ...RECORDINGS, readScan: () => Promise.reject(missing) };
    expect(await faultOf(readRig('replay'), contextOf({ recordings }))).toBe(missing);
  });

  test('needs a simulation section for a simulated cell, and checks it with its path', async () => {
    const without = contextOf({ cell: readCell('replay-battery') });
    const fault = await faultOf(readRig('simulated'), without);
    expect(fault.code).toBe('badInput');
    expect(fault.problems[0]?.where).toBe('cell replay-battery: simulation');

    const simulation = { ...LITHIUM_CELL.simulation, leadResistance: '2 kg' };
    const wrong = contextOf({ cell: { ...LITHIUM_CELL, simulation } });
    const problems = (await faultOf(readRig('simulated'), wrong)).problems;
    expect(problems.map(({ where }) => where)).toEqual([
      'cell li-li3ps4-li: simulation.leadResistance',
    ]);
  });

  test('refuses a heater that obeys a pressure gauge', async () => {
    const fault = await faultOf(
      rigOf({
        potentiostat: { driver: 'emstat4-simulated' },
        sensors: { gauge: { driver: 'pressure-simulated' } },
        heater: {
          driver: 'heater-simulated',
          options: { sensor: 'gauge', temperatureMax: '90 °C' },
        },
      }),
    );
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain('surface_temperature_celsius');
  });

  test('refuses two sensors of one channel', async () => {
    const fault = await faultOf(
      rigOf({
        potentiostat: { driver: 'emstat4-simulated' },
        sensors: {
          top: { driver: 'thermometer-simulated' },
          bottom: { driver: 'thermometer-simulated' },
        },
      }),
    );
    expect(fault.problems[0]?.where).toBe('instruments.sensors.bottom');
    expect(fault.problems[0]?.message).toContain('top');
  });

  test('refuses a detector that does not see the whole tube', async () => {
    const fault = await faultOf(
      rigOf({
        potentiostat: { driver: 'emstat4-simulated' },
        scanner: { driver: 'scanner-simulated', options: { columns: 100 } },
      }),
    );
    expect(fault.code).toBe('badInput');
    expect(fault.problems[0]?.where).toBe('instruments.scanner.options');
  });
});

describe('MethodSCRIPT potentiostats', () => {
  const options = { model: 'EmStat Pico', serial: '/dev/serial/by-id/usb-somewhere' };

  test.each([
    ['emstat4-simulated', 'EmStat4 HR', 0.1],
    ['emstat4-lr-simulated', 'EmStat4 LR', 0.01],
    ['emstat-pico-simulated', 'EmStat Pico', 3e-3],
    ['nexus-simulated', 'Nexus', 1],
  ])('%s is known to be what it is before it is connected', async (driver, model, ampere) => {
    const { potentiostat } = await openRig(rigOf({ potentiostat: { driver } }), contextOf());
    expect(potentiostat.info).toEqual({ id: 'potentiostat', model, provenance: 'simulated' });
    expect(potentiostat.capability.currentAmpereMax).toBe(ampere);
  });

  test('the rig of a real one opens without touching the port, and measures', async () => {
    const { potentiostat } = await openRig(readRig('emstat4-hr'), contextOf());
    expect(potentiostat.info).toMatchObject({ model: 'EmStat4 HR', provenance: 'measured' });
  });

  test('a real one takes its channel and a trigger', async () => {
    const more = { ...options, channel: 1, trigger: { pin: 2 } };
    const rig = rigOf({ potentiostat: { driver: 'emstat', options: more } });
    const { potentiostat } = await openRig(rig, contextOf());
    expect(potentiostat.capability.techniques).not.toContain('constantCurrent');
  });

  test.each([
    ['another maker', { ...options, model: 'Reference 600' }, 'model', 'EmStat Pico'],
    ['a channel there is not', { ...options, channel: 2 }, 'channel', '1'],
    ['a pin there is not', { ...options, trigger: { pin: 9 } }, 'trigger.pin', '7'],
    [
      'waves of the impedance points',
      { ...options, timeDomain: true },
      'timeDomain',
      'no place in the record of a run',
    ],
  ])('refuses %s by name', async (_, wrong, key, expected) => {
    const rig = rigOf({ potentiostat: { driver: 'emstat', options: wrong } });
    const { problems } = await faultOf(rig);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.where).toBe(`instruments.potentiostat.options.${key}`);
    expect(problems[0]?.message).toContain(expected);
  });
});
