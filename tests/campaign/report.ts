import type { Machine } from '../bench/machine.ts';
import type { Findings } from './campaign.ts';

/** Everything one run of a campaign has found; `--json` prints and `--save` keeps it. */
export interface CampaignReport extends Findings {
  readonly campaign: string;
  readonly about: string;
  readonly utc: string;
  readonly command: string;
  readonly commit: string;
  readonly seed: number;
  readonly durationSecond: number;
  readonly machine: Machine;
}

/** Whether all that the campaign must show was shown. */
export function hasShownAll({ checks }: Findings): boolean {
  return checks.every(({ holds }) => holds);
}

/** The report as the page of docs/evidence. */
export function formatCampaign(report: CampaignReport): string {
  const { machine } = report;
  return [
    `# Campaign: ${report.campaign}`,
    '',
    `${report.about}.`,
    '',
    ...table(
      ['', ''],
      [
        ['date', report.utc],
        ['commit', report.commit],
        ['command', `\`${report.command}\``],
        ['seed', String(report.seed)],
        ['trials', String(report.trials)],
        ['took', `${report.durationSecond.toFixed(0)} s`],
        [
          'machine',
          `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGibibyte} GiB, ${machine.system}`,
        ],
        ['engine', `Node ${machine.node}, V8 ${machine.v8}`],
      ],
    ),
    '',
    '## What was tried',
    '',
    ...report.method.map((sentence) => `- ${sentence}`),
    '',
    '## What it must show',
    '',
    ...table(
      ['', 'found', 'wanted', ''],
      report.checks.map(({ what, found, wanted, holds }) => [
        what,
        found,
        wanted,
        holds ? 'holds' : '**does not hold**',
      ]),
    ),
    '',
    '## Trials',
    '',
    ...table(report.headings, report.rows),
    '',
  ].join('\n');
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)];
}
