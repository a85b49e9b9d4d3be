import { describe, expect, it } from 'vitest';
import { AXIS_CAMPAIGN } from './axis.ts';
import { type Campaign, checkAll, checkAtMost, checkShare, quantile } from './campaign.ts';
import { CAMPAIGNS } from './campaigns.ts';
import { campaignCommand } from './command.ts';
import { volumeChangeCampaign } from './volume-change.ts';

/** A campaign that shows what it must only with an even seed. */
const COIN: Campaign = {
  name: 'coin',
  about: 'A coin that falls as the seed says',
  run: async ({ seed, trials = 2 }) => ({
    trials,
    method: ['It is tossed.'],
    checks: [checkAll('heads', seed % 2 === 0 ? trials : 0, trials)],
    headings: ['seed', 'side'],
    rows: [[String(seed), 'heads']],
  }),
};

async function call(...words: string[]) {
  const said = { output: '', errors: '' };
  const code = await campaignCommand(
    words,
    {
      print: (text) => {
        said.output += text;
      },
      tell: (text) => {
        said.errors += text;
      },
    },
    [...CAMPAIGNS, COIN],
  );
  return { code, ...said };
}

describe('the campaign command', () => {
  it('lists every campaign when no name is given', async () => {
    const { code, output } = await call();
    expect(code).toBe(0);
    for (const { name } of CAMPAIGNS) expect(output).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it.each([
    [['nonsense'], 'there is no campaign "nonsense"'],
    [['coin', 'axis'], '2 names given'],
    [['coin', '--trials', '0'], '--trials 0: expected a whole number above 0'],
    [['coin', '--seed', 'x'], '--seed x: expected a whole number above 0'],
    [['--wrong'], "'--wrong'"],
  ])('refuses %j and says why', async (words, reason) => {
    const { code, output, errors } = await call(...words);
    expect(code).toBe(2);
    expect(output).toBe('');
    expect(errors).toContain(reason);
  });

  it('prints date, machine, command, seed and figures, and ends with 0 when all was shown', async () => {
    const { code, output } = await call('coin', '--seed', '2', '--trials', '7');
    expect(code).toBe(0);
    for (const part of ['# Campaign: coin', '`npm run campaign -- coin --seed 2 --trials 7`']) {
      expect(output).toContain(part);
    }
    expect(output).toContain(`Node ${process.versions.node}`);
    expect(output).toMatch(/\| date \| \d{4}-\d\d-\d\dT/);
    expect(output).toContain('| heads | 7 of 7 | 7 of 7 | holds |');
  });

  it('ends with 1 and says so when something was not shown', async () => {
    const { code, output } = await call('coin', '--seed', '3');
    expect(code).toBe(1);
    expect(output).toContain('| heads | 0 of 2 | 2 of 2 | **does not hold** |');
  });

  it('prints one JSON document with --json', async () => {
    const { output } = await call('coin', '--json', '--seed', '4');
    expect(JSON.parse(output)).toMatchObject({ campaign: 'coin', seed: 4, trials: 2 });
  });
});

describe('a check', () => {
  it('holds at its limit and not beyond', () => {
    expect(checkAtMost('error', 0.1, 0.1, 'px')).toMatchObject({ holds: true, found: '0.1 px' });
    expect(checkAtMost('error', 0.1001, 0.1).holds).toBe(false);
    expect(checkAtMost('error', Number.NaN, 0.1).holds).toBe(false);
    expect(checkShare('covered', 27, 30, 0.9).holds).toBe(true);
    expect(checkShare('covered', 26, 30, 0.9).holds).toBe(false);
    expect(checkAll('same', 99, 100).holds).toBe(false);
  });

  it('takes quantiles of what there is', () => {
    expect(quantile([3, 1, 2], 0)).toBe(1);
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([3, 1, 2], 1)).toBe(3);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe('the volume-change campaign', () => {
  it('tries growth and no growth, and says what it found of both', async () => {
    const options = { seed: 1, trials: 1, tell: () => undefined };
    const { rows, checks, headings } = await volumeChangeCampaign(options, 0.12);
    expect(rows).toHaveLength(2);
    const [grown, unchanged] = rows.map((row) => row.map(Number));
    const [truth, grey] = [headings.indexOf('true um3'), headings.indexOf('grey um3')];
    expect(grown?.[truth]).toBeCloseTo(4.58e7 * 0.12 ** 3, -3);
    expect(unchanged?.[truth]).toBe(0);
    // A small sample: no more than that one has grown and the other has not.
    expect(grown?.[grey]).toBeGreaterThan(0.5 * (grown?.[truth] ?? 0));
    expect(Math.abs(unchanged?.[grey] ?? Number.NaN)).toBeLessThan(0.5 * (grown?.[truth] ?? 0));
    expect(checks).toHaveLength(5);
  });
});

describe('the axis campaign', () => {
  it('repeats itself with the same seed', async () => {
    const options = { seed: 5, trials: 2, tell: () => undefined };
    const once = await AXIS_CAMPAIGN.run(options);
    expect(await AXIS_CAMPAIGN.run(options)).toEqual(once);
    expect(once.rows).toHaveLength(2);
    expect(once.rows[0]).not.toEqual(once.rows[1]);
  });
});
