import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, BenchOptions } from './bench.ts';
import { BENCHES } from './benches.ts';
import { describeCommit, describeMachine, loadNow } from './machine.ts';
import { formatReport, type Report } from './report.ts';
import { REPOSITORY } from './repository.ts';

/** Where the words of the command go. */
export interface BenchOutput {
  /** Standard output: the report. */
  print(text: string): void;
  /** Standard error: progress and complaints. */
  tell(text: string): void;
}

const OPTIONS = {
  json: { type: 'boolean' },
  save: { type: 'boolean' },
  rounds: { type: 'string', default: '15' },
  'batch-ms': { type: 'string', default: '50' },
  seed: { type: 'string', default: '1' },
  'no-yardsticks': { type: 'boolean' },
  rows: { type: 'string' },
  columns: { type: 'string' },
  views: { type: 'string' },
  phase: { type: 'boolean' },
} as const;

const USAGE = `npm run bench -- NAME... [options]
  --json            prints the report as JSON instead of a table
  --save            also writes it to docs/evidence/bench-NAME.{txt,json}
  --rounds N        interleaved rounds (${OPTIONS.rounds.default}); every figure is the median over them
  --batch-ms N      length of one round of one contender (${OPTIONS['batch-ms'].default})
  --seed N          of starts and synthetic data (${OPTIONS.seed.default})
  --no-yardsticks   leaves out the native and the Python yardsticks
  --rows N --columns N --views N   full-scan: a smaller scan
  --phase           full-scan: with the phase filter
`;

/** Runs the benches named, or lists them. Resolves with the exit code: 2 for a wrong call. */
export async function benchCommand(words: readonly string[], output: BenchOutput): Promise<number> {
  let call: ReturnType<typeof readCall>;
  try {
    call = readCall(words);
  } catch (error) {
    output.tell(`bench: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  if (call.benches.length === 0) output.print(`${listBenches()}\n${USAGE}`);
  for (const bench of call.benches) {
    const options = { ...call.options, tell: (text: string) => output.tell(`bench: ${text}\n`) };
    const report = await runBench(bench, options);
    output.print(call.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
    if (call.save) output.tell(`bench: written to ${saveReport(report)}.{txt,json}\n`);
  }
  return 0;
}

/** One run of a bench with all that surrounds it. */
export async function runBench(bench: Bench, options: BenchOptions): Promise<Report> {
  const { seed, rounds, batchMs } = options;
  const utc = new Date().toISOString();
  const loadBefore = loadNow();
  const figures = await bench.run(options);
  return {
    bench: bench.name + (bench.variant?.(options) ?? ''),
    utc,
    commit: describeCommit(),
    seed,
    rounds: bench.isOnce ? 1 : rounds,
    batchMs: bench.isOnce ? 0 : batchMs,
    machine: describeMachine(),
    loadBefore,
    loadAfter: loadNow(),
    figures,
  };
}

function readCall(words: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: OPTIONS,
    allowPositionals: true,
  });
  const benches = positionals.map((name) => {
    const bench = BENCHES.find((one) => one.name === name);
    if (!bench) throw new Error(`there is no bench "${name}"\n${listBenches()}`);
    return bench;
  });
  return {
    benches,
    json: values.json === true,
    save: values.save === true,
    options: {
      rounds: wholeNumber('--rounds', values.rounds),
      batchMs: wholeNumber('--batch-ms', values['batch-ms']),
      seed: wholeNumber('--seed', values.seed),
      yardsticks: values['no-yardsticks'] !== true,
      scan: {
        ...sizeOption('rows', values.rows),
        ...sizeOption('columns', values.columns),
        ...sizeOption('views', values.views),
        phase: values.phase === true,
      },
    },
  };
}

function sizeOption(name: 'rows' | 'columns' | 'views', text: string | undefined) {
  return text === undefined ? {} : { [name]: wholeNumber(`--${name}`, text) };
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${option} ${text}: expected a whole number above 0`);
}

function listBenches(): string {
  return [
    'benches:',
    ...BENCHES.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`),
    '',
  ].join('\n');
}

function saveReport(report: Report): string {
  const folder = join(REPOSITORY, 'docs', 'evidence');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `bench-${report.bench}`);
  writeFileSync(`${path}.txt`, formatReport(report));
  writeFileSync(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  return path;
}
