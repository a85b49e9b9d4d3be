export interface LineFramerOptions {
  /** Longest line in bytes, without its LF. A longer one is discarded whole and counted. */
  readonly lengthMax: number;
  /** Removes XON (0x11) and XOFF (0x13), which some instruments put anywhere in the stream. */
  readonly stripFlowControl?: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const XON = 0x11;
const XOFF = 0x13;
const PRINTABLE_FIRST = 0x20;
const PRINTABLE_LAST = 0x7e;

/**
 * Cuts a byte stream into ASCII lines that end in LF. Trailing spaces are kept: in MethodSCRIPT
 * one is the unit prefix. A CR before the LF belongs to the line end. Other bytes that are not
 * printable ASCII (line noise) and over-long lines are discarded and counted.
 */
export class LineFramer {
  readonly #lengthMax: number;
  readonly #stripFlowControl: boolean;
  #tail = '';
  #isOverlong = false;
  #discardedBytes = 0;
  /** The newest byte was one, and was counted as discarded. */
  #endsInCr = false;

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
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      this.#add(chunk, from, end);
      if (this.#endsInCr) this.#discardedBytes -= 1;
      this.#endsInCr = false;
      if (!this.#isOverlong) lines.push(this.#take());
      this.#isOverlong = false;
      from = end + 1;
    }
    this.#add(chunk, from, chunk.length);
    return lines;
  }

  /** What came after the last LF, as when a recording or a connection ends without one. */
  flush(): string | undefined {
    this.#isOverlong = false;
    return this.#tail.length > 0 ? this.#take() : undefined;
  }

  /** Takes a stretch without LF: at once when nothing is wrong with it, else byte by byte. */
  #add(chunk: Buffer, from: number, end: number): void {
    const fits = !this.#isOverlong && this.#tail.length + end - from <= this.#lengthMax;
    if (fits && isPrintable(chunk, from, end)) {
      if (end > from) this.#endsInCr = false;
      const text = chunk.toString('latin1', from, end);
      this.#tail = this.#tail === '' ? text : this.#tail + text;
      return;
    }
    for (let at = from; at < end; at += 1) {
      const byte = chunk[at] ?? 0;
      if (!this.#isFlowControl(byte)) this.#keep(byte);
    }
  }

  #keep(byte: number): void {
    this.#endsInCr = byte === CR;
    if (this.#isOverlong || byte < PRINTABLE_FIRST || byte > PRINTABLE_LAST) {
      this.#discardedBytes += 1;
    } else if (this.#tail.length === this.#lengthMax) {
      this.#discardedBytes += this.#tail.length + 1;
      this.#tail = '';
      this.#isOverlong = true;
    } else {
      this.#tail += String.fromCharCode(byte);
    }
  }

  #take(): string {
    const line = this.#tail;
    this.#tail = '';
    return line;
  }

  #isFlowControl(byte: number): boolean {
    return this.#stripFlowControl && (byte === XON || byte === XOFF);
  }
}

function isPrintable(chunk: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) {
    const byte = chunk[at] ?? 0;
    if (byte < PRINTABLE_FIRST || byte > PRINTABLE_LAST) return false;
  }
  return true;
}
