import { CHANNELS } from '../../src/domain/channel.ts';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Heater, Sensor } from '../../src/domain/instrument.ts';
import type { Sample } from '../../src/domain/sample.ts';
import {
  type IdentifiedStep,
  identifyStep,
  type StepPoint,
  type Tuning,
  tuningOf,
} from './step-response.ts';

/** Before the step the oven is watched for so long, */
const REST_SECOND = 120;
/** and must not move by more than this. */
const REST_KELVIN_MAX = 0.3;
/** How often the answer so far is identified: a slow one is looked at in longer steps. */
const LOOK_SECOND = 60;
const LOOK_SHARE = 0.05;
/** What does not answer at all is not heated any longer than this. */
const ANSWER_SECOND_MAX = 1800;
const ANSWER_KELVIN_MIN = 0.5;
/** A first order has shown itself after this many time constants of its own (70 % of its rise), */
const CONSTANTS_WATCHED = 1.2;
/** and risen by this. */
const RISE_KELVIN_MIN = 5;
/** The test ends so far below the heater's limit: what the oven still holds comes after. */
const MARGIN_KELVIN = 5;
/** Cut off at that margin, an answer of fewer time constants says too little of where it ends. */
const CONSTANTS_CUT_OFF_MIN = 0.4;
/** No oven for a cell is slower. */
const STEP_SECOND_MAX = 12 * 3600;
/** More points make the fit slower and no better. */
const FITTED_POINTS_MAX = 300;

export interface HeaterTuning {
  readonly response: IdentifiedStep;
  readonly tuning: Tuning;
  readonly stepFraction: number;
  readonly watchedSecond: number;
}

export interface TuneOptions {
  readonly heater: Heater;
  readonly sensors: readonly Sensor[];
  readonly clock: Clock;
  /** Share of full power of the step. */
  readonly stepFraction: number;
  readonly signal: AbortSignal;
  /** Told now and then how far it is. */
  readonly tell?: (sentence: string) => void;
}

/**
 * Identifies what a heater heats from one step of its power, and finds the controller for it. The
 * instruments are connected and let go here; the heater is off at the end, whatever happened.
 * @throws Fault instrumentUnable when nothing can be identified, saying what to do; instrumentLost
 *   when heater or thermometer cannot be trusted; the signal's reason
 */
export async function tuneHeater(options: TuneOptions): Promise<HeaterTuning> {
  const { heater, sensors, signal } = options;
  const trace = new HeatTrace();
  const touched: { disconnect(): Promise<void> }[] = [];
  try {
    for (const one of [...sensors, heater]) {
      touched.push(one);
      await one.connect(signal, trace.hear);
    }
    return await stepped(options, trace);
  } finally {
    await leave(heater, touched);
  }
}

