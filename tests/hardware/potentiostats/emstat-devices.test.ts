import { describe, expect, it } from 'vitest';
import type { DeviceId } from '../../../hardware/potentiostats/methodscript-devices.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import type {
  ConstantCurrent,
  ElectrochemicalTechnique,
  Impedance,
  LinearSweep,
} from '../../../src/domain/technique.ts';
import { connectingAnswers } from './emstat-answers.ts';
import {
  type BenchChanges,
  CIRCUIT,
  collect,
  connectedBench,
  makeBench,
  runToEnd,
} from './emstat-bench.ts';

const never = new AbortController().signal;

const REST = { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 3 } as const;
const HOLD = {
  kind: 'constantVoltage',
  voltageVolt: 0.6,
  sampleEverySecond: 1,
  durationSecond: 3,
  currentAmpereMax: 2e-3,
} as const;
const SWEEP: LinearSweep = {
  kind: 'linearSweep',
  startVolt: 0.1,
  endVolt: 0.6,
  stepVolt: 0.05,
  rateVoltPerSecond: 0.05,
  currentAmpereMax: 2e-3,
};
const CYCLE = {
  kind: 'cyclicVoltammetry',
  startVolt: 0.1,
  verticesVolt: [0.4, -0.2],
  stepVolt: 0.05,
  rateVoltPerSecond: 0.05,
  cycles: 2,
  currentAmpereMax: 2e-3,
} as const;
const PLATING: ConstantCurrent = {
  kind: 'constantCurrent',
  currentAmpere: 1e-3,
  sampleEverySecond: 1,
  durationSecond: 3,
  voltageVoltMin: -1,
  voltageVoltMax: 1,
};
const SPECTRUM: Impedance = {
  kind: 'impedance',
  frequencyHertzMax: 1e4,
  frequencyHertzMin: 1,
  pointCount: 9,
  excitation: {
    mode: 'potentiostatic',
    amplitudeVoltRms: 0.01,
    biasVolt: 0.1,
    versusOpenCircuit: true,
  },
};
const GALVANIC: Impedance = {
  ...SPECTRUM,
  excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 1e-5, biasAmpere: 1e-3 },
};
const POTENTIOSTATIC: readonly ElectrochemicalTechnique[] = [REST, HOLD, SWEEP, CYCLE, SPECTRUM];

function of(device: DeviceId, more: BenchChanges = {}): BenchChanges {
  return {
    driver: { model: device, ...more.driver },
    twin: { device, ...more.twin },
  };
}

function electrical(readings: readonly Reading[]) {
  return readings.filter((reading) => reading.kind === 'electrical');
}

describe('every model of the family', () => {
  it.each([
    ['espico', 'EmStat Pico SIMESPICO20B0008', 3e-3, 2],
    ['senswb', 'Sensit Wearable SIMSENSWB20B0008', 3e-3, 2],
    ['es4_lr', 'EmStat4 LR SIMES4LR20B0008', 0.01, 3],
    ['es4_hr', 'EmStat4 HR SIMES4HR20B0008', 0.1, 6],
    ['mes4lr', 'MultiEmStat4 LR SIMMES4LR20B0008 in SIMMES4LR20B0008M', 0.01, 3],
    ['mes4hr', 'MultiEmStat4 HR SIMMES4HR20B0008 in SIMMES4HR20B0008M', 0.1, 6],
    ['nexus1', 'Nexus SIMNEXUS120B0008', 1, 10],
  ] as const)('%s is recognised, with its own limits', async (id, model, ampere, volt) => {
    const { driver } = await connectedBench(CIRCUIT, { twin: { device: id } });
    expect(driver.info.model).toBe(model);
    expect(driver.capability).toMatchObject({ currentAmpereMax: ampere, voltageVoltMax: volt });
    expect(driver.capability.keepsVoltageLimits).toBe('both');
  });

  it.each([
    'espico',
    'es4_lr',
    'es4_hr',
    'nexus1',
  ] as const)('%s runs every potentiostatic technique and leaves the cell open', async (id) => {
    const { clock, driver, terminals } = await connectedBench(CIRCUIT, of(id));
    for (const technique of POTENTIOSTATIC) {
      const readings = await runToEnd(clock, collect(driver.measure(technique, never)), 0.5);
      expect(readings.length, technique.kind).toBeGreaterThan(2);
      expect(
        readings.map((one) => one.quality),
        technique.kind,
      ).not.toContain('bad');
      expect(terminals.isOpen).toBe(true);
    }
    expect(driver.losses).toEqual({ discardedBytes: 0, unreadableLines: 0 });
  });

  it.each(['es4_lr', 'es4_hr', 'nexus1'] as const)('%s is a galvanostat too', async (id) => {
    const { clock, driver, terminals } = await connectedBench(CIRCUIT, of(id));
    for (const technique of [PLATING, GALVANIC]) {
      await runToEnd(clock, collect(driver.measure(technique, never)), 0.5);
      expect(terminals.history).toContain('current 0.001');
      expect(terminals.isOpen).toBe(true);
    }
  });

  it('an EmStat Pico is none, and says so before anything is sent', async () => {
    const { clock, driver, terminals } = await connectedBench(CIRCUIT, of('espico'));
    expect(driver.capability.techniques).not.toContain('constantCurrent');
    expect(driver.capability.excitations).toEqual(['potentiostatic']);
    const before = terminals.history.length;
    for (const technique of [PLATING, GALVANIC]) {
      await expect(runToEnd(clock, collect(driver.measure(technique, never)))).rejects.toThrow(
        /potentiostat pot \(EmStat Pico\): it cannot/,
      );
    }
    expect(terminals.history).toHaveLength(before);
  });
});

