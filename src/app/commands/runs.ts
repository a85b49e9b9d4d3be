import { EXIT_CODES } from '../../domain/fault.ts';
import { listRuns } from '../../store/run-list.ts';
import type { Command } from '../command.ts';
import { duration, textTable } from '../format-values.ts';

export const runsCommand: Command = {
  name: 'runs',
  summary: 'list the runs of a folder, newest first',
  usage: 'operando runs [--out DIR] [--json]',
  optionHelp: [
    ['--out DIR', 'folder that holds the runs (default: runs)'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: ['operando runs', 'operando runs --out /data/runs --json'],
  options: {
    out: { type: 'string', default: 'runs' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const folder = String(line.options.out);
    const runs = listRuns(folder);
    if (line.options.json) {
      terminal.out(`${JSON.stringify({ runs })}\n`);
      return EXIT_CODES.done;
    }
    if (runs.length === 0) {
      terminal.out(`no runs in ${folder}\n`);
      return EXIT_CODES.done;
    }
    const rows = runs
      .toReversed()
      .map((run) =>
        run.kind === 'damaged'
          ? [run.folder, 'damaged', run.reason]
          : [
              run.runId,
              run.status,
              run.recipe,
              run.cell,
              new Date(run.startedUtcMs).toISOString().slice(0, 16).replace('T', ' '),
              duration(run.durationSecond),
              String(run.records),
            ],
      );
    const header = ['run', 'status', 'recipe', 'cell', 'started (UTC)', 'length', 'records'];
    terminal.out(textTable(header, rows));
    return EXIT_CODES.done;
  },
};
