import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import { readingsFrom } from '../../hardware/potentiostats/emstat-reading.ts';
import { parseStreamLine, StreamScopes } from '../../hardware/potentiostats/methodscript.ts';
import { DEVICES } from '../../hardware/potentiostats/methodscript-devices.ts';
import { PREFIX_EXPONENTS } from '../../hardware/potentiostats/methodscript-literal.ts';
import { encodeVariable } from '../../hardware/potentiostats/methodscript-value.ts';
import { Random } from '../../src/domain/random.ts';
import type { Bench, BenchOptions, Figure, MeasuredFigure } from './bench.ts';
import { inProcess, race, ratioFigure, type Times, timeFigure } from './race.ts';
import { spreadOf } from './spread.ts';

const PACKAGES = 20_000;
/** Of a call that one package is. */
const SHARE = 1 / PACKAGES;
/** A USB port hands over its bytes in pieces of about this size. */
const CHUNK_BYTES = 4096;
const LINE_LENGTH_MAX = 255;
const PACKAGES_PER_SECOND = { sense: 'atLeast', limit: 200_000 } as const;
const MS_PER_SECOND = 1000;
/** Decoded values agree but for the last digits. */
const AGREEMENT = 1e-12;

const OURS = 'bytes to readings';
const VALUES = 'bytes to values';
const NAIVE = 'values by regular expressions';

/** What both contenders must find: the sum of all voltages and of all currents. */
export interface DecodedSums {
  readonly packages: number;
  readonly volt: number;
  readonly ampere: number;
}

/** A constant current as an instrument sends it: voltage and current with status and range. */
export function recordedStream(packages: number, seed: number): readonly Uint8Array[] {
  const random = new Random(seed);
  const lines = ['M000A'];
  for (let count = 0; count < packages; count += 1) {
    const volt = 3.7 + 1e-4 * random.normal();
    const ampere = 1e-3 + 1e-7 * random.normal();
    const voltage = encodeVariable({ type: 'ab', value: volt, status: 0, rangeIndex: 6 });
    const current = encodeVariable({ type: 'ba', value: ampere, status: 0, rangeIndex: 21 });
    lines.push(`P${voltage};${current}`);
  }
  const bytes = new TextEncoder().encode(`${lines.join('\n')}\n*\n\n`);
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
    chunks.push(bytes.subarray(from, from + CHUNK_BYTES));
  }
  return chunks;
}

/** As the driver does it: framer, grammar with its scopes, quality, range and uncertainty. */
export function decodeAsDriver(chunks: readonly Uint8Array[]): DecodedSums {
  const framer = new LineFramer({ lengthMax: LINE_LENGTH_MAX, stripFlowControl: true });
  const scopes = new StreamScopes();
  const sums = { packages: 0, volt: 0, ampere: 0 };
  for (const chunk of chunks) {
    for (const text of framer.push(chunk)) {
      const line = parseStreamLine(text);
      scopes.follow(line);
      if (line.kind !== 'package') continue;
      for (const reading of readingsFrom('constantCurrent', line.variables, 0, DEVICES.es4_hr)) {
        if (reading.kind !== 'electrical') continue;
        sums.packages += 1;
        sums.volt += reading.voltageVolt;
        sums.ampere += reading.currentAmpere;
      }
    }
  }
  return sums;
}

/** The decoders alone: framer and grammar, to values with status and range. */
export function decodeToValues(chunks: readonly Uint8Array[]): DecodedSums {
  const framer = new LineFramer({ lengthMax: LINE_LENGTH_MAX, stripFlowControl: true });
  const sums = { packages: 0, volt: 0, ampere: 0 };
  for (const chunk of chunks) {
    for (const text of framer.push(chunk)) {
      const line = parseStreamLine(text);
      if (line.kind !== 'package') continue;
      sums.packages += 1;
      for (const { type, value } of line.variables) {
        if (type === 'ab') sums.volt += value;
        if (type === 'ba') sums.ampere += value;
      }
    }
  }
  return sums;
}

