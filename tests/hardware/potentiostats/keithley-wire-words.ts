import { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import type { KeithleyDialect } from '../../../hardware/potentiostats/keithley-models.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { electrical } from './keithley-bench.ts';
import { type WirePair, WirePairs } from './wire-pairs.ts';

/** An empty error queue. */
export const NO_ERROR = '0,"No error"';

/** Replies to `*IDN?`. */
const IDENTITY: Readonly<Record<KeithleyDialect, string>> = {
  '2400': 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1098765,C30   Mar 17 2006 09:29:29/A02  /H/K',
  '2450': 'KEITHLEY INSTRUMENTS,MODEL 2450,04415918,1.7.12b',
};

/** Ends whatever runs; a line end first, for a command that was only half sent. */
const synchronise = (family: KeithleyDialect): readonly WirePair[] => [
  [''],
  [':ABOR;:OUTP:SMOD HIMP;:OUTP OFF'],
  ['*CLS'],
  ['*IDN?', IDENTITY[family]],
];

/** The output is off with the first message; then it is asked for. */
export const off = (family: KeithleyDialect): readonly WirePair[] => [
  ...synchronise(family),
  [':OUTP?', '0'],
];

/** All that a connection says to a 2400. */
const CONNECT_2400: readonly WirePair[] = [
  ...synchronise('2400'),
  ['*RST;:OUTP:SMOD HIMP;:SYST:ERR?', NO_ERROR],
  [
    ':SYST:BEEP:STAT OFF;:SYST:RSEN ON;:SYST:AZER ON;:SENS:FUNC:CONC ON;:SENS:FUNC "VOLT","CURR";:SENS:VOLT:NPLC 1;:FORM:ELEM VOLT,CURR,TIME,STAT;:SOUR:CLE:AUTO:MODE TCO;:SOUR:CLE:AUTO ON;:ARM:COUN 1;:SYST:ERR?',
    NO_ERROR,
  ],
  [':ARM:SOUR IMM;:TRIG:SOUR IMM;:TRIG:OUTP NONE;:SYST:ERR?', NO_ERROR],
  [':OUTP?', '0'],
];

/** All that a connection says to a 2450. */
const CONNECT_2450: readonly WirePair[] = [
  ...synchronise('2450'),
  ['*LANG?', 'SCPI'],
  // A 2450 adds details behind a semicolon.
  ['*RST;:OUTP:SMOD HIMP;:SYST:ERR?', '0,"No error;0;0 0"'],
  [
    ':FORM:ASC:PREC 16;:TRAC:POIN 1000, "defbuffer1";:TRAC:FILL:MODE CONT, "defbuffer1";:SYST:ERR?',
    NO_ERROR,
  ],
  [':OUTP?', '0'],
];

/** Two samples of constant current. */
export const CHARGE: ElectrochemicalTechnique = {
  kind: 'constantCurrent',
  currentAmpere: 130e-6,
  sampleEverySecond: 1,
  durationSecond: 2,
  voltageVoltMin: 3,
  voltageVoltMax: 4.3,
};

/** One sample at open circuit. */
export const REST: ElectrochemicalTechnique = {
  kind: 'openCircuit',
  sampleEverySecond: 1,
  durationSecond: 1,
};

/** One sample of constant voltage. */
export const HOLD: ElectrochemicalTechnique = {
  kind: 'constantVoltage',
  voltageVolt: 3.8,
  sampleEverySecond: 4,
  durationSecond: 4,
  currentAmpereMax: 5e-3,
};

/** Connects, runs a technique, and checks that nothing is left over on the wire. */
export async function talk(
  family: KeithleyDialect,
  pairs: readonly WirePair[],
  technique?: ElectrochemicalTechnique,
) {
  const clock = new VirtualClock();
  const connect = family === '2400' ? CONNECT_2400 : CONNECT_2450;
  const link = new WirePairs([...connect, ...pairs]);
  const driver = new Keithley({ id: 'smu', link, clock, provenance: 'measured', family });
  const { signal } = new AbortController();
  await runToEnd(clock, driver.connect(signal), 0.05);
  const work = technique ? collect(driver.measure(technique, signal)) : Promise.resolve([]);
  const readings = await runToEnd(clock, work, 0.05).finally(() => link.finish());
  return electrical(readings);
}
