import mqtt, { type MqttClient } from 'mqtt';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Alarm, alarmsOf } from '../../src/domain/alarm.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Waiting } from '../../src/domain/run-control.ts';
import { ARMED_SECOND } from '../../src/mqtt/command-desk.ts';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.ts';
import { RUN_INFO } from '../store/run-info.ts';
import { type OutletBench, outletBench } from './outlet-bench.ts';

const CELL = 'operando/v1/lab-a/node-1/cell-7';
const HELD: Waiting = {
  kind: 'held',
  sinceSecond: 10,
  message: 'The run waits for a person.',
  obstacle: null,
};

let bench: OutletBench;
let remote: MqttClient;
let answers: Record<string, unknown>[];
let wake: () => void;

beforeEach(async () => {
  const broker = new EmbeddedBroker(0);
  const url = `mqtt://127.0.0.1:${await broker.start()}`;
  onTestFinished(() => broker.stop());
  remote = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
  onTestFinished(() => void remote.end(true));
  answers = [];
  wake = () => {};
  let isReady = (): void => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  remote.on('message', (topic, text) => {
    if (topic === 'answers/remote') answers.push(JSON.parse(String(text)));
    else isReady();
    wake();
  });
  await remote.subscribeAsync(['operando/v1/lab-a/node-1/status', 'answers/remote'], { qos: 1 });
  // At real speed: what counts in seconds here must not run out on a machine that is slow.
  bench = outletBench(url, 4, 1);
  bench.control.currentWaiting = HELD;
  bench.outlet().start();
  await ready;
});

/** Sends a command and resolves with its answers up to the last. */
async function answersTo(verb: string, content: object): Promise<Record<string, unknown>[]> {
  const from = answers.length;
  await remote.publishAsync(
    `${CELL}/cmd/${verb}`,
    JSON.stringify({
      correlation_id: `${verb}-1`,
      issued_at_utc_ms: bench.clock.utcMs(),
      response_topic: 'answers/remote',
      ...content,
    }),
    { qos: 1 },
  );
  while (!answers.slice(from).some(({ state }) => state !== 'accepted')) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  return answers.slice(from);
}

const states = (said: readonly Record<string, unknown>[]): unknown[] =>
  said.map(({ state }) => state);

describe('letting a run go on', () => {
  it('takes two steps: arm, and resume with what was armed, within 30 s', async () => {
    const armed = await answersTo('arm', { run: RUN_INFO.runId });
    expect(states(armed)).toEqual(['accepted', 'done']);
    expect(armed.at(-1)?.message).toContain('"arm":"arm-1"');
    expect(bench.control.resumed).toEqual([]);
    const said = await answersTo('resume', { arm: 'arm-1', by: 'Ada', reason: 'Mended' });
    expect(states(said)).toEqual(['accepted', 'done']);
    expect(bench.control.resumed).toEqual([{ by: 'Ada', reason: 'Mended', via: 'mqtt:resume-1' }]);
    expect(bench.control.stoppedBy).toEqual([]);
  });

  it('is named by its command when nobody gives a name', async () => {
    await answersTo('arm', { run: RUN_INFO.runId });
    await answersTo('resume', { arm: 'arm-1' });
    expect(bench.control.resumed).toMatchObject([{ by: 'mqtt:resume-1' }]);
  });

  it.each([
    ['nothing was armed', async () => {}],
    [
      'the arming is too old',
      async () => {
        await answersTo('arm', { run: RUN_INFO.runId });
        await bench.clock.advance(ARMED_SECOND);
      },
    ],
    [
      'it was used already',
      async () => {
        await answersTo('arm', { run: RUN_INFO.runId });
        await answersTo('resume', { arm: 'arm-1', correlation_id: 'first' });
        bench.control.resumed.length = 0;
      },
    ],
    [
      'another was armed after it',
      async () => {
        await answersTo('arm', { run: RUN_INFO.runId });
        await answersTo('arm', { run: RUN_INFO.runId, correlation_id: 'arm-2' });
      },
    ],
  ])('is refused when %s', async (_, before) => {
    await before();
    const said = await answersTo('resume', { arm: 'arm-1' });
    expect(states(said)).toEqual(['accepted', 'failed']);
    expect(said.at(-1)?.message).toContain('cmd/arm');
    expect(bench.control.resumed).toEqual([]);
  });

  it('is rejected without what was armed, and for another run', async () => {
    expect(await answersTo('resume', {})).toMatchObject([
      { state: 'rejected', code: 'badPayload' },
    ]);
    expect(await answersTo('arm', { correlation_id: 'a' })).toMatchObject([
      { state: 'rejected', code: 'badPayload' },
    ]);
    expect(await answersTo('arm', { correlation_id: 'b', run: 'yesterday' })).toMatchObject([
      { state: 'rejected', code: 'otherRun' },
    ]);
    expect(bench.control.resumed).toEqual([]);
  });

  it('is not armed for a run that does not wait, or that something keeps, and says what', async () => {
    bench.control.currentWaiting = undefined;
    const idle = await answersTo('arm', { run: RUN_INFO.runId });
    expect(idle.at(-1)).toMatchObject({ state: 'failed' });
    expect(idle.at(-1)?.message).toContain('it waits for nobody');
    bench.control.currentWaiting = { ...HELD, obstacle: 'cellShort must be acknowledged first' };
    const kept = await answersTo('arm', { run: RUN_INFO.runId, correlation_id: 'arm-2' });
    expect(kept.at(-1)?.message).toContain('cellShort must be acknowledged first');
    const said = await answersTo('resume', { arm: 'arm-2' });
    expect(said.at(-1)).toMatchObject({ state: 'failed' });
    expect(bench.control.resumed).toEqual([]);
  });

  it('fails in the words of the run', async () => {
    await answersTo('arm', { run: RUN_INFO.runId });
    bench.control.failure = new Fault('badInput', { where: 'run', message: 'it has just ended' });
    const said = await answersTo('resume', { arm: 'arm-1' });
    expect(said.at(-1)).toMatchObject({ state: 'failed' });
    expect(said.at(-1)?.message).toContain('it has just ended');
  });
});

