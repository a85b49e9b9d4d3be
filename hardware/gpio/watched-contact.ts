import type { Channel } from '../../src/domain/channel.ts';
import type { Fault } from '../../src/domain/fault.ts';
import type { Sample } from '../../src/domain/sample.ts';
import { ContactDebounce } from './contact-debounce.ts';
import type { Level } from './gpio-line.ts';

/** A contact between a header pin and a rail, with a resistor to the other rail. */
export interface Contact {
  /** As the rig file calls it: "door". */
  readonly name: string;
  readonly bcm: number;
  /** What the pin reads while the contact is closed. */
  readonly closedLevel: Level;
}

/** Levels come every second or oftener: one that none was heard of for so long is not read. */
export const SILENCE_SECOND_MAX = 3;

/** What is known of one contact: its debounced state, or why it cannot be read. */
export class WatchedContact {
  readonly channel: Channel;
  readonly #contact: Contact;
  readonly #debounceSecond: number;
  #debounce: ContactDebounce;
  #heardSecond: number | undefined;
  #fault: Fault | undefined;

  constructor(contact: Contact, debounceSecond: number) {
    const { name } = contact;
    this.channel = { name: `${name}_open`, label: `Contact ${name} open`, unit: '1' };
    this.#contact = contact;
    this.#debounceSecond = debounceSecond;
    this.#debounce = new ContactDebounce(debounceSecond);
  }

  get bcm(): number {
    return this.#contact.bcm;
  }

  /** Before it is opened anew: what was read before says nothing. */
  forget(): void {
    this.#debounce = new ContactDebounce(this.#debounceSecond);
    this.#heardSecond = undefined;
    this.#fault = undefined;
  }

  hear(level: Level, timeSecond: number): void {
    this.#fault = undefined;
    this.#heardSecond = timeSecond;
    this.#debounce.add(level === this.#contact.closedLevel, timeSecond);
  }

  miss(fault: Fault): void {
    this.#fault = fault;
  }

  /** Whether more time may change what it is, without a new reading. */
  isUnsettled(nowSecond: number): boolean {
    return this.#fault === undefined && this.#debounce.isUnsettled(nowSecond);
  }

  /** @returns one sentence without a stop; undefined while it is closed, or has just changed */
  whyUnsafe(nowSecond: number): string | undefined {
    const { name, bcm } = this.#contact;
    const what = `the contact ${name} (BCM ${bcm})`;
    if (this.#fault) return `${what} cannot be read: ${this.#fault.message}`;
    const silentSecond = nowSecond - (this.#heardSecond ?? Number.NEGATIVE_INFINITY);
    if (silentSecond > SILENCE_SECOND_MAX) {
      return `${what} cannot be read: nothing was heard of it for ${SILENCE_SECOND_MAX} s`;
    }
    return this.#debounce.stateAt(nowSecond) === 'closed' ? undefined : `${what} is open`;
  }

  /** 1 is open. */
  sampleAt(nowSecond: number): Sample {
    const { name } = this.channel;
    const heardSecond = this.#heardSecond ?? nowSecond;
    const isUnread = this.#fault !== undefined || nowSecond - heardSecond > SILENCE_SECOND_MAX;
    if (isUnread) {
      return { channel: name, timeSecond: nowSecond, value: Number.NaN, quality: 'bad' };
    }
    const value = this.#debounce.stateAt(nowSecond) === 'closed' ? 0 : 1;
    return { channel: name, timeSecond: nowSecond, value, quality: 'good' };
  }
}
