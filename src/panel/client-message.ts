import { z } from 'zod';
import type { ClientMessage } from './protocol.ts';

const clientMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    after: z.int().min(0),
    runId: z.string().max(200).optional(),
  }),
  z.strictObject({ type: z.literal('stop') }),
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
