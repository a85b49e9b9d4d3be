import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import { FIRMATA_IDENTIFICATION } from '../../hardware/firmata-identification.ts';
import type { Identification } from '../../hardware/identification.ts';
import { KEITHLEY_IDENTIFICATION } from '../../hardware/potentiostats/keithley-identification.ts';
import { METHODSCRIPT_IDENTIFICATION } from '../../hardware/potentiostats/methodscript-identification.ts';
import { RODEOSTAT_IDENTIFICATION } from '../../hardware/potentiostats/rodeostat-identification.ts';
import type { CellTerminals } from '../../hardware/simulated/cell-terminals.ts';
import { INSTRUMENT_TWINS } from '../../hardware/simulated/instrument-twins.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';

const never = new AbortController().signal;
const IDENTIFICATIONS = [
  KEITHLEY_IDENTIFICATION,
  METHODSCRIPT_IDENTIFICATION,
  RODEOSTAT_IDENTIFICATION,
  FIRMATA_IDENTIFICATION,
];

/** Nothing but these is ever sent. */
const QUESTIONS =
  /^(?:\*IDN\?\n|\*LANG\?\n|[timv]\n|CM\n|\{"command":"get(?:Variant|Version|DeviceId|MuxEnabled)"\}\n|\u00f9\u00f0y\u00f7)$/;

/** Terminals that remember whether anything was ever switched on. */
class UntouchedTerminals implements CellTerminals {
  touched = 0;
  setCurrent(): void {
    this.touched += 1;
  }
  setOpen(): void {}
  currentAmpere(): number {
    return 0;
  }
  voltageVolt(): number {
    return 1;
  }
  impedance() {
    return { zRealOhm: 1, zImagOhm: 0 };
  }
}

async function settled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const mark = () => {
    isSettled = true;
  };
  promise.then(mark, mark);
  for (let turn = 0; turn < 2000 && !isSettled; turn += 1) await clock.advance(0.05);
  return promise;
}

/** Asks something that answers each chunk by a rule. */
async function ask(one: Identification, answer: (text: string) => string | undefined) {
  const clock = new VirtualClock();
  const [link, far] = createLinkPair('wire');
  const heard: string[] = [];
  far.onClose(() => void far.open(never));
  far.onData((bytes) => {
    const text = Buffer.from(bytes).toString('latin1');
    heard.push(text);
    const reply = answer(text);
    if (reply !== undefined) far.write(Buffer.from(reply, 'latin1'));
  });
  await far.open(never);
  const found = await settled(clock, one.identify({ link, clock, signal: never }));
  return { found, heard, link };
}

