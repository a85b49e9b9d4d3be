import { type CancelTimer, type Clock, sleep } from '../../src/domain/clock.ts';
import { asFault, Fault } from '../../src/domain/fault.ts';
import type { Pulse } from '../detectors/detector-trigger.ts';
import { startRhythm } from '../sensors/rhythm.ts';
import {
  type GpioAdapter,
  type GpioInput,
  type GpioListener,
  type GpioOutput,
  POLL_SECOND,
} from './gpio-line.ts';
import { kernelNumberOf, SYSFS_ROOT } from './kernel-number.ts';

interface OnoffGpio {
  readSync(): 0 | 1;
  writeSync(value: 0 | 1): void;
  watch(callback: (error: Error | null | undefined, value: 0 | 1) => void): void;
  unexport(): void;
}

/** What is used of the package onoff; tests hand in their own. */
export interface OnoffPackage {
  readonly Gpio: new (kernelNumber: number, direction: 'in' | 'low', edge?: 'both') => OnoffGpio;
}

export interface OnoffOptions {
  readonly clock: Clock;
  readonly sysfsRoot?: string | undefined;
  readonly loadOnoff?: (() => Promise<OnoffPackage>) | undefined;
}

/**
 * Pins by the kernel's old interface in /sys/class/gpio.
 * @throws Fault instrumentMissing when the optional package onoff or the header's chip is not there
 */
export async function openOnoff(options: OnoffOptions): Promise<GpioAdapter> {
  const { clock, sysfsRoot = SYSFS_ROOT, loadOnoff = importOnoff } = options;
  const { Gpio } = await loadOnoff().catch((error: unknown) => {
    const message =
      'the optional package onoff is not usable: run "npm install onoff" on a machine with make, g++ and python3';
    throw new Fault('instrumentMissing', { where: 'onoff', message }, error);
  });
  // BCM 0 is on every header: what is asked here is whether the chip is there.
  await kernelNumberOf(0, sysfsRoot);
  const exported = async (bcm: number, direction: 'in' | 'low'): Promise<OnoffGpio> => {
    const kernelNumber = await kernelNumberOf(bcm, sysfsRoot);
    try {
      return direction === 'in'
        ? new Gpio(kernelNumber, 'in', 'both')
        : new Gpio(kernelNumber, 'low');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `the kernel did not give the pin (number ${kernelNumber}): ${reason}; is the user in the group gpio?`;
      throw new Fault('instrumentMissing', { where: `BCM ${bcm}`, message }, error);
    }
  };
  return {
    name: 'onoff',
    async openInput(bcm, listener) {
      const input = new OnoffInput(bcm, await exported(bcm, 'in'), clock);
      input.start(listener);
      return input;
    },
    async openOutput(bcm) {
      const output = new OnoffOutput(bcm, await exported(bcm, 'low'), clock);
      output.start();
      return output;
    },
  };
}

class OnoffInput implements GpioInput {
  readonly bcm: number;
  readonly #clock: Clock;
  #gpio: OnoffGpio | undefined;
  #stopPolling: CancelTimer = () => {};

  constructor(bcm: number, gpio: OnoffGpio, clock: Clock) {
    this.bcm = bcm;
    this.#gpio = gpio;
    this.#clock = clock;
  }

  start(listener: GpioListener): void {
    this.#gpio?.watch((error, level) => {
      if (error) listener.onUnreadable(this.#faultOf(error));
      else listener.onLevel(level, this.#clock.nowSecond());
    });
    this.#stopPolling = startRhythm(this.#clock, POLL_SECOND, () => this.#poll(listener));
  }

  async close(): Promise<void> {
    this.#stopPolling();
    const gpio = this.#gpio;
    this.#gpio = undefined;
    gpio?.unexport();
  }

  #poll(listener: GpioListener): void {
    if (!this.#gpio) return;
    try {
      listener.onLevel(this.#gpio.readSync(), this.#clock.nowSecond());
    } catch (error) {
      listener.onUnreadable(this.#faultOf(error));
    }
  }

  #faultOf(error: unknown): Fault {
    return asFault(error, `BCM ${this.bcm}`, 'instrumentLost');
  }
}

class OnoffOutput implements GpioOutput {
  readonly bcm: number;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #gpio: OnoffGpio | undefined;

  constructor(bcm: number, gpio: OnoffGpio, clock: Clock) {
    this.bcm = bcm;
    this.#gpio = gpio;
    this.#clock = clock;
  }

  start(): void {
    process.once('exit', this.#lower);
  }

  async pulse(widthSecond: number): Promise<Pulse> {
    const where = `BCM ${this.bcm}`;
    if (!this.#gpio) throw new Fault('instrumentLost', { where, message: 'the pin is closed' });
    try {
      const earliestSecond = this.#clock.nowSecond();
      this.#gpio.writeSync(1);
      const latestSecond = this.#clock.nowSecond();
      await sleep(this.#clock, widthSecond, this.#closing.signal);
      return { earliestSecond, latestSecond };
    } catch (error) {
      throw asFault(error, where, 'instrumentReply');
    } finally {
      this.#lower();
    }
  }

  async close(): Promise<void> {
    const gpio = this.#gpio;
    if (!gpio) return;
    process.removeListener('exit', this.#lower);
    try {
      this.#lower();
    } finally {
      this.#gpio = undefined;
      const message = 'the pin was closed during a pulse: it was shorter than asked for';
      this.#closing.abort(new Fault('interrupted', { where: `BCM ${this.bcm}`, message }));
      gpio.unexport();
    }
  }

  // The kernel keeps the level when the process ends.
  readonly #lower = (): void => this.#gpio?.writeSync(0);
}

/** Loaded only when a pin is asked for: the package needs a compiler to install. */
async function importOnoff(): Promise<OnoffPackage> {
  return import('onoff');
}
