import { describe, expect, it } from 'vitest';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import {
  CONNECT,
  HOLD,
  HOLD_SET_UP,
  identity,
  makeDriver,
  measured,
  OFF,
  ok,
  RUN,
  RUNS,
  STOP,
  setting,
} from './rodeostat-wire-words.ts';
import type { WirePair } from './wire-pairs.ts';

const CONNECT_OLD: readonly WirePair[] = [
  ...STOP,
  ...identity('microAmpV0.1').slice(0, 3),
  [
    '{"command":"getMuxEnabled"}',
    '{"success":false,"message":"command, getMuxEnabled, not found","response":{}}\r',
  ],
  ['{"command":"setVolt","v":0}', ok('"command":"setVolt","v":-0.000244')],
];

const SWEEP: ElectrochemicalTechnique = {
  kind: 'linearSweep',
  startVolt: -0.1,
  endVolt: 0.1,
  rateVoltPerSecond: 2,
  stepVolt: 0.1,
  currentAmpereMax: 1e-3,
};

const CYCLIC: ElectrochemicalTechnique = {
  kind: 'cyclicVoltammetry',
  startVolt: 0,
  verticesVolt: [0.1, -0.1],
  rateVoltPerSecond: 2,
  cycles: 1,
  stepVolt: 0.1,
  currentAmpereMax: 1e-3,
};

const RESTING: ElectrochemicalTechnique = {
  kind: 'openCircuit',
  sampleEverySecond: 1,
  durationSecond: 2,
};

