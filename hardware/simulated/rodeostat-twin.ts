import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { REQUEST_BYTES_MAX } from '../potentiostats/rodeostat-protocol.ts';
import { type RodeostatVariant, smallestRange } from '../potentiostats/rodeostat-variants.ts';
import { SIMULATED_MARK } from '../potentiostats/simulated-mark.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { InstrumentPlug } from './instrument-plug.ts';
import { regulationTimes } from './potentiostatic-regulation.ts';
import {
  type TwinRequest,
  type TwinResponse,
  type TwinState,
  twinCommands,
} from './rodeostat-twin-commands.ts';
import { ELECTRODES, RodeostatFrontEnd } from './rodeostat-twin-front-end.ts';
import { RodeostatRefusal, rodeostatJson } from './rodeostat-twin-json.ts';
import type { RodeostatTwinTest } from './rodeostat-twin-tests.ts';

export interface RodeostatTwinOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly terminals: CellTerminals;
  readonly seed: number;
  readonly variant: RodeostatVariant;
}

/** It has no serial number that would tell it from a real one. */
const FIRMWARE = `${SIMULATED_MARK}-FW0.1.0`;
const SAMPLE_PERIOD_MS = 10;
/** The USB stack of the newer board holds back messages of a multiple of this many bytes, */
const USB_PACKET_BYTES = 64;
/** until so many of them have come. */
const HELD_BACK_MAX = 4;

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * A simulated Rodeostat with the simulated cell at its terminals. It speaks on its end of a link,
 * refuses in the firmware's words, has its defects, and goes on with a test when the host is gone.
 * Losing power (`stop`) opens the cell. Of the firmware's tests it has cyclic, sinusoid, constant
 * and linearSweep, of its multiplexer only the switch.
 */
export class RodeostatTwin {
  readonly #link: Link;
  readonly #plug: InstrumentPlug;
  readonly #clock: Clock;
  readonly #frontEnd: RodeostatFrontEnd;
  readonly #variant: RodeostatVariant;
  readonly #encoder = new TextEncoder();
  #framer = newFramer();
  #state: TwinState | undefined;
  #commands: ReturnType<typeof twinCommands> = new Map();
  #heldBack: string[] = [];
  #running: Running | undefined;
  #hasEnded = false;

  constructor({ link, clock, terminals, seed, variant }: RodeostatTwinOptions) {
    this.#link = link;
    this.#plug = new InstrumentPlug({ link, hear: (bytes) => this.#hear(bytes) });
    this.#clock = clock;
    this.#variant = variant;
    this.#frontEnd = new RodeostatFrontEnd({ variant, terminals, clock, seed });
  }

  /** Switches it on, with everything as it is after power-on. Idempotent. */
  async start(): Promise<void> {
    if (this.#plug.power) return;
    this.#frontEnd.powerOn();
    this.#state = this.#freshState();
    this.#commands = twinCommands(this.#state);
    await this.#plug.switchOn();
  }

  /** Takes the power away: the cell is open. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#plug.cutPower()) return;
    await this.#running?.done;
    this.#framer = newFramer();
    this.#heldBack = [];
    this.#frontEnd.powerOff();
    await this.#link.close();
  }

  #freshState(): TwinState {
    return {
      variant: this.#variant,
      frontEnd: this.#frontEnd,
      firmware: FIRMWARE,
      samplePeriodMs: SAMPLE_PERIOD_MS,
      isAutoConnecting: this.#variant.hasSwitches,
      isMuxEnabled: false,
      deviceId: 0,
      run: (test) => this.#run(test),
      stop: () => this.#endTest(),
    };
  }

  #hear(bytes: Uint8Array): void {
    for (const line of this.#framer.push(bytes)) {
      for (const delivered of this.#deliver(line)) this.#take(delivered);
    }
  }

  /** The defect of the USB stack: some messages wait for others. */
  #deliver(line: string): readonly string[] {
    if (!this.#variant.hasSwitches || (line.length + 1) % USB_PACKET_BYTES !== 0) return [line];
    this.#heldBack.push(line);
    if (this.#heldBack.length < HELD_BACK_MAX) return [];
    return this.#heldBack.splice(0);
  }

  #take(line: string): void {
    const response: TwinResponse = {};
    try {
      this.#execute(line, response);
      this.#send({ success: true, response });
    } catch (error) {
      if (!(error instanceof RodeostatRefusal)) throw error;
      this.#send({ success: false, message: error.message, response });
    }
    // The firmware looks after a command whether a test has ended meanwhile.
    this.#sendEnd();
  }

  #execute(line: string, response: TwinResponse): void {
    const request = parsed(line);
    if (!('command' in request)) throw new RodeostatRefusal('CommandTable: command not found');
    const name = String(request.command).trim();
    const command = this.#commands.get(name);
    if (!command) throw new RodeostatRefusal(`command, ${name}, not found`);
    response.command = request.command;
    command(request, response);
  }

