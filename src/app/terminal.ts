/** Where a command writes. Results go to `out`; everything for people goes to `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** True when a person sits there: progress bars instead of plain lines. */
  readonly isInteractive: boolean;
  readonly columns: number;
}

export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 80,
  };
}
