import type { Clock } from '../domain/clock.ts';
import { asFault } from '../domain/fault.ts';
import type { Instruments } from '../domain/instrument.ts';
import { settledWithin } from './waiting.ts';

/**
 * Each action of the safe state must be confirmed within this; all of them start together, so
 * it is the deadline of the whole as well.
 */
export const SAFE_ACTION_SECOND_MAX = 5;

export interface SafeAction {
  /** "the cell is off": what is true when the action is confirmed. */
  readonly result: string;
  readonly instrument: string;
  readonly act: () => Promise<void>;
}

export interface SafeActionOutcome {
  readonly action: SafeAction;
  /** Why it is not confirmed; undefined when it is. */
  readonly failure: string | undefined;
}

/**
 * The order is the safety argument: no current, then no heat, then no motion, then no beam.
 * @param touched whether an instrument was ever talked to; the others are as they were found.
 */
export function safeActions(
  { potentiostat, heater, scanner, spectrometer }: Instruments,
  touched: (instrument: object) => boolean,
): readonly SafeAction[] {
  const actions: SafeAction[] = [];
  if (touched(potentiostat)) {
    const instrument = potentiostat.info.id;
    const result = potentiostat.capability.cellOffLeaves ?? 'the cell is off';
    actions.push({ result, instrument, act: () => potentiostat.cellOff() });
  }
  if (heater && touched(heater)) {
    const instrument = heater.info.id;
    actions.push({ result: 'the heater is off', instrument, act: () => heater.off() });
  }
  if (scanner && touched(scanner)) {
    const instrument = scanner.info.id;
    actions.push({ result: 'the scanner stands still', instrument, act: () => scanner.stop() });
  }
  if (spectrometer && touched(spectrometer)) {
    const instrument = spectrometer.info.id;
    actions.push({
      result: 'the spectrometer stands still',
      instrument,
      act: () => spectrometer.stop(),
    });
  }
  return actions;
}

/**
 * Starts every action in order, in one turn, so that a mute instrument delays nothing after it;
 * the outcomes are reported in the same order.
 */
export async function enterSafeState(
  clock: Clock,
  actions: readonly SafeAction[],
  report: (outcome: SafeActionOutcome) => void,
): Promise<readonly SafeActionOutcome[]> {
  const attempts = actions.map((action) => ({ action, failure: failureOf(clock, action) }));
  const outcomes: SafeActionOutcome[] = [];
  for (const { action, failure } of attempts) {
    const outcome = { action, failure: await failure };
    outcomes.push(outcome);
    report(outcome);
  }
  return outcomes;
}

async function failureOf(
  clock: Clock,
  { act, instrument }: SafeAction,
): Promise<string | undefined> {
  try {
    const done = await settledWithin(clock, SAFE_ACTION_SECOND_MAX, act());
    return done.kind === 'value' ? undefined : `no answer within ${SAFE_ACTION_SECOND_MAX} s`;
  } catch (error) {
    return asFault(error, instrument, 'instrumentLost').message;
  }
}
