import { type Campaign, checkAll, checkAtMost, checkShare } from './campaign.ts';
import * as falseAlarms from './false-alarms.ts';
import * as faults from './faults.ts';
import * as kill from './kill.ts';
import * as weeks from './thirty-days.ts';

/** The long trials of the run engine, as `npm run campaign` runs and writes them. */

const HOURS_PER_SEED = 100;
const FALSE_ALARM_SEEDS = 10;
const FAULT_TRIALS = 20;
const QUIET_RIGS = 6;
const DAYS_PER_RIG = 5;
const WEEKS_DAYS = 30;
const DAY_MEGABYTES_MAX = 1;
const WALL_SECOND_MAX = 300;

export const FALSE_ALARMS_CAMPAIGN: Campaign = {
  name: falseAlarms.name,
  about: falseAlarms.about,
  async run({ seed, tell, trials = FALSE_ALARM_SEEDS }) {
    const found = await falseAlarms.run({
      seed,
      tell,
      seeds: trials,
      hoursPerSeed: HOURS_PER_SEED,
    });
    return {
      trials,
      method: [
        `${found.hours} h of ordinary cycling in ${trials} seeds, ${found.readings} readings; every step has a detector of its own, as in a run.`,
      ],
      checks: [checkAtMost('false alarms', found.falseAlarms, 0)],
      headings: ['hours', 'readings', 'false alarms'],
      rows: [[String(found.hours), String(found.readings), String(found.falseAlarms)]],
    };
  },
};

export const FAULTS_CAMPAIGN: Campaign = {
  name: faults.name,
  about: faults.about,
  async run({ seed, tell, trials = FAULT_TRIALS }) {
    const lines: string[] = [];
    const figures = await faults.run({
      seed,
      trialsPerFault: trials,
      quietRigs: QUIET_RIGS,
      daysPerRig: DAYS_PER_RIG,
      tell: (line) => {
        lines.push(line);
        tell(line);
      },
    });
    return {
      trials: figures.trials,
      method: [
        `${trials} trials of each thermal fault; the true temperature of the plant is the judge. ${figures.quietDays} quiet days on ${QUIET_RIGS} rigs.`,
        `Faults that physics hides for longer than ${faults.DETECTION_SECOND_MAX} s are counted apart: ${figures.trials - figures.visible} of ${figures.trials}.`,
      ],
      checks: [
        checkShare(
          `seen within ${faults.DETECTION_SECOND_MAX} s, where it can show`,
          figures.visibleInTime,
          figures.visible,
          0.95,
        ),
        checkAtMost('never seen', figures.missed, 0),
        checkAtMost('plant beyond its limit', figures.tooHot, 0),
        checkAtMost(
          'false trips in 30 quiet days',
          (30 * figures.falseTrips) / figures.quietDays,
          1,
        ),
      ],
      headings: ['what was seen'],
      rows: lines.map((line) => [line]),
    };
  },
};

export const KILL_CAMPAIGN: Campaign = {
  name: kill.name,
  about: kill.about,
  async run({ seed, tell, trials = 200 }) {
    const figures = await kill.run({ seed, tell, trials });
    return {
      trials,
      method: [
        `${figures.kills} kills with SIGKILL in ${trials} runs of the built program, ${figures.tooEarly} before the run had a folder; a subscriber to the broker heard ${figures.heardRecords} records, and every one of them must be in the database once.`,
        'Steps, loops and charges are compared with a run that was not killed, within the gaps that are marked.',
      ],
      checks: [checkAll('runs as their twin', trials - figures.failures.length, trials)],
      headings: ['what was not as it should be'],
      rows: figures.failures.map((line) => [line]),
    };
  },
};

export const THIRTY_DAYS_CAMPAIGN: Campaign = {
  name: weeks.name,
  about: weeks.about,
  async run({ tell, trials: days = WEEKS_DAYS }) {
    const figures = await weeks.run({ tell, days });
    const ratio = figures.databaseBytes / figures.predictedBytes;
    return {
      trials: 1,
      method: [
        `${days} simulated days of cycling with the built program, broker and panel: ${figures.records} records.`,
      ],
      checks: [
        checkAtMost('growth of memory', figures.megabytesPerDay, DAY_MEGABYTES_MAX, 'MB/day'),
        checkAtMost('database against what check says', Math.abs(ratio - 1), 0.1),
        checkAtMost('wall time', figures.wallSecond, WALL_SECOND_MAX, 's'),
      ],
      headings: ['days', 'wall s', 'MB/day', 'most MB', 'database MB', 'predicted MB'],
      rows: [
        [
          String(figures.days),
          figures.wallSecond.toFixed(0),
          figures.megabytesPerDay.toFixed(3),
          figures.residentMegabytesMax.toFixed(0),
          (figures.databaseBytes / 1e6).toFixed(1),
          (figures.predictedBytes / 1e6).toFixed(1),
        ],
      ],
    };
  },
};
