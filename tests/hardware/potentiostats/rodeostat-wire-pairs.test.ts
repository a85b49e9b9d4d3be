import { describe, expect, it } from 'vitest';
import { Rodeostat } from '../../../hardware/potentiostats/rodeostat.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { electrical } from './keithley-bench.ts';
import { variantOf } from './rodeostat-bench.ts';
import { type WirePair, WirePairs } from './wire-pairs.ts';

const MICRO = '10V_microAmpV0.2';
const ok = (response: string): string => `{"success":true,"response":{${response}}}\r`;

/** Half a request of an earlier host is ended first; the end marker follows the reply. */
const STOP: readonly WirePair[] = [
  ['', '{"success":false,"message":"unable to parse json","response":{}}\r'],
  ['{"command":"stopTest"}', ok('"command":"stopTest"'), '{}\r'],
];
/** The electrodes come first, then 0 V. The DAC has no code for exactly 0 V. */
const REST: readonly WirePair[] = [
  [
    '{"command":"setAllElectConnected","connected":false}',
    ok('"command":"setAllElectConnected","connected":false'),
  ],
  ['{"command":"getCtrElectConnected"}', ok('"command":"getCtrElectConnected","connected":false')],
  ['{"command":"getWrkElectConnected"}', ok('"command":"getWrkElectConnected","connected":false')],
  ['{"command":"setVolt","v":0}', ok('"command":"setVolt","v":-0.000244')],
];
const OFF: readonly WirePair[] = [...STOP, ...REST];
const identity = (variant: string): readonly WirePair[] => [
  ['{"command":"getVariant"}', ok(`"command":"getVariant","variant":"${variant}"`)],
  ['{"command":"getVersion"}', ok('"command":"getVersion","version":"FW0.0.9"')],
  ['{"command":"getDeviceId"}', ok('"command":"getDeviceId","deviceId":0')],
  ['{"command":"getMuxEnabled"}', ok('"command":"getMuxEnabled","muxEnabled":false')],
];
const CONNECT: readonly WirePair[] = [
  ...STOP,
  ...identity(MICRO),
  ...REST,
  [
    '{"command":"setElectAutoConnect","autoConnect":true}',
    ok('"command":"setElectAutoConnect","autoConnect":true'),
  ],
];
const CONNECT_OLD: readonly WirePair[] = [
  ...STOP,
  ...identity('microAmpV0.1').slice(0, 3),
  [
    '{"command":"getMuxEnabled"}',
    '{"success":false,"message":"command, getMuxEnabled, not found","response":{}}\r',
  ],
  ['{"command":"setVolt","v":0}', ok('"command":"setVolt","v":-0.000244')],
];

const HOLD: ElectrochemicalTechnique = {
  kind: 'constantVoltage',
  voltageVolt: 0.5,
  sampleEverySecond: 0.02,
  durationSecond: 0.06,
  currentAmpereMax: 100e-6,
};
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

const setting = (command: string, key: string, value: string | number): WirePair => {
  const body = `"command":"${command}","${key}":${JSON.stringify(value)}`;
  return [`{${body}}`, ok(body)];
};
const HOLD_SET_UP: readonly WirePair[] = [
  setting('setCurrRange', 'currRange', '100uA'),
  setting('setSamplePeriod', 'samplePeriod', 20),
  [
    '{"command":"setParam","test":"constant","param":{"quietValue":0.5,"quietTime":0,"value":0.5,"duration":60}}',
    ok(
      '"command":"setParam","test":"constant","param":{"quietValue":0.5,"quietTime":0,"value":0.5,"duration":60}',
    ),
  ],
  [
    '{"command":"getTestDoneTime","test":"constant"}',
    ok('"command":"getTestDoneTime","test":"constant","testDoneTime":60'),
  ],
];
const RUN = '{"command":"runTest","test":"constant"}';
const RUNS = ok('"command":"runTest","test":"constant"');

function makeDriver(pairs: readonly WirePair[], variant = MICRO) {
  const clock = new VirtualClock();
  const link = new WirePairs(pairs);
  const driver = new Rodeostat({
    id: 'pot',
    link,
    clock,
    provenance: 'measured',
    variant: variantOf(variant),
  });
  const { signal } = new AbortController();
  const done = <T>(work: Promise<T>): Promise<T> => runToEnd(clock, work, 0.25);
  return { clock, link, driver, signal, done };
}

async function measured(technique: ElectrochemicalTechnique, pairs: readonly WirePair[]) {
  const { driver, link, signal, done } = makeDriver([...CONNECT, ...pairs]);
  await done(driver.connect(signal));
  const readings = electrical(await done(collect(driver.measure(technique, signal))));
  await driver.disconnect();
  link.finish();
  return readings;
}