describe('acknowledging an alarm', () => {
  const SEEN = {
    run: RUN_INFO.runId,
    alarm: 'cellShort',
    by: 'Ada',
    reason: 'The cell was taken out',
  };
  const short = alarmsOf([
    {
      timeSecond: 5,
      body: {
        kind: 'event',
        code: 'cellShort',
        severity: 'alarm',
        message: 'The cell has shorted.',
        details: {},
      },
    },
  ]);

  it('is done in the name of the person, with the reason, and answered', async () => {
    const said = await answersTo('acknowledge', SEEN);
    expect(states(said)).toEqual(['accepted', 'done']);
    expect(bench.control.acknowledged).toEqual([
      {
        code: 'cellShort',
        by: 'Ada',
        reason: 'The cell was taken out',
        via: 'mqtt:acknowledge-1',
      },
    ]);
    expect(bench.control.resumed).toEqual([]);
  });

  it('takes the name that the topic of the alarm has', async () => {
    bench.control.currentAlarms = [...short.values()] satisfies Alarm[];
    await answersTo('acknowledge', { ...SEEN, alarm: 'cell-short' });
    expect(bench.control.acknowledged).toMatchObject([{ code: 'cellShort' }]);
  });

  it('is done once when it comes twice', async () => {
    const command = { ...SEEN, issued_at_utc_ms: bench.clock.utcMs() };
    await answersTo('acknowledge', command);
    const again = await answersTo('acknowledge', command);
    expect(again).toMatchObject([{ state: 'done' }]);
    expect(bench.control.acknowledged).toHaveLength(1);
  });

  it.each([
    ['badPayload', { by: undefined }],
    ['badPayload', { by: '  ' }],
    ['badPayload', { reason: undefined }],
    ['badPayload', { reason: 7 }],
    ['badPayload', { alarm: undefined }],
    ['badPayload', { run: undefined }],
    ['otherRun', { run: 'the-run-before' }],
    ['stale', { issued_at_utc_ms: 1 }],
  ])('is rejected as %s with %j', async (code, changes) => {
    const said = await answersTo('acknowledge', { ...SEEN, ...changes });
    expect(said).toMatchObject([{ state: 'rejected', code }]);
    expect(bench.control.acknowledged).toEqual([]);
  });

  it('fails in the words of the run when there is no such alarm', async () => {
    bench.control.failure = new Fault('badInput', {
      where: 'alarm cellShort',
      message: 'there is no such alarm in this run',
    });
    const said = await answersTo('acknowledge', SEEN);
    expect(said.at(-1)).toMatchObject({ state: 'failed' });
    expect(said.at(-1)?.message).toContain('there is no such alarm');
  });

  it('does not keep a stop of the same id from being carried out', async () => {
    await answersTo('acknowledge', { ...SEEN, correlation_id: 'same' });
    const said = await answersTo('stop', { correlation_id: 'same' });
    expect(states(said)).toEqual(['accepted', 'done']);
    expect(bench.control.stoppedBy).toEqual(['mqtt:same']);
  });
});
