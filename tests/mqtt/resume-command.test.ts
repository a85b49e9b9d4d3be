import mqtt, { type MqttClient } from 'mqtt';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.ts';
import { clientEvent } from './client-event.ts';
import { type OutletBench, outletBench } from './outlet-bench.ts';

const RESUME = 'operando/v1/lab-a/node-1/cell-7/cmd/resume';

let bench: OutletBench;
let remote: MqttClient;

beforeEach(async () => {
  const broker = new EmbeddedBroker(0);
  const url = `mqtt://127.0.0.1:${await broker.start()}`;
  onTestFinished(() => broker.stop());
  remote = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
  onTestFinished(() => void remote.end(true));
  await remote.subscribeAsync('operando/v1/lab-a/node-1/status', { qos: 1 });
  bench = outletBench(url);
  const ready = clientEvent(remote, 'message');
  bench.outlet().start();
  await ready;
  await remote.unsubscribeAsync('operando/v1/lab-a/node-1/status');
  await remote.subscribeAsync('answers/remote', { qos: 1 });
});

/** Sends the command and resolves with the answers up to the last. */
async function answersTo(payload: string): Promise<readonly Record<string, unknown>[]> {
  const answers: Record<string, unknown>[] = [];
  const last = new Promise<void>((resolve) => {
    remote.on('message', (_topic, text) => {
      const answer = JSON.parse(String(text)) as Record<string, unknown>;
      answers.push(answer);
      if (answer.state !== 'accepted') resolve();
    });
  });
  await remote.publishAsync(RESUME, payload, { qos: 1 });
  await last;
  return answers;
}

const command = (): string =>
  JSON.stringify({
    correlation_id: 'go-1',
    issued_at_utc_ms: bench.clock.utcMs(),
    response_topic: 'answers/remote',
  });

describe('the resume command', () => {
  it('lets a held run go on, and says when it does', async () => {
    const answers = await answersTo(command());
    expect(answers.map(({ state }) => state)).toEqual(['accepted', 'done']);
    expect(bench.control.resumedBy).toEqual(['mqtt:go-1']);
    expect(bench.control.stoppedBy).toEqual([]);
  });

  it('fails, in words, for a run that does not wait', async () => {
    bench.control.failure = new Fault('badInput', {
      where: 'run',
      message: 'it waits for nobody',
    });
    const answers = await answersTo(command());
    expect(answers.at(-1)).toMatchObject({ state: 'failed' });
    expect(JSON.stringify(answers.at(-1))).toContain('waits for nobody');
  });
});
