import { type Alarm, alarmsAfter } from '../../domain/alarm.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import type { EventCode, RecordOf, RunRecord } from '../../domain/run-record.ts';
import type { RunReader } from '../../domain/run-store.ts';
import { openRun } from '../../store/run-database.ts';
import type { Command, CommandLine } from '../command.ts';
import { duration } from '../format-values.ts';
import { runFolder } from '../past-run.ts';

/** Records that are read at a time. */
const BATCH = 10_000;

/** A moment of the run, with its UTC label. */
interface Moment {
  readonly second: number;
  readonly utc: string;
}

/** A person's word on an alarm; there can be several. */
interface Word {
  readonly alarm: EventCode;
  readonly by: string;
  readonly reason: string;
  /** How it came; null in records of earlier versions. */
  readonly via: string | null;
  readonly at: Moment;
}

/** One alarm as the command tells it. */
interface AlarmReport {
  readonly alarm: EventCode;
  readonly state: 'open' | 'acknowledged' | 'ended';
  readonly severity: Alarm['severity'];
  readonly message: string;
  readonly cause: string | null;
  readonly latched: boolean;
  readonly first: Moment;
  readonly last: Moment;
  readonly count: number;
  readonly escalations: number;
  /** Everybody who has acknowledged it, in order, also before it was raised again. */
  readonly acknowledgements: readonly Omit<Word, 'alarm'>[];
  readonly ended: { readonly reason: string; readonly at: Moment } | null;
}

export const alarmsCommand: Command = {
  name: 'alarms',
  summary: 'list the alarms of a run, past or going on: who has acknowledged them, and why',
  usage: 'operando alarms RUN [--out DIR] [--json]',
  optionHelp: [
    ['--out DIR', 'folder that holds the run (default: runs)'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando alarms 20261121-120501-first-light-7f3a',
    'operando alarms runs/20261121-120501-first-light-7f3a --json',
  ],
  options: {
    out: { type: 'string', default: 'runs' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const { reader, close } = openRun(runFolder(runOf(line), String(line.options.out)));
    try {
      const { runId } = reader.info;
      const alarms = readAlarms(reader);
      if (line.options.json) {
        terminal.out(`${JSON.stringify({ run: runId, status: reader.status(), alarms })}\n`);
      } else {
        terminal.out(alarms.length === 0 ? `no alarms in ${runId}\n` : alarms.map(told).join('\n'));
      }
    } finally {
      close();
    }
    return EXIT_CODES.done;
  },
};

function runOf(line: CommandLine): string {
  const [run, ...others] = line.words;
  if (run !== undefined && others.length === 0) return run;
  throw new Fault('badInput', {
    where: 'operando alarms',
    message: `${line.words.length} runs given, expected one; usage: ${alarmsCommand.usage}`,
  });
}

/** The alarms of a run as they stand, in the order in which they were raised first. */
export function readAlarms(reader: RunReader): readonly AlarmReport[] {
  let alarms: ReadonlyMap<EventCode, Alarm> = new Map();
  const words: Word[] = [];
  const boots = new Map<number, number>();
  for (const record of eventsOf(reader)) {
    alarms = alarmsAfter(alarms, record);
    if (!boots.has(record.boot)) boots.set(record.boot, record.timeSecond);
    if (record.body.code === 'alarmAcknowledged') words.push(wordOf(reader, record));
  }
  // Each start of the software has its own UTC label.
  const bootAt = (second: number): number =>
    [...boots].findLast(([, startSecond]) => startSecond <= second)?.[0] ?? 0;
  const at = (second: number): Moment => momentOf(reader, bootAt(second), second);
  return [...alarms.values()]
    .sort((a, b) => a.firstSecond - b.firstSecond)
    .map((alarm) => ({
      alarm: alarm.code,
      state: alarm.ended ? 'ended' : alarm.acknowledged ? 'acknowledged' : 'open',
      severity: alarm.severity,
      message: alarm.message,
      cause: alarm.cause,
      latched: alarm.latched,
      first: at(alarm.firstSecond),
      last: at(alarm.lastSecond),
      count: alarm.count,
      escalations: alarm.escalations,
      acknowledgements: words
        .filter((word) => word.alarm === alarm.code)
        .map(({ alarm: _, ...word }) => word),
      ended: alarm.ended ? { reason: alarm.ended.reason, at: at(alarm.ended.timeSecond) } : null,
    }));
}

function* eventsOf(reader: RunReader): Generator<RecordOf<'event'>> {
  for (let after = 0; ; ) {
    const records: readonly RunRecord[] = reader.readAfter(after, BATCH);
    const last = records.at(-1);
    if (!last) return;
    for (const record of records) {
      if (record.body.kind === 'event') yield record as RecordOf<'event'>;
    }
    after = last.sequence;
  }
}

function wordOf(reader: RunReader, { timeSecond, boot, body }: RecordOf<'event'>): Word {
  const { alarm, by, reason, via } = body.details;
  return {
    alarm: alarm as EventCode,
    by: String(by),
    reason: String(reason),
    via: via === undefined ? null : String(via),
    at: momentOf(reader, boot, timeSecond),
  };
}

function momentOf(reader: RunReader, boot: number, second: number): Moment {
  return { second, utc: new Date(reader.utcAtZeroMs(boot) + second * 1000).toISOString() };
}

const STATES = {
  open: 'not acknowledged',
  acknowledged: 'acknowledged',
  ended: 'ended',
} as const;

function told(report: AlarmReport): string {
  const { alarm, state, severity, message, cause, first, last, count, latched } = report;
  const again = count > 1 ? `, ${count} times, last ${spoken(last)}` : '';
  const facts = [
    `since ${spoken(first)}${again}`,
    ...(cause === null ? [] : [`cause: ${cause}`]),
    ...(report.escalations > 0 ? [`risen ${report.escalations} ×`] : []),
    ...(latched && state === 'open'
      ? ['nothing is switched on again before a person has acknowledged it']
      : []),
  ];
  const lines = [
    `${alarm}: ${severity}, ${STATES[state]}`,
    `  ${message}`,
    ...facts.map((fact) => `  ${fact}`),
    ...report.acknowledgements.map(
      ({ by, reason, via, at }) =>
        `  acknowledged by ${by}${via === null ? '' : ` (${via})`} at ${spoken(at)}: ${reason}`,
    ),
    ...(report.ended ? [`  ended at ${spoken(report.ended.at)}: ${report.ended.reason}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** "2026-11-21 12:05:01 UTC (1 h 02 min into the run)" */
function spoken({ second, utc }: Moment): string {
  return `${utc.slice(0, 19).replace('T', ' ')} UTC (${duration(second)} into the run)`;
}
