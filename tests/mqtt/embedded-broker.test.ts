import { once } from 'node:events';
import { createServer } from 'node:net';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedBroker, MESSAGE_BYTES_MAX } from '../../src/mqtt/embedded-broker.ts';
import { clientEvent } from './client-event.ts';

const brokers: EmbeddedBroker[] = [];
afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.stop()));
});

async function startedBroker(port = 0): Promise<{ broker: EmbeddedBroker; port: number }> {
  const broker = new EmbeddedBroker(port);
  brokers.push(broker);
  return { broker, port: await broker.start() };
}

async function client(port: number, options: object = {}): Promise<MqttClient> {
  const made = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 0,
    ...options,
  });
  onTestFinished(() => void made.end(true));
  return made;
}

describe('the embedded broker', () => {
  it('passes messages on and keeps retained ones', async () => {
    const { port } = await startedBroker();
    expect(port).toBeGreaterThan(0);
    const publisher = await client(port);
    await publisher.publishAsync('a/b', 'kept', { qos: 1, retain: true });
    const subscriber = await client(port);
    const heard = clientEvent(subscriber, 'message');
    await subscriber.subscribeAsync('a/#', { qos: 1 });
    const [topic, payload] = await heard;
    expect([topic, String(payload)]).toEqual(['a/b', 'kept']);
  });

  it('says that its port is taken, and can be stopped all the same', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const broker = new EmbeddedBroker(port);
    await expect(broker.start()).rejects.toMatchObject({
      code: 'badInput',
      message: `127.0.0.1:${port}: the port is taken; give another one, or 0 for any free one`,
    });
    await broker.stop();
  });

  it('disconnects everyone when stopped, twice if need be, and frees the port', async () => {
    const { broker, port } = await startedBroker();
    const connected = await client(port);
    const closed = clientEvent(connected, 'close');
    await broker.stop();
    await broker.stop();
    await closed;
    expect((await startedBroker(port)).port).toBe(port);
  });

  it('keeps no queue for a subscriber that went away', async () => {
    const { port } = await startedBroker();
    const lasting = { clean: false, clientId: 'sleeper' };
    const sleeper = await client(port, lasting);
    await sleeper.subscribeAsync('news', { qos: 1 });
    await sleeper.endAsync();
    const publisher = await client(port);
    await publisher.publishAsync('news', 'missed', { qos: 1 });
    const again = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...lasting });
    onTestFinished(() => void again.end(true));
    const [connack] = await clientEvent(again, 'connect');
    expect(connack).toMatchObject({ sessionPresent: false });
  });

  it('cuts off a client that sends more than the largest message or to the topics of the broker', async () => {
    const { port } = await startedBroker();
    for (const [topic, size] of [
      ['big', MESSAGE_BYTES_MAX + 1],
      ['$SYS/fake', 1],
    ] as const) {
      const sender = await client(port);
      sender.on('error', () => {});
      const closed = clientEvent(sender, 'close');
      sender.publish(topic, Buffer.alloc(size, 1), { qos: 1 }, () => {});
      await closed;
    }
    const fine = await client(port);
    await fine.publishAsync('big', Buffer.alloc(MESSAGE_BYTES_MAX, 1), { qos: 1 });
  });
});
