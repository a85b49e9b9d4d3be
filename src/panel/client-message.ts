import { z } from 'zod';
import type { ClientMessage } from './protocol.ts';

/** Longer than what the run takes, so that the run refuses it in words. */
const TEXT_LENGTH_MAX = 2000;

const signed = {
  requestId: z.string().min(1).max(64),
  runId: z.string().max(200),
  by: z.string().max(TEXT_LENGTH_MAX),
  reason: z.string().max(TEXT_LENGTH_MAX),
};

const clientMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    after: z.int().min(0),
    runId: z.string().max(200).optional(),
  }),
  z.strictObject({ type: z.literal('stop') }),
  z.strictObject({ type: z.literal('acknowledge'), alarm: z.string().max(64), ...signed }),
  z.strictObject({ type: z.literal('goOn'), ...signed }),
]);

/** Reads one text frame of a page; undefined when it is not a message of the protocol. */
export function parseClientMessage(text: string): ClientMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = clientMessageSchema.safeParse(value);
  return result.success ? result.data : undefined;
}
