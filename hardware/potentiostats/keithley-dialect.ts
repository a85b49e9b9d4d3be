import type { KeithleyDialect } from './keithley-models.ts';
import type { Rhythm, SmuPlan } from './keithley-plan.ts';
import type { KeithleySession } from './keithley-session.ts';

/** One reading as the instrument has sent it. */
export interface SmuReading {
  /** NaN when the instrument says overflow or not-a-number. */
  readonly voltageVolt: number;
  readonly currentAmpere: number;
  /** On the instrument's clock, in a run of the same program. */
  readonly stampSecond: number;
  /** The compliance is reached: the source no longer gives what it was told to. */
  readonly isLimited: boolean;
  /** A value is above what its range holds. */
  readonly isOverflow: boolean;
}

/** What a visit of the host finds. */
export interface Visit {
  /** Undefined when there is none yet. */
  readonly reading: SmuReading | undefined;
  readonly isOutputOn: boolean;
  /** As the instrument names it, where that could be read. */
  readonly currentRangeAmpere: number | undefined;
  /** The stamps have begun anew at 0 with the end of this visit. */
  readonly hasRestartedClock?: boolean;
}

/** What differs between the two command sets. Every method ends with an empty error queue. */
export interface Dialect {
  /** From the state after power-on or `*RST`, with the output off and its relay open. */
  readonly resetCommands: readonly string[];
  /** Everything a technique needs; the output stays off. */
  setUpCommands(plan: SmuPlan, rhythm: Rhythm): readonly string[];
  /** Switches the output on and lets the instrument read by itself. */
  start(session: KeithleySession): Promise<void>;
  /** The newest reading; says that the host is alive. @throws Fault with what is reported */
  visit(session: KeithleySession, plan: SmuPlan, signal: AbortSignal): Promise<Visit>;
  /** The stamp of the moment of `start`, once there is a reading; undefined when not to be read. */
  startStamp(
    session: KeithleySession,
    plan: SmuPlan,
    signal: AbortSignal,
  ): Promise<number | undefined>;
  /** Another level of the voltage source, with the output on. */
  step(session: KeithleySession, levelVolt: number): Promise<void>;
}

/** Lines of the trigger link of a 2400, of the digital I/O of a 2450. */
export const TRIGGER_LINES: Readonly<Record<KeithleyDialect, number>> = { '2400': 4, '2450': 6 };

/** A trigger line by which the instrument tells others (a camera, a shutter) of each reading. */
export interface TriggerOut {
  /** From 1, see `TRIGGER_LINES`. */
  readonly line: number;
}
