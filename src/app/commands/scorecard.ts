import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTrace } from '../../analysis/cycling-trace.ts';
import { scoreRun } from '../../analysis/scorecard.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import type { RunInfo } from '../../domain/run-record.ts';
import { type Scorecard, type ScorecardRow, scorecardSchema } from '../../domain/scorecard.ts';
import { openRun } from '../../store/run-database.ts';
import type { Command } from '../command.ts';
import { significant, textTable, withError } from '../format-values.ts';
import { loadYaml } from '../load-yaml.ts';
import { cellOfRun } from '../run-cell.ts';

export const scorecardCommand: Command = {
  name: 'scorecard',
  summary: "hold a run of a paper's recipe against the paper, figure by figure",
  usage: 'operando scorecard RUN [--scorecard FILE] [--json]',
  optionHelp: [
    ['RUN', "a run's folder"],
    ['--scorecard FILE', "the paper's figures (default: recipes/scorecards/RECIPE.yaml)"],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: ['operando scorecard runs/20261121-120501-wang-2020-7f3a'],
  options: {
    scorecard: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const [folder, ...surplus] = line.words;
    if (folder === undefined || surplus.length > 0) {
      throw new Fault('badInput', {
        where: 'operando scorecard',
        message: `expected one run; usage: ${scorecardCommand.usage}`,
      });
    }
    const { reader, close } = openRun(folder);
    try {
      const { info } = reader;
      const scorecard = scorecardOf(info, line.options.scorecard);
      const rows = scoreRun(scorecard, readTrace(reader), cellOfRun(info));
      const { contradictions, source } = scorecard;
      if (line.options.json === true) {
        const run = { runId: info.runId, recipe: info.recipe, cell: info.cell };
        terminal.out(`${JSON.stringify({ ...run, source, figures: rows, contradictions })}\n`);
      } else {
        terminal.out(describe(info, scorecard, rows));
      }
      return EXIT_CODES.done;
    } finally {
      close();
    }
  },
};

function scorecardOf(info: RunInfo, option: unknown): Scorecard {
  const path = typeof option === 'string' ? option : defaultPath(info.recipe);
  const scorecard = loadYaml(path, scorecardSchema).value;
  if (scorecard.scorecard === info.recipe) return scorecard;
  throw new Fault('badInput', {
    where: path,
    message: `is the scorecard of ${scorecard.scorecard}, and the run is one of ${info.recipe}`,
  });
}

const FOLDERS_UP_MAX = 6;

/** The repository's folder is two or four above this file, as source or as built. */
function defaultPath(recipe: string): string {
  const name = join('recipes', 'scorecards', `${recipe}.yaml`);
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < FOLDERS_UP_MAX; up += 1) {
    if (existsSync(join(folder, name))) return join(folder, name);
    folder = dirname(folder);
  }
  throw new Fault('badInput', {
    where: `recipe ${recipe}`,
    message: `has no scorecard: expected ${name}, or one given with --scorecard`,
  });
}

const VERDICTS: Readonly<Record<ScorecardRow['verdict'], string>> = {
  recovered: 'recovered',
  off: 'OFF',
  measured: '',
  missing: 'not in this run',
  notRecovered: 'not worked out',
};

function describe(info: RunInfo, scorecard: Scorecard, rows: readonly ScorecardRow[]): string {
  const header = [
    'quantity',
    'unit',
    'paper',
    'given',
    'recovered',
    'n',
    'off given',
    'off paper',
    '',
  ];
  const table = rows.map((row) => [
    row.quantity,
    row.unit,
    row.paper === null ? '' : significant(row.paper),
    row.given === null ? '' : significant(row.given),
    recoveredText(row),
    row.count === 0 ? '' : String(row.count),
    percent(row.fromGiven),
    percent(row.fromPaper),
    VERDICTS[row.verdict],
  ]);
  const notes = rows.flatMap(({ note, quantity }) =>
    note === null ? [] : [`  ${quantity}: ${note}`],
  );
  return [
    `${info.runId}: recipe ${info.recipe}, cell ${info.cell}`,
    `against ${scorecard.source}`,
    '',
    textTable(header, table),
    ...(notes.length > 0 ? ['notes', ...notes, ''] : []),
    ...contradictionLines(scorecard),
  ].join('\n');
}

function recoveredText({ recovered, standardError }: ScorecardRow): string {
  if (recovered === null) return '';
  return standardError === null ? significant(recovered) : withError(recovered, standardError);
}

function percent(share: number | null): string {
  return share === null ? '' : `${share >= 0 ? '+' : ''}${(share * 100).toFixed(2)} %`;
}

function contradictionLines({ contradictions }: Scorecard): readonly string[] {
  if (contradictions.length === 0) return [];
  return [
    'where the paper contradicts itself',
    ...contradictions.flatMap(({ about, says, decided }) => [
      `  ⚠ ${about}`,
      ...says.map(({ value, where }) => `      ${value} (${where})`),
      `      here: ${decided}`,
    ]),
    '',
  ];
}
