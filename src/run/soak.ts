import { CHANNELS } from '../domain/channel.ts';
import { sleep } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { Sample } from '../domain/sample.ts';
import type { Bench } from './bench.ts';
import type { JournalEvent } from './journal.ts';
import type { PlannedSoak } from './plan.ts';
import { childAbort, settledWithin } from './waiting.ts';
import { spokenTime, spokenValue } from './wording.ts';

/** A heater must take a new target within this. */
const SET_TARGET_SECOND_MAX = 10;
/** A ramp moves the set-point this often. */
const RAMP_EVERY_SECOND = 5;
/** Rounding of time stamps must not cost one more sample. */
const SAME_SECOND = 1e-6;

/** Since when the temperature has been within its tolerance without a break. */
export interface SoakProgress {
  readonly inBandSinceSecond: number | undefined;
  readonly done: boolean;
}

/** How long the temperature has been within its tolerance so far. */
export interface Dwell {
  second: number;
}

/** Before the first temperature of this start of the software: what an earlier one has seen. */
function soakFrom({ second }: Dwell, { timeSecond }: Pick<Sample, 'timeSecond'>): SoakProgress {
  return { inBandSinceSecond: second > 0 ? timeSecond - second : undefined, done: false };
}

type SoakTarget = Pick<PlannedSoak, 'temperatureCelsius' | 'toleranceKelvin' | 'dwellSecond'>;

/** One more temperature: only a `good` one within the tolerance, ends included, counts. */
export function soakAfter(
  target: SoakTarget,
  before: SoakProgress,
  sample: Pick<Sample, 'timeSecond' | 'value' | 'quality'>,
): SoakProgress {
  const offKelvin = Math.abs(sample.value - target.temperatureCelsius);
  if (sample.quality !== 'good' || !(offKelvin <= target.toleranceKelvin)) {
    return { inBandSinceSecond: undefined, done: false };
  }
  const inBandSinceSecond = before.inBandSinceSecond ?? sample.timeSecond;
  const dwelledSecond = sample.timeSecond - inBandSinceSecond;
  return { inBandSinceSecond, done: dwelledSecond >= target.dwellSecond - SAME_SECOND };
}

/**
 * Brings the cell to a temperature, at once or along a ramp, and waits until it has stayed there;
 * the heater keeps it for the steps that follow. A soak passes no current, so nothing suspends it.
 * @param dwell counted on by a resumed run, if its first temperature is still within the tolerance
 * @returns what ended the step. @throws Fault timeout when it takes longer than `within`
 */
export async function runSoak(
  bench: Bench,
  step: PlannedSoak,
  dwell: Dwell = { second: 0 },
): Promise<string> {
  const own = childAbort(bench.signal);
  const part = { ...bench, signal: own.signal };
  const works = [moveTarget(part, step), soaked(part, step, dwell)].map((work) =>
    work.catch((error: unknown) => {
      // The other one must let go before the step may fail.
      own.abort(error);
      throw error;
    }),
  );
  try {
    await Promise.all(works);
  } finally {
    own.end();
    await Promise.allSettled(works);
  }
  return `dwell: ${spokenTime(step.dwellSecond)}`;
}

function soakEvent({ temperatureCelsius, rampKelvinPerSecond }: PlannedSoak): JournalEvent {
  const ramp =
    rampKelvinPerSecond === undefined
      ? ''
      : `, approached at ${spokenValue(rampKelvinPerSecond * 60, 'K')}/min`;
  return {
    code: 'setPoint',
    severity: 'info',
    message: `The heater holds ${temperatureCelsius} °C from now on${ramp}.`,
    details: {
      temperature_celsius: temperatureCelsius,
      ...(rampKelvinPerSecond === undefined ? {} : { ramp_kelvin_per_second: rampKelvinPerSecond }),
    },
  };
}

/** Set-point of a ramp so long after its start; it never goes past its end. */
export function rampTarget(
  { temperatureCelsius, rampKelvinPerSecond }: PlannedSoak,
  { startCelsius, elapsedSecond }: { startCelsius: number; elapsedSecond: number },
): number {
  const wayKelvin = temperatureCelsius - startCelsius;
  const gone = (rampKelvinPerSecond ?? Number.POSITIVE_INFINITY) * elapsedSecond;
  if (!(gone < Math.abs(wayKelvin))) return temperatureCelsius;
  return startCelsius + Math.sign(wayKelvin) * gone;
}

async function moveTarget(bench: Bench, step: PlannedSoak): Promise<void> {
  const startSecond = bench.clock.nowSecond();
  const startCelsius = bench.intake.newest(CHANNELS.temperature.name);
  for (let isFirst = true; ; isFirst = false) {
    const elapsedSecond = bench.clock.nowSecond() - startSecond;
    const celsius =
      startCelsius === undefined
        ? step.temperatureCelsius
        : rampTarget(step, { startCelsius, elapsedSecond });
    await setTarget(bench, celsius);
    bench.heaterSetTo(celsius);
    if (isFirst) bench.journal.event(soakEvent(step));
    if (celsius === step.temperatureCelsius) return;
    await sleep(bench.clock, RAMP_EVERY_SECOND, bench.signal);
  }
}

async function setTarget(bench: Bench, temperatureCelsius: number): Promise<void> {
  const { heater } = bench.instruments;
  if (!heater) {
    throw new Fault('instrumentMissing', { where: 'heater', message: 'the rig has no heater' });
  }
  const setting = heater.setTarget(temperatureCelsius).catch((error: unknown) => {
    throw asFault(error, heater.info.id, 'instrumentReply');
  });
  const { kind } = await settledWithin(bench.clock, SET_TARGET_SECOND_MAX, setting, bench.signal);
  if (kind === 'value') return;
  throw new Fault('timeout', {
    where: heater.info.id,
    message: `did not take its target within ${SET_TARGET_SECOND_MAX} s`,
  });
}

/** Resolves when the dwell is over; lets go of timer and listener however it ends. */
function soaked(bench: Bench, step: PlannedSoak, dwell: Dwell): Promise<void> {
  return new Promise((resolve, reject) => {
    let progress: SoakProgress | undefined;
    let lastCelsius: number | undefined;
    const forget = (): void => {
      cancel();
      unlisten();
      bench.signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      forget();
      reject(bench.signal.reason);
    };
    const cancel = bench.clock.after(step.withinSecond, () => {
      forget();
      reject(tooLate(bench, step, lastCelsius));
    });
    const unlisten = bench.intake.listen(CHANNELS.temperature.name, (sample) => {
      lastCelsius = sample.value;
      progress = soakAfter(step, progress ?? soakFrom(dwell, sample), sample);
      dwell.second = sample.timeSecond - (progress.inBandSinceSecond ?? sample.timeSecond);
      if (!progress.done) return;
      forget();
      resolve();
    });
    bench.signal.addEventListener('abort', onAbort, { once: true });
    if (bench.signal.aborted) onAbort();
  });
}

function tooLate(bench: Bench, step: PlannedSoak, lastCelsius: number | undefined): Fault {
  const seen = lastCelsius === undefined ? 'no temperature came' : `it is ${lastCelsius} °C now`;
  return new Fault('timeout', {
    where: bench.instruments.heater?.info.id ?? 'heater',
    message: `${step.temperatureCelsius} ± ${step.toleranceKelvin} °C for ${spokenTime(step.dwellSecond)} was not reached within ${spokenTime(step.withinSecond)}; ${seen}`,
  });
}
