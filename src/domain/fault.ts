/**
 * Expected trouble, as a value people can act on. Callers branch on `code`, never on the text.
 */

/** What the process exit code says to a script: see the command line reference. */
export const EXIT_CODES = { done: 0, badInput: 2, faulted: 3, tripped: 4 } as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** Every fault code the software can raise, and the exit code of a command that ends with it. */
export const FAULT_CODES = {
  badInput: EXIT_CODES.badInput,
  fileMissing: EXIT_CODES.badInput,
  fileFormat: EXIT_CODES.badInput,
  circuitSyntax: EXIT_CODES.badInput,
  instrumentMissing: EXIT_CODES.badInput,
  instrumentUnable: EXIT_CODES.badInput,
  instrumentLost: EXIT_CODES.faulted,
  instrumentReply: EXIT_CODES.faulted,
  timeout: EXIT_CODES.faulted,
  storage: EXIT_CODES.faulted,
  analysis: EXIT_CODES.faulted,
  interrupted: EXIT_CODES.faulted,
  capacity: EXIT_CODES.faulted,
  interlock: EXIT_CODES.tripped,
} as const satisfies Record<string, ExitCode>;

export type FaultCode = keyof typeof FAULT_CODES;

/** One thing that is wrong: where it is, what was found, and what was expected there. */
export interface Problem {
  /** File, line, key path, channel or command-line word. */
  readonly where: string;
  /** What is wrong and what was expected, as one sentence without a final stop. */
  readonly message: string;
}

export class Fault extends Error {
  readonly code: FaultCode;
  readonly problems: readonly Problem[];

  constructor(code: FaultCode, problems: Problem | readonly Problem[], cause?: unknown) {
    const list: readonly Problem[] = Array.isArray(problems) ? problems : [problems as Problem];
    super(
      list.map((problem) => `${problem.where}: ${problem.message}`).join('\n'),
      cause === undefined ? undefined : { cause },
    );
    this.name = 'Fault';
    this.code = code;
    this.problems = list;
  }

  get exitCode(): ExitCode {
    return FAULT_CODES[this.code];
  }
}

/** A fault as it is, anything else wrapped with the place it came from. */
export function asFault(error: unknown, where: string, code: FaultCode = 'analysis'): Fault {
  if (error instanceof Fault) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Fault(code, { where, message }, error);
}