describe('what is not as the rig file says', () => {
  it.each([
    ['another model', of('es4_hr'), { device: 'espico' }, 'expected EmStat4 HR, found EmStat Pico'],
    [
      'a second channel that is not there',
      of('es4_hr', { driver: { channel: 1 } }),
      {},
      'it has no channel 1',
    ],
  ] as const)('%s is refused', async (_, changes, twin, message) => {
    const {
      twin: device,
      driver,
      clock,
      hostEnd,
    } = makeBench(CIRCUIT, {
      ...changes,
      twin: { ...changes.twin, ...twin },
    });
    await device.start();
    await expect(runToEnd(clock, driver.connect(never))).rejects.toThrow(message);
    expect(hostEnd.isOpen).toBe(false);
  });

  it('the second channel of an EmStat Pico is there', async () => {
    const changes = of('espico', { driver: { channel: 1 } });
    const { clock, driver } = await connectedBench(CIRCUIT, changes);
    expect(await runToEnd(clock, collect(driver.measure(HOLD, never)))).toHaveLength(3);
  });
});

describe('the pace of an EmStat Pico', () => {
  it('is kept by the driver; a script sent at once is lost and refused', async () => {
    const { clock, deviceEnd, hostEnd, twin } = makeBench(CIRCUIT, of('espico'));
    const heard: string[] = [];
    hostEnd.onData((bytes) => heard.push(new TextDecoder().decode(bytes)));
    await hostEnd.open(never);
    await twin.start();
    expect(deviceEnd.isOpen).toBe(true);
    hostEnd.write(new TextEncoder().encode('e\nvar e\ncell_off\n\n'));
    await clock.advance(0.2);
    expect(heard).toEqual(['e!4001: Line 1, Col 1\n']);
  });

  it('is 50 ms after e and 5 ms after each line', async () => {
    const { clock, driver, deviceEnd } = await connectedBench(CIRCUIT, of('espico'));
    const sent: [number, string][] = [];
    deviceEnd.onData((bytes) => {
      sent.push([clock.nowSecond(), new TextDecoder().decode(bytes)]);
    });
    await runToEnd(clock, collect(driver.measure(REST, never)));
    const [start, first, second] = sent;
    expect([start?.[1], first?.[1]]).toEqual(['e\n', 'var e\n']);
    expect((first?.[0] ?? 0) - (start?.[0] ?? 0)).toBeCloseTo(0.05, 9);
    expect((second?.[0] ?? 0) - (first?.[0] ?? 0)).toBeCloseTo(0.005, 9);
  });

  it('is not that of an EmStat4: its script goes out in one piece', async () => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const sent: string[] = [];
    deviceEnd.onData((bytes) => sent.push(new TextDecoder().decode(bytes)));
    await runToEnd(clock, collect(driver.measure(REST, never)));
    expect(sent).toHaveLength(1);
  });
});

