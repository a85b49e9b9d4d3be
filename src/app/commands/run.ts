import type { Clock } from '../../domain/clock.ts';
import { type ExitCode, Fault } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { VirtualClock } from '../../domain/virtual-clock.ts';
import { type Command, type CommandLine, numberOption } from '../command.ts';
import { describeRun } from '../describe-run.ts';
import { EXPERIMENT_OPTIONS, experimentFiles, seedOf, speedOf } from '../experiment-options.ts';
import { duration } from '../format-values.ts';
import { nextInterruption, onInterruption, onUncaughtError } from '../interruption.ts';
import { ExperimentNode, type NodeOptions } from '../node.ts';
import { allInstruments, type PreparedExperiment, prepareExperiment } from '../prepare.ts';
import { ProgressDisplay, type ProgressState } from '../progress.ts';
import { collectResults, describeResults } from '../run-results.ts';
import { runToItsEnd } from '../run-to-its-end.ts';
import type { Terminal } from '../terminal.ts';

const PANEL_PORT = 8080;
const MQTT_PORT = 1883;
const PORT_RANGE = { min: 0, max: 65_535, whole: true };

export const runCommand: Command = {
  name: 'run',
  summary: 'run a recipe to its end',
  usage: 'operando run RECIPE --rig FILE --cell FILE [--speed N|max] [--out DIR] [--json]',
  optionHelp: [
    ['--rig FILE', 'the instruments'],
    ['--cell FILE', 'the specimen'],
    ['--speed N|max', 'simulated seconds per second (default 1; real instruments know only 1)'],
    ['--out DIR', 'folder for the run (default: runs)'],
    ['--data DIR', 'folder of recordings, for rigs that replay them'],
    ['--seed N', 'seed of everything random in simulated instruments (default 1)'],
    ['--panel-port N', `port of the panel on 127.0.0.1 (default ${PANEL_PORT}; 0: any free one)`],
    ['--no-panel', 'no panel'],
    ['--mqtt-port N', `port of the embedded broker (default ${MQTT_PORT}; 0: any free one)`],
    ['--broker URL|none', 'publish to this MQTT 5 broker instead of the embedded one, or nowhere'],
    ['--json', 'the results as one JSON document on stdout'],
  ],
  examples: [
    'operando run recipes/first-light.yaml --rig hardware/rigs/simulated.yaml --cell recipes/cells/li-li3ps4-li.yaml --speed 300',
    'operando run recipes/replay.yaml --rig hardware/rigs/replay.yaml --cell recipes/cells/replay-battery.yaml --data ../shared/data --speed max',
  ],
  options: {
    ...EXPERIMENT_OPTIONS,
    speed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'runs' },
    'panel-port': { type: 'string' },
    'no-panel': { type: 'boolean', default: false },
    'mqtt-port': { type: 'string' },
    broker: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const speed = speedOf(line);
    const seed = seedOf(line);
    const clock: Clock = speed === 1 ? new SystemClock() : new VirtualClock(Date.now());
    const prepared = await prepareExperiment(experimentFiles(runCommand, line), clock, seed);
    checkSpeed(prepared, speed);
    const progress: { current?: ProgressDisplay } = {};
    const tell = (sentence: string): void => {
      if (progress.current) progress.current.note(sentence);
      else terminal.err(`${sentence}\n`);
    };
    const node = new ExperimentNode({
      prepared,
      info: describeRun(prepared, { speed, seed, utcMs: Date.now() }),
      clock,
      outFolder: String(line.options.out),
      panelPort: panelPortOf(line),
      broker: brokerOf(line),
      tell,
    });
    progress.current = new ProgressDisplay(terminal, new SystemClock(), () => progressOf(node));
    const json = line.options.json === true;
    return conduct({ node, clock, speed, json, progress: progress.current, tell }, terminal);
  },
};

interface Conduct {
  readonly node: ExperimentNode;
  readonly clock: Clock;
  readonly speed: number;
  readonly json: boolean;
  readonly progress: ProgressDisplay;
  readonly tell: (sentence: string) => void;
}

/** Starts everything, runs the recipe, shows the results, and stops everything in reverse. */
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
  if (stepName === '') return { fraction: 0, text: 'connecting the instruments' };
  const step = `${stepName} (step ${Math.min(stepIndex + 1, stepCount)} of ${stepCount})`;
  return {
    fraction: Math.min(1, elapsedSecond / plannedSecond),
    text: `${step} · ${duration(elapsedSecond)} of at most ${duration(plannedSecond)}`,
  };
}

/** Time can be sped up only where no real instrument takes part. */
function checkSpeed({ instruments }: PreparedExperiment, speed: number): void {
  if (speed === 1) return;
  const measured = allInstruments(instruments).filter(
    ({ provenance }) => provenance === 'measured',
  );
  if (measured.length === 0) return;
  throw new Fault('badInput', {
    where: '--speed',
    message: `${measured.map(({ id }) => id).join(', ')} measure in real time; expected --speed 1`,
  });
}

function panelPortOf(line: CommandLine): number | undefined {
  if (line.options['no-panel'] === true) return undefined;
  return numberOption(line, 'panel-port', PORT_RANGE) ?? PANEL_PORT;
}

function brokerOf(line: CommandLine): NodeOptions['broker'] {
  const { broker } = line.options;
  if (broker === 'none') return undefined;
  if (broker === undefined)
    return { port: numberOption(line, 'mqtt-port', PORT_RANGE) ?? MQTT_PORT };
  if (typeof broker === 'string' && /^mqtts?:\/\/[^/]+$/.test(broker)) return { url: broker };
  throw new Fault('badInput', {
    where: '--broker',
    message: `"${broker}" is not understood: expected mqtt://HOST:PORT, mqtts://HOST:PORT or none`,
  });
}
