import { CHANNELS } from '../domain/channel.ts';
import type { ThermalResponse } from '../domain/instrument.ts';
import type { Sample } from '../domain/sample.ts';
import {
  type Approach,
  approachAfter,
  isJump,
  NOT_UNPOWERED,
  type Unpowered,
  unpoweredAfter,
} from './heater-checks.ts';
import type { Trip } from './interlocks.ts';
import type { SampleVerdict, SampleWatch } from './sample-watch.ts';
import { DISAGREEMENT_KELVIN_MAX, SensorAgreement } from './sensor-agreement.ts';
import { ThermalModel } from './thermal-model.ts';

/** What one sample alone may be a disturbance of is called when the next one says it too. */
const CONFIRM_SAMPLES = 2;

interface Heated {
  readonly channel: string;
  readonly label: string;
  readonly model: ThermalModel;
  last: { readonly timeSecond: number; readonly celsius: number } | undefined;
  jumps: number;
  unexplained: number;
  approach: Approach | undefined;
  unpowered: Unpowered;
}

/**
 * Watches a heater through what its thermometers and its duty say: fed with every sample, it
 * answers with the reason for the safe state, or with a doubt about the sample.
 */
export class HeaterWatch implements SampleWatch {
  readonly #heated: ReadonlyMap<string, Heated>;
  readonly #agreement = new SensorAgreement();
  readonly #response: ThermalResponse | undefined;
  #targetCelsius: number | undefined;
  #dutyFraction: number | undefined;
  #disagreements = 0;

  /** @param response what was identified of the heater before: asked until the run knows it itself */
  constructor(response?: ThermalResponse) {
    this.#response = response;
    const { temperature, ovenTemperature } = CHANNELS;
    this.#heated = new Map(
      [temperature, ovenTemperature].map(({ name, label }) => [
        name,
        {
          channel: name,
          label,
          model: new ThermalModel(),
          last: undefined,
          jumps: 0,
          unexplained: 0,
          approach: undefined,
          unpowered: NOT_UNPOWERED,
        },
      ]),
    );
  }

  /** What the heater holds from now on; undefined when it was switched off. */
  setTarget(celsius: number | undefined): void {
    this.#targetCelsius = celsius;
    if (celsius !== undefined || this.#dutyFraction === undefined) return;
    // Power is off at once, and the next sample of the duty says so only later.
    this.#dutyFraction = 0;
    for (const { model, last } of this.#heated.values()) model.setDuty(last?.timeSecond ?? 0, 0);
  }

  look(sample: Sample): SampleVerdict {
    const { channel, value, quality } = sample;
    if (!Number.isFinite(value) || quality !== 'good') return {};
    if (channel === CHANNELS.heaterDuty.name) this.#setDuty(sample);
    const heated = this.#heated.get(channel);
    return heated ? this.#lookAt(heated, sample) : {};
  }

  #setDuty({ timeSecond, value }: Sample): void {
    this.#dutyFraction = value;
    for (const { model } of this.#heated.values()) model.setDuty(timeSecond, value);
  }

  #lookAt(heated: Heated, { timeSecond, value: celsius }: Sample): SampleVerdict {
    const point = { timeSecond, celsius };
    if (heated.last && isJump(heated.last, point)) {
      heated.jumps += 1;
      if (heated.jumps < CONFIRM_SAMPLES) return { quality: 'bad' };
      const { celsius: before } = heated.last;
      return tripOf(
        heated,
        celsius,
        `jumps from ${before.toFixed(1)} °C to ${celsius.toFixed(1)} °C: its sensor or lead is broken`,
      );
    }
    heated.last = point;
    heated.jumps = 0;
    const fault =
      this.#disagreement(heated, point) ??
      this.#residual(heated, point) ??
      this.#slow(heated, point);
    return fault === undefined ? {} : tripOf(heated, celsius, fault);
  }

  #disagreement(heated: Heated, { timeSecond, celsius }: Point): string | undefined {
    if (heated.channel !== CHANNELS.temperature.name) {
      this.#agreement.addOven(timeSecond, celsius);
      return undefined;
    }
    const away = this.#agreement.addCell(timeSecond, celsius) ?? 0;
    this.#disagreements = away > DISAGREEMENT_KELVIN_MAX ? this.#disagreements + 1 : 0;
    if (this.#disagreements < CONFIRM_SAMPLES) return undefined;
    return `at ${celsius.toFixed(1)} °C is ${away.toFixed(1)} °C from where the oven's own thermometer puts it: one of the two is wrong`;
  }

  #residual(heated: Heated, point: Point): string | undefined {
    const verdict = heated.model.add(point);
    const isUnexplained =
      verdict !== undefined && Math.abs(verdict.unexplainedKelvin) > verdict.toleranceKelvin;
    heated.unexplained = isUnexplained ? heated.unexplained + 1 : 0;
    if (!verdict || heated.unexplained < CONFIRM_SAMPLES) return undefined;
    const { unexplainedKelvin, windowSecond } = verdict;
    const size = Math.abs(unexplainedKelvin).toFixed(2);
    return unexplainedKelvin > 0
      ? `has gained ${size} °C in ${windowSecond.toFixed(0)} s that the power does not explain: the heater is not in control`
      : `misses ${size} °C in ${windowSecond.toFixed(0)} s that the power should have brought: the heater has failed or a sensor has come off`;
  }

  /** °C/s of a first-order thing under the present power; undefined where none was identified. */
  #identifiedRate({ celsius }: Point): number | undefined {
    if (!this.#response || this.#dutyFraction === undefined) return undefined;
    const { riseKelvin, roomCelsius, timeConstantSecond } = this.#response;
    return (roomCelsius + riseKelvin * this.#dutyFraction - celsius) / timeConstantSecond;
  }

  /** The checks that need no model: they hold from the first minute on. */
  #slow(heated: Heated, point: Point): string | undefined {
    const dutyFraction = this.#dutyFraction;
    const approach = approachAfter(heated.approach, {
      ...point,
      dutyFraction,
      // The oven leads the cell and follows no target of its own.
      targetCelsius: heated.channel === CHANNELS.temperature.name ? this.#targetCelsius : undefined,
      expectedRate: heated.model.expectedRate(point.celsius) ?? this.#identifiedRate(point),
    });
    heated.approach = approach.state;
    if (dutyFraction === undefined) return approach.fault;
    const unpowered = unpoweredAfter(heated.unpowered, { ...point, dutyFraction });
    heated.unpowered = unpowered.state;
    return approach.fault ?? unpowered.fault;
  }
}

interface Point {
  readonly timeSecond: number;
  readonly celsius: number;
}

function tripOf({ channel, label }: Heated, celsius: number, fault: string): SampleVerdict {
  const trip: Trip = { channel, message: `${label} ${fault}`, value: celsius };
  return { trip };
}