async function faultOf(technique: ElectrochemicalTechnique, pairs: readonly WirePair[]) {
  const { driver, link, signal, done } = makeDriver([...CONNECT, ...pairs]);
  await done(driver.connect(signal));
  const fault = await caughtFault(() => done(collect(driver.measure(technique, signal))));
  await driver.disconnect();
  link.finish();
  return fault;
}

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

describe('a technique ends early', () => {
  it('with the sample that the instrument calls limited', async () => {
    const readings = await measured(HOLD, [
      ...HOLD_SET_UP,
      [RUN, RUNS, '{"t":20,"v":0.5,"i":50}\r', '{"t":40,"v":0.5,"i":100,"le":true}\r'],
      ...OFF,
    ]);
    expect(readings.map(({ quality }) => quality)).toEqual(['good', 'overload']);
  });

  it('also where the filter has left less than the full range to see', async () => {
    const readings = await measured(HOLD, [
      ...HOLD_SET_UP,
      [RUN, RUNS, '{"t":20,"v":0.5,"i":40,"le":true}\r'],
      ...OFF,
    ]);
    expect(readings.map(({ quality }) => quality)).toEqual(['overload']);
  });

  it('with the sample that fills its range, where older firmware says nothing', async () => {
    const readings = await measured(HOLD, [
      ...HOLD_SET_UP,
      [RUN, RUNS, '{"t":20,"v":0.5,"i":99.7}\r', '{"t":40,"v":0.5,"i":-99.9}\r'],
      ...OFF,
    ]);
    expect(readings.map(({ quality }) => quality)).toEqual(['good', 'overload']);
  });

  it('with the sample that is past the limit of the technique', async () => {
    const limited = { ...HOLD, currentAmpereMax: 60e-6 };
    const readings = await measured(limited, [
      ...HOLD_SET_UP,
      [RUN, RUNS, '{"t":20,"v":0.5,"i":-59}\r', '{"t":40,"v":0.5,"i":-61}\r'],
      ...OFF,
    ]);
    expect(readings.map(({ quality }) => quality)).toEqual(['good', 'good']);
  });

  it('also with a sample between two readings', async () => {
    const rare = { ...HOLD, sampleEverySecond: 1, durationSecond: 2 };
    const replaced = HOLD_SET_UP.map(([sent, ...answers]): WirePair => {
      const two = (text: string) => text.replace(/60\b/, '2000').replace(/:20}/, ':500}');
      return [two(sent), ...answers.map(two)];
    });
    const readings = await measured(rare, [
      ...replaced,
      [
        RUN,
        RUNS,
        '{"t":500,"v":0.5,"i":1}\r',
        '{"t":1000,"v":0.5,"i":2}\r',
        '{"t":1500,"v":0.5,"i":101}\r',
      ],
      ...OFF,
    ]);
    expect(readings.map(({ currentAmpere }) => Math.round(currentAmpere * 1e6))).toEqual([2, 101]);
  });
});

