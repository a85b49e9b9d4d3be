import { exchange } from '../firmware-bridge/exchange.ts';
import { LineChannel } from '../firmware-bridge/line-channel.ts';
import type { Link } from '../firmware-bridge/link.ts';
import { type Clock, sleep } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import type { PotentiostatCapability } from '../src/domain/instrument.ts';

/** What answers at a port, and how a rig file names it. */
export interface FoundInstrument {
  /** "EmStat4 HR ES4HR20B0008". */
  readonly model: string;
  readonly serialNumber: string;
  readonly firmware: string;
  /** Driver of a rig file that speaks to it; undefined when there is none. */
  readonly driver: string | undefined;
  /** Options of that driver besides the link. */
  readonly driverOptions: Readonly<Record<string, string>>;
  /** What it can do; undefined when it is no potentiostat. */
  readonly capability: PotentiostatCapability | undefined;
  /** What a person should know before it is used, as sentences without a final stop. */
  readonly remarks: readonly string[];
}

/** A link that is not open, and who asks over it. */
export interface Asking {
  readonly link: Link;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * How one family of instruments says who it is. Asking must change nothing: no output is switched,
 * no script started or stopped, and a line that another family hears is no command of theirs.
 */
export interface Identification {
  /** "MethodSCRIPT". */
  readonly protocol: string;
  /** Speeds of a serial port that it uses, the usual one first. */
  readonly baudRates: readonly number[];
  /**
   * Opens the link, asks and closes it.
   * @returns undefined when what is there does not speak so
   * @throws Fault of the link, or instrumentReply when it speaks so and makes no sense
   */
  identify(asking: Asking): Promise<FoundInstrument | undefined>;
}

/** Silence, or a flood of something else: nobody here speaks so. */
const NO_ANSWER: ReadonlySet<string> = new Set(['timeout', 'capacity', 'instrumentReply']);
const LINE_LENGTH_MAX = 512;
/**
 * From the end of one question to the next opening: an instrument that has refused a command is
 * deaf for a moment (MethodSCRIPT: 50 ms), and one that serves a single host must notice its end.
 */
const PAUSE_SECOND = 0.15;

/**
 * Asks one question that may be repeated, over a link that is opened for it and closed after.
 * @returns undefined when no such line came
 */
export async function askPolitely(
  { link, clock, signal }: Asking,
  question: {
    readonly text: string;
    readonly reply: RegExp;
    readonly timeoutSecond: number;
    readonly retriesMax?: number;
  },
): Promise<string | undefined> {
  const channel = new LineChannel({
    link,
    clock,
    framer: { lengthMax: LINE_LENGTH_MAX, stripFlowControl: true },
  });
  await channel.open(signal);
  try {
    const { text, reply, timeoutSecond, retriesMax = 0 } = question;
    const { line } = await exchange(channel, clock, {
      text,
      title: 'the question who is there',
      isReply: (one) => reply.test(one),
      timeoutSecond,
      retriesMax,
      signal,
    });
    return line;
  } catch (error) {
    if (error instanceof Fault && NO_ANSWER.has(error.code)) return undefined;
    throw error;
  } finally {
    await channel.close();
    await sleep(clock, PAUSE_SECOND);
  }
}
