import type { Dialect, SmuReading, TriggerOut, Visit } from './keithley-dialect.ts';
import { parseScpiError } from './keithley-errors.ts';
import type { Rhythm, SmuPlan } from './keithley-plan.ts';
import { parseNumbers } from './keithley-reply.ts';
import { type KeithleySession, scpiNumber } from './keithley-session.ts';

/** Bits of the status of a reading, 2400 manual section 18, `:FORMat:ELEMents`. */
const STATUS = { overflow: 1 << 0, compliance: 1 << 3, rangeCompliance: 1 << 16 } as const;

/** The time stamps begin at 0 with the first reading. */
const RESTART = ':SYST:TIME:RES;:INIT';
/** After so long they begin anew: by then the two clocks are no more than 6 ms apart. */
const RESTART_SECOND = 60;

/** One line that answers everything a visit wants to know. */
const VISIT = ':ABOR;:SENS:DATA:LAT?;:SENS:CURR:RANG?;:OUTP?;:SYST:ERR?';
const VISIT_REPLY = /^([^;"]{1,120});([^;"]{1,40});([01]);([+-]?\d{1,6},"[^"]*")$/;

/**
 * The command set of the 2400 family.
 *
 * While it measures, a 2400 executes nothing but an abort (16-3), so a visit aborts it, asks for
 * the newest reading and starts it again. Auto output-off in the mode TCOunt switches the output
 * off when the trigger count has expired (18-72); a measurement that is aborted before leaves it
 * on. So the trigger count is the watchdog: the output stays on from visit to visit, and goes off
 * by itself when none comes. All of a visit is one message: between an abort and the next start
 * nothing would switch the output off.
 */
export function createDialect2400(triggerOut?: TriggerOut): Dialect {
  const triggerLines = triggerOut
    ? [':TRIG:OUTP SENS', `:TRIG:OLIN ${triggerOut.line}`]
    : [':TRIG:OUTP NONE'];
  // The stamp of the newest reading, by which it is known that the stamps should begin anew.
  let newestSecond = 0;
  return {
    resetCommands: [...RESET, ...triggerLines],
    setUpCommands,
    start: (session) => {
      newestSecond = 0;
      return session.send(RESTART);
    },
    startStamp: async () => 0,
    visit: async (session, _, signal) => {
      const hasRestartedClock = newestSecond >= RESTART_SECOND;
      const found = await visit(session, hasRestartedClock ? RESTART : ':INIT', signal);
      newestSecond = hasRestartedClock ? 0 : (found.reading?.stampSecond ?? newestSecond);
      return { ...found, hasRestartedClock };
    },
    step,
  };
}

const RESET: readonly string[] = [
  ':SYST:BEEP:STAT OFF',
  ':SYST:RSEN ON',
  ':SYST:AZER ON',
  ':SENS:FUNC:CONC ON',
  ':SENS:FUNC "VOLT","CURR"',
  ':SENS:VOLT:NPLC 1',
  ':FORM:ELEM VOLT,CURR,TIME,STAT',
  ':SOUR:CLE:AUTO:MODE TCO',
  ':SOUR:CLE:AUTO ON',
  ':ARM:COUN 1',
  ':ARM:SOUR IMM',
  ':TRIG:SOUR IMM',
];

function setUpCommands(plan: SmuPlan, { pauseSecond, readingsMax }: Rhythm): readonly string[] {
  return [
    ...(plan.source === 'current' ? currentCommands(plan) : voltageCommands(plan)),
    `:TRIG:DEL ${scpiNumber(pauseSecond)}`,
    `:TRIG:COUN ${readingsMax}`,
  ];
}

function currentCommands(plan: Extract<SmuPlan, { source: 'current' }>): readonly string[] {
  const { level, sourceRange, compliance, senseRangeVolt } = plan;
  return [
    ':SOUR:FUNC CURR',
    ':SOUR:CURR:MODE FIX',
    // The level of before may be more than the new range holds.
    ':SOUR:CURR:LEV 0',
    `:SOUR:CURR:RANG ${scpiNumber(sourceRange)}`,
    `:SOUR:CURR:LEV ${scpiNumber(level)}`,
    `:SENS:VOLT:PROT ${scpiNumber(compliance)}`,
    `:SENS:VOLT:RANG ${scpiNumber(senseRangeVolt)}`,
  ];
}

function voltageCommands({ level, sourceRange, compliance }: SmuPlan): readonly string[] {
  return [
    ':SOUR:FUNC VOLT',
    ':SOUR:VOLT:MODE FIX',
    ':SOUR:VOLT:LEV 0',
    `:SOUR:VOLT:RANG ${scpiNumber(sourceRange)}`,
    `:SOUR:VOLT:LEV ${scpiNumber(level)}`,
    `:SENS:CURR:PROT ${scpiNumber(compliance)}`,
    ':SENS:CURR:RANG:AUTO ON',
  ];
}

async function visit(session: KeithleySession, start: string, signal: AbortSignal): Promise<Visit> {
  const message = `${VISIT};${start}`;
  const line = await session.ask(message, VISIT_REPLY, signal);
  const [, values = '', range = '', output, queue = ''] = VISIT_REPLY.exec(line) ?? [];
  const error = parseScpiError(queue);
  if (error?.code !== 0) throw session.refusal(error ? [error] : [], message);
  return {
    // A spoiled line is as good as none: the next visit brings another one.
    reading: parseReading(values),
    isOutputOn: output === '1',
    currentRangeAmpere: parseNumbers(range, 1)?.[0]?.value,
  };
}

async function step(session: KeithleySession, levelVolt: number): Promise<void> {
  await session.send(`:ABOR;:SOUR:VOLT:LEV ${scpiNumber(levelVolt)};:INIT`);
}

/** VOLT, CURR, TIME, STAT as `:FORM:ELEM` has ordered them; the order of sending is fixed. */
export function parseReading(text: string): SmuReading | undefined {
  const [voltage, current, time, status] = parseNumbers(text, 4) ?? [];
  if (!voltage || !current || !time || !status) return undefined;
  if (!Number.isFinite(time.value) || !Number.isInteger(status.value) || status.value < 0) {
    return undefined;
  }
  const has = (bit: number): boolean => Math.floor(status.value / bit) % 2 === 1;
  return {
    voltageVolt: voltage.value,
    currentAmpere: current.value,
    stampSecond: time.value,
    isLimited: has(STATUS.compliance),
    isOverflow:
      voltage.isOverflow ||
      current.isOverflow ||
      has(STATUS.overflow) ||
      has(STATUS.rangeCompliance),
  };
}
