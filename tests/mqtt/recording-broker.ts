import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';

export interface Recorded {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/** A broker that writes down what it acknowledges, across its own restarts. */
export class RecordingBroker {
  readonly messages: Recorded[] = [];
  /** Messages that came while the broker held back its acknowledgements. */
  heldCount = 0;
  #held: (() => void)[] = [];
  #isHolding = false;
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker({
      authorizePublish: (client, packet, done) => {
        const accept = (): void => {
          if (client) {
            const { topic, payload, retain } = packet;
            this.messages.push({ topic, payload: payload.toString(), retain });
          }
          done(null);
          for (const watcher of this.#watchers) watcher();
        };
        if (this.#isHolding && client) {
          this.heldCount += 1;
          this.#held.push(accept);
          for (const watcher of this.#watchers) watcher();
        } else accept();
      },
    });
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
    this.#aedes = aedes;
    this.#server = server;
  }

  hold(): void {
    this.#isHolding = true;
  }

  release(): void {
    this.#isHolding = false;
    for (const accept of this.#held.splice(0)) accept();
  }

  publishRetained(topic: string, payload: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const rest = { cmd: 'publish', qos: 1, retain: true, dup: false } as const;
      this.#aedes?.publish({ ...rest, topic, payload }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Cuts every connection without a word, as a pulled cable does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const { aedes, server } = { aedes: this.#aedes, server: this.#server };
    this.#aedes = undefined;
    this.#server = undefined;
    if (!aedes || !server) return;
    this.cut();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
  }

  /** Resolves when `isTrue` is, looked at after each message. */
  until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!isTrue()) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  on(topicEnd: string): readonly Record<string, unknown>[] {
    return this.messages
      .filter(({ topic, payload }) => topic.endsWith(topicEnd) && payload !== '')
      .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);
  }
}
