import { z } from 'zod';
import type { Link } from '../firmware-bridge/link.ts';
import { RecordingLink } from '../firmware-bridge/recording-link.ts';
import { ReplayLink } from '../firmware-bridge/replay-link.ts';
import { SerialLink } from '../firmware-bridge/serial-link.ts';
import { dependsOnPlugOrder, stablePathOf } from '../firmware-bridge/serial-ports.ts';
import { TcpLink } from '../firmware-bridge/tcp-link.ts';
import type { Clock } from '../src/domain/clock.ts';
import { closedObject } from '../src/domain/closed-object.ts';
import type { Provenance } from '../src/domain/instrument.ts';

const PORT_MAX = 65_535;
const BAUD_MIN = 300;
const BAUD_MAX = 4_000_000;

/** Names and addresses alike; an IPv6 address stands in brackets. */
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[^:\s[\]]+):(\d{1,5})$/;

const serialPath = z
  .string()
  .min(1)
  .refine((path) => !dependsOnPlugOrder(path), {
    error: ({ input }) => plugOrderMessage(String(input)),
  })
  .describe('Path that names the device: /dev/serial/by-id/…');

const address = z
  .string()
  .regex(ADDRESS, 'expected HOST:PORT, such as "keithley-1.local:5025" or "[fe80::1]:5025"')
  .refine((text) => addressOf(text).port >= 1 && addressOf(text).port <= PORT_MAX, {
    error: `expected a port from 1 to ${PORT_MAX}`,
  })
  .describe('HOST:PORT of a raw TCP connection');

/** The options of an instrument that is reached over a link, to be spread into its own. */
export const linkFields = {
  serial: serialPath.optional(),
  baudRate: z
    .int()
    .min(BAUD_MIN)
    .max(BAUD_MAX)
    .optional()
    .describe("Speed of the serial port; the instrument's own without it"),
  tcp: address.optional(),
  replay: z.string().min(1).optional().describe('A recorded trace to be played'),
  record: z.string().min(1).optional().describe('File to which everything on the wire is added'),
};

/** How an instrument is reached, checked: one of `serial`, `tcp` and `replay`. */
export interface LinkOptions {
  readonly serial?: string | undefined;
  readonly baudRate?: number | undefined;
  readonly tcp?: string | undefined;
  readonly replay?: string | undefined;
  readonly record?: string | undefined;
}

/** A driver's options: how it is reached, and its own. */
export function linkedOptions<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return closedObject({ ...linkFields, ...shape }).check(({ value, issues }) => {
    for (const { key, message } of linkProblems(value as LinkOptions)) {
      issues.push({ code: 'custom', message, path: key === undefined ? [] : [key], input: value });
    }
  });
}

/** The options of a driver that has none but its link. */
export const linkShape = linkedOptions({});

export interface LinkSettings {
  readonly clock: Clock;
  /** The instrument's speed at delivery. */
  readonly baudRate: number;
  /** What the trace says that the link leads to: "potentiostat cell-7". */
  readonly instrument: string;
  /** For instruments that send regularly. */
  readonly silenceSecondMax?: number;
  readonly controlLines?: { readonly dtr: boolean; readonly rts: boolean };
  /** XON and XOFF on a serial port. */
  readonly usesFlowControl?: boolean;
}

/** The link that a rig file asks for, recorded where it says so. Opens nothing. */
export function openableLink(options: LinkOptions, settings: LinkSettings): Link {
  const link = plainLink(options, settings);
  const { record } = options;
  if (record === undefined) return link;
  const { clock, instrument } = settings;
  return new RecordingLink({ link, clock, file: record, instrument });
}

/** Where the values come from that are read over it, unless the instrument says it is simulated. */
export function linkProvenance({ replay }: LinkOptions): Provenance {
  return replay === undefined ? 'measured' : 'recorded';
}

function plainLink(options: LinkOptions, settings: LinkSettings): Link {
  const { serial, tcp, replay } = options;
  const { clock, controlLines, silenceSecondMax, usesFlowControl = false } = settings;
  const silence = silenceSecondMax === undefined ? {} : { silenceSecondMax };
  if (replay !== undefined) return new ReplayLink({ file: replay, clock });
  if (tcp !== undefined) return new TcpLink({ ...addressOf(tcp), clock, ...silence });
  if (serial === undefined) throw new Error('a link was built from options that were not checked');
  const baudRate = options.baudRate ?? settings.baudRate;
  const lines = controlLines === undefined ? {} : { controlLines };
  return new SerialLink({ path: serial, baudRate, clock, usesFlowControl, ...silence, ...lines });
}

/** HOST:PORT that was checked. */
function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = ADDRESS.exec(text) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Which keys do not go together. */
function linkProblems(
  options: LinkOptions,
): readonly { readonly key: keyof LinkOptions | undefined; readonly message: string }[] {
  const { serial, tcp, replay, baudRate, record } = options;
  const given = Object.entries({ serial, tcp, replay }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    const found = given.map(([key]) => key).join(' and ') || 'none';
    const message = `expected one of serial, tcp and replay, found ${found}`;
    return [{ key: undefined, message }];
  }
  const problems: { key: keyof LinkOptions; message: string }[] = [];
  if (baudRate !== undefined && serial === undefined) {
    problems.push({ key: 'baudRate', message: 'belongs to a serial port: leave it out' });
  }
  if (record !== undefined && replay !== undefined) {
    problems.push({ key: 'record', message: 'a replay is not recorded again: leave it out' });
  }
  return problems;
}

function plugOrderMessage(path: string): string {
  const stable = stablePathOf(path);
  const instead =
    stable === undefined
      ? 'a path below /dev/serial/by-id that names the device (no such path leads there now: "operando doctor" lists them)'
      : stable;
  return `${path} may be another instrument after the next plugging: expected ${instead}`;
}
