import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import { LineFramer } from '../../../firmware-bridge/line-framer.ts';
import { Keithley2400Twin } from '../../../hardware/simulated/keithley-2400-twin.ts';
import { Keithley2450Twin } from '../../../hardware/simulated/keithley-2450-twin.ts';
import { Random } from '../../../src/domain/random.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { BATTERY } from '../potentiostats/keithley-bench.ts';
import {
  type Circuit,
  ResistorCapacitorTerminals,
} from '../potentiostats/resistor-capacitor-terminals.ts';

/** A person at a terminal with the simulated instrument. */
async function terminal<F extends '2400' | '2450'>(family: F, circuit: Circuit = BATTERY) {
  const clock = new VirtualClock(1_700_000_000_000);
  const terminals = new ResistorCapacitorTerminals(clock, circuit);
  const [near, far] = createLinkPair('terminal');
  const parts = { link: far, clock, terminals, seed: 3 };
  const made = family === '2400' ? new Keithley2400Twin(parts) : new Keithley2450Twin(parts);
  const twin = made as F extends '2400' ? Keithley2400Twin : Keithley2450Twin;
  const framer = new LineFramer({ lengthMax: 4000 });
  let heard: string[] = [];
  near.onData((bytes) => heard.push(...framer.push(bytes)));
  await near.open(new AbortController().signal);
  await twin.start();
  const say = async (text: string, seconds = 0.01): Promise<string[]> => {
    heard = [];
    near.write(new TextEncoder().encode(`${text}\n`));
    await clock.advance(seconds);
    return heard;
  };
  return { clock, terminals, twin, near, say };
}

const FAMILIES = ['2400', '2450'] as const;

