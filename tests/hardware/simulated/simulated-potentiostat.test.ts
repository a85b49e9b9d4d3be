import { describe, expect, test } from 'vitest';
import { openRig } from '../../../hardware/registry.ts';
import { cellSimulationSchema } from '../../../hardware/simulated/cell-parameters.ts';
import { SimulatedPotentiostat } from '../../../hardware/simulated/simulated-potentiostat.ts';
import type { Potentiostat, Reading } from '../../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { LITHIUM_CELL, lithiumCell, PARK_CURRENT_AMPERE, readRig } from './support.ts';

const never = new AbortController().signal;

/** A driver and a twin that write down what is asked of them. */
function scripted(fail: 'connect' | 'disconnect' | 'nothing') {
  const log: string[] = [];
  const act = async (name: 'connect' | 'disconnect'): Promise<void> => {
    log.push(`driver ${name}`);
    if (fail === name) throw new Error(`${name} failed`);
  };
  const driver: Potentiostat = {
    info: { id: 'potentiostat', model: 'test', provenance: 'simulated' },
    capability: {
      techniques: [],
      currentAmpereMax: 0,
      voltageVoltMin: 0,
      voltageVoltMax: 0,
      frequencyHertzMin: 0,
      frequencyHertzMax: 0,
      sampleEverySecondMin: 0.001,
      keepsVoltageLimits: 'none',
      accuracy: { voltageVolt: [], currentAmpere: [], source: 'a test' },
    },
    connect: () => act('connect'),
    async *measure(): AsyncIterable<Reading> {},
    cellOff: async () => {},
    disconnect: () => act('disconnect'),
  };
  const twin = {
    start: () => void log.push('twin start'),
    stop: () => void log.push('twin stop'),
  };
  return { log, potentiostat: new SimulatedPotentiostat(driver, twin) };
}

describe('a driver with its twin', () => {
  test('starts the twin before it connects and stops it after it has disconnected', async () => {
    const { log, potentiostat } = scripted('nothing');
    expect(log).toEqual([]);
    await potentiostat.connect(never);
    await potentiostat.disconnect();
    expect(log).toEqual(['twin start', 'driver connect', 'driver disconnect', 'twin stop']);
  });

  test.each([
    'connect',
    'disconnect',
  ] as const)('stops the twin when %s fails, and passes the failure on', async (step) => {
    const { log, potentiostat } = scripted(step);
    const life = async () => {
      await potentiostat.connect(never);
      await potentiostat.disconnect();
    };
    await expect(life()).rejects.toThrow(`${step} failed`);
    expect(log.at(-1)).toBe('twin stop');
  });
});

describe('the simulated rig through the real driver', () => {
  /** The rig's potentiostat on a cell at room temperature, and its readings of one technique. */
  async function measure(technique: ElectrochemicalTechnique): Promise<Reading[]> {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const driving = clock.drive(Number.POSITIVE_INFINITY, stop.signal);
    const context = { clock, cell: LITHIUM_CELL, seed: 7, recordings: undefined };
    const { potentiostat } = await openRig(readRig('simulated'), context);
    await potentiostat.connect(never);
    const readings: Reading[] = [];
    for await (const reading of potentiostat.measure(technique, never)) readings.push(reading);
    await potentiostat.disconnect();
    stop.abort();
    await driving;
    return readings;
  }

  test('measures the impedance of the cell model', async () => {
    const readings = await measure({
      kind: 'impedance',
      frequencyHertzMax: 200e3,
      frequencyHertzMin: 1,
      pointCount: 12,
      excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 20e-6, biasAmpere: 0 },
    });
    // Voltage and current stand before each point, so that a sweep hides neither.
    expect(readings.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 12 }, () => ['electrical', 'impedancePoint']).flat(),
    );
    const truth = lithiumCell(new VirtualClock(), 7, 25);
    for (const reading of readings) {
      if (reading.kind !== 'impedancePoint') continue;
      const { frequencyHertz, zRealOhm, zImagOhm } = reading.point;
      const exact = truth.impedance(frequencyHertz);
      const error = Math.hypot(zRealOhm - exact.zRealOhm, zImagOhm - exact.zImagOhm);
      expect(error / Math.hypot(exact.zRealOhm, exact.zImagOhm)).toBeLessThan(0.01);
    }
  });

  test('plates with the current it was asked for, against the resistance of the cell model', async () => {
    const readings = await measure({
      kind: 'constantCurrent',
      currentAmpere: PARK_CURRENT_AMPERE,
      sampleEverySecond: 10,
      durationSecond: 60,
      voltageVoltMin: -5,
      voltageVoltMax: 5,
    });
    const { seriesOhm, arcs } = lithiumCell(new VirtualClock(), 7, 25).circuit();
    const totalOhm = arcs.reduce((sum, arc) => sum + arc.resistanceOhm, seriesOhm);
    const last = readings.at(-1);
    if (last?.kind !== 'electrical') throw new Error('expected voltage and current');
    expect(last.currentAmpere / PARK_CURRENT_AMPERE).toBeCloseTo(1, 2);
    expect(last.voltageVolt / (PARK_CURRENT_AMPERE * totalOhm)).toBeCloseTo(1, 2);
  });
});

test('an unknown key of the simulation section is answered with the keys there are', () => {
  const parsed = cellSimulationSchema.safeParse({ ...LITHIUM_CELL.simulation, areaa: '1 cm²' });
  expect(parsed.error?.issues[0]?.message).toContain('expected one of kind, referenceTemperature');
});
