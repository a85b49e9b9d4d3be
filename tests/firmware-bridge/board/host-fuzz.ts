import {
  decodeFields,
  decodeMessage,
  encodeFields,
  encodeMessage,
} from '../../../firmware-bridge/board-message.ts';
import {
  COMMANDS,
  MOMENT_FIELDS,
  REFUSED_FIELDS,
  SENSOR_FIELDS,
  STATUS_FIELDS,
  TRIPS,
} from '../../../firmware-bridge/board-protocol.ts';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import { OperandoBoard } from '../../../firmware-bridge/operando-board.ts';
import { BoardLink } from '../../../firmware-bridge/sim/board-link.ts';
import { SysexFramer } from '../../../firmware-bridge/sysex-framer.ts';
import { Random } from '../../../src/domain/random.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { BoardBench } from './board-bench.ts';

const never = new AbortController().signal;
/** Of the replies that firmata-io knows. */
const FIRMATA_COMMANDS = [0x60, 0x62, 0x6a, 0x6c, 0x6e, 0x71, 0x72, 0x73, 0x77, 0x79];
/** Long enough for sound messages between two pieces of noise. */
const NOISE_EVERY_SECOND = 0.02;
/** Ten seconds. */
const STEPS_MAX = 2000;
/** The framer's longest message. */
const LENGTH_MAX = 128;
const NOISE_BYTES_MAX = 60;
const COUNTS = 2 ** 14;

export interface HostFuzzOutcome {
  readonly bytes: number;
  /** Undamaged messages that were taken: all that were sent. */
  readonly soundMessages: number;
  /** Messages that were taken and nobody has sent. */
  readonly falseMessages: number;
  readonly tooLong: number;
  /** True when every undamaged message was taken, and the last of all. */
  readonly isWell: boolean;
}

/** Noise, and messages whole, cut and changed, into what a host hears a board with. */
export function fuzzHost(byteCount: number, seed: number): HostFuzzOutcome {
  const random = new Random(seed);
  const framer = new SysexFramer();
  const expected: number[] = [];
  let next = 0;
  let bytes = 0;
  let falseMessages = 0;
  let tooLong = 0;
  const hear = (chunk: Uint8Array, whole?: Uint8Array): void => {
    bytes += chunk.length;
    for (const frame of framer.push(chunk)) {
      if (frame.length > LENGTH_MAX) tooLong += 1;
      const number = numberOf(frame);
      if (number === undefined) continue;
      // A byte too many beside the marks damages nothing.
      if (whole && isInside(frame, whole)) continue;
      if (number === expected[next]) next += 1;
      else falseMessages += 1;
    }
  };
  while (bytes < byteCount) {
    const pick = random.uniform();
    if (pick < 0.4) hear(noise(random));
    else if (pick < 0.7) {
      // Undamaged, cut anywhere into chunks.
      const number = Math.floor(COUNTS * random.uniform());
      const message = report(number, random);
      const at = Math.floor(message.length * random.uniform());
      expected.push(number);
      hear(message.slice(0, at));
      hear(message.slice(at));
    } else {
      const message = report(Math.floor(COUNTS * random.uniform()), random);
      hear(damaged(message, random), message);
    }
  }
  expected.push(1);
  hear(report(1, random));
  return {
    bytes,
    soundMessages: next,
    falseMessages,
    tooLong,
    isWell: next === expected.length,
  };
}

function isInside(frame: Uint8Array, message: Uint8Array): boolean {
  return Buffer.compare(frame, message.subarray(1, -1)) === 0;
}

export interface LineFuzzOutcome {
  readonly bytes: number;
  /** Messages that the host noticed to be damaged. */
  readonly damagedMessages: number;
  /** Times that it took the board for lost and was started again. */
  readonly losses: number;
  /** Outputs that were on at any look. */
  readonly unsafeLooks: number;
  /** True when the host can do its work at the end. */
  readonly isWell: boolean;
}

/**
 * Noise between a board and its whole host, johnny-five and all. An error that nobody catches ends
 * the process, as it would end the real one.
 */
