import type { Link } from '../../../firmware-bridge/link.ts';
import { Fault } from '../../../src/domain/fault.ts';

/** One line that the driver must send, and the lines it is answered with. */
export type WirePair = readonly [sent: string, ...answered: readonly string[]];

/**
 * The other end of a wire as a list of literal lines: each line that is written must be the next
 * one of the list, and brings its answers. `finish` fails on whatever is left over: lines that
 * were never sent, lines that were sent and are in no pair, half a line.
 */
export class WirePairs implements Link {
  readonly name = 'wire pairs';
  readonly #pairs: WirePair[];
  readonly #surplus: string[] = [];
  readonly #dataListeners = new Set<(bytes: Uint8Array) => void>();
  readonly #closeListeners = new Set<(reason: string) => void>();
  #rest = '';
  #isOpen = false;

  constructor(pairs: readonly WirePair[]) {
    this.#pairs = [...pairs];
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#isOpen = true;
  }

  write(bytes: Uint8Array): void {
    if (!this.#isOpen) {
      throw new Fault('instrumentLost', { where: this.name, message: 'it is closed' });
    }
    const lines = (this.#rest + new TextDecoder().decode(bytes)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    this.#dataListeners.add(listener);
    return () => this.#dataListeners.delete(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const listener of [...this.#closeListeners]) listener('closed by this end');
  }

  /** @throws Error when lines are left over on either side */
  finish(): void {
    const unsent = this.#pairs.map(([sent]) => `never sent: ${JSON.stringify(sent)}`);
    const surplus = this.#surplus.map((line) => `in no pair: ${JSON.stringify(line)}`);
    const half = this.#rest === '' ? [] : [`half a line: ${JSON.stringify(this.#rest)}`];
    const left = [...surplus, ...half, ...unsent];
    if (left.length > 0) throw new Error(`left over on the wire:\n${left.join('\n')}`);
  }

  /** After the first line that is not expected none is answered: the driver must not go on. */
  #take(line: string): void {
    const [expected] = this.#pairs;
    if (this.#surplus.length > 0 || expected?.[0] !== line) {
      this.#surplus.push(line);
      return;
    }
    this.#pairs.shift();
    const answers = expected.slice(1);
    queueMicrotask(() => {
      for (const answer of answers) this.#say(`${answer}\n`);
    });
  }

  #say(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (const listener of [...this.#dataListeners]) listener(bytes);
  }
}
