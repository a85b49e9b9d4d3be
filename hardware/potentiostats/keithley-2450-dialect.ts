import type { Dialect, SmuReading, TriggerOut, Visit } from './keithley-dialect.ts';
import { parseScpiError } from './keithley-errors.ts';
import type { Rhythm, SmuPlan } from './keithley-plan.ts';
import { parseNumbers } from './keithley-reply.ts';
import { type KeithleySession, scpiNumber } from './keithley-session.ts';

/** The relay settles in 15 ms (2-83); a reading with its zero takes two cycles of the power line. */
const FIRST_READING_SECOND = 0.055;

/** Bits of the source status of a reading, 2450 manual 8-29. */
const SOURCE_STATUS = { limit: 32 } as const;

/** The one buffer that is used; it is bounded, and cleared long before it is full. */
const BUFFER = '"defbuffer1"';
const BUFFER_READINGS_MAX = 1000;
const BUFFER_READINGS_CLEARED = 500;

const STATE = `:TRAC:ACT? ${BUFFER};:SENS:CURR:RANG?;:OUTP?;:SYST:ERR?`;
const STATE_REPLY = /^(\d{1,7});([^;"]{1,40});([01]);([+-]?\d{1,6},"[^"]*")$/;
/** Numbers separated by commas, no quotes. */
const DATA_REPLY = /^[0-9Ee+\-., ]{9,200}$/;

/** Blocks of the trigger model. */
const BLOCK = {
  clear: 1,
  on: 2,
  read: 3,
  tell: 4,
  window: 5,
  pause: 6,
  count: 7,
  alive: 8,
  off: 9,
} as const;

/**
 * The command set of the 2450.
 *
 * Its trigger model is a small program: it switches the output on, reads on and on, compares each
 * voltage with the window, and after a number of readings goes on only if a `*TRG` has come in
 * the meantime. If none has, or the voltage has left the window, it switches the output off by
 * itself. A `*TRG` is remembered, so after the last one at the most two such rounds are made.
 *
 * Readings are fetched while it runs: `:FETC?` would wait for its end (6-3), `:TRAC:DATA?` does
 * not.
 */
export function createDialect2450(triggerOut?: TriggerOut): Dialect {
  return {
    resetCommands: [...RESET, ...(triggerOut ? triggerOutCommands(triggerOut) : [])],
    setUpCommands: (plan, rhythm) => [
      ...(plan.source === 'current' ? currentCommands(plan) : voltageCommands(plan)),
      ...triggerModel(plan, rhythm, triggerOut !== undefined),
    ],
    start: (session) => session.send(':INIT'),
    startStamp,
    visit,
    step,
  };
}

const RESET: readonly string[] = [
  // Enough digits for seconds since 1970.
  ':FORM:ASC:PREC 16',
  `:TRAC:POIN ${BUFFER_READINGS_MAX}, ${BUFFER}`,
  `:TRAC:FILL:MODE CONT, ${BUFFER}`,
];

function triggerOutCommands({ line }: TriggerOut): readonly string[] {
  return [`:DIG:LINE${line}:MODE TRIG, OUT`, `:TRIG:DIG${line}:OUT:STIM NOT1`];
}

function currentCommands(plan: Extract<SmuPlan, { source: 'current' }>): readonly string[] {
  const { level, sourceRange, compliance, senseRangeVolt } = plan;
  return [
    ':SOUR:FUNC CURR',
    // The level of before may be more than the new range holds.
    ':SOUR:CURR:LEV 0',
    `:SOUR:CURR:RANG ${scpiNumber(sourceRange)}`,
    `:SOUR:CURR:LEV ${scpiNumber(level)}`,
    ':SOUR:CURR:READ:BACK ON',
    ':SENS:FUNC "VOLT"',
    `:SENS:VOLT:RANG ${scpiNumber(senseRangeVolt)}`,
    `:SOUR:CURR:VLIM ${scpiNumber(compliance)}`,
    ':SENS:VOLT:RSEN ON',
    ':SENS:VOLT:NPLC 1',
  ];
}

function voltageCommands({ level, sourceRange, compliance }: SmuPlan): readonly string[] {
  return [
    ':SOUR:FUNC VOLT',
    ':SOUR:VOLT:LEV 0',
    `:SOUR:VOLT:RANG ${scpiNumber(sourceRange)}`,
    `:SOUR:VOLT:LEV ${scpiNumber(level)}`,
    ':SOUR:VOLT:READ:BACK ON',
    ':SENS:FUNC "CURR"',
    ':SENS:CURR:RANG:AUTO ON',
    `:SOUR:VOLT:ILIM ${scpiNumber(compliance)}`,
    ':SENS:CURR:RSEN ON',
    ':SENS:CURR:NPLC 1',
  ];
}

function triggerModel(
  plan: SmuPlan,
  { pauseSecond, readingsMax }: Rhythm,
  notifies: boolean,
): readonly string[] {
  // Two rounds are made at the most, so each has half of the readings.
  const readings = Math.max(1, Math.floor(readingsMax / 2));
  return [
    ':TRIG:LOAD "Empty"',
    `:TRIG:BLOC:BUFF:CLE ${BLOCK.clear}, ${BUFFER}`,
    `:TRIG:BLOC:SOUR:STAT ${BLOCK.on}, ON`,
    `:TRIG:BLOC:MEAS ${BLOCK.read}, ${BUFFER}`,
    notifies ? `:TRIG:BLOC:NOT ${BLOCK.tell}, 1` : `:TRIG:BLOC:NOP ${BLOCK.tell}`,
    windowBlock(plan),
    `:TRIG:BLOC:DEL:CONS ${BLOCK.pause}, ${scpiNumber(pauseSecond)}`,
    `:TRIG:BLOC:BRAN:COUN ${BLOCK.count}, ${readings}, ${BLOCK.read}`,
    `:TRIG:BLOC:BRAN:EVEN ${BLOCK.alive}, COMM, ${BLOCK.read}`,
    `:TRIG:BLOC:SOUR:STAT ${BLOCK.off}, OFF`,
  ];
}

/** Only a voltage that is measured can be compared, and only a current can drive it anywhere. */
function windowBlock(plan: SmuPlan): string {
  if (plan.source === 'voltage' || plan.isOpenCircuit) return `:TRIG:BLOC:NOP ${BLOCK.window}`;
  const { voltageVoltMin, voltageVoltMax } = plan.window;
  const limits = `${scpiNumber(voltageVoltMin)}, ${scpiNumber(voltageVoltMax)}`;
  return `:TRIG:BLOC:BRAN:LIM:CONS ${BLOCK.window}, OUTS, ${limits}, ${BLOCK.off}, ${BLOCK.read}`;
}

async function visit(session: KeithleySession, plan: SmuPlan, signal: AbortSignal): Promise<Visit> {
  await session.send('*TRG');
  const state = await session.ask(STATE, STATE_REPLY, signal);
  const [, countText, rangeText = '', output, queue = ''] = STATE_REPLY.exec(state) ?? [];
  const error = parseScpiError(queue);
  if (error?.code !== 0) throw session.refusal(error ? [error] : [], STATE);
  const currentRangeAmpere = parseNumbers(rangeText, 1)?.[0]?.value;
  const isOutputOn = output === '1';
  const count = Number(countText);
  if (count === 0) return { reading: undefined, isOutputOn, currentRangeAmpere };
  const reading = await readBuffer(session, { plan, index: count }, signal);
  if (count >= BUFFER_READINGS_CLEARED) await session.send(`:TRAC:CLE ${BUFFER}`);
  return { reading, isOutputOn, currentRangeAmpere };
}

/** The first reading of the buffer is begun as soon as the relay has closed. */
async function startStamp(
  session: KeithleySession,
  plan: SmuPlan,
  signal: AbortSignal,
): Promise<number | undefined> {
  const first = await readBuffer(session, { plan, index: 1 }, signal);
  return first && first.stampSecond - FIRST_READING_SECOND;
}

async function readBuffer(
  session: KeithleySession,
  { plan, index }: { readonly plan: SmuPlan; readonly index: number },
  signal: AbortSignal,
): Promise<SmuReading | undefined> {
  const question = `:TRAC:DATA? ${index}, ${index}, ${BUFFER}, ${ELEMENTS}`;
  const line = await session.ask(question, DATA_REPLY, signal);
  // A spoiled line is as good as none: the next visit brings another one.
  return parseBufferReading(line, plan.source);
}

/** What is asked of the buffer, in this order. */
const ELEMENTS = 'SOUR, READ, SEC, FRAC, SOURSTAT';

/**
 * One reading of the buffer: source (read back), reading, seconds of UTC and their fraction, and
 * the status of the source. UTC, because relative times begin anew when the buffer is cleared.
 */
export function parseBufferReading(
  text: string,
  source: SmuPlan['source'],
): SmuReading | undefined {
  const [sourced, measured, seconds, fraction, status] = parseNumbers(text, 5) ?? [];
  if (!sourced || !measured || !seconds || !fraction || !status) return undefined;
  const stampSecond = seconds.value + fraction.value;
  if (!Number.isFinite(stampSecond) || !Number.isInteger(status.value)) return undefined;
  const [voltage, current] = source === 'current' ? [measured, sourced] : [sourced, measured];
  return {
    voltageVolt: voltage.value,
    currentAmpere: current.value,
    stampSecond,
    isLimited: (status.value & SOURCE_STATUS.limit) !== 0,
    isOverflow: voltage.isOverflow || current.isOverflow,
  };
}

async function step(session: KeithleySession, levelVolt: number): Promise<void> {
  await session.send(`:ABOR;:SOUR:VOLT:LEV ${scpiNumber(levelVolt)};:INIT`);
}
