import { sleep } from '../../src/domain/clock.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import type { RunOutcome } from '../../src/run/runner.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { type Campaign, checkAll, checkAtMost, digits, quantile } from './campaign.ts';
import { type HangUpBench, hangUpBench, type Policy, type Transport } from './hang-up-bench.ts';

/** By then a hang-up must have been noticed. */
export const NOTICE_SECOND_MAX = 2;
/** Of a core, while the run waits for its instrument. */
export const CPU_SHARE_MAX = 0.05;
const TRIALS = 300;
/** One in so many goes over a real pseudo-terminal whose socat is killed. */
const PTY_EVERY = 9;
/** Seconds until the plug is back. */
const AWAY_SECOND = { 'in-process': { min: 0.1, max: 90 }, pty: { min: 1.8, max: 2.4 } };
/** The part of a run on a pseudo-terminal in which the plug is pulled. */
const PTY_PULL_SECOND = { min: 0.6, max: 3.8 };
/** The port is let go, and what the trials before have left is cleaned up, before CPU is looked at. */
const CPU_SETTLE_SECOND = 0.4;
const CPU_LOOK_SECOND = 0.4;
const CPU_LOOKS = 3;
/** What the instrument was just sending: a package that is cut in two now and then. */
const HALF_PACKAGES = ['', 'Pab80', 'Pda7F85F3Fu;ba48D5', 'M000', 'Pdc'];
/** So many plugs are pulled once more, soon after they were put back: while the run reconnects. */
const TWICE_SHARE = 0.3;
const AGAIN_SECOND_MAX = 1;
/** Charge that the readings before and after a loss may leave out or count twice. */
const UNKNOWN_READINGS = 5;

/** What came of one plug that was pulled. */
export interface HangUpTrial {
  readonly transport: Transport;
  readonly policy: Policy;
  /** When, in the run; for how long. */
  readonly pulledSecond: number;
  readonly awaySecond: number;
  /** From the pull to the word of the run; NaN when it never came. */
  readonly noticeSecond: number;
  /** Pulled a second time, just after it was put back. */
  readonly isTwice: boolean;
  /** Whether current still flowed when the plug was put back. */
  readonly wasFlowing: boolean;
  /** The driver confirmed that the cell is off before anything was measured again. */
  readonly isConfirmed: boolean;
  /** At that moment the terminals were open, without current. */
  readonly isOffAtTerminals: boolean;
  readonly isHeld: boolean;
  /** It struck in the middle of a spectrum, which was measured again. */
  readonly isInSweep: boolean;
  readonly status: RunOutcome['status'];
  /** Against a run that was not disturbed. */
  readonly chargeRelative: number;
  /** Of a core while waiting; undefined where time is simulated. */
  readonly cpuShare: number | undefined;
  /** Attempts to connect again; those that the back-off allows. */
  readonly attempts: number;
  readonly attemptsMax: number;
  /** Sentences; empty when all is as it should be. */
  readonly problems: readonly string[];
}

interface Clocks {
  readonly bench: HangUpBench;
  readonly nowSecond: () => number;
  readonly pass: (seconds: number) => Promise<void>;
  readonly end: (running: Promise<RunOutcome>) => Promise<RunOutcome>;
}

/** The undisturbed run of a transport: what a disturbed one is compared with. */
interface Reference {
  readonly seconds: number;
  readonly chargeCoulomb: number;
}

const references = new Map<Transport, Reference>();

async function referenceOf(transport: Transport): Promise<Reference> {
  const known = references.get(transport);
  if (known) return known;
  const clocks = await clocksOf(transport, { policy: 'resume', seed: 1 });
  const running = clocks.bench.runner.run();
  const outcome = await clocks.end(running);
  const seconds = clocks.nowSecond();
  await clocks.bench.dispose();
  if (outcome.status !== 'done') throw new Error(`undisturbed it ended so: ${outcome.message}`);
  const reference = { seconds, chargeCoulomb: chargeOf(clocks.bench) };
  references.set(transport, reference);
  return reference;
}

