import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { BACK_OFF_SECOND_MAX, backOffSecond, seededRandom } from './jitter.ts';
import type { IncomingMessage, OutgoingMessage } from './message.ts';
import { PAYLOAD_BYTES_MAX } from './record-messages.ts';

/** Longest wait for a broker to answer a connection attempt. */
export const CONNECT_SECOND_MAX = 10;
/** The client asks for a sign of life this often; twice as long without one ends the connection. */
export const KEEP_ALIVE_SECOND = 30;
/** Most messages on their way at the same time, whatever the broker allows. */
export const WINDOW_MAX = 64;
/** Longest wait for a farewell to be acknowledged and the connection to close. */
export const FAREWELL_SECOND_MAX = 2;
/** Messages the broker may have on their way to us (MQTT 5 Receive Maximum). */
const RECEIVE_MAX = 32;
const WILL_DELAY_SECOND = 5;
const PACKET_TOO_LARGE = 0x95;
/** Refusals that do not mend themselves in seconds: CONNACK codes of MQTT 3.1.1 and 5. */
const LASTING_REFUSAL_CODES: readonly unknown[] = [4, 5, 0x86, 0x87, 0x8c, PACKET_TOO_LARGE];
/** Packets a broker must take: our largest payload with its topic and properties. */
const PACKET_BYTES_MIN = PAYLOAD_BYTES_MAX + 1024;

export interface BrokerAddress {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly username?: string;
  readonly password?: string;
}

/** An open connection. It is dead for good after `onClose`. */
export interface Session {
  /** Messages that may be on their way at the same time. */
  readonly windowMax: number;
  /** Calls back once, on the broker's acknowledgement; never when the session closes first. */
  publish(message: OutgoingMessage, onAcknowledged: () => void): void;
}

export interface SupervisorOptions {
  readonly broker: BrokerAddress;
  readonly clientId: string;
  readonly clock: Clock;
  readonly seed: number;
  /** Published by the broker when the connection breaks. */
  will(): OutgoingMessage;
  readonly subscriptions: readonly string[];
  onOpen(session: Session): void;
  /** The connection or an attempt has failed; the next attempt comes by itself. */
  onClose(reason: string): void;
  onMessage(message: IncomingMessage): void;
}

/**
 * Keeps one connection to the broker. MQTT.js's own reconnection and queues stay off: they can
 * hang after a broker restart and lose messages without a word, so every attempt is a new client
 * and nothing is published unless connected.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #random: () => number;
  #attempt: Attempt | undefined;
  #cancelRetry: CancelTimer | undefined;
  #failures = 0;
  #isStopped = true;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#connect();
  }

  /** Says farewell if connected, closes, and tries no more. Idempotent. */
  async stop(farewell: OutgoingMessage): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelRetry?.();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    await attempt?.close(farewell);
  }

  #connect(): void {
    const attempt = new Attempt(this.#options, {
      onAcknowledged: () => {
        this.#failures = 0;
      },
      onFailure: (reason, code) => {
        if (this.#attempt !== attempt) return;
        this.#attempt = undefined;
        this.#retryLater(code);
        this.#options.onClose(reason);
      },
    });
    this.#attempt = attempt;
    attempt.connect();
  }

  #retryLater(code: unknown): void {
    if (this.#isStopped) return;
    this.#failures += 1;
    const waitSecond = LASTING_REFUSAL_CODES.includes(code)
      ? BACK_OFF_SECOND_MAX
      : backOffSecond(this.#failures, this.#random());
    this.#cancelRetry = this.#options.clock.after(waitSecond, () => this.#connect());
  }
}

interface AttemptHooks {
  onAcknowledged(): void;
  /** @param code CONNACK or PUBACK reason, when the broker gave one */
  onFailure(reason: string, code: unknown): void;
}

/** One client, from its first byte to its last. */
class Attempt implements Session {
  readonly #options: SupervisorOptions;
  readonly #hooks: AttemptHooks;
  readonly #clock: Clock;
  #client: MqttClient | undefined;
  #cancelTimer: CancelTimer | undefined;
  #isOpen = false;
  #heardSecond = 0;
  /** When each message on its way was sent, oldest first. At most WINDOW_MAX and the farewell. */
  readonly #sentSecond = new Map<symbol, number>();
  #windowMax = WINDOW_MAX;

  constructor(options: SupervisorOptions, hooks: AttemptHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#clock = options.clock;
  }

  get windowMax(): number {
    return this.#windowMax;
  }