  #run(test: RodeostatTwinTest): void {
    const { power } = this.#plug;
    const state = this.#state;
    if (!power || !state) return;
    this.#running?.abort.abort(new Error('another test has begun'));
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, power]);
    this.#chooseRanges(test);
    this.#frontEnd.setVolt(test.volt(0));
    if (state.isAutoConnecting) this.#connectAll(true);
    const done = this.#sample(test, state.samplePeriodMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    this.#running = { abort, done };
  }

  /** The smallest ranges that hold the test; as they are when none does. */
  #chooseRanges(test: RodeostatTwinTest): void {
    const range = smallestRange(this.#variant.voltageRanges, ...test.extremes);
    if (!range) return;
    this.#frontEnd.setVoltRange(range);
    if (this.#variant.hasSwitches) this.#frontEnd.setRefRange(range);
  }

  /** A sample at each period, the first after one, until the test is done. */
  async #sample(test: RodeostatTwinTest, periodMs: number, signal: AbortSignal): Promise<void> {
    const startSecond = this.#clock.nowSecond();
    const doneMs = test.doneMs;
    for (let ms = periodMs; ; ms += periodMs) {
      await this.#follow(test, startSecond, Math.min(ms, doneMs), signal);
      if (ms <= doneMs) {
        const { ampere, isLimited } = this.#frontEnd.current();
        const sample = { t: ms, v: test.volt(ms), i: ampere * 1e6 };
        this.#send(isLimited ? { ...sample, le: true } : sample);
      }
      if (ms < doneMs) continue;
      this.#endTest();
      this.#sendEnd();
      return;
    }
  }

  /** Lets time pass up to a moment of the test while the potential goes with it. */
  async #follow(
    test: RodeostatTwinTest,
    startSecond: number,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    let fromSecond = this.#clock.nowSecond();
    for (const dueSecond of regulationTimes(fromSecond, startSecond + untilMs / 1000)) {
      await sleep(this.#clock, Math.max(0, dueSecond - this.#clock.nowSecond()), signal);
      const atMs = Math.min(untilMs, (dueSecond - startSecond) * 1000);
      this.#frontEnd.setVolt(test.volt(atMs), dueSecond - fromSecond);
      fromSecond = dueSecond;
    }
  }

  /** The potential stays as it is; only the switches open. */
  #endTest(): void {
    this.#running?.abort.abort(new Error('the test has ended'));
    this.#running = undefined;
    this.#hasEnded = true;
    if (this.#state?.isAutoConnecting) this.#connectAll(false);
  }

  #connectAll(isConnected: boolean): void {
    for (const one of ELECTRODES) this.#frontEnd.connect(one, isConnected);
  }

  #sendEnd(): void {
    if (!this.#hasEnded) return;
    this.#hasEnded = false;
    this.#send({});
  }

  /** Without a host at the other end the bytes are lost. */
  #send(message: Readonly<Record<string, unknown>>): void {
    if (!this.#link.isOpen) return;
    this.#link.write(this.#encoder.encode(`${rodeostatJson(message)}\r\n`));
  }
}

function newFramer(): LineFramer {
  return new LineFramer({ lengthMax: REQUEST_BYTES_MAX - 1 });
}

/** @throws RodeostatRefusal in the firmware's words when the line is no JSON object */
function parsed(line: string): TwinRequest {
  const refusal = new RodeostatRefusal('unable to parse json');
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw refusal;
  }
  if (isObject(value)) return value;
  throw refusal;
}

function isObject(value: unknown): value is TwinRequest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
