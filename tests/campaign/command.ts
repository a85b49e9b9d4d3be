import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeCommit, describeMachine } from '../bench/machine.ts';
import { REPOSITORY } from '../bench/repository.ts';
import type { Campaign, CampaignOptions } from './campaign.ts';
import { CAMPAIGNS } from './campaigns.ts';
import { type CampaignReport, formatCampaign, hasShownAll } from './report.ts';

/** Where the words of the command go. */
export interface CampaignOutput {
  /** Standard output: the report. */
  print(text: string): void;
  /** Standard error: progress and complaints. */
  tell(text: string): void;
}

const OPTIONS = {
  json: { type: 'boolean' },
  save: { type: 'boolean' },
  seed: { type: 'string', default: '1' },
  trials: { type: 'string' },
} as const;

const USAGE = `npm run campaign -- NAME [options]
  --seed N      of the first trial (${OPTIONS.seed.default}); each trial has one of its own
  --trials N    how many; the campaign's own number unless given
  --json        prints the report as JSON instead of Markdown
  --save        also writes it to docs/evidence/NAME.md
exit code: 0 when all that it must show was shown, 1 when not, 2 for a wrong call
`;

/** Runs the campaign named, or lists them. Resolves with the exit code. */
export async function campaignCommand(
  words: readonly string[],
  output: CampaignOutput,
  campaigns: readonly Campaign[] = CAMPAIGNS,
): Promise<number> {
  let call: ReturnType<typeof readCall>;
  try {
    call = readCall(words, campaigns);
  } catch (error) {
    output.tell(`campaign: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  const { campaign, isJson, isSaved, options } = call;
  if (!campaign) {
    output.print(`${list(campaigns)}\n${USAGE}`);
    return 0;
  }
  const tell = (text: string): void => output.tell(`campaign: ${text}\n`);
  const report = await runCampaign(campaign, { ...options, tell }, words);
  output.print(isJson ? `${JSON.stringify(report, null, 2)}\n` : formatCampaign(report));
  if (isSaved) tell(`written to ${save(report)}`);
  return hasShownAll(report) ? 0 : 1;
}

/** One run of a campaign with all that surrounds it. */
export async function runCampaign(
  campaign: Campaign,
  options: CampaignOptions,
  words: readonly string[],
): Promise<CampaignReport> {
  const utc = new Date().toISOString();
  const startedMs = performance.now();
  const findings = await campaign.run(options);
  return {
    campaign: campaign.name,
    about: campaign.about,
    utc,
    command: ['npm run campaign --', ...words].join(' '),
    commit: describeCommit(),
    seed: options.seed,
    durationSecond: (performance.now() - startedMs) / 1000,
    machine: describeMachine(),
    ...findings,
  };
}

function readCall(words: readonly string[], campaigns: readonly Campaign[]) {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: OPTIONS,
    allowPositionals: true,
  });
  const [name, ...others] = positionals;
  if (others.length > 0) throw new Error(`${positionals.length} names given; expected one`);
  const campaign = campaigns.find((one) => one.name === name);
  if (name !== undefined && !campaign) {
    throw new Error(`there is no campaign "${name}"\n${list(campaigns)}`);
  }
  const { trials } = values;
  return {
    campaign,
    isJson: values.json === true,
    isSaved: values.save === true,
    options: {
      seed: wholeNumber('--seed', values.seed),
      ...(trials === undefined ? {} : { trials: wholeNumber('--trials', trials) }),
    },
  };
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${option} ${text}: expected a whole number above 0`);
}

function list(campaigns: readonly Campaign[]): string {
  return [
    'campaigns:',
    ...campaigns.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`),
    '',
  ].join('\n');
}

function save(report: CampaignReport): string {
  const folder = join(REPOSITORY, 'docs', 'evidence');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${report.campaign}.md`);
  writeFileSync(path, formatCampaign(report));
  return path;
}
