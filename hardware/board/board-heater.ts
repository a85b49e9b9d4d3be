import type { Channel } from '../../src/domain/channel.ts';
import type { Heater, InstrumentInfo, ThermalResponse } from '../../src/domain/instrument.ts';
import type { SampleSink } from '../../src/domain/sample.ts';
import type { HeaterOutput } from '../heater/heater-output.ts';
import type { PiHeater } from '../heater/pi-heater.ts';
import type { SharedBoard } from './shared-board.ts';

const DUTY_FULL = 1000;

/** The heater output of the board, as its status confirms it. */
export class BoardHeaterOutput implements HeaterOutput {
  readonly #board: SharedBoard;

  constructor(board: SharedBoard) {
    this.#board = board;
  }

  /** @throws Fault as the board's `setOutputs` */
  async setDuty(dutyFraction: number): Promise<number> {
    const { duty } = await this.#board.setOutputs({ dutyFraction });
    return duty / DUTY_FULL;
  }
}

/** A heater on the board: holds the board while it is connected. */
export class BoardHeater implements Heater {
  readonly #heater: PiHeater;
  readonly #board: SharedBoard;

  constructor(heater: PiHeater, board: SharedBoard) {
    this.#heater = heater;
    this.#board = board;
  }

  get info(): InstrumentInfo {
    return this.#heater.info;
  }

  get channels(): readonly Channel[] {
    return this.#heater.channels;
  }

  get temperatureCelsiusMax(): number {
    return this.#heater.temperatureCelsiusMax;
  }

  get everySecond(): number {
    return this.#heater.everySecond;
  }

  get response(): ThermalResponse | undefined {
    return this.#heater.response;
  }

  /** @throws Fault as the board's `acquire` */
  async connect(signal: AbortSignal, sink: SampleSink): Promise<void> {
    await this.#board.acquire(this, signal);
    await this.#heater.connect(signal, sink);
  }

  setTarget(temperatureCelsius: number): Promise<void> {
    return this.#heater.setTarget(temperatureCelsius);
  }

  holdDuty(dutyFraction: number): Promise<void> {
    return this.#heater.holdDuty(dutyFraction);
  }

  off(): Promise<void> {
    return this.#heater.off();
  }

  async disconnect(): Promise<void> {
    try {
      await this.#heater.disconnect();
    } finally {
      await this.#board.release(this);
    }
  }
}
