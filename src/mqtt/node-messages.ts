import { CHANNELS } from '../domain/channel.ts';
import type { RunControl } from '../domain/run-control.ts';
import type { RunInfo, RunStatus } from '../domain/run-record.ts';
import { COMMAND_AGE_MS_MAX, type CommandCounts, type Reply } from './command-guard.ts';
import type { OutgoingMessage } from './message.ts';
import { clockName, PAYLOAD_BYTES_MAX, PAYLOAD_SCHEMA } from './record-messages.ts';
import type { Topics } from './topics.ts';

/** Ontology of the Battery Data Format, whose terms end in the channel's name. */
const BDF_ONTOLOGY = 'https://w3id.org/battery-data-alliance/ontology/battery-data-format#';
/** Names among our channels that the ontology defines (version 1.3.0). */
const BDF_TERMS: ReadonlySet<string> = new Set([
  CHANNELS.voltage.name,
  CHANNELS.current.name,
  CHANNELS.charge.name,
  CHANNELS.temperature.name,
  CHANNELS.pressure.name,
]);

export type NodeState = 'ready' | 'safe' | 'lost' | 'offline';

export interface StatusContent {
  readonly state: NodeState;
  readonly boot: number;
  readonly upSecond: number;
  readonly version: string;
  readonly commands: CommandCounts;
  /** Replies to commands that had nowhere to go because the connection was gone. */
  readonly repliesDropped: number;
}

/** What the node is and whether anyone is at home; retained, and the will when `lost`. */
export function statusMessage(
  topics: Topics,
  info: RunInfo,
  status: StatusContent,
): OutgoingMessage {
  const { state, boot, upSecond, version, commands, repliesDropped } = status;
  return retained(topics.status, {
    schema: PAYLOAD_SCHEMA,
    state,
    run: info.runId,
    boot,
    up_s: Math.round(upSecond),
    ver: version,
    commands: {
      accepted: commands.accepted,
      rejected: commands.rejected,
      repeated: commands.repeated,
      ignored_retained: commands.ignoredRetained,
      replies_dropped: repliesDropped,
    },
  });
}

/** A run that ended otherwise than by its recipe has left its rig in the safe state. */
export function nodeStateOf(status: RunStatus): NodeState {
  return status === 'running' || status === 'done' ? 'ready' : 'safe';
}

/** What is measured, in which units, by what; retained. */
export function descMessage(topics: Topics, info: RunInfo): OutgoingMessage {
  return retained(topics.desc, {
    schema: PAYLOAD_SCHEMA,
    rev: 1,
    run: info.runId,
    recipe: info.recipe,
    cell: info.cell,
    rig: info.rig,
    started_utc: new Date(info.startedUtcMs).toISOString(),
    speed: info.speed,
    clk: clockName(info),
    ver: info.softwareVersion,
    channels: info.channels.map(({ name, label, unit }) => ({
      name,
      label,
      unit,
      bdf_term: BDF_TERMS.has(name) ? `${BDF_ONTOLOGY}${name}` : null,
      topic: topics.stream(name),
    })),
    streams: [
      'step',
      'spectrum-point',
      'spectrum',
      'fit',
      'scan',
      'volume',
      'segmentation',
      'volume-change',
      'detector-spectrum',
      'derived',
    ].map((name) => topics.stream(name)),
    log: topics.log,
    instruments: info.instruments,
    commands: [topics.stop, topics.acknowledge, topics.arm, topics.resume],
    limits: { payload_bytes: PAYLOAD_BYTES_MAX, command_age_ms: COMMAND_AGE_MS_MAX },
  });
}

/** Where the run stands; retained. */
export function stateMessage(topics: Topics, info: RunInfo, control: RunControl): OutgoingMessage {
  const progress = control.progress();
  const waiting = control.waiting();
  return retained(topics.state, {
    schema: PAYLOAD_SCHEMA,
    run: info.runId,
    status: control.status(),
    waiting: waiting
      ? {
          kind: waiting.kind,
          since_second: waiting.sinceSecond,
          message: waiting.message,
          obstacle: waiting.obstacle,
        }
      : null,
    step_index: progress.stepIndex,
    step_count: progress.stepCount,
    step_name: progress.stepName,
    technique: progress.technique,
    charge_coulomb: progress.chargeCoulomb,
    elapsed_second: progress.elapsedSecond,
    planned_second: progress.plannedSecond,
  });
}

/** The answer to a command. */
export function replyPayload(info: RunInfo, reply: Reply, nowUtcMs: number): string {
  return JSON.stringify({
    schema: PAYLOAD_SCHEMA,
    run: info.runId,
    correlation_id: reply.correlationId,
    state: reply.state,
    ...(reply.code === undefined ? {} : { code: reply.code }),
    ...(reply.message === undefined ? {} : { message: reply.message }),
    utc: new Date(nowUtcMs).toISOString(),
  });
}

function retained(topic: string, content: object): OutgoingMessage {
  return { topic, payload: JSON.stringify(content), retain: true };
}
