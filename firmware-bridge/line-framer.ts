export interface LineFramerOptions {
  /** Longest line in bytes, without its LF. A longer one is discarded whole and counted. */
  readonly lengthMax: number;
  /** Removes XON (0x11) and XOFF (0x13), which some instruments put anywhere in the stream. */
  readonly stripFlowControl?: boolean;
}

const LF = 0x0a;
const XON = 0x11;
const XOFF = 0x13;
const PRINTABLE_FIRST = 0x20;
const PRINTABLE_LAST = 0x7e;

/**
 * Cuts a byte stream into ASCII lines that end in LF. Trailing spaces are kept: in MethodSCRIPT
 * one is the unit prefix. Bytes that are not printable ASCII (line noise, CR) and over-long lines
 * are discarded and counted.
 */
export class LineFramer {
  readonly #lengthMax: number;
  readonly #stripFlowControl: boolean;
  #tail: number[] = [];
  #isOverlong = false;
  #discardedBytes = 0;

  constructor(options: LineFramerOptions) {
    this.#lengthMax = options.lengthMax;
    this.#stripFlowControl = options.stripFlowControl ?? false;
  }

  /** Bytes that were received and are part of no line; flow control is not counted. */
  get discardedBytes(): number {
    return this.#discardedBytes;
  }

  /** The lines completed by `bytes`, without their LF; an empty line is ''. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    for (const byte of bytes) {
      if (byte === LF) {
        if (!this.#isOverlong) lines.push(this.#take());
        this.#isOverlong = false;
      } else if (!this.#isFlowControl(byte)) {
        this.#keep(byte);
      }
    }
    return lines;
  }

  /** What came after the last LF, as when a recording or a connection ends without one. */
  flush(): string | undefined {
    this.#isOverlong = false;
    return this.#tail.length > 0 ? this.#take() : undefined;
  }

  #keep(byte: number): void {
    if (this.#isOverlong || byte < PRINTABLE_FIRST || byte > PRINTABLE_LAST) {
      this.#discardedBytes += 1;
    } else if (this.#tail.length === this.#lengthMax) {
      this.#discardedBytes += this.#tail.length + 1;
      this.#tail = [];
      this.#isOverlong = true;
    } else {
      this.#tail.push(byte);
    }
  }

  #take(): string {
    const line = String.fromCharCode(...this.#tail);
    this.#tail = [];
    return line;
  }

  #isFlowControl(byte: number): boolean {
    return this.#stripFlowControl && (byte === XON || byte === XOFF);
  }
}
