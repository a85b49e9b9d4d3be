import type {
  GpioAdapter,
  GpioListener,
  GpioOutput,
  Level,
} from '../../../hardware/gpio/gpio-line.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { Fault } from '../../../src/domain/fault.ts';

/** Pins that a test moves. */
export class ScriptedGpio implements GpioAdapter {
  readonly name = 'onoff';
  readonly log: string[] = [];
  readonly #clock: Clock;
  readonly #levels: Map<number, Level>;
  readonly #listeners = new Map<number, GpioListener>();

  /** @param levels of the pins that exist */
  constructor(clock: Clock, levels: Readonly<Record<number, Level>>) {
    this.#clock = clock;
    this.#levels = new Map(Object.entries(levels).map(([bcm, level]) => [Number(bcm), level]));
  }

  /** An edge to this level. */
  set(bcm: number, level: Level): void {
    this.#levels.set(bcm, level);
    this.poll(bcm);
  }

  /** What an adapter does every second. */
  poll(bcm: number): void {
    const level = this.#levels.get(bcm);
    if (level !== undefined) this.#listeners.get(bcm)?.onLevel(level, this.#clock.nowSecond());
  }

  break(bcm: number): void {
    const fault = new Fault('instrumentLost', { where: `BCM ${bcm}`, message: 'EIO: i/o error' });
    this.#listeners.get(bcm)?.onUnreadable(fault);
  }

  async openInput(bcm: number, listener: GpioListener) {
    this.#refuseMissing(bcm);
    this.#listeners.set(bcm, listener);
    this.poll(bcm);
    const close = async (): Promise<void> => {
      this.#listeners.delete(bcm);
      this.log.push(`close ${bcm}`);
    };
    return { bcm, close };
  }

  async openOutput(bcm: number): Promise<GpioOutput> {
    this.#refuseMissing(bcm);
    const pulse = async (widthSecond: number) => {
      this.log.push(`pulse ${bcm} ${widthSecond}`);
      const earliestSecond = this.#clock.nowSecond();
      return { earliestSecond, latestSecond: earliestSecond + 0.006 };
    };
    const close = async (): Promise<void> => {
      this.log.push(`close ${bcm}`);
    };
    return { bcm, pulse, close };
  }

  #refuseMissing(bcm: number): void {
    if (this.#levels.has(bcm)) return;
    throw new Fault('instrumentMissing', { where: `BCM ${bcm}`, message: 'is not there' });
  }
}
