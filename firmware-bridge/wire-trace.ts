import { z } from 'zod';
import { closedObject } from '../src/domain/closed-object.ts';
import { Fault } from '../src/domain/fault.ts';

/**
 * What went over a link, one JSON document a line, for people and for `ReplayLink`. Every opening
 * of the link begins with a header; times are seconds since then. Bytes that are readable ASCII
 * stand as text, others as hexadecimal digits.
 *
 *     {"trace":1,"link":"tcp:…","instrument":"…","startedUtc":"2026-11-21T18:00:00.000Z"}
 *     {"t":0.0012,"sent":"t\n"}
 *     {"t":0.0049,"received":"tes4_hr1500#Mar 12 2026 14:28:01\nR*\n"}
 *     {"t":12.5,"closed":"closed by this end"}
 */
export const TRACE_VERSION = 1;
/** Longest line of a trace in characters: a chunk of 64 KiB, every byte escaped. */
export const TRACE_LINE_MAX = 400_000;

const header = closedObject({
  trace: z.literal(TRACE_VERSION),
  link: z.string(),
  instrument: z.string(),
  startedUtc: z.iso.datetime(),
});
const t = z.number().min(0);
const hex = z.string().regex(/^([0-9a-f]{2})*$/, 'expected pairs of hexadecimal digits');
const entry = z.union([
  header,
  closedObject({ t, sent: z.string() }),
  closedObject({ t, sentHex: hex }),
  closedObject({ t, received: z.string() }),
  closedObject({ t, receivedHex: hex }),
  closedObject({ t, closed: z.string() }),
  closedObject({ t, full: z.string() }),
]);

export interface TraceHeader {
  readonly link: string;
  readonly instrument: string;
  readonly startedUtcMs: number;
}

/** One line of a trace. Times are seconds since the opening. */
export type TraceEntry =
  | { readonly kind: 'opened'; readonly header: TraceHeader }
  | { readonly kind: 'sent' | 'received'; readonly timeSecond: number; readonly bytes: Uint8Array }
  | { readonly kind: 'closed'; readonly timeSecond: number; readonly reason: string }
  /** Nothing more was recorded. */
  | { readonly kind: 'full'; readonly timeSecond: number; readonly message: string };

const READABLE = /^[\x20-\x7e\n\r\t]*$/;
const MICROSECONDS = 1e6;

/** The line of one entry, with its LF. */
export function formatTraceEntry(one: TraceEntry): string {
  return `${JSON.stringify(documentOf(one))}\n`;
}

function documentOf(one: TraceEntry): object {
  if (one.kind === 'opened') {
    const { link, instrument, startedUtcMs } = one.header;
    const startedUtc = new Date(startedUtcMs).toISOString();
    return { trace: TRACE_VERSION, link, instrument, startedUtc };
  }
  const at = Math.round(one.timeSecond * MICROSECONDS) / MICROSECONDS;
  switch (one.kind) {
    case 'closed':
      return { t: at, closed: one.reason };
    case 'full':
      return { t: at, full: one.message };
    case 'sent':
    case 'received': {
      const text = Buffer.from(one.bytes).toString('latin1');
      if (READABLE.test(text)) return { t: at, [one.kind]: text };
      return { t: at, [`${one.kind}Hex`]: Buffer.from(one.bytes).toString('hex') };
    }
    default:
      return one satisfies never;
  }
}

/**
 * One line of a trace, without its LF.
 * @param where file and line, for the fault: "trace.jsonl:12"
 * @throws Fault fileFormat
 */
export function parseTraceEntry(line: string, where: string): TraceEntry {
  const parsed = entry.safeParse(jsonOf(line, where));
  if (!parsed.success) {
    throw new Fault('fileFormat', {
      where,
      message:
        'not a line of a wire trace: expected a header ({"trace":1,…}) or t with one of sent, sentHex, received, receivedHex, closed, full',
    });
  }
  const one = parsed.data;
  if ('trace' in one) {
    const { link, instrument, startedUtc } = one;
    return {
      kind: 'opened',
      header: { link, instrument, startedUtcMs: Date.parse(startedUtc) },
    };
  }
  const timeSecond = one.t;
  if ('closed' in one) return { kind: 'closed', timeSecond, reason: one.closed };
  if ('full' in one) return { kind: 'full', timeSecond, message: one.full };
  if ('sent' in one) return { kind: 'sent', timeSecond, bytes: Buffer.from(one.sent, 'latin1') };
  if ('received' in one) {
    return { kind: 'received', timeSecond, bytes: Buffer.from(one.received, 'latin1') };
  }
  return 'sentHex' in one
    ? { kind: 'sent', timeSecond, bytes: Buffer.from(one.sentHex, 'hex') }
    : { kind: 'received', timeSecond, bytes: Buffer.from(one.receivedHex, 'hex') };
}

function jsonOf(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    const message = 'not a line of a wire trace: expected one JSON document';
    throw new Fault('fileFormat', { where, message }, error);
  }
}

/** Bytes as a message shows them: text with its escapes, or hexadecimal digits. */
export function spokenBytes(bytes: Uint8Array, lengthMax = 60): string {
  const text = Buffer.from(bytes.subarray(0, lengthMax)).toString('latin1');
  const more = bytes.length > lengthMax ? ` and ${bytes.length - lengthMax} bytes more` : '';
  const shown = READABLE.test(text)
    ? JSON.stringify(text)
    : `hex ${Buffer.from(text, 'latin1').toString('hex')}`;
  return `${shown}${more}`;
}
