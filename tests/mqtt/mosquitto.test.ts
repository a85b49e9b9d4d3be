import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import mqtt from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EVERY_KIND, fitBody, temporaryFolder } from '../store/sample-run.ts';
import { clientEvent } from './client-event.ts';
import { outletBench, range, sequencesOf } from './outlet-bench.ts';

/** Debian puts it where only root's PATH looks. */
const MOSQUITTO = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'mosquitto'))
  .find((path) => existsSync(path));

function describeWithMosquitto(name: string, body: (mosquitto: string) => void): void {
  if (MOSQUITTO !== undefined) {
    const program = MOSQUITTO;
    describe(name, () => body(program));
  } else if (process.env.CI) {
    throw new Error(`${name}: mosquitto is required in CI (apt-get install mosquitto)`);
  } else {
    describe.skip(`${name} (skipped: mosquitto is not installed)`, () => body(''));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts mosquitto and resolves when it says that it runs. */
async function startMosquitto(program: string, port: number): Promise<ChildProcess> {
  const file = join(temporaryFolder(), 'mosquitto.conf');
  const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', `user ${user}`, ''];
  writeFileSync(file, lines.join('\n'));
  const child = spawn(program, ['-c', file, '-v'], { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for await (const chunk of child.stderr ?? []) {
    text += String(chunk);
    if (/mosquitto version .* running/.test(text)) {
      child.stderr?.resume();
      return child;
    }
  }
  throw new Error(`mosquitto did not start: ${text}`);
}

describeWithMosquitto('with mosquitto and MQTT 5', (program) => {
  it('delivers every record once in order, with expiry, and answers a command by its properties', async () => {
    const port = await freePort();
    await startMosquitto(program, port);
    const url = `mqtt://127.0.0.1:${port}`;
    const subscriber = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
    onTestFinished(() => void subscriber.end(true));
    const heard: { topic: string; payload: Record<string, unknown>; expiry: unknown }[] = [];
    const replies: { payload: Record<string, unknown>; correlation: string }[] = [];
    subscriber.on('message', (topic, payload, packet) => {
      const content = JSON.parse(String(payload)) as Record<string, unknown>;
      const properties = packet.properties;
      if (topic === 'answers/me') {
        replies.push({ payload: content, correlation: String(properties?.correlationData) });
      } else heard.push({ topic, payload: content, expiry: properties?.messageExpiryInterval });
    });
    await subscriber.subscribeAsync(['operando/v1/#', 'answers/me'], { qos: 1 });

    const { run, control, clock, outlet } = outletBench(url, 5);
    const mqttOutlet = outlet();
    mqttOutlet.start();
    for (let round = 0; round < 50; round += 1) {
      for (const body of EVERY_KIND) run.writer.append(round, body);
      run.writer.append(round, fitBody('s', round));
    }
    run.writer.commit();
    expect(await mqttOutlet.drain(600_000)).toBe(0);
    const records = (): typeof heard =>
      heard.filter(({ topic }) => topic.includes('/t/') || topic.endsWith('/log'));
    const seen = (): number[] => records().flatMap(({ payload }) => sequencesOf(payload));
    while (seen().length < run.reader.lastSequence()) await clientEvent(subscriber, 'message');
    expect(seen().sort((a, b) => a - b)).toEqual(range(50 * (EVERY_KIND.length + 1)));
    const fits = records().filter(({ topic }) => topic.endsWith('/t/fit'));
    const order = fits.map(({ payload }) => Number(payload.seq));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(fits).toHaveLength(100);
    expect(fits[0]?.expiry).toBeGreaterThan(3500);

    subscriber.publish(
      'operando/v1/lab-a/node-1/cell-7/cmd/stop',
      JSON.stringify({ issued_at_utc_ms: clock.utcMs() }),
      {
        qos: 1,
        properties: { responseTopic: 'answers/me', correlationData: Buffer.from('five') },
      },
    );
    while (replies.length < 2) await clientEvent(subscriber, 'message');
    expect(replies.map(({ payload, correlation }) => [payload.state, correlation])).toEqual([
      ['accepted', 'five'],
      ['done', 'five'],
    ]);
    expect(control.stoppedBy).toEqual(['mqtt:five']);
  });

  it('takes an acknowledgement and a go-on by a person, by the properties of MQTT 5', async () => {
    const port = await freePort();
    await startMosquitto(program, port);
    const url = `mqtt://127.0.0.1:${port}`;
    const person = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
    onTestFinished(() => void person.end(true));
    const { run, control, clock, outlet } = outletBench(url, 5, 1);
    control.currentWaiting = { kind: 'held', sinceSecond: 0, message: 'Waits.', obstacle: null };
    await person.subscribeAsync(['operando/v1/lab-a/node-1/status', 'answers/me'], { qos: 1 });
    const ready = clientEvent(person, 'message');
    outlet().start();
    await ready;
    const said: [id: string, state: string][] = [];
    person.on('message', (topic, text, packet) => {
      if (topic !== 'answers/me') return;
      const id = String(packet.properties?.correlationData);
      said.push([id, JSON.parse(String(text)).state]);
    });
    const ask = async (verb: string, id: string, words: object): Promise<void> => {
      const topic = `operando/v1/lab-a/node-1/cell-7/cmd/${verb}`;
      const payload = JSON.stringify({ issued_at_utc_ms: clock.utcMs(), ...words });
      const correlationData = Buffer.from(id);
      person.publish(topic, payload, {
        qos: 1,
        properties: { responseTopic: 'answers/me', correlationData },
      });
      const isAnswered = (): boolean =>
        said.some(([one, state]) => one === id && state !== 'accepted');
      while (!isAnswered()) await clientEvent(person, 'message');
    };
    const { runId } = run.reader.info;
    await ask('acknowledge', 'a', { run: runId, alarm: 'interlock', by: 'Ada', reason: 'Seen' });
    await ask('acknowledge', 'b', { run: runId, alarm: 'interlock', by: 'Ada' });
    await ask('resume', 'c', { arm: 'd' });
    await ask('arm', 'd', { run: runId });
    await ask('resume', 'e', { arm: 'd', by: 'Ben', reason: 'Sound' });
    expect(said).toEqual([
      ['a', 'accepted'],
      ['a', 'done'],
      ['b', 'rejected'],
      ['c', 'accepted'],
      ['c', 'failed'],
      ['d', 'accepted'],
      ['d', 'done'],
      ['e', 'accepted'],
      ['e', 'done'],
    ]);
    expect(control.acknowledged).toEqual([
      { code: 'interlock', by: 'Ada', reason: 'Seen', via: 'mqtt:a' },
    ]);
    expect(control.resumed).toEqual([{ by: 'Ben', reason: 'Sound', via: 'mqtt:e' }]);
  });

  it('loses nothing when mosquitto is killed and started again', async () => {
    const port = await freePort();
    const first = await startMosquitto(program, port);
    const { run, outlet } = outletBench(`mqtt://127.0.0.1:${port}`, 5);
    const mqttOutlet = outlet();
    mqttOutlet.start();
    for (let at = 0; at < 300; at += 1) run.writer.append(at, fitBody('s', at));
    run.writer.commit();
    await mqttOutlet.drain(600_000);
    first.kill('SIGKILL');
    await once(first, 'close');
    for (let at = 0; at < 300; at += 1) run.writer.append(at, fitBody('s', at));
    run.writer.commit();
    await startMosquitto(program, port);
    expect(await mqttOutlet.drain(600_000)).toBe(0);
    expect(run.reader.loadCursor('mqtt')).toBe(600);
    expect(mqttOutlet.statistics().connections).toBe(2);
  });
});