describe('the direct part of an impedance', () => {
  it.each([
    ['galvanostatic', GALVANIC, 0.1 + 1e-3 * 500, 1e-3],
    ['potentiostatic', SPECTRUM, 0.2, 0.1 / 500],
  ] as const)('%s: voltage and current are told before each point', async (_, technique, volt, ampere) => {
    const { clock, driver } = await connectedBench();
    const all = await runToEnd(clock, collect(driver.measure(technique, never)), 0.5);
    expect(all.map((one) => one.kind)).toEqual(
      Array(9).fill(['electrical', 'impedancePoint']).flat(),
    );
    for (const one of electrical(all)) {
      expect(one.voltageVolt).toBeCloseTo(volt, 2);
      expect(one.currentAmpere).toBeCloseTo(ampere, 5);
      expect(one.quality).toBe('good');
    }
  });

  it('is done without where the firmware does not know it, from the second try on', async () => {
    const { clock, driver, deviceEnd } = await connectedBench(CIRCUIT, {
      twin: { tellsDirectPart: false },
    });
    const scripts: string[] = [];
    deviceEnd.onData((bytes) => {
      const text = new TextDecoder().decode(bytes);
      if (text.includes('meas_loop')) scripts.push(text.includes('eis_acdc') ? 'with' : 'without');
    });
    for (let round = 0; round < 2; round += 1) {
      const all = await runToEnd(clock, collect(driver.measure(GALVANIC, never)), 0.5);
      expect(all.map((one) => one.kind)).toEqual(Array(9).fill('impedancePoint'));
    }
    expect(scripts).toEqual(['with', 'without', 'without']);
  });
});

describe('range and uncertainty of a reading', () => {
  it('are those of the range in use: 1 mA on an EmStat4 HR within 0.2 % of reading and range', async () => {
    const { clock, driver } = await connectedBench();
    const [one] = electrical(await runToEnd(clock, collect(driver.measure(PLATING, never))));
    expect(one?.currentRangeAmpere).toBe(1e-3);
    const limit = 2e-3 * Math.abs(one?.currentAmpere ?? 0) + 2e-3 * 1e-3;
    expect(one?.currentErrorAmpere).toBeCloseTo(limit / Math.sqrt(3), 12);
    const volt = 2e-3 * Math.abs(one?.voltageVolt ?? 0) + 1e-3;
    expect(one?.voltageErrorVolt).toBeCloseTo(volt / Math.sqrt(3), 12);
  });

  it('at rest there is no current whose error could be told', async () => {
    const { clock, driver } = await connectedBench();
    const [one] = electrical(await runToEnd(clock, collect(driver.measure(REST, never))));
    expect(one?.voltageErrorVolt).toBeGreaterThan(0);
    expect(one).not.toHaveProperty('currentErrorAmpere');
    expect(one).not.toHaveProperty('currentRangeAmpere');
  });

  it.each([
    ['espico', HOLD, 1e-3],
    ['espico', { ...HOLD, voltageVolt: 0.11 }, 32e-6],
    ['es4_lr', { ...HOLD, voltageVolt: 0.11 }, 100e-6],
    ['nexus1', PLATING, 1e-3],
  ] as const)('%s tells its own ranges', async (id, technique, ampere) => {
    const { clock, driver } = await connectedBench(CIRCUIT, of(id));
    const all = electrical(await runToEnd(clock, collect(driver.measure(technique, never))));
    expect(all.at(-1)?.currentRangeAmpere).toBe(ampere);
  });
});

describe('a trigger pin', () => {
  it('is pulsed at each point and low in the end', async () => {
    const masks: number[] = [];
    const { clock, driver } = await connectedBench(CIRCUIT, {
      driver: { trigger: { pin: 3, at: 'point' } },
      twin: { onPins: (mask) => masks.push(mask) },
    });
    await runToEnd(clock, collect(driver.measure(HOLD, never)));
    expect(masks).toEqual([0, 8, 0, 8, 0, 8, 0, 0]);
  });

  it('falls when the measurement is aborted', async () => {
    const masks: number[] = [];
    const { clock, driver } = await connectedBench(CIRCUIT, {
      driver: { trigger: { pin: 0, at: 'measurement' } },
      twin: { onPins: (mask) => masks.push(mask) },
    });
    const abort = new AbortController();
    const work = collect(driver.measure(HOLD, abort.signal), () => abort.abort());
    await runToEnd(clock, work);
    expect(masks).toEqual([0, 1, 0]);
  });
});

