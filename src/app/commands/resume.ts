import { basename } from 'node:path';
import { alarmsOf } from '../../domain/alarm.ts';
import type { Clock } from '../../domain/clock.ts';
import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import type { EventCode } from '../../domain/run-record.ts';
import type { EngineState } from '../../domain/run-store.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { VirtualClock } from '../../domain/virtual-clock.ts';
import { planDigest } from '../../run/plan-digest.ts';
import {
  type Acknowledged,
  decideResume,
  type Interruption,
  type ResumeDecision,
} from '../../run/resume.ts';
import { setAsideCutOff } from '../../store/cut-off-files.ts';
import { reopenRun } from '../../store/run-database.ts';
import type { Command, CommandLine } from '../command.ts';
import { conductRun } from '../conduct-run.ts';
import { brokerOf, OUTLET_HELP, OUTLET_OPTIONS, panelPortOf } from '../outlet-options.ts';
import {
  type FoundRun,
  findRun,
  hasLostAlarms,
  placeOf,
  spokenDamage,
  unacknowledged,
} from '../past-run.ts';
import { type PreparedExperiment, prepareAgain } from '../prepare.ts';
import type { Terminal } from '../terminal.ts';
import { checkSpeed, refuseFullDisk, refuseUnheard } from './run.ts';

export const resumeCommand: Command = {
  name: 'resume',
  summary: 'go on with a run that was cut off, stopped or has tripped',
  usage: 'operando resume RUN [--out DIR] [--yes] [--acknowledge REASON --by NAME] [--json]',
  optionHelp: [
    ['--out DIR', 'folder that holds the run (default: runs)'],
    ['--yes', 'a person has looked at the rig: go on although the recipe would wait for one'],
    ['--acknowledge REASON', 'why it is safe to go on after a trip or a short; without it the run'],
    ['', 'waits, everything off, until people say so at the panel or over MQTT'],
    ['--by NAME', 'who says so'],
    ['--data DIR', 'folder of recordings, for rigs that replay them'],
    ...OUTLET_HELP,
  ],
  examples: [
    'operando resume 20261121-120501-first-light-7f3a --yes',
    'operando resume runs/20261121-120501-first-light-7f3a --acknowledge "fuse replaced" --by night-shift',
  ],
  options: {
    ...OUTLET_OPTIONS,
    yes: { type: 'boolean', default: false },
    acknowledge: { type: 'string' },
    by: { type: 'string' },
    data: { type: 'string' },
  },
  async run(line, terminal) {
    const found = findRun(runOf(line), String(line.options.out));
    if (found.past.status === 'done') throw refusal(found, 'is done: nothing is left to do');
    refuseFullDisk(found.folder);
    const acknowledged = acknowledgementIn(line, found);
    const latched = acknowledged.length > 0 ? [] : unacknowledged(found);
    const state = placeOf(found);
    if (!state) return endWithoutPlace(found, terminal);
    const confirmedBy = line.options.yes === true ? 'the terminal' : undefined;
    const interruption = interruptionOf(found, state, acknowledged[0]?.by ?? confirmedBy);
    return takeUpRun(line, terminal, { found, state, interruption, acknowledged, latched });
  },
};

interface TakenUp {
  readonly found: FoundRun;
  readonly state: EngineState;
  readonly interruption: Interruption;
  readonly acknowledged: readonly Acknowledged[];
  /** What a person must still acknowledge, while the run waits. */
  readonly latched: readonly EventCode[];
}

async function takeUpRun(
  line: CommandLine,
  terminal: Terminal,
  { found, state, interruption, acknowledged, latched }: TakenUp,
): Promise<ExitCode> {
  const { info } = found.past;
  const speed = info.speed ?? Number.POSITIVE_INFINITY;
  const clock = clockFrom(found, speed, interruption.toSecond);
  const { data } = line.options;
  const folder = typeof data === 'string' ? data : undefined;
  const prepared = await prepareAgain(info.sources, { clock, seed: info.seed, data: folder });
  checkSpeed(prepared, speed);
  checkPlan(found, prepared);
  restoreSpecimen(found, prepared, state);
  const policy = decideResume(prepared.plan.resume, interruption);
  const decision = latched.length > 0 ? heldBy(latched, policy) : policy;
  const panelPort = panelPortOf(line);
  const broker = brokerOf(line);
  refuseUnheard(prepared, panelPort !== undefined || broker !== undefined);
  if (decision.kind === 'hold') {
    if (panelPort === undefined && broker === undefined) {
      throw refusal(
        found,
        latched.length > 0
          ? wantedAcknowledgement(latched)
          : `would wait for a person whom it cannot hear (${decision.reason}); look at the rig and give --yes`,
      );
    }
    const how = latched.length > 0 ? '; acknowledge it at the panel or over MQTT, then go on' : '';
    terminal.err(`the run will wait for a person: ${decision.reason}${how}\n`);
  }
  const begun = { known: state.idCounts, boot: found.past.boot };
  for (const name of setAsideCutOff(found.folder, begun)) {
    terminal.err(
      `a scan or spectrum was cut off before its first commit; its file is now ${name}\n`,
    );
  }
  return conductRun(
    {
      prepared,
      info,
      clock,
      speed,
      outFolder: found.outFolder,
      panelPort,
      broker,
      json: line.options.json === true,
      resumed: { state, interruption, decision, acknowledged },
      earlierAlarms: alarmsOf(found.past.events),
    },
    terminal,
  );
}