async function clocksOf(
  transport: Transport,
  options: { readonly policy: Policy; readonly seed: number },
): Promise<Clocks> {
  if (transport === 'pty') {
    const clock = new SystemClock();
    const bench = await hangUpBench(transport, { clock, ...options });
    return {
      bench,
      nowSecond: () => clock.nowSecond(),
      pass: (seconds) => sleep(clock, seconds),
      end: (running) => running,
    };
  }
  const clock = new CountingClock();
  const bench = await hangUpBench(transport, { clock, ...options });
  return {
    bench,
    nowSecond: () => clock.nowSecond(),
    pass: (seconds) => clock.advance(seconds),
    end: (running) => advanceUntil(clock, running),
  };
}

/** Pulls the plug once in a run, puts it back, and lets the run end. */
export async function tryHangUp(
  transport: Transport,
  options: { readonly policy: Policy; readonly seed: number },
): Promise<HangUpTrial> {
  const { policy, seed } = options;
  const random = new Random(deriveSeed(seed, `hang-up ${transport}`));
  const reference = await referenceOf(transport);
  const clocks = await clocksOf(transport, options);
  const { bench, nowSecond, pass } = clocks;
  const { min, max } = transport === 'pty' ? PTY_PULL_SECOND : { min: 0, max: reference.seconds };
  const pullSecond = min + (max - min) * random.uniform();
  const away = AWAY_SECOND[transport];
  const awaySecond = away.min + (away.max - away.min) * random.uniform() ** 2;
  const half = HALF_PACKAGES[Math.floor(HALF_PACKAGES.length * random.uniform())] ?? '';
  try {
    const running = bench.runner.run();
    const beginSecond = nowSecond();
    await pass(pullSecond);
    const pulledSecond = nowSecond();
    await bench.plug.pull(half);
    const cpuShare = transport === 'pty' ? await idleShare(pass) : undefined;
    await pass(Math.max(0, awaySecond - (nowSecond() - pulledSecond)));
    const wasFlowing = !bench.terminals.isOff;
    bench.plug.putBack();
    let lastPulledSecond = pulledSecond;
    const isTwice = random.uniform() < TWICE_SHARE;
    if (isTwice) {
      await pass(AGAIN_SECOND_MAX * random.uniform());
      lastPulledSecond = nowSecond();
      await bench.plug.pull(half);
      await pass(awaySecond * random.uniform());
      bench.plug.putBack();
    }
    const backSecond = nowSecond();
    const isHeld = policy === 'hold' && (await letGoOn(clocks, transport, running));
    const outcome = await clocks.end(running);
    return judged(bench, {
      transport,
      policy,
      pulledSecond,
      lastPulledSecond,
      isTwice,
      beginSecond,
      backSecond,
      wasFlowing,
      isHeld,
      outcome,
      cpuShare,
      reference,
    });
  } finally {
    await bench.dispose();
  }
}

/** Of a core: the middle one of three looks, for a loop that spins does so in all. */
async function idleShare(pass: Clocks['pass']): Promise<number> {
  await pass(CPU_SETTLE_SECOND);
  const shares: number[] = [];
  for (let look = 0; look < CPU_LOOKS; look += 1) {
    const before = process.cpuUsage();
    const fromMs = performance.now();
    await pass(CPU_LOOK_SECOND);
    const { user, system } = process.cpuUsage(before);
    shares.push((user + system) / 1e3 / (performance.now() - fromMs));
  }
  return quantile(shares, 0.5);
}

/** A run that is held waits for a person, with its cell off. @returns whether it was */
async function letGoOn(
  { bench, pass }: Clocks,
  transport: Transport,
  running: Promise<RunOutcome>,
): Promise<boolean> {
  let isOver = false;
  void running.finally(() => {
    isOver = true;
  });
  let permissions = 0;
  while (!isOver) {
    const held = bench.writer.of('event').filter(({ code }) => code === 'held').length;
    if (held > permissions) {
      await bench.runner.goOn({
        by: 'the campaign',
        reason: 'the cell is off and the plug is back',
        via: 'terminal',
      });
      permissions += 1;
    }
    await pass(transport === 'pty' ? 0.05 : 1);
  }
  return permissions > 0;
}