describe('what goes over the wire to a Rodeostat', () => {
  it('when it connects and disconnects', async () => {
    const { driver, link, signal, done } = makeDriver(CONNECT);
    await done(driver.connect(signal));
    expect(driver.info.model).toBe('Rodeostat 10V_microAmpV0.2 FW0.0.9');
    await driver.disconnect();
    link.finish();
  });

  it('when it connects to hardware 0.1, whose firmware knows fewer commands', async () => {
    const { driver, link, signal, done } = makeDriver(CONNECT_OLD, 'microAmpV0.1');
    await done(driver.connect(signal));
    await driver.disconnect();
    link.finish();
  });

  it('when a test of an earlier host was still running', async () => {
    const busy: readonly WirePair[] = [
      [
        '',
        '{"t":980,"v":0.1,"i":1.5}\r',
        '{"success":false,"message":"unable to parse json","response":{}}\r',
        '{"t":990,"v":0.1,"i":1.5}\r',
      ],
      [
        '{"command":"stopTest"}',
        '{"t":1000,"v":0.1,"i":1.5}\r',
        ok('"command":"stopTest"'),
        '{"t":1010,"v":0.1,"i":1.5}\r',
        '{}\r',
      ],
    ];
    const { driver, link, signal, done } = makeDriver([...busy, ...CONNECT.slice(STOP.length)]);
    await done(driver.connect(signal));
    link.finish();
  });

  it('when it holds a potential', async () => {
    const readings = await measured(HOLD, [
      ...HOLD_SET_UP,
      [
        RUN,
        RUNS,
        '{"t":20,"v":0.5,"i":-2.799983}\r',
        '{"t":40,"v":0.5,"i":-2.8295}\r',
        '{"t":60,"v":0.5,"i":0}\r',
        '{}\r',
      ],
      ...OFF,
    ]);
    expect(readings.map(({ currentAmpere }) => currentAmpere * 1e6)).toEqual([
      expect.closeTo(-2.799983, 9),
      expect.closeTo(-2.8295, 9),
      0,
    ]);
    expect(readings.map(({ quality }) => quality)).toEqual(['good', 'good', 'good']);
    expect(readings[0]).toMatchObject({ voltageVolt: 0.5, currentRangeAmpere: 100e-6 });
    // 0.5 % of the value and 0.7 % of the span of ± 100 µA, as a rectangular distribution.
    const limit = 0.005 * 2.799983e-6 + 0.007 * 200e-6;
    expect(readings[0]?.currentErrorAmpere).toBeCloseTo(limit / Math.sqrt(3), 12);
    // The same of ± 1 V, and one step of 12 bits.
    const limitVolt = 0.005 * 0.5 + 0.007 * 2 + 2 / 4095;
    expect(readings[0]?.voltageErrorVolt).toBeCloseTo(limitVolt / Math.sqrt(3), 12);
  });

  it('when it sweeps once', async () => {
    const readings = await measured(SWEEP, [
      setting('setCurrRange', 'currRange', '1000uA'),
      setting('setSamplePeriod', 'samplePeriod', 50),
      [
        '{"command":"setParam","test":"linearSweep","param":{"quietValue":-0.1,"quietTime":0,"startValue":-0.1,"finalValue":0.1,"duration":100}}',
        ok(
          '"command":"setParam","test":"linearSweep","param":{"quietValue":-0.1,"quietTime":0,"startValue":-0.1,"finalValue":0.1,"duration":100}',
        ),
      ],
      [
        '{"command":"getTestDoneTime","test":"linearSweep"}',
        ok('"command":"getTestDoneTime","test":"linearSweep","testDoneTime":100'),
      ],
      [
        '{"command":"runTest","test":"linearSweep"}',
        ok('"command":"runTest","test":"linearSweep"'),
        '{"t":50,"v":0,"i":1}\r',
        '{"t":100,"v":0.1,"i":3}\r',
        '{}\r',
      ],
      ...OFF,
    ]);
    expect(readings.map(({ voltageVolt }) => voltageVolt)).toEqual([0, 0.1]);
  });

  it('when it sweeps a voltammogram', async () => {
    const param =
      '{"quietValue":0,"quietTime":0,"amplitude":0.1,"offset":0,"period":200,"numCycles":1,"shift":0.25}';
    const request = `{"command":"setParam","test":"cyclic","param":${param}}`;
    const readings = await measured(CYCLIC, [
      setting('setCurrRange', 'currRange', '1000uA'),
      setting('setSamplePeriod', 'samplePeriod', 50),
      [request, ok(`"command":"setParam","test":"cyclic","param":${param}`)],
      [
        '{"command":"getTestDoneTime","test":"cyclic"}',
        ok('"command":"getTestDoneTime","test":"cyclic","testDoneTime":200'),
      ],
      [
        '{"command":"runTest","test":"cyclic"}',
        ok('"command":"runTest","test":"cyclic"'),
        '{"t":50,"v":0.1,"i":2}\r',
        '{"t":100,"v":0,"i":0}\r',
        '{"t":150,"v":-0.1,"i":-2}\r',
        '{"t":200,"v":0,"i":0}\r',
        '{}\r',
      ],
      ...OFF,
    ]);
    expect(readings).toHaveLength(4);
  });

  it('when it reads the potential at rest', async () => {
    const range = (name: string): WirePair => setting('setRefElectVoltRange', 'voltRange', name);
    const connected = (electrode: string, isConnected: boolean): readonly WirePair[] => [
      [
        `{"command":"set${electrode}ElectConnected","connected":${isConnected}}`,
        ok(`"command":"set${electrode}ElectConnected","connected":${isConnected}`),
      ],
    ];
    const confirmed = (electrode: string, isConnected: boolean): WirePair => [
      `{"command":"get${electrode}ElectConnected"}`,
      ok(`"command":"get${electrode}ElectConnected","connected":${isConnected}`),
    ];
    const asked = (r: number): WirePair => [
      '{"command":"getRefVolt"}',
      ok(`"command":"getRefVolt","r":${r}`),
    ];
    const readings = await measured(RESTING, [
      ...connected('Ctr', false),
      confirmed('Ctr', false),
      ...connected('Ref', true),
      ...connected('Wrk', true),
      confirmed('Ref', true),
      confirmed('Wrk', true),
      range('10V'),
      asked(0.76),
      range('1V'),
      asked(0.761661),
      asked(0.761661),
      // Above 98 % of its range the next one is taken, and the value is read again.
      asked(0.99),
      range('2V'),
      asked(0.992),
      ...OFF,
    ]);
    expect(readings.map(({ voltageVolt }) => voltageVolt)).toEqual([0.761661, 0.992]);
    expect(readings.map(({ currentAmpere }) => currentAmpere)).toEqual([0, 0]);
    const [first, second] = readings.map(({ voltageErrorVolt }) => voltageErrorVolt ?? 0);
    expect(second).toBeGreaterThan(1.5 * (first ?? 0));
  });

  it('when it is told to open the cell, whatever runs', async () => {
    const { driver, link, signal, done } = makeDriver([...CONNECT, ...OFF, ...OFF]);
    await done(driver.connect(signal));
    await done(driver.cellOff());
    await done(driver.cellOff());
    link.finish();
  });
});
