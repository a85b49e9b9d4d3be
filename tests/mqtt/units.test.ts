import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alarmsOf } from '../../src/domain/alarm.ts';
import type { RecordOf, RunRecord } from '../../src/domain/run-record.ts';
import { COMMANDS_REMEMBERED_MAX, CommandGuard } from '../../src/mqtt/command-guard.ts';
import { Delivery, RECORDS_PER_PAGE } from '../../src/mqtt/delivery.ts';
import { backOffSecond, seededRandom, seedOf } from '../../src/mqtt/jitter.ts';
import type { IncomingMessage, OutgoingMessage } from '../../src/mqtt/message.ts';
import { OUTBOX_MAX, Outbox } from '../../src/mqtt/outbox.ts';
import {
  PAYLOAD_BYTES_MAX,
  type RecordMessage,
  RecordPacker,
} from '../../src/mqtt/record-messages.ts';
import { topicsOf } from '../../src/mqtt/topics.ts';
import { RUN_INFO } from '../store/run-info.ts';
import { EVERY_KIND, fitBody, sampleBody } from '../store/sample-run.ts';
import { range, sequencesOf } from './outlet-bench.ts';

const TOPICS = topicsOf({ site: 'lab-a', node: 'node-1', cell: 'cell-7' });

describe('topics', () => {
  it('stand below operando/v1/<site>/<node>', () => {
    expect(TOPICS.status).toBe('operando/v1/lab-a/node-1/status');
    expect(TOPICS.stop).toBe('operando/v1/lab-a/node-1/cell-7/cmd/stop');
    expect(TOPICS.stream('voltage_volt')).toBe('operando/v1/lab-a/node-1/cell-7/t/voltage_volt');
    expect(TOPICS.alarm('instrumentFault')).toMatch(/\/alarm\/instrument-fault$/);
  });

  it.each([
    '',
    'Lab',
    'a b',
    'a/b',
    '+',
    '#',
    'ü',
    'a_b',
    'x'.repeat(33),
  ])('refuse the id %j, each with its place', (id) => {
    expect(() => topicsOf({ site: id, node: 'n', cell: id })).toThrow(
      expect.objectContaining({
        code: 'badInput',
        problems: [
          expect.objectContaining({ where: expect.stringContaining('MQTT site') }),
          expect.objectContaining({ where: expect.stringContaining('MQTT cell') }),
        ],
      }),
    );
  });

  it('refuse a channel whose name would change the tree', () => {
    expect(() => TOPICS.stream('voltage/#')).toThrow(/channel/);
  });
});

describe('the back-off', () => {
  it('lies between 1 s and a limit that doubles up to 60 s', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const wait = backOffSecond(failures, random);
          return wait >= 1 && wait <= Math.min(60, 2 ** failures);
        },
      ),
      { seed: 1 },
    );
    expect(backOffSecond(10, 0.999_999)).toBeGreaterThan(59);
  });

  it('differs between nodes and repeats for the same seed', () => {
    const first = seededRandom(seedOf('lab/a'));
    const again = seededRandom(seedOf('lab/a'));
    const other = seededRandom(seedOf('lab/b'));
    const draws = Array.from({ length: 1000 }, () => [first(), again(), other()] as const);
    expect(draws.every(([a, b]) => a === b)).toBe(true);
    expect(draws.some(([a, , c]) => a !== c)).toBe(true);
    const mean = draws.reduce((sum, [a]) => sum + a, 0) / draws.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });
});

function recordsOf(count: number): RunRecord[] {
  return range(count).map((sequence) => ({
    sequence,
    timeSecond: sequence / 10,
    boot: 0,
    body: sequence % 7 === 0 ? fitBody('s', sequence) : sampleBody(sequence, `c_${sequence % 3}`),
  }));
}