describe.each(FAMILIES)('the simulated Keithley %s', (family) => {
  it.each([
    [':SYST:ERR?'],
    [':SYSTEM:ERROR?'],
    [':syst:err:next?'],
    ['SYST:ERR?'],
    [' :SYST:ERR? '],
    [':OUTP?;:SYST:ERR?'],
  ])('knows %j', async (question) => {
    const { say } = await terminal(family);
    const [reply = ''] = await say(question);
    expect(reply.endsWith('0,"No error"')).toBe(true);
  });

  it.each([
    [':SYSTE:ERR?', -113],
    [':SYST:ERR', -113],
    [':SOUR:CURR:LEVE 1', -113],
    [':NONSENSE 1', -113],
    ['*IDN', -113],
    [':OUTP', -109],
    [':OUTP ON,ON', -108],
    ['*RST 1', -108],
    [':OUTP MAYBE', -224],
    [':OUTP:SMOD OPEN', -224],
    [':SOUR:FUNC OHMS', -224],
    [':SOUR:CURR:RANG 1A', -104],
    [':SOUR:CURR:RANG 300', -222],
    [':SOUR:VOLT:LEV 5E3', -222],
    [':SENS:FUNC VOLT', -151],
    [':SENS:FUNC "POWER"', -224],
  ])('refuses %j with %d, and does nothing', async (text, code) => {
    const { say, twin } = await terminal(family);
    expect(await say(text)).toEqual([]);
    expect(twin.errors).toEqual([code]);
    const [first, second] = [await say(':SYST:ERR?'), await say(':SYST:ERR?')];
    expect(first[0]).toMatch(new RegExp(`^${code},"`));
    expect(second).toEqual(['0,"No error"']);
    expect(twin.output.isOn).toBe(false);
  });

  it('goes on in the path of the command before, unless a colon begins anew', async () => {
    const { say, twin } = await terminal(family);
    await say(':SOUR:FUNC CURR;CURR:RANG 1E-3;LEV 5E-4');
    expect(twin.errors).toEqual([]);
    expect(Number((await say(':SOUR:CURR:LEV?'))[0])).toBe(5e-4);
    await say(':SOUR:CURR:LEV 1E-4;*CLS;LEV 2E-4');
    expect(Number((await say('SOURCE1:CURRENT?'))[0])).toBe(2e-4);
    await say(':SOUR:CURR:LEV 1E-4;:LEV 3E-4');
    expect(twin.errors).toEqual([-113]);
  });

  it('answers the questions of one line in one line', async () => {
    const { say } = await terminal(family);
    const [reply = ''] = await say(':OUTP?;*OPC?;:SOUR:FUNC?');
    expect(reply).toBe('0;1;VOLT');
  });

  it('discharges a cell in the normal output-off state, and not with the relay open', async () => {
    const { say, clock, terminals, twin } = await terminal(family);
    await clock.advance(5);
    // After power-on the output is off in the normal way: 0 V, as far as its small limit lets it.
    expect(twin.output.isOn).toBe(false);
    expect(terminals.isOpen).toBe(false);
    expect(terminals.currentAmpere()).toBeLessThan(-1e-9);
    await say(':OUTP:SMOD HIMP');
    expect(terminals.isOpen).toBe(true);
    await say(':OUTP:SMOD ZERO');
    expect(terminals.currentAmpere()).toBeLessThan(-1e-6);
    await say(':OUTP:SMOD GUAR');
    expect(Math.abs(terminals.currentAmpere())).toBeLessThan(1e-5);
    await say('*RST');
    expect(terminals.isOpen).toBe(false);
    await twin.stop();
    expect(terminals.isOpen).toBe(true);
  });

  it('gives its current only as far as its voltage limit lets it, and says so', async () => {
    const limit = family === '2400' ? ':SENS:VOLT:PROT 4' : ':SOUR:CURR:VLIM 4';
    const { say, clock, terminals, twin } = await terminal(family);
    await say(`:OUTP:SMOD HIMP;:SOUR:FUNC CURR;:SOUR:CURR:RANG 1E-2;LEV 2E-3;${limit};:OUTP ON`);
    expect(twin.errors).toEqual([]);
    await clock.advance(30);
    expect(terminals.voltageVolt()).toBeCloseTo(4, 2);
    // 0.3 V over 500 Ω, not 2 mA.
    expect(terminals.currentAmpere()).toBeCloseTo(0.6e-3, 5);
    expect(twin.output.isLimited).toBe(true);
    // A cell above the compliance is discharged through the instrument: the manual warns of it.
    await say(family === '2400' ? ':SENS:VOLT:PROT 3' : ':SOUR:CURR:VLIM 3');
    await clock.advance(30);
    expect(terminals.currentAmpere()).toBeLessThan(-1e-3);
  });

  it('gives no more than its current limit while it holds a voltage', async () => {
    const limit = family === '2400' ? ':SENS:CURR:PROT 1E-4' : ':SOUR:VOLT:ILIM 1E-4';
    const { say, clock, terminals, twin } = await terminal(family);
    await say(`:OUTP:SMOD HIMP;:SOUR:VOLT:RANG 20;LEV 4;${limit};:OUTP ON`);
    expect(twin.errors).toEqual([]);
    await clock.advance(10);
    expect(terminals.currentAmpere()).toBeCloseTo(1e-4, 9);
    expect(twin.output.isLimited).toBe(true);
  });

  it('repeats its errors for the same seed', async () => {
    const read = async (): Promise<number> => {
      const { say, twin, clock } = await terminal(family);
      const limit = family === '2400' ? ':SENS:VOLT:PROT 5' : ':SOUR:CURR:VLIM 5';
      await say(`:OUTP:SMOD HIMP;:SOUR:FUNC CURR;${limit};:OUTP ON`);
      await clock.advance(1);
      return twin.output.measure({ volt: 20, ampere: 1e-3 }).voltageVolt;
    };
    const volt = await read();
    expect(await read()).toBe(volt);
    expect(Math.abs(volt - 3.7)).toBeLessThan(3e-3);
    expect(volt).not.toBe(3.7);
  });

  it('survives any mutation of what it is told', async () => {
    const random = new Random(11);
    const good =
      ':OUTP:SMOD HIMP;:SOUR:FUNC CURR;:SENS:FUNC "VOLT","CURR";:TRIG:COUN 3;:SOUR:CURR:LEV 1E-6';
    const { say, twin } = await terminal(family);
    for (let round = 0; round < 500; round += 1) {
      const letters = [...good];
      for (let change = 0; change < 4; change += 1) {
        const at = Math.floor(random.uniform() * letters.length);
        letters[at] = ':;,?"* ABCEORSTUV019'[Math.floor(random.uniform() * 20)] ?? ' ';
      }
      await say(letters.join(''), 0.001);
    }
    expect((await say('*CLS;*IDN?', 20))[0]).toMatch(/^KEITHLEY/);
    expect(twin.errors.length).toBeLessThanOrEqual(1);
  });
});

