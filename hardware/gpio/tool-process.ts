import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';

/** What a tool may say before it is ended: far more than any of them does. */
const OUTPUT_BYTES_MAX = 65_536;
/** The tools answer in milliseconds. */
const ANSWER_SECOND_MAX = 2;
const END_SECOND_MAX = 1;

export interface ToolCall {
  readonly program: string;
  readonly words: readonly string[];
  readonly clock: Clock;
}

/** A tool that runs until it is stopped. */
export interface HeldTool {
  /** Ends it, and by force when it does not; resolves when it is gone. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs a tool to its end. @returns what it printed
 * @throws Fault instrumentMissing when it is not installed; timeout after 2 s and `longerSecond`;
 *   instrumentReply with what it said when it fails or says too much
 */
export function runTool(call: ToolCall, longerSecond = 0): Promise<string> {
  const { program, words, clock } = call;
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = listenTo(child, () => child.kill('SIGKILL'));
    const allowedSecond = ANSWER_SECOND_MAX + longerSecond;
    let isLate = false;
    const cancel = clock.after(allowedSecond, () => {
      isLate = true;
      child.kill('SIGKILL');
    });
    child.once('error', (error) => {
      cancel();
      reject(missing(program, error));
    });
    child.once('close', (code, signal) => {
      cancel();
      if (isLate) reject(lateFault(call, allowedSecond));
      else if (code === 0) resolve(said.out());
      else reject(failure(call, said.error(), code ?? signal));
    });
  });
}

/**
 * Starts a tool that ends when it is stopped, or when this process dies.
 * @param onLine hears every line that it prints
 * @param onEnd hears why it ended when nobody has stopped it
 */
export function holdTool(
  call: ToolCall,
  onLine: (line: string) => void,
  onEnd: (fault: Fault) => void,
): HeldTool {
  const { program, words, clock } = call;
  // prctl(2) PR_SET_PDEATHSIG: the kernel ends it with its parent, also after SIGKILL.
  const guarded = ['--pdeathsig', 'KILL', '--', program, ...words];
  const child = spawn('setpriv', guarded, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = listenTo(child, () => child.kill('SIGKILL'), onLine);
  let isStopped = false;
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      if (!isStopped) onEnd(missing('setpriv', error));
      resolve();
    });
    child.once('close', (code, signal) => {
      if (!isStopped) onEnd(failure(call, said.error(), code ?? signal));
      resolve();
    });
  });
  return {
    async stop() {
      isStopped = true;
      child.kill('SIGTERM');
      const cancel = clock.after(END_SECOND_MAX, () => child.kill('SIGKILL'));
      await gone;
      cancel();
    },
  };
}

/** Gathers what a child says: of a stream without `onLine` at most `OUTPUT_BYTES_MAX`. */
function listenTo(child: ChildProcess, onFlood: () => void, onLine?: (line: string) => void) {
  let out = '';
  let error = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (onLine) {
      const lines = out.split('\n');
      out = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
    if (out.length > OUTPUT_BYTES_MAX) onFlood();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    error = `${error}${text}`.slice(0, OUTPUT_BYTES_MAX);
  });
  return { out: () => out, error: () => error.trim() };
}

function missing(program: string, error: Error): Fault {
  const message = `cannot be started (${error.message}): expected it to be installed (apt-get install gpiod util-linux)`;
  return new Fault('instrumentMissing', { where: program, message }, error);
}

function lateFault({ program, words }: ToolCall, allowedSecond: number): Fault {
  const message = `gave no answer in ${allowedSecond} s and was ended`;
  return new Fault('timeout', { where: [program, ...words].join(' '), message });
}

function failure(
  { program, words }: ToolCall,
  said: string,
  code: number | NodeJS.Signals | null,
): Fault {
  const where = [program, ...words].join(' ');
  return new Fault('instrumentReply', {
    where,
    message: `ended with ${code}: ${said || 'silent'}`,
  });
}