export async function fuzzLine(byteCount: number, seed: number): Promise<LineFuzzOutcome> {
  const random = new Random(seed);
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('board');
  const makeBoard = (onByte: (byte: number) => void) => new BoardBench({}, onByte).board;
  const line = new BoardLink({ link: far, clock, makeBoard });
  const host = new OperandoBoard({ id: 'cell-board', link: near, clock });
  await line.start();
  let [bytes, losses, unsafeLooks] = [0, -1, 0];
  while (bytes < byteCount) {
    if (!near.isOpen) {
      losses += 1;
      await host.stop();
      await line.plugIn();
      await passing(clock, host.start(never));
    }
    const chunk = firmataNoise(random);
    bytes += chunk.length;
    far.write(chunk);
    await clock.advance(NOISE_EVERY_SECOND);
    if (line.board.heaterDuty > 0 || line.board.isRelayClosed) unsafeLooks += 1;
  }
  // Ends what the noise may have begun.
  if (near.isOpen) far.write(Uint8Array.of(0xf7));
  await host.stop();
  await line.plugIn();
  await passing(clock, host.start(never));
  const isWell = host.firmata.isReady && host.status?.trip === TRIPS.powerOn;
  await host.stop();
  await line.stop();
  return { bytes, damagedMessages: host.damagedMessages, losses, unsafeLooks, isWell };
}

/** Often like a message of Firmata, so that more than its first byte is looked at. */
function firmataNoise(random: Random): Uint8Array {
  const chunk = noise(random);
  if (random.uniform() < 0.7) {
    chunk[0] = 0xf0;
    const command = FIRMATA_COMMANDS[Math.floor(FIRMATA_COMMANDS.length * random.uniform())] ?? 0;
    if (random.uniform() < 0.8) chunk[1] = command;
    chunk[chunk.length - 1] = 0xf7;
  }
  return chunk;
}

/** Lets time pass until the work is done. */
async function passing<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = work.finally(() => {
    isSettled = true;
  });
  // Whoever gets it has its failure.
  settled.catch(() => {});
  for (let step = 0; step < STEPS_MAX && !isSettled; step += 1) await clock.advance(0.005);
  return settled;
}

/** What a host would act on, by its first number; undefined for what it passes over. */
function numberOf(frame: Uint8Array): number | undefined {
  const message = decodeMessage(frame);
  if (!message) return undefined;
  const { command, payload } = message;
  switch (command) {
    case COMMANDS.sensors:
      return decodeFields(SENSOR_FIELDS, payload)?.sequence;
    case COMMANDS.status:
      return decodeFields(STATUS_FIELDS, payload)?.upMs;
    case COMMANDS.refused:
      return decodeFields(REFUSED_FIELDS, payload)?.command;
    case COMMANDS.time:
    case COMMANDS.triggered:
    case COMMANDS.detectorEdge:
      return decodeFields(MOMENT_FIELDS, payload)?.number;
    default:
      return undefined;
  }
}

function report(sequence: number, random: Random): Uint8Array {
  const values = {
    sequence,
    timeMs: Math.floor(2 ** 32 * random.uniform()),
    thermometer: Math.floor(2 ** 15 * random.uniform()),
    thermometerFault: 0,
    thermocouple: Math.floor(2 ** 18 * (random.uniform() - 0.5)),
    coldJunction: Math.floor(2 ** 13 * (random.uniform() - 0.5)),
    thermocoupleFault: 0,
    force: Math.floor(2 ** 23 * (random.uniform() - 0.5)),
    pressure: Math.floor(COUNTS * random.uniform()),
    ambientTemperature: Math.floor(2 ** 16 * random.uniform()),
    ambientHumidity: Math.floor(2 ** 16 * random.uniform()),
    inputs: 0,
    fresh: 0b11111,
  };
  return encodeMessage(COMMANDS.sensors, encodeFields(SENSOR_FIELDS, values));
}

function noise(random: Random): Uint8Array {
  const values = random.uniform() < 0.5 ? 256 : 128;
  const length = 1 + Math.floor(NOISE_BYTES_MAX * random.uniform());
  return Uint8Array.from({ length }, () => values * random.uniform());
}

/** One byte another, one missing, one too many, or an end that never comes. */
function damaged(message: Uint8Array, random: Random): Uint8Array {
  const at = Math.floor(message.length * random.uniform());
  const pick = random.uniform();
  if (pick < 0.25) return message.slice(0, at);
  if (pick < 0.5) return Uint8Array.from([...message.slice(0, at), ...message.slice(at + 1)]);
  if (pick < 0.75) {
    const extra = Math.floor(256 * random.uniform());
    return Uint8Array.from([...message.slice(0, at), extra, ...message.slice(at)]);
  }
  const changed = message.slice();
  changed[at] = ((changed[at] ?? 0) + 1 + Math.floor(255 * random.uniform())) % 256;
  return changed;
}
