import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exchange } from '../../firmware-bridge/exchange.ts';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import { LineChannel } from '../../firmware-bridge/line-channel.ts';
import { RecordingLink } from '../../firmware-bridge/recording-link.ts';
import { ReplayLink } from '../../firmware-bridge/replay-link.ts';
import { formatTraceEntry, parseTraceEntry } from '../../firmware-bridge/wire-trace.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = new AbortController().signal;
const HEADER =
  '{"trace":1,"link":"in-process","instrument":"a test","startedUtc":"2026-01-01T00:00:00.000Z"}';

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** A recorded link, the other end of it, and the trace. */
function recorded(options: { readonly bytesMax?: number; readonly file?: string } = {}) {
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('wire');
  const file = options.file ?? join(temporaryFolder(), 'trace.jsonl');
  const link = new RecordingLink({ link: near, clock, instrument: 'a test', ...options, file });
  return { clock, link, far, file };
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

function traceFile(...lines: readonly string[]): string {
  const file = join(temporaryFolder(), 'trace.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function heardBy(link: ReplayLink): string[] {
  const heard: string[] = [];
  link.onData((bytes) => heard.push(Buffer.from(bytes).toString('latin1')));
  return heard;
}

describe('a line of a trace', () => {
  it('means the same after it was written and read, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 0, max: 1e12 }),
        fc.constantFrom('sent' as const, 'received' as const),
        (bytes, microseconds, kind) => {
          const timeSecond = microseconds / 1e6;
          const line = formatTraceEntry({ kind, timeSecond, bytes });
          expect(line.indexOf('\n')).toBe(line.length - 1);
          const entry = parseTraceEntry(line, 'here');
          if (entry.kind !== kind) throw new Error('another kind');
          expect([...entry.bytes]).toEqual([...bytes]);
          expect(entry.timeSecond).toBeCloseTo(timeSecond, 5);
        },
      ),
    );
  });

  it.each([
    ['no JSON', 't 1 2'],
    ['no header of this version', '{"trace":2,"link":"","instrument":"","startedUtc":""}'],
    ['a time before the opening', '{"t":-1,"sent":"a"}'],
    ['both directions', '{"t":1,"sent":"a","received":"b"}'],
    ['half a byte', '{"t":1,"sentHex":"abc"}'],
    ['an unknown key', '{"t":1,"sent":"a","by":"me"}'],
    ['no direction', '{"t":1}'],
    ['a list', '[]'],
  ])('that is %s is refused with its place', (_, line) => {
    expect(() => parseTraceEntry(line, 'trace.jsonl:7')).toThrow(/^trace\.jsonl:7: not a line/);
  });
});

describe('a recorded link', () => {
  it('writes a trace that a person can read', async () => {
    const { clock, link, far, file } = recorded();
    await link.open(never);
    await far.open(never);
    far.onData(() => far.write(bytesOf('tes4_hr\nR*\n')));
    await clock.advance(0.5);
    link.write(bytesOf('t\n'));
    await clock.advance(1);
    far.write(Uint8Array.of(0xff, 0x0a));
    await clock.advance(1);
    await link.close();
    expect(linesOf(file)).toEqual([
      '{"trace":1,"link":"wire (near end)","instrument":"a test","startedUtc":"1970-01-01T00:00:00.000Z"}',
      '{"t":0.5,"sent":"t\\n"}',
      '{"t":0.5,"received":"tes4_hr\\nR*\\n"}',
      '{"t":1.5,"receivedHex":"ff0a"}',
      '{"t":2.5,"closed":"closed by this end"}',
    ]);
    expect(link.losses).toEqual({ entries: 0, problem: undefined });
  });

  it('adds each opening at the end of its file', async () => {
    const { link, far, file } = recorded();
    await far.open(never);
    await link.open(never);
    await link.close();
    await far.open(never);
    await link.open(never);
    await far.close();
    await link.close();
    expect(linesOf(file).filter((line) => line.startsWith('{"trace":1'))).toHaveLength(2);
    expect(linesOf(file).at(-1)).toBe('{"t":0,"closed":"closed by the other end"}');
  });

  it('ends with a line that says so when its file is full, and goes on working', async () => {
    const { clock, link, far, file } = recorded({ bytesMax: 400 });
    await link.open(never);
    await far.open(never);
    let heard = 0;
    far.onData((bytes) => {
      heard += bytes.length;
    });
    for (let count = 0; count < 50; count += 1) link.write(bytesOf('abc\n'));
    await clock.advance(0);
    await link.close();
    expect(heard).toBe(200);
    expect(linesOf(file).at(-1)).toBe('{"t":0,"full":"the trace has reached its 400 bytes"}');
    expect(statSync(file).size).toBeLessThan(500);
    const kept = linesOf(file).filter((line) => line.includes('"sent"')).length;
    // What was left out, and the line of the closing.
    expect(link.losses.entries).toBe(50 - kept + 1);
  });

  it('is refused when its trace cannot be written, before anything is opened', async () => {
    const file = join(temporaryFolder(), 'no', 'such', 'folder');
    const { link } = recorded({ file });
    await expect(link.open(never)).rejects.toMatchObject({
      code: 'storage',
      problems: [{ where: file, message: expect.stringContaining('cannot be written') }],
    });
    expect(link.isOpen).toBe(false);
  });

  it('refuses to write when it is closed, and records nothing of it', async () => {
    const { link, file } = recorded();
    await link.open(never);
    await link.close();
    expect(() => link.write(bytesOf('x'))).toThrow('it is closed');
    expect(linesOf(file).some((line) => line.includes('sent'))).toBe(false);
  });
});