describe('asking who is there', () => {
  it.each(
    Object.entries(INSTRUMENT_TWINS),
  )('knows a simulated %s, and touches nothing', async (_, kind) => {
    const clock = new VirtualClock();
    const [link, far] = createLinkPair('wire');
    const terminals = new UntouchedTerminals();
    const asked: string[] = [];
    far.onData((bytes) => asked.push(Buffer.from(bytes).toString('latin1')));
    const twin = kind.build({ link: far, clock, terminals, seed: 1 });
    await twin.start();
    const findings = [];
    for (const one of IDENTIFICATIONS) {
      const found = await settled(clock, one.identify({ link, clock, signal: never }));
      if (found) findings.push([one.protocol, found] as const);
      expect(link.isOpen).toBe(false);
    }
    expect(findings).toHaveLength(1);
    const [[, found] = []] = findings;
    expect(found).toMatchObject({
      model: kind.title,
      driver: kind.driver,
      driverOptions: kind.driverOptions,
      remarks: [],
    });
    expect(found?.serialNumber).not.toBe('');
    expect(found?.capability?.techniques).toContain('openCircuit');
    for (const text of asked) expect(text).toMatch(QUESTIONS);
    // A Keithley that is switched off holds 0 V until it is told to let go, asked or not.
    if (kind.driver === 'emstat') expect(terminals.touched).toBe(0);
    await twin.stop();
  });

  it.each(
    IDENTIFICATIONS.map((one) => [one.protocol, one] as const),
  )('in %s hears no answer in silence, noise and echoes', async (_, one) => {
    for (const answer of [
      () => undefined,
      () => '\u0000\u00ff\u0080~~\n',
      (text: string) => text,
      () => 'ERROR, 1\n',
    ]) {
      const { found, link } = await ask(one, answer);
      expect(found).toBeUndefined();
      expect(link.isOpen).toBe(false);
    }
  });

  it('says what an instrument in its bootloader needs', async () => {
    const { found } = await ask(METHODSCRIPT_IDENTIFICATION, (text) =>
      text === 't\n' ? 'tespbl1200#Jan 1 2020\nR*\n' : undefined,
    );
    expect(found).toMatchObject({ driver: undefined, capability: undefined });
    expect(found?.remarks[0]).toContain('disconnect its power');
  });

  it('sees that a script is running, and leaves it running', async () => {
    const { found, heard } = await ask(METHODSCRIPT_IDENTIFICATION, () => 't!0006\n');
    expect(found?.remarks[0]).toContain('runs a script');
    expect(heard).toEqual(['t\n']);
  });

  it('does not take the readings of a running script for an identity', async () => {
    const { found } = await ask(
      KEITHLEY_IDENTIFICATION,
      () => 'Pda7F85F3Fu;ba48D503Dp,10,288;ab7F85F3Fu,10,288,4\n',
    );
    expect(found).toBeUndefined();
  });

  it('asks a Keithley again whose first question was spoilt by half a command', async () => {
    let count = 0;
    const { found } = await ask(KEITHLEY_IDENTIFICATION, (text) => {
      count += 1;
      return count === 2 && text === '*IDN?\n'
        ? 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1,C30\n'
        : undefined;
    });
    expect(found?.model).toBe('Keithley 2400');
  });

  it('names an instrument of SCPI that has no driver', async () => {
    const { found } = await ask(KEITHLEY_IDENTIFICATION, () => 'RIGOL TECHNOLOGIES,DP832,D1,1.0\n');
    expect(found).toMatchObject({ model: 'RIGOL TECHNOLOGIES DP832', driver: undefined });
  });

  it('warns of a 2450 that listens to another command set', async () => {
    const { found } = await ask(KEITHLEY_IDENTIFICATION, (text) =>
      text === '*IDN?\n' ? 'KEITHLEY INSTRUMENTS,MODEL 2450,1,1.7\n' : 'TSP\n',
    );
    expect(found?.remarks[0]).toContain('listens to the command set TSP');
  });

  /** What a Rodeostat of that variant answers, after half a request of an earlier host. */
  const rodeostat = (variant: string, isMuxOn = false) => {
    let isSpoilt = true;
    return (text: string): string => {
      const { command } = JSON.parse(text);
      const values = { variant, version: 'FW0.1.0', deviceId: 4, muxEnabled: isMuxOn };
      const reply = isSpoilt
        ? { success: false, message: 'unable to parse json', response: {} }
        : { success: true, response: { command, ...values } };
      isSpoilt = false;
      return `${JSON.stringify(reply)}\r\n`;
    };
  };

  it('knows a Rodeostat although its first question was spoilt, and warns of hardware 0.1', async () => {
    const { found, heard } = await ask(RODEOSTAT_IDENTIFICATION, rodeostat('microAmpV0.1'));
    expect(found).toMatchObject({
      model: 'Rodeostat microAmpV0.1',
      serialNumber: '4',
      firmware: 'FW0.1.0',
      driver: 'rodeostat',
      driverOptions: { variant: 'microAmpV0.1' },
    });
    expect(found?.remarks[0]).toContain('cannot open the cell');
    for (const text of heard) expect(text).toMatch(QUESTIONS);
  });

  it.each([
    ['10V_picoAmpV0.2', false, 'found "10V_picoAmpV0.2"'],
    ['10V_microAmpV0.2', true, 'its multiplexer is on'],
  ])('says why a Rodeostat cannot be used: %s', async (variant, isMuxOn, words) => {
    const { found } = await ask(RODEOSTAT_IDENTIFICATION, rodeostat(variant, isMuxOn));
    expect(found).toMatchObject({ model: 'Rodeostat', driver: undefined, capability: undefined });
    expect(found?.remarks[0]).toContain(words);
  });

  it('knows a board that speaks Firmata, although its name comes in pieces', async () => {
    const name = [...'Standard.ino'].flatMap((one) => [one.charCodeAt(0), 0]);
    const { found, heard } = await ask(FIRMATA_IDENTIFICATION, () =>
      String.fromCharCode(0xf9, 2, 5, 0xf0, 0x79, 2, 5, ...name, 0xf7),
    );
    expect(found).toMatchObject({ firmware: 'Standard.ino 2.5', driver: undefined });
    expect(heard).toEqual(['\u00f9\u00f0\u0079\u00f7']);
  });
});