interface Observed {
  readonly transport: Transport;
  readonly policy: Policy;
  readonly beginSecond: number;
  readonly pulledSecond: number;
  readonly lastPulledSecond: number;
  readonly isTwice: boolean;
  readonly backSecond: number;
  readonly wasFlowing: boolean;
  readonly isHeld: boolean;
  readonly outcome: RunOutcome;
  readonly cpuShare: number | undefined;
  readonly reference: Reference;
}

function judged(bench: HangUpBench, observed: Observed): HangUpTrial {
  const { transport, policy, pulledSecond, beginSecond, backSecond } = observed;
  const { wasFlowing, isHeld, outcome, cpuShare, reference } = observed;
  const lost = bench.writer.of('event').find(({ code }) => code === 'instrumentFault');
  const noticeSecond = (lost?.timeSecond ?? Number.NaN) - pulledSecond;
  const after = bench.witnessed.filter(({ second }) => second > observed.lastPulledSecond);
  const confirmed = after.find(({ what }) => what === 'cellOff');
  const measured = after.find(({ what }) => what === 'measure');
  const isConfirmed =
    confirmed !== undefined && (measured === undefined || measured.second >= confirmed.second);
  const isOffAtTerminals = confirmed?.isOff === true && bench.terminals.isOff;
  const chargeRelative = chargeOf(bench) / reference.chargeCoulomb - 1;
  // One attempt at each 0.25 s at the least, and those of the safe state.
  const attemptsMax = 10 + (backSecond - pulledSecond) / 0.2;
  const trial = {
    transport,
    policy,
    pulledSecond: pulledSecond - beginSecond,
    awaySecond: backSecond - pulledSecond,
    noticeSecond,
    isTwice: observed.isTwice,
    wasFlowing,
    isConfirmed,
    isOffAtTerminals,
    isHeld,
    isInSweep: bench.writer.of('spectrum').some(({ complete }) => !complete),
    status: outcome.status,
    chargeRelative,
    cpuShare,
    attempts: after.filter(({ what }) => what === 'connect').length,
    attemptsMax,
  };
  return { ...trial, problems: problemsOf(trial, outcome, reference) };
}

function problemsOf(
  trial: Omit<HangUpTrial, 'problems'>,
  outcome: RunOutcome,
  reference: Reference,
): readonly string[] {
  const problems: string[] = [];
  const { noticeSecond, cpuShare, policy, isHeld, chargeRelative } = trial;
  if (!(noticeSecond <= NOTICE_SECOND_MAX)) problems.push(`noticed after ${noticeSecond} s`);
  if (!trial.isConfirmed) problems.push('measured again before the cell was confirmed off');
  if (!trial.isOffAtTerminals) problems.push('the terminals were not open when they should be');
  if (cpuShare !== undefined && cpuShare > CPU_SHARE_MAX) problems.push(`${cpuShare} of a core`);
  if (policy === 'hold' && !isHeld) problems.push('did not wait for a person');
  if (outcome.status !== 'done') problems.push(`ended so: ${outcome.message}`);
  const allowed = unknownRelative(trial.transport, reference);
  if (Math.abs(chargeRelative) > allowed) {
    problems.push(`its charge is off by ${100 * chargeRelative} %, allowed ${100 * allowed} %`);
  }
  if (trial.attempts > trial.attemptsMax) problems.push(`${trial.attempts} attempts`);
  return problems;
}

/** Readings are 2 s apart in simulated time; on a pseudo-terminal what a slow machine adds counts. */
function unknownRelative(transport: Transport, { seconds }: Reference): number {
  const unknownSecond = transport === 'pty' ? 0.6 : UNKNOWN_READINGS * 2;
  return unknownSecond / seconds;
}

function chargeOf({ writer }: HangUpBench): number {
  return writer.of('step').at(-1)?.chargeCoulomb ?? Number.NaN;
}

