import type { Link } from '../../firmware-bridge/link.ts';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';

/** What can go wrong with the wire of a simulated instrument, by name. */
export const WIRE_FAULTS = [
  /** Nothing comes or goes any more. */
  'stall',
  /** Bytes that nobody has sent, in the midst of those that were. */
  'garbage',
  /** What is sent comes in other pieces: split, and joined with what follows. */
  'chunks',
  /** A line end is lost now and then, the last one too. */
  'missingNewline',
  /** The connection ends in the middle of a package, and is back a little later. */
  'disconnect',
] as const;
export type WireFaultName = (typeof WIRE_FAULTS)[number];

export interface WireFault {
  readonly name: WireFaultName;
  /** On the clock: when it begins. */
  readonly atSecond: number;
  readonly seed: number;
}

const LF = 0x0a;
const GARBAGE_SHARE = 0.02;
const GARBAGE_BYTES_MAX = 20;
const LOST_NEWLINE_SHARE = 0.02;
/** Pieces come up to so much later than they were sent, as through a USB adapter. */
const CHUNK_DELAY_SECOND_MAX = 0.02;
const CHUNK_BYTES_MAX = 40;
/** How long a connection is away. */
const AWAY_SECOND = { min: 1, max: 4 };
/** A package that can be cut in two. */
const PACKAGE_BYTES_MIN = 4;

/**
 * The instrument's end of a wire that does to what it says whatever its faults are. What the host
 * says arrives, unless the wire stalls.
 */
export class UnreliableLink implements Link {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #faults: readonly WireFault[];
  readonly #randoms: ReadonlyMap<WireFault, Random>;
  readonly #done = new Set<WireFault>();
  #waiting: number[] = [];
  #awaySecond = 0;

  constructor(
    link: Link,
    options: { readonly clock: Clock; readonly faults: readonly WireFault[] },
  ) {
    const { clock, faults } = options;
    this.#link = link;
    this.#clock = clock;
    this.#faults = faults;
    this.#randoms = new Map(
      faults.map((one) => [one, new Random(deriveSeed(one.seed, `wire ${one.name}`))]),
    );
  }

  get name(): string {
    return this.#link.name;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  /** After a disconnection that was played it takes its time. */
  async open(signal: AbortSignal): Promise<void> {
    const awaySecond = this.#awaySecond;
    this.#awaySecond = 0;
    this.#waiting = [];
    if (awaySecond > 0) {
      const isBack = await sleep(this.#clock, awaySecond, signal).then(
        () => true,
        () => false,
      );
      // Switched off meanwhile: nobody is left who needs the wire.
      if (!isBack) return;
    }
    await this.#link.open(signal);
  }

  write(bytes: Uint8Array): void {
    // Between the cut and its effect nothing follows the half of a package.
    if (this.#on('stall') || this.#awaySecond > 0) return;
    const spoilt = this.#withoutNewlines(this.#withGarbage(bytes));
    const cut = this.#on('disconnect');
    if (cut && !this.#done.has(cut) && bytes.length >= PACKAGE_BYTES_MIN) {
      this.#disconnect(cut, spoilt);
    } else if (this.#on('chunks')) {
      this.#sendInPieces(spoilt);
    } else {
      this.#link.write(spoilt);
    }
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#link.onData((bytes) => {
      if (!this.#on('stall')) listener(bytes);
    });
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#link.onClose(listener);
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  #on(name: WireFaultName): WireFault | undefined {
    const nowSecond = this.#clock.nowSecond();
    return this.#faults.find((one) => one.name === name && nowSecond >= one.atSecond);
  }

  #draw(fault: WireFault): number {
    return this.#randoms.get(fault)?.uniform() ?? 0;
  }

  #withGarbage(bytes: Uint8Array): Uint8Array {
    const fault = this.#on('garbage');
    if (!fault || this.#draw(fault) >= GARBAGE_SHARE) return bytes;
    const at = Math.floor(this.#draw(fault) * bytes.length);
    const length = 1 + Math.floor(this.#draw(fault) * GARBAGE_BYTES_MAX);
    const garbage = Array.from({ length }, () => Math.floor(this.#draw(fault) * 256));
    return Uint8Array.from([...bytes.subarray(0, at), ...garbage, ...bytes.subarray(at)]);
  }

  #withoutNewlines(bytes: Uint8Array): Uint8Array {
    const fault = this.#on('missingNewline');
    if (!fault) return bytes;
    return bytes.filter((byte) => byte !== LF || this.#draw(fault) >= LOST_NEWLINE_SHARE);
  }

  /** What waits is sent in pieces of any length, each a little later than the one before. */
  #sendInPieces(bytes: Uint8Array): void {
    const isIdle = this.#waiting.length === 0;
    this.#waiting.push(...bytes);
    if (isIdle) this.#sendLater();
  }

  #sendLater(): void {
    const fault = this.#on('chunks');
    if (!fault) return;
    this.#clock.after(CHUNK_DELAY_SECOND_MAX * this.#draw(fault), () => {
      const length = 1 + Math.floor(this.#draw(fault) * CHUNK_BYTES_MAX);
      const piece = this.#waiting.splice(0, length);
      if (this.#link.isOpen && piece.length > 0) this.#link.write(Uint8Array.from(piece));
      if (this.#waiting.length > 0) this.#sendLater();
    });
  }

  #disconnect(fault: WireFault, bytes: Uint8Array): void {
    this.#done.add(fault);
    const { min, max } = AWAY_SECOND;
    this.#awaySecond = min + (max - min) * this.#draw(fault);
    this.#link.write(bytes.subarray(0, Math.ceil(bytes.length / 2)));
    // The half that was written must be on its way before the plug is pulled.
    this.#clock.after(CHUNK_DELAY_SECOND_MAX, () => void this.#link.close());
  }
}