  connect(): void {
    const client = mqtt.connect(this.#options.broker.url, clientOptions(this.#options));
    this.#client = client;
    client.on('error', (error) => this.#fail(error.message, reasonCode(error)));
    client.on('close', () => this.#fail('the connection closed', undefined));
    client.on('packetreceive', () => {
      this.#heardSecond = this.#clock.nowSecond();
    });
    client.on('connect', (connack) => {
      const { receiveMaximum = WINDOW_MAX + 1, maximumPacketSize = Number.POSITIVE_INFINITY } =
        connack.properties ?? {};
      // One place is kept for the farewell.
      this.#windowMax = Math.max(1, Math.min(WINDOW_MAX, receiveMaximum - 1));
      if (maximumPacketSize >= PACKET_BYTES_MIN) this.#subscribe(client);
      else {
        const reason = `takes packets of ${maximumPacketSize} bytes, expected ${PACKET_BYTES_MIN}`;
        this.#fail(reason, PACKET_TOO_LARGE);
      }
    });
    client.on('message', (topic, payload, packet) => {
      const { responseTopic, correlationData } = packet.properties ?? {};
      this.#options.onMessage({
        topic,
        payload,
        retain: packet.retain,
        ...(responseTopic === undefined ? {} : { responseTopic }),
        ...(correlationData === undefined ? {} : { correlationData }),
      });
    });
    this.#cancelTimer = this.#clock.after(CONNECT_SECOND_MAX, () =>
      this.#fail(`no answer within ${CONNECT_SECOND_MAX} s`, undefined),
    );
    client.connect();
  }

  publish(message: OutgoingMessage, onAcknowledged: () => void): void {
    const client = this.#client;
    if (!client?.connected) return;
    const token = Symbol(message.topic);
    this.#sentSecond.set(token, this.#clock.nowSecond());
    client.publish(
      message.topic,
      message.payload,
      publishOptions(message, this.#options),
      (error) => {
        this.#sentSecond.delete(token);
        if (this.#client !== client) return;
        if (error) {
          this.#fail(`${message.topic} was refused: ${error.message}`, reasonCode(error));
          return;
        }
        this.#hooks.onAcknowledged();
        onAcknowledged();
      },
    );
  }

  /** Publishes a last message and disconnects in good order, or after a while in any. */
  async close(farewell: OutgoingMessage): Promise<void> {
    const client = this.#client;
    this.#cancelTimer?.();
    if (client && this.#isOpen) {
      await this.#atMost((done) => this.publish(farewell, done));
      this.#client = undefined;
      await this.#atMost((done) => client.end(false, done));
    }
    this.#client = undefined;
    client?.end(true);
  }

  #atMost(act: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(FAREWELL_SECOND_MAX, resolve);
      act(() => {
        cancel();
        resolve();
      });
    });
  }

  #subscribe(client: MqttClient): void {
    client.subscribe([...this.#options.subscriptions], { qos: 1 }, (error) => {
      if (this.#client !== client) return;
      if (error) {
        this.#fail(`could not subscribe: ${error.message}`, reasonCode(error));
        return;
      }
      this.#isOpen = true;
      this.#cancelTimer?.();
      this.#watch();
      this.#options.onOpen(this);
    });
  }

  /** Ends a connection that looks open but has gone silent, or no longer acknowledges. */
  #watch(): void {
    this.#cancelTimer = this.#clock.after(KEEP_ALIVE_SECOND, () => {
      const nowSecond = this.#clock.nowSecond();
      const [oldestSecond = nowSecond] = this.#sentSecond.values();
      const silenceSecond = nowSecond - Math.min(this.#heardSecond, oldestSecond);
      if (silenceSecond >= 2 * KEEP_ALIVE_SECOND) {
        this.#fail(`no sign of life for ${Math.round(silenceSecond)} s`, undefined);
      } else {
        this.#watch();
      }
    });
  }

  #fail(reason: string, code: unknown): void {
    const client = this.#client;
    if (!client) return;
    this.#client = undefined;
    this.#isOpen = false;
    this.#cancelTimer?.();
    client.end(true);
    this.#hooks.onFailure(reason, code);
  }
}

function clientOptions(options: SupervisorOptions): IClientOptions {
  const { broker, clientId } = options;
  const will = options.will();
  const isVersion5 = broker.protocolVersion === 5;
  return {
    manualConnect: true,
    protocolVersion: broker.protocolVersion,
    clientId,
    // Nothing to resume: what is to be sent is in the run database, and commands age in seconds.
    clean: true,
    keepalive: KEEP_ALIVE_SECOND,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_SECOND_MAX * 1000,
    queueQoSZero: false,
    resubscribe: false,
    timerVariant: 'native',
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(broker.password === undefined ? {} : { password: broker.password }),
    ...(isVersion5
      ? { properties: { sessionExpiryInterval: 0, receiveMaximum: RECEIVE_MAX } }
      : {}),
    will: {
      topic: will.topic,
      payload: Buffer.from(will.payload),
      qos: 1,
      retain: will.retain,
      ...(isVersion5 ? { properties: { willDelayInterval: WILL_DELAY_SECOND } } : {}),
    },
  };
}

function publishOptions(message: OutgoingMessage, { broker }: SupervisorOptions): object {
  const { retain, expirySecond, correlationData } = message;
  if (broker.protocolVersion !== 5) return { qos: 1, retain };
  const properties = {
    payloadFormatIndicator: true,
    contentType: 'application/json',
    ...(expirySecond === undefined ? {} : { messageExpiryInterval: expirySecond }),
    ...(correlationData === undefined ? {} : { correlationData }),
  };
  return { qos: 1, retain, properties };
}

function reasonCode(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}
