/**
 * The lines of a Rodeostat: one JSON object each. Requests carry `command`; replies carry
 * `success`; while a test runs, samples come in between; `{}` ends a test.
 */

/** A command with its arguments, in the order they are sent. */
export interface RodeostatRequest {
  readonly command: string;
  readonly [argument: string]: unknown;
}

export type RodeostatLine =
  | {
      readonly kind: 'reply';
      /** Undefined in the refusal of a command that is unknown. */
      readonly command: string | undefined;
      readonly response: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'refusal';
      readonly command: string | undefined;
      /** In the firmware's words. */
      readonly message: string;
    }
  | {
      readonly kind: 'sample';
      /** Since the test began, on the instrument's clock. */
      readonly timeMs: number;
      readonly voltageVolt: number;
      readonly currentAmpere: number;
      /** The current is beyond its range, or the potential cannot be held. */
      readonly isLimited: boolean;
      /** Of the multiplexer; undefined without one. */
      readonly muxChannel: number | undefined;
    }
  | { readonly kind: 'end' };

/** The receive buffer of the firmware, LF included. */
export const REQUEST_BYTES_MAX = 2000;
/** A defect in the USB stack holds back messages of a multiple of this many bytes. */
const USB_PACKET_BYTES = 64;
/** Samples carry microampere. */
const MICRO = 1e-6;

/**
 * A request as it goes over the wire, LF included. One whose length is a multiple of 64 bytes would
 * not be delivered, and gets a space in front.
 * @throws RangeError when the firmware's buffer cannot take it
 */
export function requestText(request: RodeostatRequest): string {
  const text = `${JSON.stringify(request)}\n`;
  const padded = text.length % USB_PACKET_BYTES === 0 ? ` ${text}` : text;
  if (padded.length > REQUEST_BYTES_MAX) {
    throw new RangeError(`a request of ${padded.length} bytes, at most ${REQUEST_BYTES_MAX} fit`);
  }
  return padded;
}

/** What a line says; undefined when it makes no sense. */
export function parseRodeostatLine(text: string): RodeostatLine | undefined {
  const object = parseObject(text);
  if (!object) return undefined;
  if (typeof object.success === 'boolean') return parseReply(object);
  if ('t' in object) return parseSample(object);
  return Object.keys(object).length === 0 ? { kind: 'end' } : undefined;
}

function parseReply(object: Readonly<Record<string, unknown>>): RodeostatLine | undefined {
  const { success, message, response } = object;
  if (!isObject(response)) return undefined;
  const command = typeof response.command === 'string' ? response.command : undefined;
  if (success) return { kind: 'reply', command, response };
  return { kind: 'refusal', command, message: typeof message === 'string' ? message : '' };
}

function parseSample(object: Readonly<Record<string, unknown>>): RodeostatLine | undefined {
  const { t, v, i, n, le } = object;
  if (typeof t !== 'number' || !Number.isInteger(t) || t < 0) return undefined;
  if (typeof v !== 'number' || typeof i !== 'number') return undefined;
  if (!Number.isFinite(v) || !Number.isFinite(i)) return undefined;
  return {
    kind: 'sample',
    timeMs: t,
    voltageVolt: v,
    currentAmpere: i * MICRO,
    isLimited: le === true,
    muxChannel: typeof n === 'number' ? n : undefined,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Whoever reads the line says what was expected instead of it.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