/** Off first; then everyone gets a turn, whatever the others do. */
async function leave(
  heater: Heater,
  touched: readonly { disconnect(): Promise<void> }[],
): Promise<void> {
  const acts = [() => heater.off(), ...touched.toReversed().map((one) => () => one.disconnect())];
  const failures: unknown[] = [];
  for (const act of touched.includes(heater) ? acts : acts.slice(1)) {
    await act().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function stepped(options: TuneOptions, trace: HeatTrace): Promise<HeaterTuning> {
  const { heater, clock, stepFraction, signal, tell = () => {} } = options;
  if (!heater.holdDuty) throw unable(heater, 'cannot hold a fixed power');
  tell(`watching it at rest for ${REST_SECOND} s`);
  await sleep(clock, REST_SECOND, signal);
  const moved = trace.spanKelvin();
  if (!(moved <= REST_KELVIN_MAX)) {
    throw unable(
      heater,
      `its temperature moves by ${moved.toFixed(2)} °C in ${REST_SECOND} s: let it come to rest first`,
    );
  }
  await heater.holdDuty(stepFraction);
  const originSecond = clock.nowSecond();
  for (let watched = 0; watched < STEP_SECOND_MAX; watched = clock.nowSecond() - originSecond) {
    await sleep(clock, Math.max(LOOK_SECOND, LOOK_SHARE * watched), signal);
    trace.refuseDoubt(heater);
    const points = trace.sinceStep(stepFraction);
    if (watched > ANSWER_SECOND_MAX && trace.riseKelvin() < ANSWER_KELVIN_MIN) {
      throw unable(
        heater,
        `has not answered within ${ANSWER_SECOND_MAX / 60} min: is it connected?`,
      );
    }
    const response = identifyStep(thinned(points), stepFraction);
    const last = points.at(-1);
    if (!response || !last) continue;
    tell(`${last.celsius.toFixed(1)} °C after ${last.timeSecond.toFixed(0)} s`);
    const isNearLimit = last.celsius > heater.temperatureCelsiusMax - MARGIN_KELVIN;
    if (!isNearLimit && !hasShown(response, last)) continue;
    return tuned(options, response, last.timeSecond);
  }
  throw unable(heater, `has not come to an end of its answer within ${STEP_SECOND_MAX / 3600} h`);
}

function tuned(
  { heater, stepFraction }: TuneOptions,
  response: IdentifiedStep,
  watchedSecond: number,
): HeaterTuning {
  if (watchedSecond < CONSTANTS_CUT_OFF_MIN * response.timeConstantSecond) {
    throw unable(
      heater,
      `comes near its limit of ${heater.temperatureCelsiusMax} °C before its answer has shown itself: take a smaller step than ${stepFraction}`,
    );
  }
  const { everySecond = 1 } = heater;
  return { response, tuning: tuningOf(response, everySecond), stepFraction, watchedSecond };
}

function hasShown(response: IdentifiedStep, last: StepPoint): boolean {
  const { timeConstantSecond, deadTimeSecond, roomCelsius } = response;
  return (
    last.timeSecond > deadTimeSecond + CONSTANTS_WATCHED * timeConstantSecond &&
    last.celsius > roomCelsius + RISE_KELVIN_MIN
  );
}

/** Evenly, with the last one. */
function thinned(points: readonly StepPoint[]): StepPoint[] {
  const every = Math.ceil(points.length / FITTED_POINTS_MAX);
  return points.filter((_, at) => (points.length - 1 - at) % every === 0);
}

/** What thermometer and heater have told since the start. */
class HeatTrace {
  readonly #points: StepPoint[] = [];
  #stepSecond: number | undefined;
  #doubt: Sample | undefined;

  readonly hear = (sample: Sample): void => {
    const { channel, timeSecond, value, quality } = sample;
    const isHeater = channel === CHANNELS.heaterDuty.name;
    if (!isHeater && channel !== CHANNELS.temperature.name) return;
    if (quality !== 'good' || !Number.isFinite(value)) {
      // Until its first reading a heater has nothing to trust: only a doubt after the step counts.
      if (this.#stepSecond !== undefined) this.#doubt ??= sample;
    } else if (isHeater) {
      if (value > 0) this.#stepSecond ??= timeSecond;
    } else this.#points.push({ timeSecond, celsius: value });
  };

  spanKelvin(): number {
    const all = this.#points.map(({ celsius }) => celsius);
    // Of a mean of several readings, so that their noise is no movement.
    const third = Math.floor(all.length / 3);
    return third === 0 ? Number.NaN : Math.abs(mean(all.slice(-third)) - mean(all.slice(0, third)));
  }

  /** From the first readings to the last. */
  riseKelvin(): number {
    const all = this.#points.map(({ celsius }) => celsius);
    const few = Math.max(1, Math.floor(all.length / 100));
    return mean(all.slice(-few)) - mean(all.slice(0, few));
  }

  /** Times from the step on; those of the rest before it are negative. */
  sinceStep(stepFraction: number): StepPoint[] {
    const stepSecond = this.#stepSecond;
    if (stepSecond === undefined || stepFraction <= 0) return [];
    return this.#points.map(({ timeSecond, celsius }) => ({
      timeSecond: timeSecond - stepSecond,
      celsius,
    }));
  }

  /** @throws Fault instrumentLost when heater or thermometer said that they cannot be trusted */
  refuseDoubt(heater: Heater): void {
    const doubt = this.#doubt;
    if (!doubt) return;
    throw new Fault('instrumentLost', {
      where: `heater ${heater.info.id}`,
      message: `${doubt.channel} is marked ${doubt.quality} at ${doubt.timeSecond.toFixed(0)} s: look at the thermometer and at the heater's limit`,
    });
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function unable(heater: Heater, message: string): Fault {
  return new Fault('instrumentUnable', { where: `heater ${heater.info.id}`, message });
}