describe('the packer', () => {
  it('puts every record into exactly one message, ordered by first record', () => {
    const messages = new RecordPacker(RUN_INFO, TOPICS).pack(recordsOf(500));
    const firsts = messages.map(({ firstSequence }) => firstSequence);
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    const payloads = messages.map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);
    expect(payloads.flatMap(sequencesOf).sort((a, b) => a - b)).toEqual(range(500));
  });

  it('writes qualities only where one is not good, and null for what is no number', () => {
    const bodies = [sampleBody(1), { ...sampleBody(Number.NaN), quality: 'bad' } as const];
    const records = bodies.map((body, at) => ({
      sequence: at + 1,
      timeSecond: at * 0.1,
      boot: 2,
      body: body as RunRecord['body'],
    }));
    const [message] = new RecordPacker(RUN_INFO, TOPICS).pack(records);
    expect(JSON.parse(message?.payload ?? '')).toMatchObject({
      boot: 2,
      v: [1, null],
      dt: [0, 0.1],
      q: ['good', 'bad'],
    });
  });

  it('gives errors to three digits and ranges, null where a sample has none', () => {
    const values = [
      { standardError: 0.000_288_675_134, range: 0.01 },
      {},
      { standardError: 1.25e-9 },
    ];
    const records = values.map((told, at) => ({
      ...{ sequence: at + 1, timeSecond: at, boot: 0 },
      body: { ...sampleBody(1), ...told } as RecordOf<'sample'>['body'],
    }));
    const [message] = new RecordPacker(RUN_INFO, TOPICS).pack(records);
    expect(JSON.parse(message?.payload ?? '')).toMatchObject({
      u: [0.000289, null, 1.25e-9],
      range: [0.01, null, null],
    });
    const [plain] = new RecordPacker(RUN_INFO, TOPICS).pack(
      records.map((record) => ({ ...record, body: sampleBody(1) })),
    );
    expect(JSON.parse(plain?.payload ?? '')).not.toHaveProperty('u');
    expect(JSON.parse(plain?.payload ?? '')).not.toHaveProperty('range');
  });

  it('keeps payloads short also where every sample tells everything', () => {
    const records = Array.from({ length: 3000 }, (_, at) => ({
      ...{ sequence: at + 1, timeSecond: at / 3, boot: 0 },
      body: {
        ...sampleBody(Math.sin(at) / 3),
        standardError: Math.abs(Math.cos(at)) * 1e-7,
        range: 1e-7,
      } as RecordOf<'sample'>['body'],
    }));
    const messages = new RecordPacker(RUN_INFO, TOPICS).pack(records);
    const sizes = messages.map(({ payload }) => Buffer.byteLength(payload));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(PAYLOAD_BYTES_MAX);
    const all = messages.flatMap(({ payload }) => JSON.parse(payload).u as number[]);
    expect(all).toHaveLength(3000);
  });

  it('parts samples of different starts of the software', () => {
    const records = [0, 1].map((boot) => ({
      sequence: boot + 1,
      timeSecond: boot,
      boot,
      body: sampleBody(boot),
    }));
    expect(new RecordPacker(RUN_INFO, TOPICS).pack(records)).toHaveLength(2);
  });

  it('ties what volumes came to to scan and charge, with the unit last and null for none', () => {
    const of = (kind: 'segmentation' | 'volumeChange') => {
      const body = EVERY_KIND.findLast((one) => one.kind === kind);
      if (!body) throw new Error(`no ${kind} among the records of every kind`);
      const [message] = new RecordPacker(RUN_INFO, TOPICS).pack([
        { sequence: 1, timeSecond: 0, boot: 0, body },
      ]);
      return { topic: message?.topic, payload: JSON.parse(message?.payload ?? '') as unknown };
    };
    const span = { scan_id: 'scan-2', start_charge_coulomb: 7.2, stop_charge_coulomb: 7.25 };
    expect(of('segmentation')).toMatchObject({
      topic: TOPICS.stream('segmentation'),
      payload: {
        ...span,
        void_fraction: 0.003,
        void_fraction_error: 0.0008,
        largest_void_error_cubic_metre: null,
        protrusion_metre: null,
        depths: [{ from_metre: 0, to_metre: 2e-5, void_fraction: 0.001 }],
        remarks: ['one remark'],
      },
    });
    expect(of('volumeChange')).toMatchObject({
      topic: TOPICS.stream('volume-change'),
      payload: {
        ...span,
        against_scan_id: 'scan-1',
        charge_coulomb: 7.2,
        lithium_cubic_metre: 8.9e-10,
        lithium_error_cubic_metre: 4.7e-11,
        electrochemical_cubic_metre: 9.7e-10,
        ratio: null,
      },
    });
  });

  it('says of a fit what it knows of itself and that its data fail', () => {
    const record = { sequence: 1, timeSecond: 0, boot: 0, body: fitBody('s', 3, true) };
    const [message] = new RecordPacker(RUN_INFO, TOPICS).pack([record]);
    expect(JSON.parse(message?.payload ?? '')).toMatchObject({
      parameters: [{ name: 'R0', prior_dominated: false, state: 'free' }, { name: 'CPE1.n' }],
      diagnostics: { bic: -11.25, condition_number: 350, weakest: ['CPE1.n'] },
      validity: {
        verdict: 'fail',
        reasons: ['the cell changed during the sweep'],
        drift_percent: 1.5,
      },
    });
  });

  it('remembers when an alarm was first raised', () => {
    const alarm = EVERY_KIND[1];
    if (!alarm) throw new Error('the second kind is an event');
    const packer = new RecordPacker(RUN_INFO, TOPICS);
    const at = (sequence: number): RunRecord => ({
      sequence,
      timeSecond: sequence * 60,
      boot: 0,
      body: alarm,
    });
    packer.pack([at(1)]);
    const [, message] = packer.pack([at(2)]);
    expect(message).toMatchObject({ retain: true, topic: TOPICS.alarm('interlock') });
    expect(JSON.parse(message?.payload ?? '')).toMatchObject({
      first_utc: '2026-11-21T12:06:01.000Z',
      last_utc: '2026-11-21T12:07:01.000Z',
      count: 2,
      latched: true,
      acknowledged: null,
    });
  });

  it('knows an alarm of an earlier start, whose record has gone out long ago', () => {
    const event = (
      timeSecond: number,
      code: 'interlock' | 'alarmAcknowledged',
      details: Readonly<Record<string, string>> = {},
    ): RunRecord => ({
      sequence: timeSecond,
      timeSecond,
      boot: 1,
      body: { kind: 'event', code, severity: 'alarm', message: 'Too hot.', details },
    });
    const earlier = alarmsOf([event(60, 'interlock')]);
    const packer = new RecordPacker(RUN_INFO, TOPICS, undefined, earlier);
    // A record of its own time is not counted on top of it.
    const [, late] = packer.pack([event(60, 'interlock')]);
    expect(JSON.parse(late?.payload ?? '')).toMatchObject({ count: 1 });
    const again = new RecordPacker(RUN_INFO, TOPICS, undefined, earlier);
    const said = { alarm: 'interlock', by: 'Ada', reason: 'Mended.' };
    const [, message] = again.pack([event(120, 'alarmAcknowledged', said)]);
    expect(message?.topic).toBe(TOPICS.alarm('interlock'));
    expect(JSON.parse(message?.payload ?? '')).toMatchObject({
      count: 1,
      first_utc: '2026-11-21T12:06:01.000Z',
      acknowledged: { by: 'Ada' },
    });
  });

  it('says of an alarm who has acknowledged it and why, and that it has become critical', () => {
    const packer = new RecordPacker(RUN_INFO, TOPICS);
    const event = (
      sequence: number,
      code: 'interlock' | 'alarmEscalated' | 'alarmAcknowledged' | 'alarmEnded',
      details: Readonly<Record<string, string>> = {},
    ): RunRecord => ({
      sequence,
      timeSecond: sequence * 60,
      boot: 0,
      body: { kind: 'event', code, severity: 'alarm', message: 'Too hot.', details },
    });
    const messages = packer.pack([
      event(1, 'interlock', { channel: 'surface_temperature_celsius' }),
      event(2, 'alarmEscalated', { alarm: 'interlock' }),
      event(3, 'alarmAcknowledged', { alarm: 'interlock', by: 'Ada', reason: 'Mended.' }),
      event(4, 'alarmAcknowledged', { alarm: 'cellShort', by: 'Ada', reason: 'There is none.' }),
    ]);
    const alarms = messages.filter(({ topic }) => topic !== TOPICS.log);
    expect(new Set(alarms.map(({ topic }) => topic))).toEqual(new Set([TOPICS.alarm('interlock')]));
    expect(alarms.map(({ payload }) => JSON.parse(payload).severity)).toEqual([
      'alarm',
      'critical',
      'critical',
    ]);
    const ended = packer.pack([event(5, 'alarmEnded', { alarm: 'interlock', reason: 'gone' })]);
    expect(ended.map(({ topic, payload }) => [topic, payload === ''])).toEqual([
      [TOPICS.log, false],
      [TOPICS.alarm('interlock'), true],
    ]);
    expect(ended.at(-1)).toMatchObject({ retain: true, firstSequence: 5 });
    expect(JSON.parse(alarms.at(-1)?.payload ?? '')).toMatchObject({
      escalations: 1,
      cause: 'surface_temperature_celsius',
      acknowledged: { by: 'Ada', reason: 'Mended.', utc: '2026-11-21T12:08:01.000Z' },
    });
  });
});