/** As one would write it first: values alone, without scopes, quality, range or uncertainty. */
export function decodeByExpressions(chunks: readonly Uint8Array[]): DecodedSums {
  const decoder = new TextDecoder();
  const sums = { packages: 0, volt: 0, ampere: 0 };
  let tail = '';
  for (const chunk of chunks) {
    const lines = (tail + decoder.decode(chunk)).split('\n');
    tail = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('P')) continue;
      sums.packages += 1;
      for (const part of line.slice(1).split(';')) {
        const match = /^([a-z]{2})([0-9A-F]{7})([afpnum kMGTPE])((?:,[0-9A-F]+)*)$/.exec(part);
        const [, type, hex = '', prefix = ' '] = match ?? [];
        const exponent = PREFIX_EXPONENTS[prefix as keyof typeof PREFIX_EXPONENTS];
        const value = (Number.parseInt(hex, 16) - 2 ** 27) * 10 ** exponent;
        if (type === 'ab') sums.volt += value;
        if (type === 'ba') sums.ampere += value;
      }
    }
  }
  return sums;
}

/** @throws Error when the two did not decode the same */
export function checkAgreement(ours: DecodedSums, naive: DecodedSums): void {
  const isSame = (one: number, other: number): boolean =>
    Math.abs(one - other) <= AGREEMENT * Math.abs(other);
  const { packages, volt, ampere } = ours;
  if (packages === naive.packages && isSame(volt, naive.volt) && isSame(ampere, naive.ampere)) {
    return;
  }
  throw new Error(`decoded ${JSON.stringify(ours)}, by expressions ${JSON.stringify(naive)}`);
}

/** What an instrument sends, from bytes to values and to readings. */
export const WIRE_BENCH: Bench = {
  name: 'wire',
  about: 'MethodSCRIPT packages from bytes to readings, against regular expressions',
  async run({ rounds, batchMs, seed }: BenchOptions): Promise<readonly Figure[]> {
    const chunks = recordedStream(PACKAGES, seed);
    const naive = decodeByExpressions(chunks);
    checkAgreement(decodeAsDriver(chunks), naive);
    checkAgreement(decodeToValues(chunks), naive);
    const contenders = [
      inProcess(OURS, () => decodeAsDriver(chunks)),
      inProcess(VALUES, () => decodeToValues(chunks)),
      inProcess(NAIVE, () => decodeByExpressions(chunks)),
    ];
    const times = race(contenders, { rounds, batchMs });
    return [
      rateFigure(times),
      timeFigure(times, OURS, { name: `${OURS}, one package`, unit: 'ns', share: SHARE }),
      timeFigure(times, VALUES, { name: `${VALUES}, one package`, unit: 'ns', share: SHARE }),
      timeFigure(times, NAIVE, { name: `${NAIVE}, one package`, unit: 'ns', share: SHARE }),
      ratioFigure(
        times,
        { of: VALUES, over: NAIVE },
        { name: `${VALUES} over ${NAIVE}`, note: NOTE },
      ),
      ratioFigure(times, { of: OURS, over: NAIVE }, { name: `${OURS} over ${NAIVE}`, note: NOTE }),
    ];
  },
};

const NOTE =
  'the expressions give values alone; ours checks every byte and keeps status and range; the readings add scopes, quality and uncertainty';

function rateFigure(times: Times): MeasuredFigure {
  const found = times.get(OURS) ?? [];
  return {
    kind: 'measured',
    name: 'packages decoded to readings',
    unit: '/s',
    wall: spreadOf(found.map(({ wallMs }) => (PACKAGES * MS_PER_SECOND) / wallMs)),
    cpu: spreadOf(found.map(({ cpuMs }) => (PACKAGES * MS_PER_SECOND) / cpuMs)),
    target: PACKAGES_PER_SECOND,
    note: '',
  };
}