describe('the simulated Keithley 2400', () => {
  const SET_UP =
    ':OUTP:SMOD HIMP;:SOUR:FUNC CURR;:SOUR:CURR:RANG 1E-3;:SOUR:CURR:LEV 1E-4;:SENS:VOLT:PROT 5;:SENS:FUNC "VOLT","CURR";:SENS:VOLT:RANG 20;:FORM:ELEM VOLT,CURR,TIME,STAT';

  it('executes nothing but an abort while it measures', async () => {
    const { say, twin } = await terminal('2400');
    await say(`${SET_UP};:TRIG:COUN 10;:OUTP ON;:INIT`);
    expect(await say('*IDN?')).toEqual([]);
    expect(await say(':OUTP OFF')).toEqual([]);
    expect(twin.output.isOn).toBe(true);
    const reply = await say(':ABOR');
    expect(reply[0]).toMatch(/^KEITHLEY/);
    // What has waited is executed then, in order.
    expect(twin.output.isOn).toBe(false);
  });

  it('measures nothing with the output off, and does not begin twice', async () => {
    const { say, twin } = await terminal('2400');
    await say(`${SET_UP};:INIT`);
    expect(twin.errors).toEqual([803]);
    await say('*CLS;:SENS:DATA:LAT?');
    expect(twin.errors).toEqual([-230]);
    await say('*CLS;:OUTP ON;:TRIG:COUN 5;:INIT');
    await say(':INIT', 2);
    expect(twin.errors).toEqual([]);
  });

  it('leaves its output on after it has measured, unless auto output-off says other', async () => {
    const { say, clock, twin } = await terminal('2400');
    await say(`${SET_UP};:TRIG:COUN 3;:OUTP ON;:INIT`, 5);
    expect(twin.output.isOn).toBe(true);
    await say(':OUTP OFF;:SOUR:CLE:AUTO:MODE TCO;:SOUR:CLE:AUTO ON;:TRIG:DEL 1;:INIT', 0.5);
    expect(twin.output.isOn).toBe(true);
    await clock.advance(2.8);
    expect(twin.output.isOn).toBe(true);
    await clock.advance(0.2);
    expect(twin.output.isOn).toBe(false);
    const before = twin.output.switchings;
    await say(':SOUR:CLE:AUTO:MODE ALW;:INIT', 5);
    expect(twin.output.switchings - before).toBe(6);
  });

  it('leaves its output on when it is aborted before the count has expired', async () => {
    const { say, clock, twin } = await terminal('2400');
    await say(`${SET_UP};:SOUR:CLE:AUTO:MODE TCO;:SOUR:CLE:AUTO ON;:TRIG:COUN 9;:INIT`, 0.5);
    await say(':ABOR');
    await clock.advance(10);
    expect(twin.output.isOn).toBe(true);
    await say(':INIT', 10);
    expect(twin.output.isOn).toBe(false);
  });

  it('writes its readings as the manual shows them', async () => {
    const { say } = await terminal('2400');
    await say(`${SET_UP};:TRIG:COUN 1;:OUTP ON;:INIT`, 1);
    const [reply = ''] = await say(':SENS:DATA:LAT?');
    const number = '[+-]\\d\\.\\d{6}E[+-]\\d{2}';
    expect(reply).toMatch(new RegExp(`^${number}(,${number}){3}$`));
    expect(reply.split(',').map(Number)[0]).toBeCloseTo(3.7, 1);
    await say(':FORM:ELEM TIME');
    expect((await say(':SENS:DATA:LAT?'))[0]).toMatch(new RegExp(`^${number}$`));
  });

  it('gives up a reply when a command comes before it is sent', async () => {
    const clock = new VirtualClock();
    const terminals = new ResistorCapacitorTerminals(clock, BATTERY);
    const [near, far] = createLinkPair('terminal');
    const twin = new Keithley2400Twin({ link: far, clock, terminals, seed: 3, baudRate: 9600 });
    let heard = '';
    near.onData((bytes) => {
      heard += new TextDecoder().decode(bytes);
    });
    await near.open(new AbortController().signal);
    await twin.start();
    near.write(new TextEncoder().encode('*IDN?\n:OUTP?\n'));
    await clock.advance(1);
    expect(heard).toBe('0\n');
    expect(twin.errors).toEqual([-410]);
    near.write(new TextEncoder().encode('*IDN?\n'));
    // Six bytes there and 83 back take 93 ms.
    await clock.advance(0.08);
    expect(heard).toBe('0\n');
    await clock.advance(0.02);
    expect(heard).toContain('MODEL 2400');
  });

  it('keeps ten errors, and says in the last that there were more', async () => {
    const { say, twin } = await terminal('2400');
    for (let at = 0; at < 12; at += 1) await say(':NONSENSE');
    expect(twin.errors).toHaveLength(10);
    expect(twin.errors.at(-1)).toBe(-350);
  });
});

