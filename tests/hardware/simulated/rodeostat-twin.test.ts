import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import { RodeostatTwin } from '../../../hardware/simulated/rodeostat-twin.ts';
import { rodeostatJson } from '../../../hardware/simulated/rodeostat-twin-json.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import {
  type Circuit,
  ResistorCapacitorTerminals,
} from '../potentiostats/resistor-capacitor-terminals.ts';
import { CIRCUIT, variantOf } from '../potentiostats/rodeostat-bench.ts';

const never = new AbortController().signal;

/** A twin at the other end of a wire, and what it says, line by line. */
async function poweredTwin(name = '10V_microAmpV0.2', circuit: Circuit = CIRCUIT) {
  const clock = new VirtualClock();
  const terminals = new ResistorCapacitorTerminals(clock, circuit);
  const [near, far] = createLinkPair('twin');
  const variant = variantOf(name);
  const twin = new RodeostatTwin({ link: far, clock, terminals, seed: 7, variant });
  await twin.start();
  await near.open(never);
  const lines: string[] = [];
  near.onData((bytes) => {
    for (const line of new TextDecoder().decode(bytes).split('\r\n')) {
      if (line !== '') lines.push(line);
    }
  });
  const say = async (text: string): Promise<string[]> => {
    lines.length = 0;
    near.write(new TextEncoder().encode(text));
    await clock.advance(0);
    return [...lines];
  };
  /** The answer to one request. */
  const ask = async (request: object): Promise<Record<string, unknown>> => {
    const [answer = '{}'] = await say(` ${JSON.stringify(request)}  \n`);
    return JSON.parse(answer);
  };
  return { clock, terminals, near, twin, lines, say, ask };
}

const ok = (response: object) => ({ success: true, response });
const no = (message: string, response: object = {}) => ({ success: false, message, response });

describe('it refuses in the words of the firmware', () => {
  it.each([
    ['', 'unable to parse json'],
    ['hello', 'unable to parse json'],
    ['[1]', 'unable to parse json'],
    ['{"command":"getVolt"', 'unable to parse json'],
    ['{"cmd":"getVolt"}', 'CommandTable: command not found'],
    ['{"command":"getVoltage"}', 'command, getVoltage, not found'],
    ['{"command":"toString"}', 'command, toString, not found'],
  ])('%j: %s', async (line, message) => {
    const { say } = await poweredTwin();
    expect((await say(`${line}\n`)).map((one) => JSON.parse(one))).toEqual([no(message)]);
  });

  it.each([
    [{ command: 'setVolt' }, 'json does not contain key: v', {}],
    [{ command: 'setVolt', v: '1' }, 'unable to convert volt to float', {}],
    [
      { command: 'setCurrRange', currRange: '5uA' },
      'currRange, 5uA, not found',
      { currRange: '10uA' },
    ],
    [{ command: 'setVoltRange', voltRange: '3V' }, 'voltRange, 3V, not found', { voltRange: '1V' }],
    [{ command: 'setCurrRange' }, 'json does not contain key: currRange', {}],
    [
      { command: 'setSamplePeriod', samplePeriod: 1.5 },
      'json samplePeriod value is not uin32_t',
      {},
    ],
    [
      { command: 'setSamplePeriod', samplePeriod: -1 },
      'json samplePeriod value is not uin32_t',
      {},
    ],
    [{ command: 'setSamplePeriod', samplePeriod: 0 }, 'json samplePeriod value is too small', {}],
    [
      { command: 'setSamplePeriod', samplePeriod: 1001 },
      'json samplePeriod value is too large',
      {},
    ],
    [{ command: 'runTest' }, 'json does not contain key: test', {}],
    [{ command: 'runTest', test: 'cv' }, 'test not found', { test: 'cv' }],
    [{ command: 'setParam', test: 'cyclic' }, 'key param missing', { test: 'cyclic' }],
    [
      { command: 'setParam', test: 'cyclic', param: [] },
      'param not JsonObject',
      { test: 'cyclic' },
    ],
    [
      { command: 'setAllElectConnected', connected: 1 },
      "unable to convert 'connected' to bool",
      {},
    ],
    [{ command: 'setElectAutoConnect' }, 'json does not contain key: autoConnect', {}],
    [{ command: 'setMuxEnabled', muxEnabled: true }, 'multiplexer hardware not supported', {}],
    [{ command: 'setDeviceId', deviceId: 'a' }, 'deviceId is not integer', {}],
  ])('%j', async (request, message, response) => {
    const { ask } = await poweredTwin();
    expect(await ask(request)).toEqual(no(message, { command: request.command, ...response }));
  });

  it('a parameter that is wrong, and takes the others', async () => {
    const { ask } = await poweredTwin();
    const param = { value: 0.25, duration: 1.5, quietTime: -1 };
    expect(await ask({ command: 'setParam', test: 'constant', param })).toMatchObject({
      success: false,
      message: 'quietTime not uint32, duration not uint32',
    });
    expect(await ask({ command: 'getParam', test: 'constant' })).toMatchObject(
      ok({ param: { quietValue: 0, quietTime: 0, value: 0.25, duration: 5000 } }),
    );
  });

  it('the switches on hardware 0.1, which has none', async () => {
    const { ask } = await poweredTwin('microAmpV0.1');
    for (const command of ['setAllElectConnected', 'setElectAutoConnect', 'getHardwareVersion']) {
      expect(await ask({ command })).toEqual(no(`command, ${command}, not found`));
    }
    expect(await ask({ command: 'setMuxEnabled', muxEnabled: true })).toMatchObject(
      ok({ muxEnabled: true }),
    );
    expect(await ask({ command: 'runTest', test: 'cyclic' })).toMatchObject({
      message: 'mux running, but no enabled working electrode channels',
    });
  });
});

