import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import type { PersonRequest } from '../../src/panel/person-desk.ts';
import type { ServerMessage } from '../../src/panel/protocol.ts';
import { RecordBatches } from '../../src/panel/record-batches.ts';
import {
  BLOCKED_SECOND_MAX,
  BUFFERED_BYTES_MAX,
  type ClientSocket,
  MESSAGES_PER_SECOND_MAX,
  Session,
  SILENT_SECOND_MAX,
} from '../../src/panel/session.ts';
import { MemoryRun } from '../support/memory-run.ts';

/** A client that takes what it is sent only when the test lets it. */
class SlowSocket implements ClientSocket {
  bufferedAmount = 0;
  bufferedAmountMax = 0;
  takes = true;
  pings = 0;
  terminated = false;
  closed: { code: number; reason: string } | undefined;
  readonly messages: ServerMessage[] = [];
  readonly pictures: Uint8Array[] = [];

  send(data: Uint8Array, { binary }: { readonly binary: boolean }): void {
    if (binary) this.pictures.push(data);
    else this.messages.push(JSON.parse(Buffer.from(data).toString()));
    if (!this.takes) this.bufferedAmount += data.length;
    this.bufferedAmountMax = Math.max(this.bufferedAmountMax, this.bufferedAmount);
  }
  ping(): void {
    this.pings += 1;
  }
  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }
  terminate(): void {
    this.terminated = true;
  }

  sequences(): number[] {
    return this.messages.flatMap((message) =>
      message.type === 'records' ? message.records.map((record) => record.sequence) : [],
    );
  }
}

const HELLO = JSON.stringify({ type: 'hello', after: 0 });