export const HANG_UPS_CAMPAIGN: Campaign = {
  name: 'hang-ups',
  about:
    'Plugs pulled at random moments of plating with galvanostatic impedance, in simulated time and on real pseudo-terminals',
  async run({ seed, tell, trials = TRIALS }) {
    const done: HangUpTrial[] = [];
    for (let trial = 0; trial < trials; trial += 1) {
      const transport = trial % PTY_EVERY === 0 ? 'pty' : 'in-process';
      const policy = trial % 2 === 0 ? 'resume' : 'hold';
      const one = await tryHangUp(transport, { policy, seed: seed + trial });
      done.push(one);
      for (const problem of one.problems) tell(`trial ${trial} (${transport}): ${problem}`);
      if (transport === 'pty') tell(`${trial + 1} of ${trials}`);
    }
    return findingsOf(done);
  },
};

function findingsOf(trials: readonly HangUpTrial[]) {
  const real = trials.filter(({ transport }) => transport === 'pty');
  const held = trials.filter(({ policy }) => policy === 'hold');
  const shares = real.flatMap(({ cpuShare }) => cpuShare ?? []);
  const notices = trials.map(({ noticeSecond }) => noticeSecond);
  const count = (isSo: (trial: HangUpTrial) => boolean): number => trials.filter(isSo).length;
  const flowing = count(({ wasFlowing }) => wasFlowing);
  return {
    trials: trials.length,
    method: [
      `One plug is pulled in each run, at a random moment, now and then in the middle of a package, and put back after a random time; ${count(({ isTwice }) => isTwice)} are pulled once more within ${AGAIN_SECOND_MAX} s: ${trials.length - real.length} in simulated time, ${real.length} over serialport on a pseudo-terminal whose socat is killed.`,
      `The simulated EmStat4 HR goes on with its script meanwhile: in ${flowing} of ${trials.length} current still flowed through the cell when the plug was back. ${count(({ isInSweep }) => isInSweep)} struck in the middle of a spectrum.`,
      `The cell is looked at where it counts, at the terminals of the simulated cell. Half of the runs go on by themselves, half wait for a person, as their recipe says; the charge of the step is compared with that of a run without a hang-up.`,
      'What is noticed in time is the first pull, under load; one while the run waits for a person with its cell off shows when it goes on.',
      `CPU is that of the whole process while the run waits, the middle one of ${CPU_LOOKS} looks of ${CPU_LOOK_SECOND} s.`,
    ],
    checks: [
      checkAll(
        `noticed within ${NOTICE_SECOND_MAX} s`,
        count(({ noticeSecond }) => noticeSecond <= NOTICE_SECOND_MAX),
        trials.length,
      ),
      checkAtMost('longest until noticed', Math.max(...notices), NOTICE_SECOND_MAX, 's'),
      checkAll(
        'cell confirmed off by the driver before anything was measured again',
        count(({ isConfirmed }) => isConfirmed),
        trials.length,
      ),
      checkAll(
        'cell off at the terminals then, and at the end',
        count(({ isOffAtTerminals }) => isOffAtTerminals),
        trials.length,
      ),
      checkAll(
        'held for a person where the recipe says so',
        held.filter(({ isHeld }) => isHeld).length,
        held.length,
      ),
      checkAll(
        'run to the end of the recipe',
        count(({ status }) => status === 'done'),
        trials.length,
      ),
      checkAll(
        'without anything else to complain of',
        count(({ problems }) => problems.length === 0),
        trials.length,
      ),
      ...(shares.length > 0
        ? [checkAtMost('most of a core while waiting', Math.max(...shares), CPU_SHARE_MAX)]
        : []),
    ],
    headings: ['where', 'trials', 'noticed after, median', '95 %', 'longest', 'most of a core'],
    rows: [trials.filter(({ transport }) => transport === 'in-process'), real].flatMap((some) => {
      const [first] = some;
      if (!first) return [];
      const seconds = some.map(({ noticeSecond }) => noticeSecond);
      const cpu = some.flatMap(({ cpuShare }) => cpuShare ?? []);
      return [
        [
          first.transport,
          String(some.length),
          `${digits(quantile(seconds, 0.5))} s`,
          `${digits(quantile(seconds, 0.95))} s`,
          `${digits(Math.max(...seconds))} s`,
          cpu.length > 0 ? `${digits(100 * Math.max(...cpu))} %` : '-',
        ],
      ];
    }),
  };
}