function runOf(line: CommandLine): string {
  const [run, ...others] = line.words;
  if (run !== undefined && others.length === 0) return run;
  throw new Fault('badInput', {
    where: 'operando resume',
    message: `${line.words.length} runs given, expected one; usage: ${resumeCommand.usage}`,
  });
}

/** A latch is no matter of policy: the run waits, whoever has said yes, unless it ends anyway. */
function heldBy(latched: readonly EventCode[], policy: ResumeDecision): ResumeDecision {
  if (policy.kind === 'abort') return policy;
  const reason = `${latched.map(spokenLatch).join(' and ')}, and nobody has acknowledged it`;
  return { kind: 'hold', reason };
}

function wantedAcknowledgement(latched: readonly EventCode[]): string {
  return `${latched.map(spokenLatch).join(' and ')}; look at the rig, then give --acknowledge REASON and --by NAME`;
}

/**
 * What the person at the terminal acknowledges; nothing when it is left to the panel or to MQTT.
 * @throws Fault badInput when half of it is given, or when nobody else could
 */
function acknowledgementIn(line: CommandLine, found: FoundRun): readonly Acknowledged[] {
  const latched = unacknowledged(found);
  const reason = String(line.options.acknowledge ?? '').trim();
  const by = String(line.options.by ?? '').trim();
  if (latched.length === 0) return [];
  if (reason !== '' && by !== '') return latched.map((alarm) => ({ alarm, by, reason }));
  if (reason === '' && by === '' && !hasLostAlarms(found)) return [];
  throw refusal(found, wantedAcknowledgement(latched));
}

function spokenLatch(code: EventCode): string {
  if (code === 'cellShort') return 'its cell has shorted';
  return code === 'interlock' ? 'a safety limit has tripped it' : `${code} has latched`;
}

/** How long nobody looked: by the wall clock, which alone goes on meanwhile. */
function interruptionOf(
  found: FoundRun,
  state: EngineState,
  confirmedBy: string | undefined,
): Interruption {
  const { past, recovery } = found;
  const fromSecond = Math.max(state.timeSecond, past.lastSecond);
  const awaySecond = past.savedUtcMs === undefined ? 0 : (Date.now() - past.savedUtcMs) / 1000;
  // A computer without a battery clock starts in the past: then nobody knows.
  const lengthSecond = awaySecond >= 0 ? awaySecond : undefined;
  return {
    endedAs: past.status,
    fromSecond,
    toSecond: fromSecond + (lengthSecond ?? 0),
    lengthSecond,
    missingRecords: recovery ? recovery.lostRecords : past.missingRecords,
    damage: recovery && spokenDamage(recovery),
    confirmedBy,
  };
}

/** The run's own time goes on; simulated UTC goes on with it. */
function clockFrom({ past }: FoundRun, speed: number, startSecond: number): Clock {
  if (speed === 1) return new SystemClock(startSecond);
  return new VirtualClock(past.utcAtZeroMs, startSecond);
}

/** A place in one plan means nothing in another. @throws Fault badInput */
function checkPlan(found: FoundRun, { plan }: PreparedExperiment): void {
  const { past } = found;
  const started = past.events.find(({ body }) => body.code === 'runStarted');
  const digest = started?.body.details.plan_digest;
  if (digest === undefined || digest === planDigest(plan)) return;
  throw refusal(
    found,
    `this software makes another plan of its recipe; resume it with version ${past.info.softwareVersion}, which has begun it`,
  );
}

function restoreSpecimen(
  found: FoundRun,
  { instruments }: PreparedExperiment,
  state: EngineState,
): void {
  if (state.specimen === undefined) return;
  if (!instruments.specimen)
    throw refusal(found, 'has saved a simulated cell, and the rig has none');
  instruments.specimen.restoreState(state.specimen);
}

/** Nobody knows how far the run was: it ends here, and what could be read of it stays. */
function endWithoutPlace({ folder, past, recovery }: FoundRun, terminal: Terminal): ExitCode {
  const reason = recovery ? spokenDamage(recovery) : `${past.missingRecords} records are lost`;
  const start = { startedSecond: past.lastSecond, utcAtZeroMs: past.utcAtZeroMs };
  const run = reopenRun(folder, new SystemClock(), start);
  try {
    const message = `The run cannot go on: its place was lost with a damaged database (${reason}).`;
    run.writer.append(past.lastSecond, {
      kind: 'event',
      code: 'runEnded',
      severity: 'alarm',
      message,
      details: { status: 'faulted', lost_records: recovery?.lostRecords ?? past.missingRecords },
    });
    run.writer.finish('faulted');
    terminal.err(`${basename(folder)}: ${message}\n`);
  } finally {
    run.close();
  }
  return EXIT_CODES.faulted;
}

function refusal({ folder }: FoundRun, message: string): Fault {
  return new Fault('badInput', { where: folder, message });
}
