import { CHANNELS, type Channel } from '../../src/domain/channel.ts';
import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import type { Heater, InstrumentInfo, Sensor } from '../../src/domain/instrument.ts';
import type { SampleSink } from '../../src/domain/sample.ts';
import { type CallLog, type Misbehaviour, misbehave } from './scripted-call.ts';

/** An oven that heats by a fixed rate towards its target. */
export class ScriptedOven {
  temperatureCelsius = 20;
  targetCelsius: number | undefined;
  readonly kelvinPerSecond: number;

  constructor(kelvinPerSecond = 0.1) {
    this.kelvinPerSecond = kelvinPerSecond;
  }
  pass(seconds: number): void {
    const offKelvin = (this.targetCelsius ?? this.temperatureCelsius) - this.temperatureCelsius;
    const stepKelvin = Math.min(Math.abs(offKelvin), this.kelvinPerSecond * seconds);
    this.temperatureCelsius += Math.sign(offKelvin) * stepKelvin;
  }
}

/** How the thermometer behaves. */
export interface SensorScript {
  everySecond?: number;
  /** Replaces what the oven says. */
  value?: (timeSecond: number, ovenCelsius: number) => number;
  silentAfterSecond?: number;
  connect?: Misbehaviour;
  disconnect?: Misbehaviour;
}

/** Tells the temperature of the oven. */
export class ScriptedSensor implements Sensor {
  readonly info: InstrumentInfo = { id: 'thermo', model: 'Oven Eye', provenance: 'simulated' };
  readonly channels: readonly Channel[] = [CHANNELS.temperature];
  readonly #clock: Clock;
  readonly #log: CallLog;
  readonly #oven: ScriptedOven;
  readonly #script: SensorScript;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock, log: CallLog, oven: ScriptedOven, script: SensorScript = {}) {
    this.#clock = clock;
    this.#log = log;
    this.#oven = oven;
    this.#script = script;
  }

  async connect(_signal: AbortSignal, sink: SampleSink): Promise<void> {
    this.#log.add('thermo connect');
    await misbehave(this.#script.connect, 'thermo');
    const everySecond = this.#script.everySecond ?? 5;
    const push = (): void => {
      const timeSecond = this.#clock.nowSecond();
      this.#oven.pass(everySecond);
      this.#cancel = this.#clock.after(everySecond, push);
      if (timeSecond >= (this.#script.silentAfterSecond ?? Number.POSITIVE_INFINITY)) return;
      const { temperatureCelsius } = this.#oven;
      const value = this.#script.value?.(timeSecond, temperatureCelsius) ?? temperatureCelsius;
      sink({ channel: CHANNELS.temperature.name, timeSecond, value, quality: 'good' });
    };
    push();
  }

  async disconnect(): Promise<void> {
    this.#log.add('thermo disconnect');
    this.#cancel?.();
    await misbehave(this.#script.disconnect, 'thermo');
  }
}

/** How the heater behaves. */
export interface HeaterScript {
  connect?: Misbehaviour;
  setTarget?: Misbehaviour;
  off?: Misbehaviour;
  disconnect?: Misbehaviour;
}

/** Gives the oven its target. */
export class ScriptedHeater implements Heater {
  readonly info: InstrumentInfo = { id: 'heater', model: 'Warm One', provenance: 'simulated' };
  readonly channels: readonly Channel[] = [CHANNELS.heaterDuty];
  readonly temperatureCelsiusMax = 120;
  readonly #log: CallLog;
  readonly #oven: ScriptedOven;
  readonly #script: HeaterScript;

  constructor(log: CallLog, oven: ScriptedOven, script: HeaterScript = {}) {
    this.#log = log;
    this.#oven = oven;
    this.#script = script;
  }
  async connect(): Promise<void> {
    this.#log.add('heater connect');
    await misbehave(this.#script.connect, 'heater');
  }
  async setTarget(temperatureCelsius: number): Promise<void> {
    this.#log.add(`heater setTarget ${temperatureCelsius}`);
    await misbehave(this.#script.setTarget, 'heater');
    this.#oven.targetCelsius = temperatureCelsius;
  }
  async off(): Promise<void> {
    this.#log.add('heater off');
    await misbehave(this.#script.off, 'heater');
    this.#oven.targetCelsius = undefined;
  }
  async disconnect(): Promise<void> {
    this.#log.add('heater disconnect');
    await misbehave(this.#script.disconnect, 'heater');
  }
}

/** Tells the stack pressure of a test every two seconds; undefined tells nothing. */
export class ScriptedPressure implements Sensor {
  readonly info: InstrumentInfo = { id: 'press', model: 'Hard Squeeze', provenance: 'simulated' };
  readonly channels: readonly Channel[] = [CHANNELS.pressure];
  readonly #clock: Clock;
  readonly #value: (timeSecond: number) => number | undefined;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock, value: (timeSecond: number) => number | undefined) {
    this.#clock = clock;
    this.#value = value;
  }

  async connect(_signal: AbortSignal, sink: SampleSink): Promise<void> {
    const push = (): void => {
      const timeSecond = this.#clock.nowSecond();
      this.#cancel = this.#clock.after(2, push);
      const value = this.#value(timeSecond);
      if (value === undefined) return;
      const quality = Number.isNaN(value) ? 'bad' : 'good';
      sink({ channel: CHANNELS.pressure.name, timeSecond, value, quality });
    };
    push();
  }

  async disconnect(): Promise<void> {
    this.#cancel?.();
  }
}
