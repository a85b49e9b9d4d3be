import { CHANNELS } from '../domain/channel.ts';
import { Fault } from '../domain/fault.ts';
import type { Reading } from '../domain/instrument.ts';
import type { ConstantCurrent, OpenCircuit } from '../domain/technique.ts';
import type { Bench } from './bench.ts';
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

export interface Flow {
  readonly technique: OpenCircuit | ConstantCurrent;
  /** Leaves the technique at this moment although its time is not up. */
  readonly leaveAtSecond: number | undefined;
  /** Judges each reading after it was recorded; true ends the technique at once. */
  readonly isEnough: (reading: ElectricalReading) => boolean;
}

/**
 * Runs rest or current until its time is up, until it is to be left, or until a reading says
 * that it is enough. Charge is carried on through the edges.
 * @throws Fault interlock when the voltage is silent, instrumentReply when the instrument ends
 * too soon, and what the instrument throws
 */
export async function flow(
  bench: Bench,
  { technique, leaveAtSecond, isEnough }: Flow,
): Promise<'timeUp' | 'left' | 'enough'> {
  const { charge, clock } = bench;
  const startSecond = clock.nowSecond();
  const own = childAbort(bench.signal);
  let outcome: 'timeUp' | 'left' | 'enough' = 'timeUp';
  const end = (why: typeof outcome): void => {
    if (own.signal.aborted) return;
    outcome = why;
    own.abort(new Error(`the step was left: ${why}`));
  };
  const timers = [
    clock.after(technique.durationSecond + OVERTIME_SECOND, () => end('timeUp')),
    ...(leaveAtSecond === undefined
      ? []
      : [clock.after(leaveAtSecond - startSecond, () => end('left'))]),
  ];
  charge.switchTo({ timeSecond: startSecond, currentAmpere: currentOf(technique) });
  try {
    const how = await readFlow(bench, { technique, signal: own.signal }, (reading) => {
      if (own.signal.aborted) return;
      bench.intake.acceptElectrical(reading);
      if (isEnough(reading)) end('enough');
    });
    bench.signal.throwIfAborted();
    if (how === 'ended' && outcome === 'timeUp') checkEnd(bench, technique, startSecond);
  } finally {
    for (const cancel of timers) cancel();
    own.end();
    charge.switchTo({ timeSecond: clock.nowSecond(), currentAmpere: 0 });
  }
  return outcome;
}

function readFlow(
  bench: Bench,
  { technique, signal }: { readonly technique: Flow['technique']; readonly signal: AbortSignal },
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
function checkEnd(bench: Bench, technique: Flow['technique'], startSecond: number): void {
  const doneSecond = bench.clock.nowSecond() - startSecond;
  const slackSecond = Math.max(EARLY_SECOND, technique.sampleEverySecond);
  if (technique.durationSecond - doneSecond <= slackSecond) return;
  throw new Fault('instrumentReply', {
    where: bench.instruments.potentiostat.info.id,
    message: `ended ${technique.kind} by itself after ${spokenTime(doneSecond)} of ${spokenTime(technique.durationSecond)}; its own limits may be narrower than the recipe's`,
  });
}

function currentOf(technique: Flow['technique']): number {
  return technique.kind === 'constantCurrent' ? technique.currentAmpere : 0;
}
