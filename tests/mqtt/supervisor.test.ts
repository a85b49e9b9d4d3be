import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { type Session, Supervisor } from '../../src/mqtt/supervisor.ts';
import { RecordingBroker } from './recording-broker.ts';

const NOTE = { topic: 'status', payload: '{}', retain: false };

/** A supervisor on a clock that only the test moves, and a queue of what it tells. */
function supervised(url: string): {
  readonly clock: VirtualClock;
  readonly supervisor: Supervisor;
  readonly opened: () => Promise<Session>;
  readonly closed: () => Promise<string>;
} {
  const clock = new VirtualClock();
  const sessions = queue<Session>();
  const reasons = queue<string>();
  const supervisor = new Supervisor({
    broker: { url, protocolVersion: 4 },
    clientId: 'test',
    clock,
    seed: 1,
    will: () => NOTE,
    subscriptions: ['commands'],
    onOpen: sessions.put,
    onClose: reasons.put,
    onMessage: () => {},
  });
  onTestFinished(() => supervisor.stop(NOTE));
  return { clock, supervisor, opened: sessions.take, closed: reasons.take };
}

function queue<T>(): { put(item: T): void; take(): Promise<T> } {
  const items: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    put: (item) => {
      const taker = takers.shift();
      if (taker) taker(item);
      else items.push(item);
    },
    take: () =>
      new Promise((resolve) => {
        const item = items.shift();
        if (item === undefined) takers.push(resolve);
        else resolve(item);
      }),
  };
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `mqtt://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

describe('the supervisor of the broker connection', () => {
  it('gives up an attempt that nobody answers after 10 s and tries again with a new client', async () => {
    const connections = queue<true>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      connections.put(true);
    });
    const { clock, supervisor, closed } = supervised(await listening(server));
    onTestFinished(() => void server.close());
    supervisor.start();
    await connections.take();
    await clock.advance(9.9);
    await clock.advance(0.2);
    expect(await closed()).toBe('no answer within 10 s');
    await clock.advance(2);
    await connections.take();
    await supervisor.stop(NOTE);
  });

  it('waits at least a second, at first at most two, before it knocks on a closed port again', async () => {
    const server = createServer();
    const url = await listening(server);
    server.close();
    await once(server, 'close');
    const { clock, supervisor, closed } = supervised(url);
    supervisor.start();
    expect(await closed()).toContain('ECONNREFUSED');
    let isAgain = false;
    const again = closed().then((reason) => {
      isAgain = true;
      return reason;
    });
    await clock.advance(0.99);
    expect(isAgain).toBe(false);
    await clock.advance(1.02);
    expect(await again).toContain('ECONNREFUSED');
  });

  it('ends a connection that no longer acknowledges, and opens another', async () => {
    const broker = new RecordingBroker();
    await broker.start();
    onTestFinished(() => broker.stop());
    const { clock, supervisor, opened, closed } = supervised(broker.url);
    supervisor.start();
    const session = await opened();
    broker.hold();
    session.publish(NOTE, () => {});
    await broker.until(() => broker.heldCount === 1);
    await clock.advance(59);
    await clock.advance(2);
    expect(await closed()).toBe('no sign of life for 60 s');
    broker.release();
    await clock.advance(2);
    await opened();
  });

  it('waits a whole minute after the broker has refused its name', async () => {
    let attempts = 0;
    const aedes = await Aedes.createBroker({
      authenticate: (_client, _name, _password, done) => {
        attempts += 1;
        done(Object.assign(new Error('no'), { returnCode: 5 }), null);
      },
    });
    const server = createServer((socket) => void aedes.handle(socket));
    const { clock, supervisor, closed } = supervised(await listening(server));
    onTestFinished(() => {
      server.close();
      aedes.close();
    });
    supervisor.start();
    expect(await closed()).toContain('Not authorized');
    await clock.advance(59);
    expect(attempts).toBe(1);
    await clock.advance(2);
    await closed();
    expect(attempts).toBe(2);
  });

  it('says farewell and closes; no attempt follows', async () => {
    const broker = new RecordingBroker();
    await broker.start();
    onTestFinished(() => broker.stop());
    const { clock, supervisor, opened } = supervised(broker.url);
    supervisor.start();
    await opened();
    await supervisor.stop({ topic: 'status', payload: '{"state":"offline"}', retain: true });
    await supervisor.stop(NOTE);
    await clock.advance(300);
    expect(broker.messages).toEqual([
      { topic: 'status', payload: '{"state":"offline"}', retain: true },
    ]);
  });
});
