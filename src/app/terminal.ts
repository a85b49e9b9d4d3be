/** Where a command writes. Results go to `out`; everything for people goes to `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** True when a person sits there: progress bars instead of plain lines. */
  readonly isInteractive: boolean;
  readonly columns: number;
}

/**
 * The terminal of this process. A reader that has gone (a closed pipe, a lost connection) costs
 * what is written to it and nothing else: a run must reach its safe state without an audience.
 */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 80,
  };
}
