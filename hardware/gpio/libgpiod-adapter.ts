import { join } from 'node:path';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { asFault, Fault } from '../../src/domain/fault.ts';
import type { Pulse } from '../detectors/detector-trigger.ts';
import {
  type GpioAdapter,
  type GpioInput,
  type GpioListener,
  type GpioOutput,
  type Level,
  POLL_SECOND,
} from './gpio-line.ts';
import { type ChipLine, headerChipOf, type LibgpiodSyntax, syntaxOf } from './libgpiod-syntax.ts';
import { type HeldTool, holdTool, runTool, type ToolCall } from './tool-process.ts';

export interface LibgpiodOptions {
  readonly clock: Clock;
  /** Where the tools are; on the path where it is not said. */
  readonly toolFolder?: string | undefined;
}

type Tool = 'gpiodetect' | 'gpioget' | 'gpiomon' | 'gpioset';
type Call = (tool: Tool, words: readonly string[]) => ToolCall;

/**
 * Pins by the command-line tools of libgpiod 1 or 2 and the kernel's character device. A line
 * belongs to one process at a time, so each pin is used by one tool after the other.
 * @throws Fault instrumentMissing when the tools or the header's chip are not there
 */
export async function openLibgpiod(options: LibgpiodOptions): Promise<GpioAdapter> {
  const { clock, toolFolder } = options;
  const call: Call = (tool, words) => ({
    program: toolFolder === undefined ? tool : join(toolFolder, tool),
    words,
    clock,
  });
  const syntax = syntaxOf(await runTool(call('gpiodetect', ['--version'])));
  const { chip, lineCount } = headerChipOf(await runTool(call('gpiodetect', [])));
  const pinOf = (bcm: number): Pin => {
    if (Number.isInteger(bcm) && bcm >= 0 && bcm < lineCount) {
      return { bcm, line: { chip, offset: bcm }, syntax, call, clock };
    }
    const message = `there is no such pin: ${chip} has BCM 0 to ${lineCount - 1}`;
    throw new Fault('badInput', { where: `BCM ${bcm}`, message });
  };
  return {
    name: 'libgpiod',
    async openInput(bcm, listener) {
      const input = new LibgpiodInput(pinOf(bcm), listener);
      await input.start();
      return input;
    },
    async openOutput(bcm) {
      const output = new LibgpiodOutput(pinOf(bcm));
      await output.start();
      return output;
    },
  };
}

interface Pin {
  readonly bcm: number;
  readonly line: ChipLine;
  readonly syntax: LibgpiodSyntax;
  readonly call: Call;
  readonly clock: Clock;
}

/**
 * Reads the level, listens to edges for a second, reads the level again, and so on: an edge in
 * the moment between two tools is found by the next reading.
 */
class LibgpiodInput implements GpioInput {
  readonly #pin: Pin;
  readonly #listener: GpioListener;
  readonly #closing = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(pin: Pin, listener: GpioListener) {
    this.#pin = pin;
    this.#listener = listener;
  }

  get bcm(): number {
    return this.#pin.bcm;
  }

  async start(): Promise<void> {
    this.#tell(await this.#read());
    this.#ended = this.#watch();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ended;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#listenToEdges();
        if (!signal.aborted) this.#tell(await this.#read());
      } catch (error) {
        this.#listener.onUnreadable(asFault(error, `BCM ${this.bcm}`, 'instrumentLost'));
        await this.#rest();
      }
    }
  }

  /** @throws Fault when the tool ends by itself */
  async #listenToEdges(): Promise<void> {
    const { syntax, line, call } = this.#pin;
    const early = new AbortController();
    const onLine = (event: string): void => {
      const level = syntax.levelOfEvent[event];
      if (level !== undefined) this.#tell(level);
    };
    const tool = holdTool(call('gpiomon', syntax.monitor(line)), onLine, (fault) =>
      early.abort(fault),
    );
    await this.#rest(early.signal);
    await tool.stop();
    if (early.signal.aborted) throw early.signal.reason;
  }

  /** Until the next reading is due, or the pin is closed, or `early`. */
  #rest(early?: AbortSignal): Promise<void> {
    const signals = early ? [early, this.#closing.signal] : [this.#closing.signal];
    return sleep(this.#pin.clock, POLL_SECOND, AbortSignal.any(signals)).catch(() => {});
  }

  async #read(): Promise<Level> {
    const { syntax, line, call } = this.#pin;
    const text = (await runTool(call('gpioget', syntax.read(line)))).trim();
    if (text === '0') return 0;
    if (text === '1') return 1;
    const message = `expected 0 or 1 from gpioget, found "${text}"`;
    throw new Fault('instrumentReply', { where: `BCM ${this.bcm}`, message });
  }

  #tell(level: Level): void {
    if (!this.#closing.signal.aborted) {
      this.#listener.onLevel(level, this.#pin.clock.nowSecond());
    }
  }
}

class LibgpiodOutput implements GpioOutput {
  readonly #pin: Pin;
  #isOpen = false;
  #holder: HeldTool | undefined;
  #lost: Fault | undefined;
  #lastPulse: Promise<unknown> = Promise.resolve();

  constructor(pin: Pin) {
    this.#pin = pin;
  }

  get bcm(): number {
    return this.#pin.bcm;
  }

  async start(): Promise<void> {
    await this.#lower();
    this.#isOpen = true;
    this.#hold();
  }

  pulse(widthSecond: number): Promise<Pulse> {
    const pulse = this.#pulse(widthSecond);
    this.#lastPulse = pulse.catch(() => {});
    return pulse;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#lastPulse;
    await this.#letGo();
    await this.#lower();
  }

  async #pulse(widthSecond: number): Promise<Pulse> {
    const { syntax, line, call, clock, bcm } = this.#pin;
    const where = `BCM ${bcm}`;
    if (!this.#isOpen) throw new Fault('instrumentLost', { where, message: 'the pin is closed' });
    if (this.#lost) throw this.#lost;
    await this.#letGo();
    try {
      const earliestSecond = clock.nowSecond();
      await runTool(call('gpioset', syntax.pulse(line, widthSecond)), widthSecond);
      // It was high for the whole width before the tool ended.
      const latestSecond = Math.max(earliestSecond, clock.nowSecond() - widthSecond);
      return { earliestSecond, latestSecond };
    } finally {
      // A released line may keep its level: low is said again.
      await this.#lower();
      if (this.#isOpen) this.#hold();
    }
  }

  async #lower(): Promise<void> {
    const { syntax, line, call } = this.#pin;
    await runTool(call('gpioset', syntax.lower(line)));
  }

  #hold(): void {
    const { syntax, line, call } = this.#pin;
    const words = syntax.holdLow(line);
    this.#holder = holdTool(
      call('gpioset', words),
      () => {},
      (fault) => {
        this.#lost = fault;
      },
    );
  }

  async #letGo(): Promise<void> {
    const holder = this.#holder;
    this.#holder = undefined;
    await holder?.stop();
  }
}
