import { z } from 'zod';
import { CHANNELS } from '../../src/domain/channel.ts';
import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { asFault, Fault } from '../../src/domain/fault.ts';
import type { Heater, InstrumentInfo, ThermalResponse } from '../../src/domain/instrument.ts';
import type { Quality, SampleSink } from '../../src/domain/sample.ts';
import { quantity } from '../../src/domain/units.ts';
import { startRhythm } from '../sensors/rhythm.ts';
import type { ReadingSource } from '../sensors/tapped-sensor.ts';
import type { HeaterOutput } from './heater-output.ts';
import { KnownDuty } from './known-duty.ts';
import { controlPi } from './pi-control.ts';

/** A reading this far above the heater's limit means that the heater is not in control. */
const OVERSHOOT_CELSIUS_MAX = 10;

const aboveZero = 'expected a value above zero';

export const piHeaterShape = {
  /** Name, in the rig file, of the thermometer the heater obeys. */
  sensor: z.string().min(1),
  temperatureMax: quantity('temperature'),
  every: quantity('time')
    .refine((value) => value > 0, aboveZero)
    .default(5),
  proportionalBand: quantity('temperature')
    .refine((value) => value > 0, aboveZero)
    .default(10),
  integralTime: quantity('time')
    .refine((value) => value > 0, aboveZero)
    .default(400),
  /** A reading older than this many control periods removes power. */
  staleSamples: z.int().min(1).max(100).default(3),
  /** Share of full power that is given at the most. */
  dutyMax: quantity('ratio')
    .refine((value) => value > 0 && value <= 1, 'expected a share above 0 %, at most 100 %')
    .default(1),
  /** What "operando heater tune" has found: with it the duty that holds a target is known before. */
  identified: closedObject({
    /** Steady rise above the room at full power. */
    rise: quantity('temperature').refine((value) => value > 0, aboveZero),
    timeConstant: quantity('time').refine((value) => value > 0, aboveZero),
    deadTime: quantity('time'),
    room: quantity('temperature'),
  }).optional(),
};
/** Of a heater that has no option but those of its controller. */
export const piHeaterSchema = closedObject(piHeaterShape);
export type PiHeaterSettings = z.output<typeof piHeaterSchema>;

/** What the controller is to bring about: a temperature, or a fixed share of full power. */
type Target =
  | { readonly kind: 'temperature'; readonly celsius: number }
  | { readonly kind: 'duty'; readonly dutyFraction: number };

/**
 * Heater under host control. It trusts only a fresh, good reading below its limit: on any other
 * it removes power and says so with a duty sample of quality `bad`.
 */
export class PiHeater implements Heater {
  readonly info: InstrumentInfo;
  readonly channels = [CHANNELS.heaterDuty];
  readonly everySecond: number;
  readonly temperatureCelsiusMax: number;
  readonly response: ThermalResponse | undefined;
  readonly #known: KnownDuty;
  readonly #settings: PiHeaterSettings;
  readonly #reading: ReadingSource;
  readonly #output: HeaterOutput;
  readonly #clock: Clock;
  #cancel: CancelTimer | undefined;
  #target: Target | undefined;
  #integralFraction = 0;
  /** Counts switchings-off: the answer to an order given before the last is not reported. */
  #order = 0;
  #answerDue = false;
  /** From the first order to the output until power is confirmed to be off for good. */
  #connected = false;
  #outputFault: Fault | undefined;

  constructor(options: {
    readonly info: InstrumentInfo;
    readonly settings: PiHeaterSettings;
    readonly reading: ReadingSource;
    readonly output: HeaterOutput;
    readonly clock: Clock;
  }) {
    this.info = options.info;
    this.temperatureCelsiusMax = options.settings.temperatureMax;
    this.everySecond = options.settings.every;
    this.response = responseOf(options.settings);
    this.#known = new KnownDuty(this.response);
    this.#settings = options.settings;
    this.#reading = options.reading;
    this.#output = options.output;
    this.#clock = options.clock;
  }

