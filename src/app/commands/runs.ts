import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { listRuns } from '../../store/run-list.ts';
import type { Command } from '../command.ts';
import { duration, textTable } from '../format-values.ts';
import { pruneRuns } from './runs-prune.ts';

export const runsCommand: Command = {
  name: 'runs',
  summary: 'list the runs of a folder, newest first; make room on their disk',
  usage: 'operando runs [--prune [--keep-days N] [--yes]] [--out DIR] [--json]',
  optionHelp: [
    ['--out DIR', 'folder that holds the runs (default: runs)'],
    ['--prune', 'show the raw frames that can go because their volumes are kept'],
    ['--keep-days N', 'what nobody has acknowledged is kept for so long (default: 30)'],
    ['--yes', 'with --prune: delete them'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando runs',
    'operando runs --out /data/runs --json',
    'operando runs --prune --keep-days 14',
  ],
  options: {
    out: { type: 'string', default: 'runs' },
    prune: { type: 'boolean', default: false },
    'keep-days': { type: 'string' },
    yes: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const folder = String(line.options.out);
    const { prune, yes, 'keep-days': keepDays, json } = line.options;
    if (prune) {
      const call = {
        outFolder: folder,
        keepDays: typeof keepDays === 'string' ? keepDays : undefined,
        isConfirmed: yes === true,
        isJson: json === true,
        nowUtcMs: Date.now(),
      };
      return pruneRuns(call, terminal);
    }
    if (yes || keepDays !== undefined) {
      throw new Fault('badInput', {
        where: yes ? '--yes' : '--keep-days',
        message: 'goes with --prune',
      });
    }
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