describe('a replayed trace', () => {
  it('gives what the recorded link gave, with the same times between', async () => {
    const { clock, link, far, file } = recorded();
    const talk = async (over: RecordingLink | ReplayLink, on: VirtualClock) => {
      const channel = new LineChannel({ link: over, clock: on, framer: { lengthMax: 80 } });
      await channel.open(never);
      const replies: (readonly [number, string])[] = [];
      for (const request of ['a\n', 'bb\n', 'ccc\n']) {
        const asking = exchange(channel, on, {
          text: request,
          title: request,
          isReply: () => true,
          timeoutSecond: 60,
        });
        await on.advance(10);
        const { line } = await asking;
        replies.push([on.nowSecond(), line]);
      }
      await channel.close();
      return replies;
    };
    await far.open(never);
    far.onData((bytes) => {
      clock.after(bytes.length, () => far.write(bytesOf(`${bytes.length}\n`)));
    });
    const first = await talk(link, clock);
    const later = new VirtualClock();
    const second = await talk(new ReplayLink({ file, clock: later }), later);
    expect(second).toEqual(first);
    expect(first.map(([, line]) => line)).toEqual(['2', '3', '4']);
  });

  it('answers after the recorded time, not before', async () => {
    const file = traceFile(HEADER, '{"t":1,"sent":"a\\n"}', '{"t":4,"received":"b\\n"}');
    const clock = new VirtualClock();
    const link = new ReplayLink({ file, clock });
    const heard = heardBy(link);
    await link.open(never);
    await clock.advance(100);
    expect(heard).toEqual([]);
    link.write(bytesOf('a\n'));
    await clock.advance(2.9);
    expect(heard).toEqual([]);
    await clock.advance(0.2);
    expect(heard).toEqual(['b\n']);
  });

  it('does not mind how the bytes are cut into chunks', async () => {
    const file = traceFile(
      HEADER,
      '{"t":1,"sent":"ab"}',
      '{"t":1,"sent":"cd\\n"}',
      '{"t":1,"received":"ok\\n"}',
    );
    const clock = new VirtualClock();
    const link = new ReplayLink({ file, clock, pace: 'atOnce' });
    const heard = heardBy(link);
    await link.open(never);
    link.write(bytesOf('abc'));
    link.write(bytesOf('d\n'));
    await clock.advance(0);
    expect(heard).toEqual(['ok\n']);
  });

  it('delivers first what had been answered before the host spoke', async () => {
    const file = traceFile(
      HEADER,
      '{"t":1,"received":"one\\n"}',
      '{"t":2,"received":"two\\n"}',
      '{"t":3,"sent":"Z\\n"}',
      '{"t":3,"received":"Z\\n"}',
    );
    const clock = new VirtualClock();
    const link = new ReplayLink({ file, clock });
    const heard = heardBy(link);
    await link.open(never);
    link.write(bytesOf('Z\n'));
    await clock.advance(1);
    expect(heard).toEqual(['one\n', 'two\n', 'Z\n']);
  });

  it.each([
    ['something else', 'i\n', 2, 'the trace has "t\\n" sent here, and this was: "i\\n"'],
    ['more', 't\nv\n', 4, 'the trace has nothing more sent here, and this was: "v\\n"'],
    ['something unreadable', '\u00ff', 2, 'the trace has "t\\n" sent here, and this was: hex ff'],
  ])('complains of a host that says %s, with the line', async (_, text, line, message) => {
    const file = traceFile(
      HEADER,
      '{"t":1,"sent":"t\\n"}',
      '{"t":1,"received":"x\\n"}',
      '{"t":2,"closed":"the end"}',
    );
    const link = new ReplayLink({ file, clock: new VirtualClock() });
    const reasons: string[] = [];
    link.onClose((reason) => reasons.push(reason));
    await link.open(never);
    expect(() => link.write(bytesOf(text))).toThrow(
      expect.objectContaining({
        code: 'instrumentReply',
        problems: [{ where: `${file}:${line}`, message }],
      }),
    );
    expect(link.isOpen).toBe(false);
    expect(reasons).toEqual(['the host said something else than in the trace']);
  });

  it('ends as the recorded link ended', async () => {
    const file = traceFile(HEADER, '{"t":5,"closed":"the port has gone"}');
    const clock = new VirtualClock();
    const link = new ReplayLink({ file, clock });
    const reasons: string[] = [];
    link.onClose((reason) => reasons.push(reason));
    await link.open(never);
    await clock.advance(6);
    expect(reasons).toEqual(['the port has gone']);
  });

  it('plays each opening once', async () => {
    const file = traceFile(HEADER, '{"t":1,"received":"1"}', HEADER, '{"t":1,"received":"2"}');
    const clock = new VirtualClock();
    const link = new ReplayLink({ file, clock });
    const heard = heardBy(link);
    for (const expected of [['1'], ['1', '2']]) {
      await link.open(never);
      await clock.advance(2);
      await link.close();
      expect(heard).toEqual(expected);
    }
    await expect(link.open(never)).rejects.toMatchObject({ code: 'instrumentMissing' });
  });

  it.each([
    ['that is not there', undefined, 'fileMissing'],
    ['that is empty', [''], 'fileFormat'],
    ['without a header', ['{"t":1,"sent":"a"}'], 'fileFormat'],
    ['that is cut off in a line', [HEADER, '{"t":1,"se'], 'fileFormat'],
  ])('is refused from a file %s', async (_, lines, code) => {
    const file = lines ? traceFile(...lines) : join(temporaryFolder(), 'none');
    const link = new ReplayLink({ file, clock: new VirtualClock() });
    await expect(link.open(never)).rejects.toMatchObject({ code });
    expect(link.isOpen).toBe(false);
  });
});
