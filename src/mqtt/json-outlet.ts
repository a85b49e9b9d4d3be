import type { Alarm } from '../domain/alarm.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { asFault, type Problem } from '../domain/fault.ts';
import type { RunControl } from '../domain/run-control.ts';
import type { EventCode, RunInfo } from '../domain/run-record.ts';
import type { RunReader } from '../domain/run-store.ts';
import { CommandDesk } from './command-desk.ts';
import type { Reply, ReplyAddress } from './command-guard.ts';
import { Delivery } from './delivery.ts';
import { seedOf } from './jitter.ts';
import type { IncomingMessage, OutgoingMessage } from './message.ts';
import {
  descMessage,
  type NodeState,
  nodeStateOf,
  replyPayload,
  stateMessage,
  statusMessage,
} from './node-messages.ts';
import { Outbox } from './outbox.ts';
import { RecordPacker } from './record-messages.ts';
import { type BrokerAddress, type Session, Supervisor } from './supervisor.ts';
import { type Topics, topicsOf } from './topics.ts';

/** The outlet's name in the run database's table of cursors. */
export const OUTLET_NAME = 'mqtt';
/** `state` is written at most this often, and only when it has changed. */
export const STATE_EVERY_SECOND = 1;
/** `status` is written at least this often, so that its `up_s` shows life. */
export const STATUS_EVERY_SECOND = 60;

export interface MqttOutletOptions {
  readonly reader: RunReader;
  readonly control: RunControl;
  /** Real time, also when the experiment's is simulated. */
  readonly clock: Clock;
  readonly broker: BrokerAddress;
  readonly site: string;
  readonly node: string;
  readonly cell: string;
  /** Of the software. */
  readonly version: string;
  /** For the jitter between connection attempts; follows from site and node when absent. */
  readonly seed?: number;
  /** Of earlier starts of the software, by code: their records may have gone out already. */
  readonly earlierAlarms?: ReadonlyMap<EventCode, Alarm>;
  /** Told when the connection closes or an attempt fails, and of trouble with the database. */
  readonly report?: (problem: Problem) => void;
}

export interface MqttStatistics {
  readonly isConnected: boolean;
  readonly connections: number;
  /** Record messages handed to a connection, repeated ones included. */
  readonly published: number;
  readonly acknowledged: number;
  /** Record messages that had to be sent again after a connection closed. */
  readonly repeated: number;
  /** Records committed and not yet acknowledged. */
  readonly remaining: number;
}

/**
 * The run on the laboratory network, as a tree of JSON topics (docs/mqtt.md). It reads the run
 * database with a cursor that moves on the broker's acknowledgement, so a broker that is slow,
 * away or restarted costs time, not records.
 */
export class MqttOutlet {
  readonly #options: MqttOutletOptions;
  #parts: Parts | undefined;
  #stopListening: (() => void) | undefined;
  #session: Session | undefined;
  #inFlight = 0;
  #isPumpDue = false;
  #cancelTick: CancelTimer | undefined;
  #startedSecond = 0;
  #lastState = '';
  #described: RunInfo | undefined;
  #lastStatusSecond = 0;
  #lastNodeState: NodeState = 'ready';
  #boot = 0;
  readonly #drainChecks = new Set<() => void>();
  readonly #counts = { connections: 0, published: 0, acknowledged: 0, repeated: 0 };

  constructor(options: MqttOutletOptions) {
    this.#options = options;
  }