describe('a request of a multiple of 64 bytes', () => {
  const padded = (length: number, command = 'getVolt'): string => {
    const text = JSON.stringify({ command });
    return `${text}${' '.repeat(length - text.length - 1)}\n`;
  };

  it.each([63, 65, 127, 129])('is answered with %d bytes', async (length) => {
    const { say } = await poweredTwin();
    expect(await say(padded(length))).toHaveLength(1);
  });

  it.each([64, 128, 1024])('is lost with %d bytes, until four such have come', async (length) => {
    const { say } = await poweredTwin();
    expect(await say(padded(length))).toEqual([]);
    expect(await say(padded(63, 'getVersion'))).toHaveLength(1);
    expect(await say(padded(length))).toEqual([]);
    expect(await say(padded(length))).toEqual([]);
    expect(await say(padded(length))).toHaveLength(4);
  });

  it('is no matter on hardware 0.1, whose USB stack is another', async () => {
    const { say } = await poweredTwin('microAmpV0.1');
    expect(await say(padded(64))).toHaveLength(1);
  });

  it('of more than 2000 bytes is never understood', async () => {
    const { say } = await poweredTwin();
    expect(await say(padded(2001))).toEqual([]);
    expect(await say(padded(1999))).toHaveLength(1);
  });
});

describe('its potential', () => {
  it('has steps of 12 bits over the range, cut off downwards', async () => {
    const { ask, say } = await poweredTwin();
    // As the maker shows both.
    expect(await say('{"command":"setVolt","v":0.5}\n')).toEqual([
      '{"success":true,"response":{"command":"setVolt","v":0.499878}}',
    ]);
    expect(await say('{"command":"setVolt","v":0}\n')).toEqual([
      '{"success":true,"response":{"command":"setVolt","v":-0.000244}}',
    ]);
    await ask({ command: 'setVoltRange', voltRange: '10V' });
    const { response } = await ask({ command: 'setVolt', v: 3.7 });
    expect(response).toMatchObject({ v: expect.closeTo(3.699634, 5) });
  });

  it('ends at its range', async () => {
    const { ask } = await poweredTwin();
    expect(await ask({ command: 'setVolt', v: 5 })).toMatchObject(ok({ v: 1 }));
    expect(await ask({ command: 'setVolt', v: -5 })).toMatchObject(ok({ v: -1 }));
  });

  it.each([
    [0.9, '1V'],
    [1.5, '2V'],
    [4.2, '5V'],
    [-6, '10V'],
  ])('has a range for a test at %f V that holds it', async (value, range) => {
    const { ask } = await poweredTwin();
    await ask({ command: 'setParam', test: 'constant', param: { value, duration: 100 } });
    await ask({ command: 'runTest', test: 'constant' });
    expect(await ask({ command: 'getVoltRange' })).toMatchObject(ok({ voltRange: range }));
    expect(await ask({ command: 'getRefElectVoltRange' })).toMatchObject(ok({ voltRange: range }));
  });
});