/** A reader of records in memory that counts how much is asked of it. */
function memoryReader(records: readonly RunRecord[]) {
  const saved: number[] = [];
  const reader = {
    info: RUN_INFO,
    status: () => 'running' as const,
    lastSequence: () => records.length,
    readAfter: (sequence: number, limit: number) => records.slice(sequence, sequence + limit),
    utcAtZeroMs: () => RUN_INFO.startedUtcMs,
    onCommit: () => () => {},
    loadCursor: () => saved.at(-1) ?? 0,
    saveCursor: (_outlet: string, sequence: number) => void saved.push(sequence),
  };
  return { reader, saved };
}

describe('the delivery', () => {
  const packOne = (records: readonly RunRecord[]): RecordMessage[] =>
    records.map(({ sequence }) => ({
      topic: 't',
      payload: String(sequence),
      retain: false,
      firstSequence: sequence,
    }));

  it('moves the cursor only up to the first message that is not acknowledged', () => {
    const { reader, saved } = memoryReader(recordsOf(5));
    const delivery = new Delivery(reader, 'mqtt', packOne);
    delivery.start();
    const sent = range(5).map(() => delivery.next());
    expect(delivery.next()).toBeUndefined();
    for (const at of [2, 1, 4]) delivery.acknowledge(sent[at] as RecordMessage);
    expect(saved).toEqual([]);
    delivery.acknowledge(sent[0] as RecordMessage);
    expect(saved).toEqual([3]);
    delivery.acknowledge(sent[0] as RecordMessage);
    delivery.acknowledge(sent[3] as RecordMessage);
    expect(saved).toEqual([3, 5]);
    expect(delivery.remaining()).toBe(0);
  });

  it('sends again what was on its way, first and in order, and nothing else', () => {
    const { reader } = memoryReader(recordsOf(6));
    const delivery = new Delivery(reader, 'mqtt', packOne);
    delivery.start();
    const sent = range(4).map(() => delivery.next());
    delivery.acknowledge(sent[1] as RecordMessage);
    expect(delivery.takeBack()).toBe(3);
    expect(range(5).map(() => delivery.next()?.payload)).toEqual(['1', '3', '4', '5', '6']);
  });

  it('reads one page at a time, whatever waits', () => {
    const { reader } = memoryReader(recordsOf(5000));
    let packed = 0;
    const delivery = new Delivery(reader, 'mqtt', (records) => {
      packed += records.length;
      return packOne(records);
    });
    delivery.start();
    for (let at = 0; at < 64; at += 1) delivery.next();
    expect(packed).toBe(RECORDS_PER_PAGE);
  });

  it('delivers everything in order under any mix of acknowledgements and broken connections', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 200 }), (choices) => {
        const { reader, saved } = memoryReader(recordsOf(40));
        const packer = new RecordPacker(RUN_INFO, TOPICS);
        const delivery = new Delivery(reader, 'mqtt', (records) => packer.pack(records));
        delivery.start();
        let onTheWay: RecordMessage[] = [];
        const acknowledged = new Set<number>();
        const step = (choice: number): void => {
          if (choice === 0) {
            delivery.takeBack();
            onTheWay = [];
          } else if (choice < 5) {
            const next = delivery.next();
            if (next) onTheWay.push(next);
          } else {
            const [message] = onTheWay.splice(choice % Math.max(1, onTheWay.length), 1);
            if (!message) return;
            const payload = JSON.parse(message.payload) as Record<string, unknown>;
            for (const sequence of sequencesOf(payload)) acknowledged.add(sequence);
            delivery.acknowledge(message);
          }
          const upToCursor = range(saved.at(-1) ?? 0);
          if (!upToCursor.every((sequence) => acknowledged.has(sequence))) {
            throw new Error(`the cursor ${saved.at(-1)} has passed an open record`);
          }
        };
        for (const choice of choices) step(choice);
        for (let at = 0; at < 200; at += 1) step(at % 2 === 0 ? 1 : 5);
        expect(saved.at(-1)).toBe(40);
      }),
      { seed: 3, numRuns: 50 },
    );
  });
});

