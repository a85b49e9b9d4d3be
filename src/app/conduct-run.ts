import type { Clock } from '../domain/clock.ts';
import type { ExitCode } from '../domain/fault.ts';
import { SystemClock } from '../domain/system-clock.ts';
import { duration } from './format-values.ts';
import { nextInterruption, onInterruption, onUncaughtError } from './interruption.ts';
import { ExperimentNode, type NodeOptions } from './node.ts';
import { ProgressDisplay, type ProgressState } from './progress.ts';
import { collectResults, describeResults } from './run-results.ts';
import { runToItsEnd } from './run-to-its-end.ts';
import type { Terminal } from './terminal.ts';

/** What a command knows of the run it conducts. */
export interface ConductOptions extends Omit<NodeOptions, 'tell'> {
  /** Simulated seconds per second; Infinity for as fast as possible. */
  readonly speed: number;
  /** The results as one JSON document on stdout. */
  readonly json: boolean;
}

/**
 * Starts everything, runs the recipe, shows the results, and stops everything in reverse.
 * @returns how the run ended. @throws Fault when it could not begin
 */
export function conductRun(options: ConductOptions, terminal: Terminal): Promise<ExitCode> {
  const progress: { current?: ProgressDisplay } = {};
  const tell = (sentence: string): void => {
    if (progress.current) progress.current.note(sentence);
    else terminal.err(`${sentence}\n`);
  };
  const { speed, json, clock } = options;
  const node = new ExperimentNode({ ...options, tell });
  progress.current = new ProgressDisplay(terminal, new SystemClock(), () => progressOf(node));
  return conduct({ node, clock, speed, json, progress: progress.current, tell }, terminal);
}

interface Conduct {
  readonly node: ExperimentNode;
  readonly clock: Clock;
  readonly speed: number;
  readonly json: boolean;
  readonly progress: ProgressDisplay;
  readonly tell: (sentence: string) => void;
}

async function conduct(parts: Conduct, terminal: Terminal): Promise<ExitCode> {
  const { node, json, progress } = parts;
  // From the first moment: whoever presses Ctrl-C while things start wants them stopped.
  const alarm = stopOnAlarm(parts);
  try {
    await node.start();
    alarm.rethrow();
    progress.start();
    const outcome = await runToItsEnd(node.runner, parts);
    alarm.release();
    progress.stop();
    alarm.rethrow();
    await node.deliver();
    const results = collectResults(node.database.reader);
    if (json) terminal.out(`${JSON.stringify({ folder: node.folder, ...results })}\n`);
    else terminal.out(describeResults(results, node.folder));
    terminal.err(`${outcome.message}\n`);
    // Whoever has pressed Ctrl-C need not press it twice, and a lost terminal never will.
    if (terminal.isInteractive && !alarm.interrupted() && !json && node.panelUrl) {
      terminal.err(`the panel stays at ${node.panelUrl} until Ctrl-C\n`);
      await nextInterruption();
    }
    return outcome.exitCode;
  } finally {
    alarm.release();
    progress.stop();
    await node.stop();
  }
}

/** Takes the rig to its safe state on a signal and on an error that nobody caught. */
function stopOnAlarm({ node, tell }: Conduct) {
  let interrupted = false;
  // Only the first is kept: the others follow from it.
  let uncaught: { readonly error: unknown } | undefined;
  const releases = [
    onInterruption((signal) => {
      interrupted = true;
      tell(`${signal}: going to the safe state`);
      node.stopRun(signal).catch((error: unknown) => tell(describe(error)));
    }),
    onUncaughtError((error) => {
      if (uncaught) return;
      uncaught = { error };
      tell(`an error that nobody caught: ${describe(error)}; going to the safe state`);
      node.failRun(error);
    }),
  ];
  return {
    interrupted: () => interrupted,
    /** A mistake in the software ends the program as such, but after the safe state. */
    rethrow: () => {
      if (uncaught) throw uncaught.error;
    },
    release: () => {
      for (const release of releases) release();
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function progressOf(node: ExperimentNode): ProgressState {
  const { elapsedSecond, plannedSecond, stepIndex, stepCount, stepName } = node.runner.progress();
  const waiting = node.runner.waiting();
  if (waiting) {
    return { fraction: Math.min(1, elapsedSecond / plannedSecond), text: waiting.message };
  }
  if (stepName === '') return { fraction: 0, text: 'connecting the instruments' };
  const step = `${stepName} (step ${Math.min(stepIndex + 1, stepCount)} of ${stepCount})`;
  return {
    fraction: Math.min(1, elapsedSecond / plannedSecond),
    text: `${step} · ${duration(elapsedSecond)} of at most ${duration(plannedSecond)}`,
  };
}
