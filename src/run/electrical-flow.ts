import { CHANNELS } from '../domain/channel.ts';
import { Fault } from '../domain/fault.ts';
import type { Reading } from '../domain/instrument.ts';
import type { ConstantCurrent, ConstantVoltage, OpenCircuit } from '../domain/technique.ts';
import type { Bench } from './bench.ts';
import { GapWatch } from './gap-watch.ts';
import type { ElectricalReading } from './intake.ts';
import { readMeasurement } from './measurement.ts';
import { childAbort } from './waiting.ts';
import { spokenTime } from './wording.ts';

/** A potentiostat silent for longer than both counts as lost. */
const READING_SILENCE_SECOND = 30;
const READING_SILENCE_PERIODS = 3;
/** The instrument bounds its own time; the host steps in this much later. */
const OVERTIME_SECOND = 5;
/** Ending this much too soon is rounding, not trouble; one sample period is allowed as well. */
const EARLY_SECOND = 1;

export type FlowTechnique = OpenCircuit | ConstantCurrent | ConstantVoltage;

export interface Flow {
  readonly technique: FlowTechnique;
  /** Leaves the technique after so long although its time is not up. */
  readonly leaveAfterSecond?: number | undefined;
  /** Whether a reading is written down; all are unless given. Every one is judged and counted. */
  readonly isRecorded?: (reading: ElectricalReading) => boolean;
  /** Judges each reading after it was recorded; true ends the technique at once. */
  readonly isEnough: (reading: ElectricalReading) => boolean;
}

/** What ended a stretch of rest, current or voltage. */
export type FlowOutcome = 'timeUp' | 'left' | 'enough' | 'suspended';

/**
 * Runs rest, current or voltage until its time is up, until it is to be left, until a reading
 * says that it is enough, or until the run is suspended. Charge is carried on through the edges.
 * @throws Fault interlock when the voltage is silent, instrumentReply when the instrument ends
 * too soon, and what the instrument throws
 */
export async function flow(bench: Bench, plan: Flow): Promise<FlowOutcome> {
  const { technique, leaveAfterSecond, isEnough, isRecorded = always } = plan;
  const { charge, clock, suspension } = bench;
  if (suspension.isActive) return 'suspended';
  const startSecond = clock.nowSecond();
  const own = childAbort(bench.signal);
  let outcome: FlowOutcome = 'timeUp';
  const end = (why: typeof outcome): void => {
    if (own.signal.aborted) return;
    outcome = why;
    own.abort(new Error(`the step was left: ${why}`));
  };
  const timers = [
    clock.after(technique.durationSecond + OVERTIME_SECOND, () => end('timeUp')),
    ...(leaveAfterSecond === undefined ? [] : [clock.after(leaveAfterSecond, () => end('left'))]),
    suspension.onCut(() => end('suspended')),
  ];
  const currentAmpere = currentOf(technique);
  if (currentAmpere === undefined) charge.forget(startSecond);
  else charge.switchTo({ timeSecond: startSecond, currentAmpere });
  const gaps = new GapWatch(bench, {
    startSecond,
    sampleEverySecond: technique.sampleEverySecond,
  });
  try {
    const how = await readFlow(bench, { technique, signal: own.signal }, (reading) => {
      if (own.signal.aborted) return;
      bench.intake.acceptElectrical(reading, isRecorded(reading));
      gaps.look(reading);
      if (isEnough(reading)) end('enough');
    });
    bench.signal.throwIfAborted();
    if (how === 'ended' && outcome === 'timeUp') checkEnd(bench, technique, startSecond);
  } finally {
    for (const cancel of timers) cancel();
    own.end();
    gaps.stop();
    charge.switchTo({ timeSecond: clock.nowSecond(), currentAmpere: 0 });
  }
  return outcome;
}

function always(): boolean {
  return true;
}

function readFlow(
  bench: Bench,
  { technique, signal }: { readonly technique: FlowTechnique; readonly signal: AbortSignal },
  onReading: (reading: ElectricalReading) => void,
): Promise<'ended' | 'aborted'> {
  const { potentiostat } = bench.instruments;
  const { sampleEverySecond } = technique;
  return readMeasurement<Reading>({
    stream: potentiostat.measure(technique, signal),
    signal,
    clock: bench.clock,
    instrument: potentiostat.info.id,
    silenceSecondMax: Math.max(READING_SILENCE_SECOND, READING_SILENCE_PERIODS * sampleEverySecond),
    onSilence: (silentSecond) =>
      new Fault('interlock', {
        where: CHANNELS.voltage.name,
        message: `${potentiostat.info.id} has sent no voltage for ${spokenTime(silentSecond)}`,
      }),
    onValue: (reading) => {
      if (reading.kind === 'electrical') onReading(reading);
    },
  });
}

/** An instrument that stops by itself has met a limit of its own, and nobody knows which. */
function checkEnd(bench: Bench, technique: FlowTechnique, startSecond: number): void {
  const doneSecond = bench.clock.nowSecond() - startSecond;
  const slackSecond = Math.max(EARLY_SECOND, technique.sampleEverySecond);
  if (technique.durationSecond - doneSecond <= slackSecond) return;
  throw new Fault('instrumentReply', {
    where: bench.instruments.potentiostat.info.id,
    message: `ended ${technique.kind} by itself after ${spokenTime(doneSecond)} of ${spokenTime(technique.durationSecond)}; its own limits may be narrower than the recipe's`,
  });
}

/** Undefined when only the first reading will tell. */
function currentOf(technique: FlowTechnique): number | undefined {
  if (technique.kind === 'constantVoltage') return undefined;
  return technique.kind === 'constantCurrent' ? technique.currentAmpere : 0;
}