describe('trouble that the instrument finds itself', () => {
  it.each([
    ['0032', 'critical overload', 'for a short before going on'],
    ['0080', 'counter electrode oscillates', 'shorten the leads'],
  ])('%s ends the measurement with what to do, and the cell is open', async (code, what, advice) => {
    const { clock, driver, terminals, twin } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 1) expect(twin.injectError(code)).toBe(true);
    });
    await expect(runToEnd(clock, work)).rejects.toThrow(new RegExp(`${what}.*${advice}`));
    expect(terminals.isOpen).toBe(true);
    expect(twin.injectError(code)).toBe(false);
    expect(await runToEnd(clock, collect(driver.measure(REST, never)))).toHaveLength(3);
  });
});

describe('the echo of a script', () => {
  it('may stand before the first line of output', async () => {
    const { clock, driver } = await connectedBench(CIRCUIT, { twin: { echo: 'before output' } });
    for (const technique of [REST, PLATING]) {
      expect(await runToEnd(clock, collect(driver.measure(technique, never)))).toHaveLength(3);
    }
    expect(driver.losses.unreadableLines).toBe(0);
  });
});

describe('a host that died', () => {
  const LINE = 'set_pgstat_mode 6';
  it.each([
    ['in the middle of a command', 'C'],
    ['after e', 'e\n'],
    ['in the middle of a script', `e\nvar e\nvar i\n${LINE}\n`],
    ['in the middle of a line of a script', `e\nvar e\nvar i\n${LINE.slice(0, 9)}`],
    ['with the cell on and nothing to turn it off', `e\n${LINE}\nset_i 1m\ncell_on\n`],
    [
      'in a measurement',
      `e\nvar e\nvar i\n${LINE}\ncell_on\nmeas_loop_cp e i 1m 1 900\nendloop\n\n`,
    ],
    ['after a script that was refused', 'e\nnonsense\n\n'],
  ])('%s leaves nothing that the next one cannot end', async (_, left) => {
    const { clock, driver, hostEnd, terminals, twin } = makeBench();
    await twin.start();
    await hostEnd.open(never);
    hostEnd.write(new TextEncoder().encode(left));
    await clock.advance(2);
    await hostEnd.close();
    // The plug stayed in: the instrument does not know that another host is there.
    await clock.advance(1);
    await runToEnd(clock, driver.connect(never));
    expect(terminals.isOpen).toBe(true);
    expect(await runToEnd(clock, collect(driver.measure(PLATING, never)))).toHaveLength(3);
  });
});

describe('an abort', () => {
  const FIRST_HALF = 'Pab8000001 ,10,206;ba80';
  it.each([
    ['in the middle of a package', FIRST_HALF, '00001m,10,215\nZ\n*\n\n'],
    ['with packages that were on their way', '', 'Pab8000001 ;ba8000001m\nPab8000001 ;ba80\nZ\n\n'],
    ['as the script ends by itself', '', '*\n\nZ!0006\n'],
    ['with its end already sent', '', '*\n\nZ\n'],
    ['with lines that come late, after the end', FIRST_HALF, '\nZ\n*\n\nPab8000001 \n*\n'],
    ['with an error and no end', '', 'Z\n!0032: Line 9\n'],
  ])('%s opens the cell, and the next measurement reads nothing of it', async (_, before, after) => {
    const { clock, deviceEnd, driver } = makeBench();
    const answers: Record<string, string> = connectingAnswers();
    const asked: string[] = [];
    let script = `eM000A\nPab8000001 ,10,206;ba8000001m,10,215\n${before}`;
    await deviceEnd.open(never);
    deviceEnd.onData((bytes) => {
      const text = new TextDecoder().decode(bytes);
      asked.push(text.split('\n')[1] ?? '');
      deviceEnd.write(new TextEncoder().encode(answers[text] ?? script));
    });
    await runToEnd(clock, driver.connect(never));
    answers['\nZ\n'] = after;
    const abort = new AbortController();
    const first = collect(driver.measure(PLATING, abort.signal), () => abort.abort());
    expect(await runToEnd(clock, first)).toHaveLength(1);
    expect(asked.slice(-2)).toEqual(['Z', 'cell_off']);
    script = 'eM000A\nPab8000002 ,10,206;ba8000002m,10,215\n*\n\n';
    const second = await runToEnd(clock, collect(driver.measure(PLATING, never)));
    expect(second).toMatchObject([{ voltageVolt: 2, currentAmpere: 2e-3 }]);
  });
});
