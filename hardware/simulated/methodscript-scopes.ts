/** What ends a measurement loop, a cycle of a voltammogram within it, and a plain loop. */
const SCOPE_END = { loop: '*', cycle: '-', plainLoop: '+' } as const;

/** The marks that a running script sends around loops and cycles. */
export class ScriptScopes {
  readonly #send: (line: string) => void;
  /** Ends of the scopes that are open, innermost last. */
  readonly #ends: string[] = [];

  constructor(send: (line: string) => void) {
    this.#send = send;
  }

  /** @param techniqueId four hexadecimal digits */
  enterLoop(techniqueId: string): void {
    this.#ends.push(SCOPE_END.loop);
    this.#send(`M${techniqueId}`);
  }

  enterCycle(index: number): void {
    this.#ends.push(SCOPE_END.cycle);
    this.#send(`C${index.toString(16).toUpperCase().padStart(4, '0')}`);
  }

  enterPlainLoop(): void {
    this.#ends.push(SCOPE_END.plainLoop);
    this.#send('L');
  }

  leave(): void {
    const end = this.#ends.pop();
    if (end !== undefined) this.#send(end);
  }

  /** Ends every open scope, as an abort does. */
  leaveAll(): void {
    while (this.#ends.length > 0) this.leave();
  }

  /** Forgets them without a mark, as an error does. */
  drop(): void {
    this.#ends.length = 0;
  }
}
