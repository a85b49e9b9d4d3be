import type { Terminal } from '../../src/app/terminal.ts';

/** A terminal that keeps what it was told. */
export class RecordedTerminal implements Terminal {
  output = '';
  errors = '';
  readonly isInteractive: boolean;
  readonly columns = 80;

  constructor(options: { readonly isInteractive?: boolean } = {}) {
    this.isInteractive = options.isInteractive ?? false;
  }

  out(text: string): void {
    this.output += text;
  }

  err(text: string): void {
    this.errors += text;
  }
}