describe('the outbox', () => {
  const reply = (topic: string): OutgoingMessage => ({ topic, payload: 'x', retain: false });

  it('keeps the newest of a retained topic and every reply, replies first', () => {
    const outbox = new Outbox();
    outbox.put({ topic: 'state', payload: '1', retain: true });
    outbox.put({ topic: 'state', payload: '2', retain: true });
    outbox.put(reply('a'));
    outbox.put(reply('b'));
    expect([outbox.take(), outbox.take(), outbox.take(), outbox.take()]).toEqual([
      reply('a'),
      reply('b'),
      { topic: 'state', payload: '2', retain: true },
      undefined,
    ]);
  });

  it('counts replies it has no room for or no connection to send over', () => {
    const outbox = new Outbox();
    for (let at = 0; at < OUTBOX_MAX + 3; at += 1) outbox.put(reply(String(at)));
    expect(outbox.repliesDropped).toBe(3);
    outbox.dropAll();
    expect(outbox.repliesDropped).toBe(OUTBOX_MAX + 3);
    expect(outbox.isEmpty).toBe(true);
  });
});

describe('the command guard', () => {
  const newGuard = (verbs = new Map()) => new CommandGuard(TOPICS, RUN_INFO.runId, verbs);
  const NOW_MS = 1_800_000_000_000;
  const command = (content: unknown, more: Partial<IncomingMessage> = {}): IncomingMessage => ({
    topic: TOPICS.stop,
    payload: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)),
    retain: false,
    ...more,
  });
  const good = { correlation_id: 'id-1', issued_at_utc_ms: NOW_MS, response_topic: 'answers/me' };

  it('accepts a fresh command once and answers its repetition from memory, even later', () => {
    const guard = newGuard();
    expect(guard.decide(command(good), NOW_MS)).toEqual({
      kind: 'accepted',
      correlationId: 'id-1',
      words: {},
      to: { topic: 'answers/me' },
    });
    guard.remember({ topic: TOPICS.stop }, { correlationId: 'id-1', state: 'done' });
    expect(guard.decide(command(good), NOW_MS + 3_600_000)).toMatchObject({
      kind: 'repeated',
      reply: { state: 'done' },
    });
    expect(guard.counts).toEqual({ ignoredRetained: 0, rejected: 0, repeated: 1, accepted: 1 });
  });

  it('ignores a retained command, whatever it says', () => {
    const guard = newGuard();
    expect(guard.decide(command(good, { retain: true }), NOW_MS)).toEqual({ kind: 'ignored' });
    expect(guard.counts.ignoredRetained).toBe(1);
  });

  it.each([
    [10_000, 'accepted'],
    [10_001, 'rejected'],
    [-10_000, 'accepted'],
    [-10_001, 'rejected'],
  ])('finds a command of %i ms age %s', (ageMs, kind) => {
    const guard = newGuard();
    expect(guard.decide(command(good), NOW_MS + ageMs).kind).toBe(kind);
  });

  it.each([
    ['', 'badPayload'],
    ['[1]', 'badPayload'],
    ['null', 'badPayload'],
    ['{"correlation_id":', 'badPayload'],
    [{ issued_at_utc_ms: NOW_MS }, 'badPayload'],
    [{ ...good, correlation_id: 'x'.repeat(65) }, 'badPayload'],
    [{ ...good, correlation_id: 'a b' }, 'badPayload'],
    [{ ...good, filler: 'x'.repeat(5000) }, 'badPayload'],
    [{ correlation_id: 'id-1' }, 'issuedAtMissing'],
    [{ ...good, issued_at_utc_ms: '2026' }, 'issuedAtMissing'],
    [{ ...good, response_topic: 'a/#' }, 'badResponseTopic'],
    [{ ...good, response_topic: '' }, 'badResponseTopic'],
    [{ ...good, response_topic: '$SYS/x' }, 'badResponseTopic'],
    [{ ...good, response_topic: 'operando/v1/lab-a/node-1/status' }, 'badResponseTopic'],
    [{ ...good, response_topic: TOPICS.stop }, 'badResponseTopic'],
  ])('rejects %j as %s', (content, code) => {
    expect(newGuard().decide(command(content), NOW_MS)).toMatchObject({
      kind: 'rejected',
      reply: { state: 'rejected', code },
    });
  });

  it('takes the address and id of MQTT 5 as well, and a reply below the cell', () => {
    const guard = newGuard();
    const correlationData = Buffer.from('id-5');
    const message = command(
      { issued_at_utc_ms: NOW_MS },
      { responseTopic: `${TOPICS.replies}console`, correlationData },
    );
    expect(guard.decide(message, NOW_MS)).toEqual({
      kind: 'accepted',
      correlationId: 'id-5',
      words: {},
      to: { topic: `${TOPICS.replies}console`, correlationData },
    });
  });

  it('reads the words that a verb needs and allows, and no others', () => {
    const guard = newGuard(new Map([[TOPICS.stop, { needs: ['alarm'], allows: ['by'] }]]));
    const asked = { ...good, alarm: 'interlock', by: 'Ada', sudo: 'yes' };
    expect(guard.decide(command(asked), NOW_MS)).toMatchObject({
      kind: 'accepted',
      words: { alarm: 'interlock', by: 'Ada' },
    });
    const wrongs = [{ alarm: undefined }, { alarm: ' ' }, { alarm: 7 }, { by: '' }, { by: [] }];
    for (const [at, wrong] of wrongs.entries()) {
      const again = { ...asked, ...wrong, correlation_id: `wrong-${at}` };
      expect(guard.decide(command(again), NOW_MS)).toMatchObject({
        reply: { state: 'rejected', code: 'badPayload' },
      });
    }
  });

  it('takes a stop for the run that goes on, and refuses one for another', () => {
    const to = (run: string): unknown => newGuard().decide(command({ ...good, run }), NOW_MS);
    expect(to(RUN_INFO.runId)).toMatchObject({ kind: 'accepted' });
    expect(to('the-run-before')).toMatchObject({ reply: { code: 'otherRun' } });
  });

  it('keeps the ids of two topics apart', () => {
    const guard = newGuard();
    expect(guard.decide(command(good), NOW_MS).kind).toBe('accepted');
    expect(guard.decide(command(good, { topic: TOPICS.resume }), NOW_MS).kind).toBe('accepted');
    expect(guard.decide(command(good), NOW_MS).kind).toBe('repeated');
  });

  it('remembers a bounded number of commands', () => {
    const guard = newGuard();
    for (let at = 0; at <= COMMANDS_REMEMBERED_MAX; at += 1) {
      guard.decide(command({ ...good, correlation_id: `n${at}` }), NOW_MS);
    }
    const again = (id: string): string =>
      guard.decide(command({ ...good, correlation_id: id }), NOW_MS).kind;
    expect(again(`n${COMMANDS_REMEMBERED_MAX}`)).toBe('repeated');
    expect(again('n1')).toBe('repeated');
    expect(again('n0')).toBe('accepted');
  });
});
