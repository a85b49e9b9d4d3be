import { SystemClock } from '../../domain/system-clock.ts';
import { ProgressDisplay } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

/** Without a terminal fewer spectra than this are done before a line could be read. */
const PLAIN_COUNT_MIN = 50;

/** Shows how many spectra of many are done while `work` goes on. */
export async function withProgress<T>(
  terminal: Terminal,
  count: number,
  work: (onDone: (done: number) => void) => Promise<T>,
): Promise<T> {
  let done = 0;
  const progress = new ProgressDisplay(terminal, new SystemClock(), () => ({
    fraction: done / count,
    text: `${done} of ${count} spectra`,
  }));
  if (count >= (terminal.isInteractive ? 2 : PLAIN_COUNT_MIN)) progress.start();
  try {
    return await work((now) => {
      done = now;
    });
  } finally {
    progress.stop();
  }
}
