import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Potentiostat } from '../../src/domain/instrument.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { type Campaign, checkAtMost, type Findings } from './campaign.ts';
import { mutatedInput, oneOf } from './wire-mutation.ts';
import { WIRE_PROTOCOLS, type WireProtocol } from './wire-protocols.ts';

const INPUTS_PER_PROTOCOL = 1_000_000;
const INPUTS_PER_SESSION = 200;
const INPUTS_PER_STEP = 4;
const STEP_SECOND = 0.5;
/** Of the answers to the driver, so many come mutated, and so many do not come. */
const MUTATED_ANSWERS = 0.1;
const SILENT_ANSWERS = 0.05;
/** A driver that is not done after so many simulated seconds of silence never will be. */
const PATIENCE_SECOND = 2000;
const PATIENCE_STEP_SECOND = 5;
/** Memory is looked at so often, and its first part, while everything is loaded, does not count. */
const MEMORY_LOOKS = 20;
const SETTLED_FROM = 0.4;
/** Growth of the resident memory per million inputs. */
const GROWTH_MEBIBYTE_MAX = 64;
const MEBIBYTE = 2 ** 20;

/** What came of the inputs of one protocol. */
export interface FuzzCount {
  readonly protocol: string;
  inputs: number;
  sessions: number;
  measurements: number;
  readings: number;
  /** Measurements and conversations that ended in a Fault, by its code. */
  readonly faults: Map<string, number>;
  /** What is no Fault: each is a defect. */
  readonly escapes: string[];
  /** Measurements that never ended: each is a defect. */
  hangs: number;
  /** Resident memory in MiB at even distances. */
  readonly memory: number[];
}

const ESCAPES_KEPT_MAX = 20;

/** Sends `inputs` mutated pieces through the decoders and the driver of one protocol. */
export async function fuzzProtocol(
  protocol: WireProtocol,
  options: {
    readonly inputs: number;
    readonly seed: number;
    readonly tell: (line: string) => void;
  },
): Promise<FuzzCount> {
  const { inputs, seed, tell } = options;
  const count = newCount(protocol.name);
  const onRejection = (error: unknown): void => escaped(count, 'a rejection nobody handled', error);
  process.on('unhandledRejection', onRejection);
  try {
    while (count.inputs < inputs) {
      const random = new Random(deriveSeed(seed, `${protocol.name} ${count.sessions}`));
      await runSession(protocol, random, count);
      const looks = Math.floor((count.inputs / inputs) * MEMORY_LOOKS);
      if (looks <= count.memory.length) continue;
      count.memory.push(process.memoryUsage().rss / MEBIBYTE);
      tell(`${protocol.name}: ${count.inputs} inputs, ${count.memory.at(-1)?.toFixed(0)} MiB`);
    }
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  return count;
}

/** One driver from its connecting to its end, under fire. */
async function runSession(protocol: WireProtocol, random: Random, count: FuzzCount): Promise<void> {
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('fuzz');
  const driver = protocol.newDriver(near, clock);
  const decode = protocol.newDecoder();
  const never = new AbortController().signal;
  await far.open(never);
  const wire = { isFaulty: false };
  answerFrom(far, protocol, random, wire);
  count.sessions += 1;
  await settle(count, clock, driver.connect(never));
  wire.isFaulty = true;
  const running: { measurement?: Promise<void> } = {};
  for (let sent = 0; sent < INPUTS_PER_SESSION; sent += INPUTS_PER_STEP) {
    if (!running.measurement) {
      const technique = oneOf(random, protocol.techniques);
      running.measurement = measure(driver, technique, never, count).finally(() => {
        delete running.measurement;
      });
    }
    for (let one = 0; one < INPUTS_PER_STEP; one += 1) {
      const input = mutatedInput(random, protocol.corpus);
      attempt(count, 'the decoder', () => decode(input));
      if (far.isOpen) far.write(input);
      count.inputs += 1;
    }
    if (random.uniform() < 0.01) await near.close();
    await clock.advance(STEP_SECOND);
    if (!near.isOpen && !running.measurement) await settle(count, clock, reconnect(driver, far));
  }
  if (running.measurement) await settle(count, clock, running.measurement);
  await settle(count, clock, driver.cellOff());
  await settle(count, clock, driver.disconnect());
}

async function reconnect(
  driver: Potentiostat,
  far: { isOpen: boolean; open(signal: AbortSignal): Promise<void> },
) {
  const never = new AbortController().signal;
  if (!far.isOpen) await far.open(never);
  await driver.connect(never);
}

async function measure(
  driver: Potentiostat,
  technique: Parameters<Potentiostat['measure']>[0],
  signal: AbortSignal,
  count: FuzzCount,
): Promise<void> {
  count.measurements += 1;
  try {
    for await (const _ of driver.measure(technique, signal)) count.readings += 1;
  } catch (error) {
    if (error instanceof Fault) faulted(count, error);
    else escaped(count, 'a measurement', error);
  }
}

/** A sane instrument whose answers get lost or spoilt on the wire. */
function answerFrom(
  far: ReturnType<typeof createLinkPair>[1],
  protocol: WireProtocol,
  random: Random,
  wire: { readonly isFaulty: boolean },
): void {
  const decoder = new TextDecoder('latin1');
  const encoder = new TextEncoder();
  let instrument = protocol.newInstrument();
  let heard = '';
  far.onClose(() => {
    instrument = protocol.newInstrument();
    heard = '';
  });
  far.onData((bytes) => {
    const lines = (heard + decoder.decode(bytes)).split('\n');
    heard = lines.pop() ?? '';
    for (const line of lines) {
      const answer = instrument(line);
      const luck = wire.isFaulty ? random.uniform() : 1;
      if (answer === '' || !far.isOpen || luck < SILENT_ANSWERS) continue;
      const isSpoilt = luck < SILENT_ANSWERS + MUTATED_ANSWERS;
      far.write(isSpoilt ? mutatedInput(random, answer.split('\n')) : encoder.encode(answer));
    }
  });
}

/** Lets time pass until the work is done; counts what comes of it. */
async function settle(count: FuzzCount, clock: VirtualClock, work: Promise<void>): Promise<void> {
  let isDone = false;
  const settled = work
    .catch((error: unknown) => {
      if (error instanceof Fault) faulted(count, error);
      else escaped(count, 'the driver', error);
    })
    .finally(() => {
      isDone = true;
    });
  for (let waited = 0; !isDone && waited < PATIENCE_SECOND; waited += PATIENCE_STEP_SECOND) {
    await clock.advance(PATIENCE_STEP_SECOND);
  }
  if (isDone) await settled;
  else count.hangs += 1;
}

function attempt(count: FuzzCount, where: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    escaped(count, where, error);
  }
}