describe('a test', () => {
  const CONSTANT = { value: 1, duration: 100, quietValue: 1, quietTime: 0 };

  it('sends a sample after each period, and an empty object at its end', async () => {
    const { ask, clock, lines } = await poweredTwin();
    await ask({ command: 'setSamplePeriod', samplePeriod: 20 });
    await ask({ command: 'setParam', test: 'constant', param: CONSTANT });
    const answer = await ask({ command: 'runTest', test: 'constant' });
    expect(answer).toEqual(ok({ command: 'runTest', test: 'constant' }));
    for (let at = 0; at < 120; at += 1) await clock.advance(1e-3);
    const samples = lines.slice(1).map((line) => JSON.parse(line));
    expect(samples.map(({ t }) => t)).toEqual([20, 40, 60, 80, 100, undefined]);
    expect(lines.at(-1)).toBe('{}');
  });

  it('connects the electrodes, and disconnects them at its end', async () => {
    const { ask, clock, terminals } = await poweredTwin();
    await ask({ command: 'setParam', test: 'constant', param: CONSTANT });
    expect(await ask({ command: 'getAllElectConnected' })).toMatchObject(ok({ connected: false }));
    await ask({ command: 'runTest', test: 'constant' });
    expect(terminals.isOpen).toBe(false);
    expect(await ask({ command: 'getAllElectConnected' })).toMatchObject(ok({ connected: true }));
    await clock.advance(0.2);
    expect(terminals.isOpen).toBe(true);
    // The potential stays on its converter.
    expect(await ask({ command: 'getVolt' })).toMatchObject(ok({ v: expect.closeTo(1, 3) }));
  });

  it('leaves the cell connected at its last potential without auto-connect', async () => {
    const { ask, clock, terminals } = await poweredTwin();
    await ask({ command: 'setElectAutoConnect', autoConnect: false });
    await ask({ command: 'setAllElectConnected', connected: true });
    await ask({ command: 'setParam', test: 'constant', param: CONSTANT });
    await ask({ command: 'runTest', test: 'constant' });
    await clock.advance(1);
    expect(terminals.isOpen).toBe(false);
    expect(terminals.voltageVolt()).toBeCloseTo(1, 1);
    await ask({ command: 'setCtrElectConnected', connected: false });
    expect(terminals.isOpen).toBe(true);
  });

  it('is stopped at any time, with an empty object after the reply', async () => {
    const { ask, clock, say } = await poweredTwin();
    await ask({ command: 'setParam', test: 'constant', param: { ...CONSTANT, duration: 10_000 } });
    await ask({ command: 'runTest', test: 'constant' });
    await clock.advance(0.055);
    const stop = '{"command":"stopTest"}\n';
    const stopped = ['{"success":true,"response":{"command":"stopTest"}}', '{}'];
    expect(await say(stop)).toEqual(stopped);
    // Also when nothing runs.
    expect(await say(stop)).toEqual(stopped);
    await clock.advance(20);
    expect((await ask({ command: 'getVolt' })).success).toBe(true);
  });

  it('goes on without a host, and can be heard again', async () => {
    const { ask, clock, near, lines, terminals } = await poweredTwin();
    await ask({ command: 'setParam', test: 'constant', param: { ...CONSTANT, duration: 10_000 } });
    await ask({ command: 'runTest', test: 'constant' });
    await clock.advance(0.05);
    await near.close();
    await clock.advance(1);
    expect(terminals.isOpen).toBe(false);
    await near.open(never);
    lines.length = 0;
    await clock.advance(0.1);
    expect(lines.length).toBeGreaterThan(0);
    await clock.advance(10);
    expect(terminals.isOpen).toBe(true);
  });

  it('says that the current is beyond its range', async () => {
    const { ask, clock, lines } = await poweredTwin('10V_microAmpV0.2', {
      openCircuitVolt: 0,
      seriesOhm: 100,
      parallelOhm: 100,
      capacitanceFarad: 1e-6,
    });
    await ask({ command: 'setParam', test: 'constant', param: CONSTANT });
    await ask({ command: 'runTest', test: 'constant' });
    await clock.advance(0.05);
    // After power-on the range is 10 µA.
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ i: 10, le: true });
  });

  it('ends with the power, and the cell is open', async () => {
    const { ask, clock, terminals, twin } = await poweredTwin();
    await ask({ command: 'setParam', test: 'constant', param: { ...CONSTANT, duration: 10_000 } });
    await ask({ command: 'runTest', test: 'constant' });
    await clock.advance(0.05);
    await twin.stop();
    await twin.stop();
    expect(terminals.isOpen).toBe(true);
    const changes = terminals.history.length;
    await clock.advance(20);
    expect(terminals.history).toHaveLength(changes);
  });
});

