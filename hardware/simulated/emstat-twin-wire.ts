import type { Link } from '../../firmware-bridge/link.ts';

/** Makers' documents show both: `e` on a line of its own, and `e` before the first output. */
export type EchoStyle = 'own line' | 'before output';

const XOFF = 0x13;
const XON = 0x11;
/** An instrument with flow control stops and releases the host once in so many lines. */
const LINES_PER_PAUSE = 7;

/** How the lines of a simulated instrument look on the wire. */
export class EmStatTwinWire {
  readonly #link: Link;
  readonly #echo: EchoStyle;
  readonly #usesFlowControl: boolean;
  readonly #encoder = new TextEncoder();
  #lines = 0;
  /** An echo that waits for the line it stands before. */
  #waiting = '';

  constructor(options: { link: Link; echo: EchoStyle; usesFlowControl: boolean }) {
    this.#link = options.link;
    this.#echo = options.echo;
    this.#usesFlowControl = options.usesFlowControl;
  }

  /** The echo of a script that begins. */
  echoScript(text: string): void {
    if (this.#echo === 'own line') this.send(text);
    else this.#waiting = text;
  }

  /** One line; without a host at the other end its bytes are lost, as on a real wire. */
  send(line: string): void {
    const glued = line === '' && this.#waiting !== '' ? `${this.#waiting}\n` : this.#waiting;
    this.#waiting = '';
    if (!this.#link.isOpen) return;
    const bytes = this.#encoder.encode(`${glued}${line}\n`);
    this.#lines += 1;
    const isPaused = this.#usesFlowControl && this.#lines % LINES_PER_PAUSE === 0;
    this.#link.write(isPaused ? withPause(bytes) : bytes);
  }
}

/** XOFF and XON stand anywhere in the stream: here in the middle of the line. */
function withPause(bytes: Uint8Array): Uint8Array {
  const middle = bytes.length >> 1;
  return Uint8Array.of(...bytes.subarray(0, middle), XOFF, XON, ...bytes.subarray(middle));
}
