import { encodeFields, encodeMessage } from '../../../firmware-bridge/board-message.ts';
import {
  COMMANDS,
  HEARTBEAT_FIELDS,
  OUTPUT_FIELDS,
  STATES,
} from '../../../firmware-bridge/board-protocol.ts';
import { Random } from '../../../src/domain/random.ts';
import { BoardBench } from './board-bench.ts';

/** Bytes between two looks at the outputs: 10 ms of the line at 57 600 Bd. */
const CHUNK_BYTES = 57;
const CHUNK_SECOND = 0.01;

export interface FuzzOutcome {
  readonly bytes: number;
  /** Looks at which heater or relay was on. */
  readonly unsafeLooks: number;
  readonly resets: number;
  /** True when it answers as ever at the end. */
  readonly isWell: boolean;
}

/** Noise, cut and changed messages into a board that nobody has cleared. */
export function fuzzBoard(byteCount: number, seed: number): FuzzOutcome {
  const random = new Random(seed);
  const bench = new BoardBench();
  bench.run(0.05);
  let unsafeLooks = 0;
  let bytes = 0;
  while (bytes < byteCount) {
    const chunk = nextChunk(random);
    bench.board.receive(chunk);
    bytes += chunk.length;
    bench.run(CHUNK_SECOND * (chunk.length / CHUNK_BYTES));
    if (bench.board.heaterDuty > 0 || bench.board.isRelayClosed) unsafeLooks += 1;
    // What it says of itself is not of interest here, and would fill the memory.
    bench.forget();
  }
  // Ends a sysex that the noise may have begun.
  bench.board.receive(Uint8Array.of(0xf7));
  bench.run(0.1);
  const isWell = bench.status().state === STATES.tripped;
  return { bytes, unsafeLooks, resets: bench.board.resets, isWell };
}

function nextChunk(random: Random): Uint8Array {
  const kind = random.uniform();
  if (kind < 0.3) return noise(random, 256);
  if (kind < 0.5) return noise(random, 128);
  const message = mutated(random, soundMessage(random));
  return Uint8Array.from([...message, ...noise(random, 256).slice(0, 8 * random.uniform())]);
}

function noise(random: Random, values: number): Uint8Array {
  const length = 1 + Math.floor(CHUNK_BYTES * random.uniform());
  return Uint8Array.from({ length }, () => values * random.uniform());
}

/** Any but the one that would clear the trip by right. */
function soundMessage(random: Random): Uint8Array {
  const pick = random.uniform();
  if (pick < 0.3) {
    const values = { duty: Math.floor(1001 * random.uniform()), relay: 1 };
    return encodeMessage(COMMANDS.setOutputs, encodeFields(OUTPUT_FIELDS, values));
  }
  if (pick < 0.6) {
    const values = { counter: Math.floor(16_384 * random.uniform()), settingsCrc: 0 };
    return encodeMessage(COMMANDS.heartbeat, encodeFields(HEARTBEAT_FIELDS, values));
  }
  const command = Math.floor(16 * random.uniform());
  const length = Math.floor(40 * random.uniform());
  const payload = Array.from({ length }, () => Math.floor(128 * random.uniform()));
  // A payload of one number could be the right reason.
  if (command === COMMANDS.clearTrip) return encodeMessage(command, [...payload, 0, 0]);
  return encodeMessage(command, payload);
}

function mutated(random: Random, message: Uint8Array): Uint8Array {
  const pick = random.uniform();
  if (pick < 0.25) return message;
  const at = Math.floor(message.length * random.uniform());
  if (pick < 0.5) return message.slice(0, at);
  if (pick < 0.75) return Uint8Array.from([...message.slice(0, at), ...message.slice(at + 1)]);
  const changed = message.slice();
  changed[at] = Math.floor(256 * random.uniform());
  return changed;
}