describe('its electrodes', () => {
  it('carry no current before a test, and on hardware 0.1 from the first moment on', async () => {
    expect((await poweredTwin()).terminals.isOpen).toBe(true);
    const old = await poweredTwin('microAmpV0.1');
    expect(old.terminals.isOpen).toBe(false);
    await old.clock.advance(1);
    expect(Math.abs(old.terminals.voltageVolt())).toBeLessThan(0.02);
  });

  it('let the potential be read while the counter electrode is disconnected', async () => {
    const { ask, terminals } = await poweredTwin();
    const read = async (): Promise<number> => {
      const { response } = await ask({ command: 'getRefVolt' });
      return (response as { r: number }).r;
    };
    expect(Math.abs(await read())).toBeLessThan(0.02);
    await ask({ command: 'setRefElectConnected', connected: true });
    await ask({ command: 'setWrkElectConnected', connected: true });
    expect(await read()).toBeCloseTo(0.5, 1);
    expect(terminals.history.every((one) => one === 'open')).toBe(true);
  });

  it('drive all they can when the reference is missing', async () => {
    const { ask, terminals } = await poweredTwin();
    await ask({ command: 'setVolt', v: 0.5 });
    await ask({ command: 'setCtrElectConnected', connected: true });
    await ask({ command: 'setWrkElectConnected', connected: true });
    expect(terminals.currentAmpere()).toBeCloseTo(1.2e-3, 9);
  });
});

describe('its numbers', () => {
  it.each([
    [-0.000244140625, '-0.000244'],
    [0.4998779, '0.499878'],
    [-30.6289633, '-30.62896'],
    [-28.1935, '-28.1935'],
    [1000.123456, '1000.123'],
    [0, '0'],
    [-0, '0'],
    [20, '20'],
    [1e-6, '1e-6'],
    [-2.5e-7, '-2.5e-7'],
    [Number.NaN, 'NaN'],
  ])('%d is %s', (value, text) => {
    expect(rodeostatJson({ i: value })).toBe(`{"i":${text}}`);
  });
});