describe('one client of the panel', () => {
  let clock: VirtualClock;
  let run: MemoryRun;
  let socket: SlowSocket;
  let session: Session;
  let stops: number;
  let asked: PersonRequest[];

  beforeEach(() => {
    clock = new VirtualClock();
    run = new MemoryRun();
    socket = new SlowSocket();
    stops = 0;
    asked = [];
    const { sources: _, ...info } = run.info;
    session = new Session({
      socket,
      clock,
      batches: new RecordBatches(run),
      greet: (after) => ({ type: 'run', info, status: 'running', lastSequence: 0, after }),
      progress: () => ({ type: 'stop', state: 'done', message: 'stands for progress' }),
      stop: () => {
        stops += 1;
      },
      person: async (request) => {
        asked.push(request);
        return { type: 'answer', requestId: request.requestId, state: 'done', message: 'Done' };
      },
    });
  });

  function addNotes(count: number, message = 'note'): void {
    for (let index = 0; index < count; index++) {
      run.append(index, { kind: 'event', code: 'note', severity: 'info', message, details: {} });
    }
    run.commit();
  }

  it('gets no record before it said hello', () => {
    addNotes(3);
    expect(session.pump()).toBe(false);
    session.receive(HELLO);
    expect(session.pump()).toBe(true);
    expect(socket.sequences()).toEqual([1, 2, 3]);
  });

  const acknowledge = (changes: object = {}): string =>
    JSON.stringify({
      type: 'acknowledge',
      requestId: 'one',
      runId: run.info.runId,
      alarm: 'interlock',
      by: 'Ada',
      reason: 'Mended',
      ...changes,
    });

  it('may ask for an acknowledgement once it said hello, and is answered', async () => {
    session.receive(HELLO);
    session.receive(acknowledge());
    await Promise.resolve();
    await Promise.resolve();
    expect(asked).toMatchObject([{ type: 'acknowledge', alarm: 'interlock', by: 'Ada' }]);
    expect(socket.messages.at(-1)).toEqual({
      type: 'answer',
      requestId: 'one',
      state: 'done',
      message: 'Done',
    });
    expect(socket.closed).toBeUndefined();
  });

  it('asks for nothing before it said hello', () => {
    session.receive(acknowledge());
    expect(asked).toEqual([]);
    expect(socket.closed).toMatchObject({ code: 1008, reason: 'expected hello first' });
  });

  it.each([
    ['without a name', { by: undefined }],
    ['with a name that is no text', { by: 7 }],
    ['with an endless reason', { reason: 'x'.repeat(2001) }],
    ['without the run', { runId: undefined }],
    ['without an id of its own', { requestId: '' }],
    ['with a key that nobody knows', { sudo: true }],
    ['to go on with an alarm', { type: 'goOn' }],
  ])('is closed when it asks %s', (_, changes) => {
    session.receive(HELLO);
    session.receive(acknowledge(changes));
    expect(asked).toEqual([]);
    expect(socket.closed?.code).toBe(1008);
  });

  it('that asks too often is closed, and the one too many is not carried out', () => {
    session.receive(HELLO);
    for (let at = 0; at < MESSAGES_PER_SECOND_MAX; at += 1) session.receive(acknowledge());
    expect(asked).toHaveLength(MESSAGES_PER_SECOND_MAX - 1);
    expect(socket.closed?.code).toBe(1008);
  });

  it('gets a long history in messages of bounded size', () => {
    addNotes(1200);
    session.receive(HELLO);
    while (session.pump());
    expect(socket.messages.filter((message) => message.type === 'records')).toHaveLength(3);
    expect(socket.sequences()).toEqual(Array.from({ length: 1200 }, (_, index) => index + 1));
  });

  it('lags when it is slow, within the bound, and loses nothing when it wakes in time', async () => {
    addNotes(20_000, 'x'.repeat(200));
    socket.takes = false;
    session.receive(HELLO);
    while (session.pump());
    expect(session.cursor).toBeLessThan(20_000);
    expect(socket.bufferedAmountMax).toBeLessThanOrEqual(BUFFERED_BYTES_MAX);
    await clock.advance(BLOCKED_SECOND_MAX - 0.1);
    socket.takes = true;
    socket.bufferedAmount = 0;
    session.tick();
    while (session.pump());
    expect(socket.closed).toBeUndefined();
    expect(socket.sequences()).toHaveLength(20_000);
  });

  it('is closed with a reason when it takes nothing for 10 s', async () => {
    addNotes(20_000, 'x'.repeat(200));
    socket.takes = false;
    session.receive(HELLO);
    while (session.pump());
    await clock.advance(BLOCKED_SECOND_MAX);
    session.tick();
    expect(socket.closed?.code).toBe(1013);
    expect(socket.closed?.reason).toContain('too slow');
    const sent = socket.messages.length;
    session.pump();
    session.show({ bytes: new Uint8Array(10), number: 1 });
    expect(socket.messages).toHaveLength(sent);
    expect(socket.pictures).toHaveLength(0);
  });

  it('gets the newest picture once, and none while there is no room', () => {
    session.receive(HELLO);
    session.show({ bytes: new Uint8Array(10), number: 1 });
    session.show({ bytes: new Uint8Array(10), number: 1 });
    expect(socket.pictures).toHaveLength(1);
    socket.bufferedAmount = BUFFERED_BYTES_MAX - 5;
    session.show({ bytes: new Uint8Array(10), number: 2 });
    expect(socket.pictures).toHaveLength(1);
    socket.bufferedAmount = 0;
    session.show({ bytes: new Uint8Array(10), number: 5 });
    expect(socket.pictures).toHaveLength(2);
  });

  it('gets a record that is longer than the bound on its own', () => {
    addNotes(1, 'x'.repeat(2 * BUFFERED_BYTES_MAX));
    session.receive(HELLO);
    session.pump();
    expect(socket.sequences()).toEqual([1]);
  });

  it('may send 20 messages in a second and not 21', async () => {
    for (let count = 0; count < MESSAGES_PER_SECOND_MAX; count++) session.receive(HELLO);
    expect(socket.closed).toBeUndefined();
    await clock.advance(1);
    for (let count = 0; count < MESSAGES_PER_SECOND_MAX; count++) session.receive(HELLO);
    expect(socket.closed).toBeUndefined();
    session.receive(HELLO);
    expect(socket.closed?.code).toBe(1008);
  });

  it('is heard when the message too many is a stop', () => {
    for (let count = 0; count < MESSAGES_PER_SECOND_MAX; count++) session.receive(HELLO);
    session.receive('{"type":"stop"}');
    expect(stops).toBe(1);
  });

  it.each([
    'not JSON',
    '{"type":"shutdown"}',
    '{"type":"hello","after":-1}',
    '{"type":"hello","after":1.5}',
    '{"type":"hello","after":0,"extra":1}',
    '{"type":"stop","really":true}',
    'null',
    '',
  ])('is closed for a message that is not of the protocol: %s', (text) => {
    session.receive(text);
    expect(socket.closed?.code).toBe(1008);
    expect(stops).toBe(0);
  });

  it('is pinged every 15 s and terminated after 30 s of silence', async () => {
    session.receive(HELLO);
    await clock.advance(15);
    session.tick();
    expect(socket.pings).toBe(1);
    session.heard();
    await clock.advance(SILENT_SECOND_MAX - 0.1);
    session.tick();
    expect(socket.terminated).toBe(false);
    await clock.advance(0.1);
    session.tick();
    expect(socket.terminated).toBe(true);
  });

  it('is closed when it never says hello', async () => {
    await clock.advance(10);
    session.tick();
    expect(socket.closed?.reason).toContain('hello');
  });
});

describe('messages of records', () => {
  it('are read once for all clients that stand at the same place', () => {
    const run = new MemoryRun();
    run.append(0, { kind: 'sample', channel: 'voltage_volt', value: 1, quality: 'good' });
    run.commit();
    const batches = new RecordBatches(run);
    expect(batches.after(0)).toBe(batches.after(0));
    expect(run.reads).toBe(1);
    expect(batches.after(1)).toBeUndefined();
  });

  it('stay below their bound in bytes, however long the records are', () => {
    const run = new MemoryRun();
    const message = 'µ'.repeat(50_000);
    for (let index = 0; index < 10; index++) {
      run.append(0, { kind: 'event', code: 'note', severity: 'info', message, details: {} });
    }
    run.commit();
    const batches = new RecordBatches(run);
    let cursor = 0;
    let count = 0;
    for (let batch = batches.after(0); batch; batch = batches.after(cursor)) {
      expect(batch.bytes.length).toBeLessThan(260 * 1024);
      cursor = batch.lastSequence;
      count += 1;
    }
    expect(cursor).toBe(10);
    expect(count).toBe(5);
  });
});
