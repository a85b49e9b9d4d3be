import mqtt, { type MqttClient } from 'mqtt';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.ts';
import { clientEvent } from './client-event.ts';
import { type OutletBench, outletBench } from './outlet-bench.ts';

const STOP = 'operando/v1/lab-a/node-1/cell-7/cmd/stop';
const STATUS = 'operando/v1/lab-a/node-1/status';

let bench: OutletBench;
let remote: MqttClient;
let replies: Record<string, unknown>[];
let url: string;

beforeEach(async () => {
  const broker = new EmbeddedBroker(0);
  url = `mqtt://127.0.0.1:${await broker.start()}`;
  onTestFinished(() => broker.stop());
  remote = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
  onTestFinished(() => void remote.end(true));
  replies = [];
  remote.on('message', (topic, payload) => {
    if (topic === 'answers/remote') replies.push(JSON.parse(String(payload)));
  });
  await remote.subscribeAsync(['answers/remote', STATUS], { qos: 1 });
  bench = outletBench(url);
});

async function startOutlet(): Promise<void> {
  const ready = clientEvent(remote, 'message');
  bench.outlet().start();
  await ready;
}

const command = (id: string, more: object = {}): string =>
  JSON.stringify({
    correlation_id: id,
    issued_at_utc_ms: bench.clock.utcMs(),
    response_topic: 'answers/remote',
    ...more,
  });

async function repliesToBe(count: number): Promise<void> {
  while (replies.length < count) await clientEvent(remote, 'message');
}

describe('cmd/stop', () => {
  it('is accepted, stops the run in its own name, and reports done', async () => {
    await startOutlet();
    remote.publish(STOP, command('night-shift-1'), { qos: 1 });
    await repliesToBe(2);
    expect(replies.map(({ correlation_id, state }) => [correlation_id, state])).toEqual([
      ['night-shift-1', 'accepted'],
      ['night-shift-1', 'done'],
    ]);
    expect(bench.control.stoppedBy).toEqual(['mqtt:night-shift-1']);
  });

  it('is carried out once when it comes twice; the second time is answered from memory', async () => {
    await startOutlet();
    const same = command('twice');
    remote.publish(STOP, same, { qos: 1 });
    await repliesToBe(2);
    remote.publish(STOP, same, { qos: 1 });
    await repliesToBe(3);
    expect(replies.at(-1)).toMatchObject({ correlation_id: 'twice', state: 'done' });
    expect(bench.control.stoppedBy).toEqual(['mqtt:twice']);
  });

  it('is rejected when stale or without its time, and reports a stop that failed', async () => {
    await startOutlet();
    const old = { issued_at_utc_ms: bench.clock.utcMs() - 11_000 };
    remote.publish(STOP, command('old', old), { qos: 1 });
    remote.publish(STOP, command('timeless', { issued_at_utc_ms: undefined }), { qos: 1 });
    await repliesToBe(2);
    expect(replies).toMatchObject([
      { correlation_id: 'old', state: 'rejected', code: 'stale' },
      { correlation_id: 'timeless', state: 'rejected', code: 'issuedAtMissing' },
    ]);
    expect(bench.control.stoppedBy).toEqual([]);
    bench.control.failure = new Error('the potentiostat does not answer');
    remote.publish(STOP, command('fails'), { qos: 1 });
    await repliesToBe(4);
    expect(replies.at(-1)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('the potentiostat does not answer'),
    });
  });

  it('is ignored when retained, counted, and does not stand in the way of a real one', async () => {
    await remote.publishAsync(STOP, command('forgotten'), { qos: 1, retain: true });
    await startOutlet();
    remote.publish(STOP, command('real'), { qos: 1 });
    await repliesToBe(2);
    expect(bench.control.stoppedBy).toEqual(['mqtt:real']);
    expect(replies.every(({ correlation_id }) => correlation_id === 'real')).toBe(true);
    expect(bench.problems).toMatchObject([{ message: expect.stringContaining('retained') }]);
  });
});
