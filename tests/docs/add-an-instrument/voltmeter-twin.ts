import { LineFramer } from '../../../firmware-bridge/line-framer.ts';
import type { Link } from '../../../firmware-bridge/link.ts';
import type { CellTerminals } from '../../../hardware/simulated/cell-terminals.ts';

/** A simulated VM-1 with the simulated cell at its terminals: it speaks the same bytes. */
export class VoltmeterTwin {
  readonly #link: Link;
  readonly #terminals: CellTerminals;
  readonly #framer = new LineFramer({ lengthMax: 80 });
  #unlisten: (() => void) | undefined;

  constructor({ link, terminals }: { link: Link; terminals: CellTerminals }) {
    this.#link = link;
    this.#terminals = terminals;
  }

  async start(): Promise<void> {
    if (this.#unlisten) return;
    this.#unlisten = this.#link.onData((bytes) => {
      for (const line of this.#framer.push(bytes)) this.#answer(line);
    });
    await this.#link.open(new AbortController().signal);
  }

  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = undefined;
    await this.#link.close();
  }

  #answer(question: string): void {
    if (question === 'ID?') this.#send('VM-1 10042');
    else if (question === 'VOLT?') this.#send(`${scientific(this.#terminals.voltageVolt())} V`);
    else this.#send('ERROR');
  }

  #send(line: string): void {
    if (this.#link.isOpen) this.#link.write(new TextEncoder().encode(`${line}\r\n`));
  }
}

/** "+3.70000E+00". */
function scientific(value: number): string {
  const [digits = '', exponent = '0'] = Math.abs(value).toExponential(5).split('e');
  const size = String(Math.abs(Number(exponent))).padStart(2, '0');
  return `${value < 0 ? '-' : '+'}${digits}E${Number(exponent) < 0 ? '-' : '+'}${size}`;
}