  async connect(signal: AbortSignal, sink: SampleSink): Promise<void> {
    signal.throwIfAborted();
    this.#cancel?.();
    this.#connected = true;
    await this.off();
    this.#cancel = startRhythm(this.#clock, this.#settings.every, () => {
      void this.#control(sink);
    });
  }

  async setTarget(temperatureCelsius: number): Promise<void> {
    if (!(temperatureCelsius <= this.temperatureCelsiusMax)) {
      throw new Fault('instrumentUnable', {
        where: `heater ${this.info.id}`,
        message: `cannot heat to ${temperatureCelsius} °C: its limit is ${this.temperatureCelsiusMax} °C`,
      });
    }
    if (this.#outputFault) throw this.#outputFault;
    if (this.#target?.kind !== 'temperature') {
      this.#integralFraction = 0;
      this.#known.forget();
    }
    this.#target = { kind: 'temperature', celsius: temperatureCelsius };
  }

  async holdDuty(dutyFraction: number): Promise<void> {
    const { dutyMax } = this.#settings;
    if (!(dutyFraction >= 0 && dutyFraction <= dutyMax)) {
      throw new Fault('instrumentUnable', {
        where: `heater ${this.info.id}`,
        message: `cannot give ${dutyFraction} of its power: expected 0 to ${dutyMax}`,
      });
    }
    if (this.#outputFault) throw this.#outputFault;
    this.#target = { kind: 'duty', dutyFraction };
  }

  async off(): Promise<void> {
    this.#target = undefined;
    this.#integralFraction = 0;
    this.#order += 1;
    const confirmed = await this.#output.setDuty(0);
    if (confirmed === 0) return;
    throw new Fault('instrumentReply', {
      where: `heater ${this.info.id}`,
      message: `was told to remove power but reports a duty of ${confirmed}; cut its supply by hand`,
    });
  }

  async disconnect(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#connected) return;
    await this.off();
    this.#connected = false;
  }

  /** One beat of the controller. Never rejects: trouble becomes a bad duty sample. */
  async #control(sink: SampleSink): Promise<void> {
    const order = this.#order;
    const send = (value: number, quality: Quality): void => {
      if (order !== this.#order) return;
      const timeSecond = this.#clock.nowSecond();
      sink({ channel: CHANNELS.heaterDuty.name, timeSecond, value, quality });
    };
    if (this.#answerDue) {
      // At most one order is under way; an output this slow is not under control.
      send(0, 'late');
      return;
    }
    const { dutyFraction, quality } = this.#decide();
    this.#answerDue = true;
    try {
      send(await this.#output.setDuty(dutyFraction), quality);
      this.#outputFault = undefined;
    } catch (error) {
      // Interlocks act on the bad sample; the reason is told to whoever sets the next target.
      this.#outputFault = asFault(error, `heater ${this.info.id}`, 'instrumentLost');
      send(0, 'bad');
    } finally {
      this.#answerDue = false;
    }
  }

  #decide(): { readonly dutyFraction: number; readonly quality: Quality } {
    const target = this.#target;
    if (target === undefined) return { dutyFraction: 0, quality: 'good' };
    const celsius = this.#trustedCelsius();
    if (celsius === undefined) return { dutyFraction: 0, quality: 'bad' };
    if (target.kind === 'duty') {
      // Nothing turns a fixed power down in time but this.
      return celsius < this.temperatureCelsiusMax
        ? { dutyFraction: target.dutyFraction, quality: 'good' }
        : { dutyFraction: 0, quality: 'bad' };
    }
    const { proportionalBand, integralTime, every, dutyMax } = this.#settings;
    const known = this.#known.at(this.#clock.nowSecond(), target.celsius);
    const step = controlPi(
      { bandCelsius: proportionalBand, integralSecond: integralTime, dutyMax },
      this.#integralFraction,
      {
        errorCelsius: known.dueCelsius - celsius,
        stepSecond: every,
        feedForwardFraction: known.dutyFraction,
      },
    );
    this.#integralFraction = step.integralFraction;
    return { dutyFraction: step.dutyFraction, quality: 'good' };
  }

  /** The reading, if it is fresh, good, finite and not far above the heater's limit. */
  #trustedCelsius(): number | undefined {
    const sample = this.#reading.latest();
    if (sample?.quality !== 'good' || !Number.isFinite(sample.value)) return undefined;
    const ageSecond = this.#clock.nowSecond() - sample.timeSecond;
    if (ageSecond > this.#settings.staleSamples * this.#settings.every) return undefined;
    return sample.value > this.temperatureCelsiusMax + OVERSHOOT_CELSIUS_MAX
      ? undefined
      : sample.value;
  }
}

function responseOf({ identified }: PiHeaterSettings): ThermalResponse | undefined {
  return (
    identified && {
      riseKelvin: identified.rise,
      timeConstantSecond: identified.timeConstant,
      deadTimeSecond: identified.deadTime,
      roomCelsius: identified.room,
    }
  );
}