describe('the simulated Keithley 2450', () => {
  const MODEL =
    ':OUTP:SMOD HIMP;:SOUR:FUNC CURR;:SOUR:CURR:RANG 1E-3;LEV 1E-4;VLIM 5;:SENS:FUNC "VOLT";:TRIG:LOAD "Empty";BLOC:BUFF:CLE 1;:TRIG:BLOC:SOUR:STAT 2, ON;:TRIG:BLOC:MEAS 3';

  it('runs its trigger model: blocks, counters, the command event', async () => {
    const { say, clock, twin } = await terminal('2450');
    await say(MODEL);
    await say(':TRIG:BLOC:DEL:CONS 4, 0.94;:TRIG:BLOC:BRAN:COUN 5, 3, 3');
    await say(':TRIG:BLOC:BRAN:EVEN 6, COMM, 3;:TRIG:BLOC:SOUR:STAT 7, OFF;:INIT');
    expect(twin.errors).toEqual([]);
    await clock.advance(2.5);
    expect(await say(':TRAC:ACT? "defbuffer1";:OUTP?')).toEqual(['3;1']);
    await clock.advance(1);
    // Nobody has sent a command event: off after one round of three readings.
    expect(await say(':TRAC:ACT? "defbuffer1";:OUTP?;:TRIG:STAT?')).toEqual(['3;0;IDLE;IDLE;8']);
    await say(':INIT', 1);
    await say('*TRG', 1);
    await say('*TRG', 3.5);
    // Remembered once, however often it came: two rounds.
    expect(await say(':TRAC:ACT? "defbuffer1";:OUTP?')).toEqual(['6;1']);
    await clock.advance(1);
    expect(await say(':TRAC:ACT? "defbuffer1";:OUTP?')).toEqual(['6;0']);
  });

  it('branches on limits and stops at an abort with the output as it is', async () => {
    const { say, twin } = await terminal('2450');
    await say(`${MODEL};:TRIG:BLOC:BRAN:LIM:CONS 4, OUTS, 3, 3.5, 6, 3`);
    await say(':TRIG:BLOC:BRAN:COUN 5, 100, 3;:TRIG:BLOC:SOUR:STAT 6, OFF;:INIT', 0.5);
    expect(twin.errors).toEqual([]);
    expect(twin.output.isOn).toBe(false);
    expect(twin.buffered).toBe(1);
    await say(':TRIG:BLOC:BRAN:LIM:CONS 4, OUTS, 3, 5, 6, 3;:INIT', 0.5);
    expect(twin.output.isOn).toBe(true);
    expect(await say(':SOUR:CURR:LEV 2E-4')).toEqual([]);
    expect(twin.errors).toEqual([-221]);
    await say(':ABOR', 5);
    expect(twin.output.isOn).toBe(true);
  });

  it('refuses a block out of order, a buffer there is not, and readings there are not', async () => {
    const { say, twin } = await terminal('2450');
    await say(':TRIG:LOAD "Empty";BLOC:NOP 2');
    await say(':TRAC:CLE "mine"');
    await say(':TRAC:DATA? 1, 1, "defbuffer1", READ');
    await say(':INIT');
    expect(twin.errors).toEqual([-222, -224, -222, -221]);
  });

  it('fills its buffer over and over, or once', async () => {
    const { say, twin } = await terminal('2450');
    await say(`${MODEL};:TRIG:BLOC:BRAN:COUN 4, 30, 3;:TRAC:POIN 10, "defbuffer1";:INIT`, 10);
    expect(twin.buffered).toBe(10);
    const newest = await say(':TRAC:DATA? 10, 10, "defbuffer1", SEC');
    await say(':TRAC:FILL:MODE ONCE, "defbuffer1";:INIT', 10);
    const kept = await say(':TRAC:DATA? 10, 10, "defbuffer1", SEC');
    expect(Number(newest[0])).toBe(1_700_000_001);
    expect(Number(kept[0])).toBe(1_700_000_010);
    expect(twin.buffered).toBe(10);
  });

  it('answers in another language only who it is', async () => {
    const clock = new VirtualClock();
    const terminals = new ResistorCapacitorTerminals(clock, BATTERY);
    const [, far] = createLinkPair('terminal');
    const twin = new Keithley2450Twin({ link: far, clock, terminals, seed: 3, language: 'TSP' });
    await twin.start();
    await twin.start();
    await twin.stop();
    await twin.stop();
    expect(terminals.isOpen).toBe(true);
  });
});