describe('a Rodeostat that does not do what it should ends in a fault, with the cell open', () => {
  const running = (...lines: readonly string[]): readonly WirePair[] => [
    ...HOLD_SET_UP,
    [RUN, RUNS, ...lines],
    ...OFF,
  ];

  it.each([
    ['a line that is no JSON', '{"t":20,"v":0.5,"i":-2.', 'expected a sample'],
    ['a sample without current', '{"t":20,"v":0.5}', 'expected a sample'],
    ['a current that is none', '{"t":20,"v":0.5,"i":null}', 'expected a sample'],
    ['a reply nobody asked for', ok('"command":"getVolt","v":0'), 'expected a sample'],
    ['a sample of the multiplexer', '{"t":20,"v":0.5,"i":1,"n":2}', 'multiplexer channel 2'],
    ['a sample that is past the end', '{"t":80,"v":0.5,"i":1}', 'a test of 60 ms'],
    ['the end before the time', '{}', 'ended its test after 0 ms of 60 ms'],
  ])('%s', async (_, line, words) => {
    const fault = await faultOf(HOLD, running(line));
    expect(fault.code).toBe('instrumentReply');
    expect(fault.message).toContain(words);
  });

  it('a time that goes backwards', async () => {
    const fault = await faultOf(HOLD, running('{"t":40,"v":0.5,"i":1}', '{"t":20,"v":0.5,"i":1}'));
    expect(fault.message).toContain('found one at 20 ms after one at 40 ms');
  });

  it('silence', async () => {
    const fault = await faultOf(HOLD, running('{"t":20,"v":0.5,"i":1}'));
    expect(fault.code).toBe('timeout');
    expect(fault.message).toContain('the next sample');
  });

  it('a refusal, in its own words', async () => {
    const [request = ''] = HOLD_SET_UP[0] ?? [];
    const refusal =
      '{"success":false,"message":"currRange, 100uA, not found","response":{"command":"setCurrRange","currRange":"10uA"}}\r';
    const fault = await faultOf(HOLD, [[request, refusal], ...OFF]);
    expect(fault.message).toContain('"currRange, 100uA, not found"');
  });

  it('another range than was asked for', async () => {
    const [request = ''] = HOLD_SET_UP[0] ?? [];
    const other = ok('"command":"setCurrRange","currRange":"10uA"');
    const fault = await faultOf(HOLD, [[request, other], ...OFF]);
    expect(fault.message).toContain('expected currRange 100uA');
  });

  it('a parameter that was not taken', async () => {
    const [first, second, [request = ''] = ['']] = HOLD_SET_UP;
    if (!first || !second) throw new Error('no set-up');
    const other = ok(
      '"command":"setParam","test":"constant","param":{"quietValue":0.5,"quietTime":0,"value":1.5,"duration":60}',
    );
    const fault = await faultOf(HOLD, [first, second, [request, other], ...OFF]);
    expect(fault.message).toContain('expected value 0.5');
  });

  it('a test of another length', async () => {
    const [request = ''] = HOLD_SET_UP[3] ?? [];
    const other = ok('"command":"getTestDoneTime","test":"constant","testDoneTime":90');
    const fault = await faultOf(HOLD, [...HOLD_SET_UP.slice(0, 3), [request, other], ...OFF]);
    expect(fault.message).toContain('expected 60 ms');
  });

  it('an electrode that stays connected', async () => {
    const stuck: readonly WirePair[] = [
      ...STOP,
      ...REST.slice(0, 2),
      [
        '{"command":"getWrkElectConnected"}',
        ok('"command":"getWrkElectConnected","connected":true'),
      ],
    ];
    const { driver, link, signal, done } = makeDriver([...CONNECT, ...stuck]);
    await done(driver.connect(signal));
    const fault = await caughtFault(() => done(driver.cellOff()));
    expect(fault.message).toContain('its working electrode is still connected');
    link.finish();
  });

  it('a test that goes on although it was told to stop', async () => {
    const stop = STOP[1];
    if (!stop) throw new Error('no stopTest');
    const [sent, reply = ''] = stop;
    const samples = Array.from({ length: 1002 }, (_, at) => `{"t":${20 * at},"v":0.5,"i":1}\r`);
    for (const [lines, words] of [
      [[], 'the end marker {} after stopTest did not come'],
      [samples, 'it goes on with its test although it was told to stop'],
    ] as const) {
      const pairs: readonly WirePair[] = [...CONNECT, ...STOP.slice(0, 1), [sent, reply, ...lines]];
      const { driver, link, signal, done } = makeDriver(pairs);
      await done(driver.connect(signal));
      const fault = await caughtFault(() => done(driver.cellOff()));
      expect(fault.message).toContain(words);
      link.finish();
    }
  });

  it('a potential that is not 0 V at the end', async () => {
    const far: readonly WirePair[] = [
      ...OFF.slice(0, -1),
      ['{"command":"setVolt","v":0}', ok('"command":"setVolt","v":0.5')],
    ];
    const { driver, link, signal, done } = makeDriver([...CONNECT, ...far]);
    await done(driver.connect(signal));
    const fault = await caughtFault(() => done(driver.cellOff()));
    expect(fault.message).toContain('0 V within 0.0048');
    link.finish();
  });

  it('another variant, or one nobody knows, or a multiplexer that is on', async () => {
    const other = identity('10V_nanoAmpV0.2');
    const unknown = identity('10V_microAmpV0.3').slice(0, 1);
    const mux: readonly WirePair[] = [
      ...identity(MICRO).slice(0, 3),
      ['{"command":"getMuxEnabled"}', ok('"command":"getMuxEnabled","muxEnabled":true')],
    ];
    for (const [pairs, words] of [
      [other, 'write variant: 10V_nanoAmpV0.2 into the rig file'],
      [unknown, 'found "10V_microAmpV0.3"'],
      [mux, 'its multiplexer is on'],
    ] as const) {
      const { driver, link, signal, done } = makeDriver([...STOP, ...pairs]);
      const fault = await caughtFault(() => done(driver.connect(signal)));
      expect(fault.code).toBe('instrumentUnable');
      expect(fault.message).toContain(words);
      expect(link.isOpen).toBe(false);
      link.finish();
    }
  });
});
