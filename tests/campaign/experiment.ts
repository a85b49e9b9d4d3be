import { type Campaign, checkAll, checkAtMost, checkShare, quantile } from './campaign.ts';
import * as falseAlarms from './false-alarms.ts';
import * as faults from './faults.ts';
import * as hazards from './hazards.ts';
import * as kill from './kill.ts';
import * as quiet from './quiet-shorts.ts';
import * as weeks from './thirty-days.ts';

/** The long trials of the run engine, as `npm run campaign` runs and writes them. */

const HOURS_PER_SEED = 100;
const QUIET_HOURS_PER_SEED = 500;
const FALSE_ALARM_SEEDS = 10;
const FAULT_TRIALS = 20;
const HAZARD_TRIALS = 20;
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
      quietHoursPerSeed: QUIET_HOURS_PER_SEED,
    });
    const { detections } = found;
    const seen = detections.filter(({ afterSecond }) => afterSecond !== undefined);
    return {
      trials,
      method: [
        `${found.hours} h of ordinary cycling in ${trials} seeds, ${found.readings} readings; every step has a detector of its own, as in a run.`,
        `${found.quietHours} h of rests and as many of held voltage, 25 h each, on cells with one or two electrodes that relax within minutes or days, after up to three currents of any sign, in rooms that warm and cool, with meters of any noise.`,
        `${detections.length} filaments: at rest with ${quiet.RATE_FACTOR_MIN} to ${10 * quiet.RATE_FACTOR_MIN} times the rate that is allowed, at a held voltage with 10 to 50 % of the charging current; what is not found within the 25 h counts as missed.`,
      ],
      checks: [
        checkAtMost('false alarms under current', found.falseAlarms, 0),
        checkAtMost('false alarms at rest and at a held voltage', found.quietFalseAlarms, 0),
        checkShare('filaments found', seen.length, detections.length, 0.8),
      ],
      headings: ['what', 'tried', 'found', 'half after', '95 % after'],
      rows: [
        ['sound cells under current', `${found.hours} h`, String(found.falseAlarms), '-', '-'],
        [
          'sound cells without',
          `${2 * found.quietHours} h`,
          String(found.quietFalseAlarms),
          '-',
          '-',
        ],
        detectionRow(
          'at rest from the start',
          detections,
          (one) => one.trace === 'rest' && one.fromStart,
        ),
        detectionRow('at rest, later', detections, (one) => one.trace === 'rest' && !one.fromStart),
        detectionRow('at a held voltage', detections, (one) => one.trace === 'hold'),
      ],
    };
  },
};

function detectionRow(
  what: string,
  detections: readonly quiet.QuietDetection[],
  isOf: (one: quiet.QuietDetection) => boolean,
): string[] {
  const all = detections.filter(isOf);
  const after = all.flatMap(({ afterSecond }) => afterSecond ?? []);
  const hours = (share: number): string =>
    after.length === 0 ? '-' : `${(quantile(after, share) / 3600).toFixed(2)} h`;
  return [`a filament ${what}`, String(all.length), String(after.length), hours(0.5), hours(0.95)];
}

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
        `${trials} trials of each thermal fault; the true temperature of the plant is the judge. ${figures.quietDays.toFixed(1)} quiet days on ${QUIET_RIGS} rigs, and ${figures.restartedDays.toFixed(1)} days on as many whose host dies in the midst of heating, holding and cooling, every hour or two, and takes over with nothing learned.`,
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
        checkAtMost(
          'false trips in 30 days with restarts',
          (30 * figures.falseTripsAfterRestart) / figures.restartedDays,
          1,
        ),
      ],
      headings: ['what was seen'],
      rows: lines.map((line) => [line]),
    };
  },
};

export const HAZARDS_CAMPAIGN: Campaign = {
  name: hazards.name,
  about: hazards.about,
  async run({ seed, tell, trials = HAZARD_TRIALS }) {
    const found = await hazards.run({ seed, tell, trialsPerHazard: trials });
    const every = found.flatMap((row) => row.trials);
    const quiet = every.filter(({ statedSecond }) => !Number.isFinite(statedSecond));
    const real = every.filter(({ statedSecond }) => Number.isFinite(statedSecond));
    const seen = real.filter(({ detectedSecond }) => detectedSecond !== undefined);
    return {
      trials: every.length,
      method: [
        `${trials} trials of each row of the table of docs/safety.md on the whole simulated rig at virtual real time, each with its own moment, severity, oven noise and cell; a row that nobody plays fails.`,
        'H21 to H26 run the real firmware of the operando board; its pins are read every millisecond, for at least 6 s of a computer that goes on talking to it, and through two later starts. "seen" is off at the pins; a trial fails as well when the heater was not on or the cell not driven before, the run is not told why within 2 s, the next start is not refused, or a person with a reason cannot clear it.',
        'A witness reads the true temperature, current, voltage and pressure of the plant every second, during the run and for ten minutes after it. Detection counts from the fault, or from the moment at which the limit was truly passed (H14, H15).',
        'A trial fails when the cause is taken for another, the run does not end as the table says, the safe state takes longer than 5 s, a trip is not latched, no alarm stands, current or heat goes on beyond a limit for longer than stated and 5 s, or anything is energised again.',
      ],
      checks: [
        checkAll(
          'rows of the table that are played',
          found.filter((row) => row.trials.length > 0).length,
          found.length,
        ),
        checkAll(
          'trials as the table says',
          every.filter(({ failures }) => failures.length === 0).length,
          every.length,
        ),
        checkAll('hazards seen', seen.length, real.length),
        checkAll(
          'rows with 95 % of their trials within the stated time',
          found.filter(hazards.isRowInTime).length,
          found.length,
        ),
        checkAtMost(
          'longest way into the safe state',
          every.reduce((most, { safeSecond }) => Math.max(most, safeSecond), 0),
          5,
          's',
        ),
        checkAtMost(
          'told of although nothing was played',
          quiet.filter(({ failures }) => failures.length > 0).length,
          0,
        ),
      ],
      headings: hazards.HEADINGS,
      rows: found.map(hazards.rowOf),
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
        'Every second run is killed at a random moment, the others at a commit of a phase that is chosen; a resumed run may be killed again, also while it is taken up.',
        'Steps, the passes of their loops, how they ended, their time and charge, and how many spectra, scans and regions are whole in each of them are compared with a run that was not killed. Only a recipe that wants a person to decide (first-light) may lack what was cut off beside a step. Of the time and the charge of a step one sample is allowed, because noise is drawn anew, and for each interruption in it one more and 2 s of switching.',
      ],
      checks: [
        checkAll('runs as their twin', trials - figures.failedTrials, trials),
        checkAll('runs that were killed', figures.kills >= trials ? trials : figures.kills, trials),
      ],
      headings: ['killed in', 'times'],
      rows: [
        ...[...figures.phases]
          .sort(([, a], [, b]) => b - a)
          .map(([what, times]) => [what, String(times)]),
        ...figures.failures.map((line) => ['not as it should be', line]),
      ],
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