function faulted(count: FuzzCount, { code }: Fault): void {
  count.faults.set(code, (count.faults.get(code) ?? 0) + 1);
}

function escaped(count: FuzzCount, where: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (count.escapes.length < ESCAPES_KEPT_MAX) count.escapes.push(`${where}: ${text}`);
}

function newCount(protocol: string): FuzzCount {
  return {
    protocol,
    inputs: 0,
    sessions: 0,
    measurements: 0,
    readings: 0,
    faults: new Map(),
    escapes: [],
    hangs: 0,
    memory: [],
  };
}

/** Growth of memory in MiB per million inputs, by least squares over what has settled. */
export function growthPerMillion(memory: readonly number[], inputs: number): number {
  const from = Math.floor(SETTLED_FROM * memory.length);
  const settled = memory.slice(from);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = mean(settled.map((_, at) => at));
  const level = mean(settled);
  const square = settled.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  const slope = settled.reduce((sum, value, at) => sum + (at - middle) * (value - level), 0);
  const looksPerMillion = (memory.length / inputs) * 1e6;
  return square === 0 ? 0 : (slope / square) * looksPerMillion;
}

/** Every protocol under a wire that does all the wrong that wires do. */
export const WIRE_FUZZ_CAMPAIGN: Campaign = {
  name: 'wire-fuzz',
  about: 'random and mutated bytes through framer, decoders and driver of every instrument',
  async run({ seed, trials, tell }): Promise<Findings> {
    const inputs = trials ?? INPUTS_PER_PROTOCOL;
    const counts: FuzzCount[] = [];
    for (const protocol of WIRE_PROTOCOLS) {
      counts.push(await fuzzProtocol(protocol, { inputs, seed, tell }));
    }
    for (const defect of counts.flatMap(({ escapes }) => escapes)) tell(defect);
    return findings(counts);
  },
};

function findings(counts: readonly FuzzCount[]): Findings {
  return {
    trials: counts.reduce((sum, { inputs }) => sum + inputs, 0),
    method: [
      'An input is a line that the instrument sends, with up to three changes: bits flipped, bytes lost, added or doubled, cut short, run into another line, flow control and line ends in the middle; every tenth is noise of up to 600 bytes.',
      `Each goes through framer, grammar and readings, and to a driver that is measuring; a session is ${INPUTS_PER_SESSION} inputs. Meanwhile ${100 * MUTATED_ANSWERS} % of the answers to the driver are spoilt and ${100 * SILENT_ANSWERS} % do not come, and in one step of a hundred the link is lost.`,
      'An escape is anything thrown that is no Fault, or a rejection that nobody handled; a hang is work that does not end in 2000 simulated seconds.',
    ],
    checks: counts.flatMap((count) => [
      checkAtMost(`${count.protocol}: escapes`, count.escapes.length, 0),
      checkAtMost(`${count.protocol}: hangs`, count.hangs, 0),
      checkAtMost(
        `${count.protocol}: growth of resident memory per million inputs`,
        growthPerMillion(count.memory, count.inputs),
        GROWTH_MEBIBYTE_MAX,
        'MiB',
      ),
    ]),
    headings: ['protocol', 'inputs', 'sessions', 'measurements', 'readings', 'ends by fault'],
    rows: counts.map(({ protocol, inputs, sessions, measurements, readings, faults }) => [
      protocol,
      String(inputs),
      String(sessions),
      String(measurements),
      String(readings),
      [...faults].map(([code, number]) => `${code} ${number}`).join(', '),
    ]),
  };
}
