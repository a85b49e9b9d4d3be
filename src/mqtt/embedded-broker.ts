import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { asFault, Fault } from '../domain/fault.ts';

/** Clients at the same time; the next one is turned away. */
export const CLIENTS_MAX = 64;
/** Largest message the broker passes on, in bytes. */
export const MESSAGE_BYTES_MAX = 256 * 1024;
/** Topics with a retained message. */
export const RETAINED_TOPICS_MAX = 10_000;

/**
 * The broker of a run that has no laboratory network: on this machine alone, in memory. It keeps
 * no queue for a client that went away (every session is a clean one): what a run measured is in
 * its database.
 */
export class EmbeddedBroker {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #retainedTopics = new Set<string>();
  #aedes: Aedes | undefined;
  #server: Server | undefined;

  /** @param port 0 takes any free one; 1883 is where clients look first */
  constructor(port: number) {
    this.#port = port;
  }

  /** Listens on 127.0.0.1 and returns the port. @throws Fault badInput when it is taken */
  async start(): Promise<number> {
    if (this.#server) throw new Fault('badInput', { where: 'broker', message: 'runs already' });
    const aedes = await Aedes.createBroker({
      preConnect: (_client, packet, done) => {
        // Aedes reads the flag after this; without it an absent subscriber would fill the memory.
        (packet as { clean?: boolean }).clean = true;
        done(null, true);
      },
      authorizePublish: (_client, packet, done) => done(this.#refusal(packet)),
    });
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    server.maxConnections = CLIENTS_MAX;
    this.#aedes = aedes;
    this.#server = server;
    try {
      return await listen(server, this.#port);
    } catch (error) {
      await this.stop();
      throw portFault(error, this.#port);
    }
  }

  /** Disconnects everyone and frees the port. Idempotent. */
  async stop(): Promise<void> {
    const { aedes, server } = { aedes: this.#aedes, server: this.#server };
    this.#aedes = undefined;
    this.#server = undefined;
    if (!aedes || !server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #refusal(packet: {
    readonly topic: string;
    readonly payload: string | Buffer;
    readonly retain: boolean;
  }): Error | null {
    if (packet.topic.startsWith('$SYS/')) return new Error('$SYS is the broker’s own');
    const byteCount = Buffer.byteLength(packet.payload);
    if (byteCount > MESSAGE_BYTES_MAX) return new Error(`message of ${byteCount} bytes refused`);
    if (!packet.retain) return null;
    if (byteCount === 0) {
      this.#retainedTopics.delete(packet.topic);
      return null;
    }
    this.#retainedTopics.add(packet.topic);
    if (this.#retainedTopics.size <= RETAINED_TOPICS_MAX) return null;
    this.#retainedTopics.delete(packet.topic);
    return new Error(`more than ${RETAINED_TOPICS_MAX} retained topics refused`);
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function portFault(error: unknown, port: number): Fault {
  const where = `127.0.0.1:${port}`;
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE')
    return asFault(error, where, 'badInput');
  const message = 'the port is taken; give another one, or 0 for any free one';
  return new Fault('badInput', { where, message }, error);
}
