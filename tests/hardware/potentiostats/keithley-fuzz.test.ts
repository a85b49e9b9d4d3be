import { describe, expect, it } from 'vitest';
import type { Link } from '../../../firmware-bridge/link.ts';
import { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import { parseReading } from '../../../hardware/potentiostats/keithley-2400-dialect.ts';
import { parseBufferReading } from '../../../hardware/potentiostats/keithley-2450-dialect.ts';
import { parseScpiError } from '../../../hardware/potentiostats/keithley-errors.ts';
import { parseKeithleyIdentity } from '../../../hardware/potentiostats/keithley-identity.ts';
import { HOLD_SECOND_MAX } from '../../../hardware/potentiostats/keithley-plan.ts';
import { parseNumbers } from '../../../hardware/potentiostats/keithley-reply.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { Random } from '../../../src/domain/random.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { makeKeithleyBench } from './keithley-bench.ts';

const INPUTS = 100_000;
const GOOD: readonly string[] = [
  '+3.722345E+00,+1.300715E-04,+7.400000E-01,+4.233216E+06',
  '1.300465406148690E-04,3.723887491012443E+00,1700000002,1.900000572204590E-01,200',
  '-113,"Undefined header"',
  '0,"No error;0;0 0"',
  'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1098765,C30   Mar 17 2006 09:29:29/A02  /H/K',
  '9.9E37,9.91E37,-9.9E37,1',
];
const LETTERS = '0123456789+-.,;:"EeNaKM \u0000\u00ff';

/** A good reply with some letters changed, doubled, dropped or cut off; or noise. */
function mutated(random: Random): string {
  const pick = (text: string): string => text[Math.floor(random.uniform() * text.length)] ?? '';
  if (random.uniform() < 0.1) return Array.from({ length: 40 }, () => pick(LETTERS)).join('');
  const letters = [...(GOOD[Math.floor(random.uniform() * GOOD.length)] ?? '')];
  const changes = Math.floor(random.uniform() * 5);
  for (let change = 0; change < changes; change += 1) {
    const at = Math.floor(random.uniform() * letters.length);
    const how = random.uniform();
    if (how < 0.4) letters[at] = pick(LETTERS);
    else if (how < 0.6) letters.splice(at, 1);
    else if (how < 0.8) letters.splice(at, 0, pick(LETTERS));
    else letters.length = at;
  }
  return letters.join('');
}

describe('replies that make no sense', () => {
  it(`never throw: ${INPUTS} of them`, () => {
    const random = new Random(20_26);
    let understood = 0;
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < INPUTS; at += 1) {
      const text = mutated(random);
      const reading = parseReading(text);
      const buffered = parseBufferReading(text, at % 2 === 0 ? 'current' : 'voltage');
      for (const one of [reading, buffered]) {
        if (!one) continue;
        understood += 1;
        // A time that is none would never be heard again; a value that is none is not-a-number.
        expect(Number.isFinite(one.stampSecond)).toBe(true);
        expect(Math.abs(one.voltageVolt) < 1e37 || Number.isNaN(one.voltageVolt)).toBe(true);
      }
      const error = parseScpiError(text);
      if (error) expect(Number.isInteger(error.code)).toBe(true);
      parseKeithleyIdentity(text);
    }
    // Both are there: what is still right, and what is not.
    expect(understood).toBeGreaterThan(INPUTS / 20);
    expect(understood).toBeLessThan(INPUTS);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 2 ** 20);
  });

  it.each([
    ['', 1],
    ['1,2', 3],
    ['1,2,3,4', 3],
    ['1,,3', 3],
    ['0x10', 1],
    ['Infinity', 1],
    ['1E9999', 1],
    ['1e', 1],
    ['1 2', 1],
  ])('%j are not %d numbers', (text, count) => {
    expect(parseNumbers(text, count)).toBeUndefined();
  });
});

/** A wire that now and then spoils what the instrument says. */
function spoiled(link: Link, random: Random, share: number): Link {
  return {
    name: link.name,
    get isOpen() {
      return link.isOpen;
    },
    open: (signal) => link.open(signal),
    write: (bytes) => link.write(bytes),
    onData: (listener) =>
      link.onData((bytes) => {
        const copy = bytes.slice();
        if (random.uniform() < share) {
          const at = Math.floor(random.uniform() * copy.length);
          copy[at] = Math.floor(random.uniform() * 256);
        }
        if (random.uniform() < share / 4) return;
        const cut = Math.floor(random.uniform() * copy.length);
        listener(copy.subarray(0, cut));
        listener(copy.subarray(cut));
      }),
    onClose: (listener) => link.onClose(listener),
    close: () => link.close(),
  };
}

describe.each(['2400', '2450'] as const)('a spoiled wire to a Keithley %s', (family) => {
  it('ends in readings or in a fault, with the cell open', async () => {
    const random = new Random(5);
    let faults = 0;
    let runs = 0;
    for (let round = 0; round < 60; round += 1) {
      const { clock, hostEnd, twin, terminals } = makeKeithleyBench({ family });
      await twin.start();
      const link = spoiled(hostEnd, random, 0.04);
      const driver = new Keithley({ id: 'smu', link, clock, provenance: 'simulated', family });
      const { signal } = new AbortController();
      const technique = {
        kind: 'constantCurrent',
        currentAmpere: 1e-3,
        sampleEverySecond: 2,
        durationSecond: 30,
        voltageVoltMin: 2.5,
        voltageVoltMax: 4.5,
      } as const;
      const work = async (): Promise<void> => {
        await driver.connect(signal);
        for (const reading of await collect(driver.measure(technique, signal))) {
          expect(reading.kind).toBe('electrical');
        }
        runs += 1;
      };
      try {
        await runToEnd(clock, work(), 1);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        faults += 1;
      }
      await clock.advance(HOLD_SECOND_MAX);
      expect(twin.output.isOn).toBe(false);
      if (runs > 0 && faults === 0) expect(terminals.isOpen).toBe(true);
    }
    expect(faults).toBeGreaterThan(5);
    expect(runs).toBeGreaterThan(5);
  });
});
