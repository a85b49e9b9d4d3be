import type { Channel } from '../../src/domain/channel.ts';
import { type CancelTimer, type Clock, sleep } from '../../src/domain/clock.ts';
import { Fault, type Problem } from '../../src/domain/fault.ts';
import type { GuardListener, InstrumentInfo, Sensor } from '../../src/domain/instrument.ts';
import type { SampleSink } from '../../src/domain/sample.ts';
import { startRhythm } from '../sensors/rhythm.ts';
import { UNSETTLED_TIMES_MAX } from './contact-debounce.ts';
import type { GpioAdapter, GpioInput } from './gpio-line.ts';
import { type Contact, WatchedContact } from './watched-contact.ts';

export interface GpioInterlockOptions {
  readonly id: string;
  readonly contacts: readonly Contact[];
  readonly everySecond: number;
  readonly debounceSecond: number;
  readonly clock: Clock;
  readonly openGpio: () => Promise<GpioAdapter>;
}

/**
 * Contacts on the computer's header: samples for the record (1 is open), and an interlock of the
 * run, because an open contact and one that cannot be read are both unsafe. It lives in this
 * software alone and guards nothing while the software does not run.
 */
export class GpioInterlock implements Sensor {
  readonly info: InstrumentInfo;
  readonly channels: readonly Channel[];
  readonly everySecond: number;
  readonly #options: GpioInterlockOptions;
  readonly #contacts: readonly WatchedContact[];
  readonly #listeners = new Set<GuardListener>();
  readonly #inputs: GpioInput[] = [];
  #isWatching = false;
  #hasTripped = false;
  #stopRhythm: CancelTimer = () => {};
  #stopSettling: CancelTimer | undefined;

  constructor(options: GpioInterlockOptions) {
    const { id, contacts, debounceSecond } = options;
    this.#options = options;
    this.info = { id, model: 'contacts on the header', provenance: 'measured' };
    this.everySecond = options.everySecond;
    this.#contacts = contacts.map((contact) => new WatchedContact(contact, debounceSecond));
    this.channels = this.#contacts.map(({ channel }) => channel);
  }

  /** Hears, once for each connection, that a contact has opened or cannot be read. */
  listen(listener: GuardListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves when every contact was found closed.
   * @throws Fault interlock that names every contact that is not; instrumentMissing as the adapter
   */
  async connect(signal: AbortSignal, sink: SampleSink): Promise<void> {
    await this.disconnect();
    signal.throwIfAborted();
    const { clock, everySecond } = this.#options;
    try {
      await this.#open();
      await this.#settle(signal);
      this.#refuseUnsafe();
    } catch (error) {
      await this.disconnect();
      throw error;
    }
    this.#hasTripped = false;
    this.#isWatching = true;
    this.#stopRhythm = startRhythm(clock, everySecond, () => {
      this.#judge();
      for (const contact of this.#contacts) sink(contact.sampleAt(clock.nowSecond()));
    });
  }

  async disconnect(): Promise<void> {
    this.#isWatching = false;
    this.#stopRhythm();
    this.#stopSettling?.();
    this.#stopSettling = undefined;
    await Promise.all(this.#inputs.splice(0).map((input) => input.close()));
  }

  async #open(): Promise<void> {
    const gpio = await this.#options.openGpio();
    for (const contact of this.#contacts) {
      contact.forget();
      const input = await gpio.openInput(contact.bcm, {
        onLevel: (level, timeSecond) => {
          contact.hear(level, timeSecond);
          this.#judge();
        },
        onUnreadable: (fault) => {
          contact.miss(fault);
          this.#judge();
        },
      });
      this.#inputs.push(input);
    }
  }

  /** Waits until no contact bounces any more; one that never rests counts as open after a while. */
  async #settle(signal: AbortSignal): Promise<void> {
    const { clock, debounceSecond } = this.#options;
    const endSecond = clock.nowSecond() + UNSETTLED_TIMES_MAX * debounceSecond;
    while (
      clock.nowSecond() <= endSecond &&
      this.#contacts.some((contact) => contact.isUnsettled(clock.nowSecond()))
    ) {
      await sleep(clock, debounceSecond, signal);
    }
  }

  #refuseUnsafe(): void {
    const problems = this.#unsafe().map((message): Problem => ({ where: this.info.id, message }));
    if (problems.length > 0) throw new Fault('interlock', problems);
  }

  #judge(): void {
    if (!this.#isWatching || this.#hasTripped) return;
    const [message] = this.#unsafe();
    if (message === undefined) {
      this.#judgeAgain();
      return;
    }
    this.#hasTripped = true;
    for (const listener of [...this.#listeners]) listener.onTrip(message);
  }

  /** A level that has changed counts only when it has stayed: one timer, until all have settled. */
  #judgeAgain(): void {
    const { clock, debounceSecond } = this.#options;
    if (this.#stopSettling) return;
    if (!this.#contacts.some((contact) => contact.isUnsettled(clock.nowSecond()))) return;
    this.#stopSettling = clock.after(debounceSecond, () => {
      this.#stopSettling = undefined;
      this.#judge();
    });
  }

  #unsafe(): readonly string[] {
    const nowSecond = this.#options.clock.nowSecond();
    return this.#contacts.flatMap((contact) => contact.whyUnsafe(nowSecond) ?? []);
  }
}
