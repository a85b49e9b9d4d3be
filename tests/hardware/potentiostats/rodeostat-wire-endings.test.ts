import { describe, expect, it } from 'vitest';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect } from './emstat-bench.ts';
import {
  CONNECT,
  HOLD,
  HOLD_SET_UP,
  identity,
  MICRO,
  makeDriver,
  measured,
  OFF,
  ok,
  REST,
  RUN,
  RUNS,
  STOP,
} from './rodeostat-wire-words.ts';
import type { WirePair } from './wire-pairs.ts';

async function faultOf(technique: ElectrochemicalTechnique, pairs: readonly WirePair[]) {
  const { driver, link, signal, done } = makeDriver([...CONNECT, ...pairs]);
  await done(driver.connect(signal));
  const fault = await caughtFault(() => done(collect(driver.measure(technique, signal))));
  await driver.disconnect();
  link.finish();
  return fault;
}

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
