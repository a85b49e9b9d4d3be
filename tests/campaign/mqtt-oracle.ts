import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { connectAsync } from 'mqtt';

/** Debian puts it where only root's PATH looks. */
export const MOSQUITTO = [
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
]
  .map((folder) => join(folder, 'mosquitto'))
  .find((path) => existsSync(path));

/** One record as the world outside has heard of it. */
export interface Heard {
  readonly boot: number;
  readonly sequence: number;
  /** Value of a sample; undefined for what is no sample. */
  readonly value: number | undefined;
  /** Code of an event; undefined for what is none. */
  readonly code: string | undefined;
}

/** Hears what runs tell the network: whatever it has heard may never be missing from a run. */
export class MqttOracle {
  readonly #stop: () => Promise<void>;
  readonly #heard = new Map<string, Heard[]>();
  readonly url: string;

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.#stop = stop;
  }

  /** Starts a broker of its own, and listens to everything. */
  static async start(): Promise<MqttOracle> {
    if (MOSQUITTO === undefined) throw new Error('mosquitto is missing: apt-get install mosquitto');
    const folder = mkdtempSync(join(tmpdir(), 'operando-oracle-'));
    const port = await freePort();
    const file = join(folder, 'mosquitto.conf');
    writeFileSync(
      file,
      [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous true',
        'max_queued_messages 100000',
        `user ${userInfo().username}`,
        '',
      ].join('\n'),
    );
    const broker = spawn(MOSQUITTO, ['-c', file, '-v'], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      let text = '';
      broker.once('exit', () => reject(new Error(`mosquitto has ended: ${text}`)));
      broker.stderr.on('data', (chunk: Buffer) => {
        if (text.length > 10_000) return;
        text += chunk.toString();
        if (/mosquitto version .* running/.test(text)) resolve();
      });
    });
    const url = `mqtt://127.0.0.1:${port}`;
    const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
    const oracle = new MqttOracle(url, async () => {
      await client.endAsync();
      broker.kill('SIGKILL');
      await once(broker, 'exit');
      rmSync(folder, { recursive: true, force: true });
    });
    client.on('message', (_topic, payload) => oracle.#hear(payload.toString()));
    await client.subscribeAsync(['operando/v1/+/+/+/t/#', 'operando/v1/+/+/+/log'], { qos: 1 });
    return oracle;
  }

  /** Everything heard of one run. */
  heardOf(runId: string): readonly Heard[] {
    return this.#heard.get(runId) ?? [];
  }

  forget(runId: string): void {
    this.#heard.delete(runId);
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  #hear(payload: string): void {
    const message = JSON.parse(payload) as Partial<Batch>;
    const { run, boot } = message;
    if (run === undefined || boot === undefined) return;
    const heard = this.#heard.get(run) ?? [];
    this.#heard.set(run, heard);
    const { dseq, v, seq0, seq, code } = message;
    if (dseq && v && seq0 !== undefined) {
      for (const [at, offset] of dseq.entries()) {
        heard.push({ boot, sequence: seq0 + offset, value: v[at], code: undefined });
      }
    } else if (seq !== undefined) heard.push({ boot, sequence: seq, value: undefined, code });
  }
}

interface Batch {
  readonly run: string;
  readonly boot: number;
  readonly seq0: number;
  readonly dseq: readonly number[];
  readonly v: readonly number[];
  readonly seq: number;
  readonly code: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