  /** Begins to connect and to deliver. @throws Fault badInput for ids, storage for the cursor */
  start(): void {
    if (this.#parts) return;
    const { reader, clock } = this.#options;
    const topics = topicsOf(this.#options);
    for (const channel of reader.info.channels) topics.stream(channel.name);
    const packer = new RecordPacker(
      reader.info,
      topics,
      (boot) => reader.utcAtZeroMs(boot),
      this.#options.earlierAlarms,
    );
    const delivery = new Delivery(reader, OUTLET_NAME, (records) => {
      this.#boot = records.at(-1)?.boot ?? this.#boot;
      return packer.pack(records);
    });
    delivery.start();
    this.#startedSecond = clock.nowSecond();
    const desk = this.#commandDesk(topics);
    const supervisor = this.#supervise(topics, desk);
    this.#parts = { topics, delivery, desk, supervisor, outbox: new Outbox() };
    this.#stopListening = reader.onCommit(() => this.#pumpSoon());
    supervisor.start();
    this.#tick();
  }

  statistics(): MqttStatistics {
    return {
      ...this.#counts,
      isConnected: this.#session !== undefined,
      remaining: this.#parts?.delivery.remaining() ?? 0,
    };
  }

  /**
   * Waits until everything committed so far, and the present state, is acknowledged.
   * @returns the number of records that are not, 0 unless time ran out
   */
  drain(timeoutMs: number): Promise<number> {
    this.#writeStateIfChanged();
    this.#pumpSoon();
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#drainChecks.delete(check);
        resolve(this.#parts?.delivery.remaining() ?? 0);
      };
      const check = (): void => {
        const { delivery, outbox } = this.#parts ?? {};
        const isDone = delivery?.remaining() === 0 && outbox?.isEmpty && this.#inFlight === 0;
        if (isDone || !this.#parts) finish();
      };
      const cancel = this.#options.clock.after(timeoutMs / 1000, finish);
      this.#drainChecks.add(check);
      setImmediate(check);
    });
  }

  /** Publishes `offline`, disconnects and gives up its timers. Idempotent. */
  async stop(): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    const farewell = this.#statusMessage(parts, 'offline');
    this.#parts = undefined;
    this.#session = undefined;
    this.#stopListening?.();
    this.#cancelTick?.();
    parts.desk.stop();
    for (const check of this.#drainChecks) check();
    await parts.supervisor.stop(farewell);
  }

  #commandDesk(topics: Topics): CommandDesk {
    const { control, clock, reader } = this.#options;
    return new CommandDesk({
      topics,
      runId: reader.info.runId,
      control,
      clock,
      answer: (reply, to) => this.#reply(reply, to),
      report: (where, message) => this.#report(where, message),
    });
  }

  #supervise(topics: Topics, desk: CommandDesk): Supervisor {
    const { broker, clock, site, node, reader, seed } = this.#options;
    return new Supervisor({
      broker,
      clock,
      // A broker lets the older of two clients with one name go: each run has its own.
      clientId: `operando-${site}-${node}-${reader.info.runId}-json`,
      seed: seed ?? seedOf(`${site}/${node}`),
      will: () => this.#statusMessage(this.#parts, 'lost', topics),
      subscriptions: [...desk.topics, `${topics.alarms}+`],
      onOpen: (session) => this.#open(session),
      onClose: (reason) => this.#close(reason),
      onMessage: (message) => this.#receive(message),
    });
  }

  #open(session: Session): void {
    const parts = this.#parts;
    if (!parts) return;
    this.#session = session;
    this.#inFlight = 0;
    this.#counts.connections += 1;
    this.#lastState = '';
    this.#writeDescription(parts);
    this.#writeStatus(parts);
    this.#writeStateIfChanged();
    this.#pumpSoon();
  }

  #close(reason: string): void {
    this.#session = undefined;
    this.#inFlight = 0;
    const parts = this.#parts;
    if (!parts) return;
    parts.outbox.dropAll();
    this.#counts.repeated += parts.delivery.takeBack();
    this.#report(this.#options.broker.url, `${reason}; records wait in the run database`);
  }

  /** Never in the call of whoever committed: an outlet takes no time from the control loop. */
  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#guarded(() => this.#pump());
    });
  }

  #pump(): void {
    while (this.#session && this.#parts && this.#inFlight < this.#session.windowMax) {
      const { outbox, delivery } = this.#parts;
      const short = outbox.take();
      if (short) {
        this.#send(short, () => {});
        continue;
      }
      const message = delivery.next();
      if (!message) return;
      this.#counts.published += 1;
      this.#send(message, () => {
        this.#counts.acknowledged += 1;
        this.#guarded(() => delivery.acknowledge(message));
      });
    }
  }

  #send(message: OutgoingMessage, onAcknowledged: () => void): void {
    const session = this.#session;
    this.#inFlight += 1;
    session?.publish(message, () => {
      if (this.#session !== session) return;
      this.#inFlight -= 1;
      onAcknowledged();
      for (const check of this.#drainChecks) check();
      this.#pumpSoon();
    });
  }

  #tick(): void {
    const { clock } = this.#options;
    this.#cancelTick = clock.after(STATE_EVERY_SECOND, () => this.#tick());
    const parts = this.#parts;
    if (!parts || !this.#session) return;
    this.#writeStateIfChanged();
    const isDue = clock.nowSecond() - this.#lastStatusSecond >= STATUS_EVERY_SECOND;
    const nodeState = nodeStateOf(this.#options.control.status());
    if (isDue || nodeState !== this.#lastNodeState) this.#writeStatus(parts);
    this.#pumpSoon();
  }

  #writeDescription({ outbox, topics }: Parts): void {
    this.#described = this.#options.reader.info;
    outbox.put(descMessage(topics, this.#described));
  }

  /** The state, and before it who the instruments are, where that has become known since. */
  #writeStateIfChanged(): void {
    if (!this.#parts || !this.#session) return;
    const { reader, control } = this.#options;
    if (reader.info !== this.#described) this.#writeDescription(this.#parts);
    const message = stateMessage(this.#parts.topics, reader.info, control);
    if (message.payload === this.#lastState) return;
    this.#lastState = message.payload;
    this.#parts.outbox.put(message);
  }

  #writeStatus(parts: Parts): void {
    this.#lastStatusSecond = this.#options.clock.nowSecond();
    this.#lastNodeState = nodeStateOf(this.#options.control.status());
    parts.outbox.put(this.#statusMessage(parts, this.#lastNodeState));
  }

  #statusMessage(parts: Parts | undefined, state: NodeState, topics = parts?.topics) {
    const { clock, reader, version } = this.#options;
    const none = { ignoredRetained: 0, rejected: 0, repeated: 0, accepted: 0 };
    return statusMessage(topics ?? topicsOf(this.#options), reader.info, {
      state,
      boot: this.#boot,
      upSecond: clock.nowSecond() - this.#startedSecond,
      version,
      commands: parts?.desk.counts ?? none,
      repliesDropped: parts?.outbox.repliesDropped ?? 0,
    });
  }

  #receive(message: IncomingMessage): void {
    const parts = this.#parts;
    if (!parts) return;
    if (message.topic.startsWith(parts.topics.alarms)) this.#clearOldAlarm(parts, message);
    else parts.desk.receive(message);
    this.#pumpSoon();
  }

  #reply(reply: Reply, to: ReplyAddress | undefined): void {
    if (!to || !this.#parts) return;
    if (!this.#session) {
      this.#parts.outbox.countDroppedReply();
      return;
    }
    const { reader, clock } = this.#options;
    this.#parts.outbox.put({
      topic: to.topic,
      payload: replyPayload(reader.info, reply, clock.utcMs()),
      retain: false,
      expirySecond: 60,
      ...(to.correlationData ? { correlationData: to.correlationData } : {}),
    });
    this.#pumpSoon();
  }

  /** A new run on the cell is the answer to the alarms of the one before. */
  #clearOldAlarm(parts: Parts, message: IncomingMessage): void {
    if (!message.retain || message.payload.length === 0) return;
    const ours = `"run":${JSON.stringify(this.#options.reader.info.runId)}`;
    if (message.payload.includes(ours)) return;
    parts.outbox.put({ topic: message.topic, payload: '', retain: true });
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      const fault = asFault(error, 'MQTT outlet', 'storage');
      for (const problem of fault.problems) this.#report(problem.where, problem.message);
    }
  }

  #report(where: string, message: string): void {
    this.#options.report?.({ where, message });
  }
}

interface Parts {
  readonly topics: Topics;
  readonly delivery: Delivery;
  readonly desk: CommandDesk;
  readonly supervisor: Supervisor;
  readonly outbox: Outbox;
}
