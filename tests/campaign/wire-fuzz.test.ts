import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { fuzzProtocol, growthPerMillion } from './wire-fuzz.ts';
import { mutatedInput } from './wire-mutation.ts';
import { WIRE_PROTOCOLS, type WireProtocol } from './wire-protocols.ts';

const SEED = 20_261;
const INPUTS = 20_000;

describe(`a wire that does everything wrong, seed ${SEED}`, () => {
  it.each(
    WIRE_PROTOCOLS.map((protocol) => [protocol.name, protocol] as const),
  )('%s: nothing but Faults gets past the driver, and everything ends', async (_, protocol) => {
    const count = await fuzzProtocol(protocol, { inputs: INPUTS, seed: SEED, tell: () => {} });
    expect(count.escapes).toEqual([]);
    expect(count.hangs).toBe(0);
    expect(count.inputs).toBeGreaterThanOrEqual(INPUTS);
    // It did measure under fire: readings came, and not every measurement was refused.
    expect(count.readings).toBeGreaterThan(count.sessions);
    expect(count.measurements).toBeGreaterThan(count.sessions);
  });
});

describe('the fuzz itself', () => {
  const [first] = WIRE_PROTOCOLS;

  it('tells of what is thrown, and of work that never ends', async () => {
    if (!first) throw new Error('no protocol');
    const bad: WireProtocol = {
      ...first,
      newDecoder: () => () => {
        throw new TypeError('not a Fault');
      },
      newDriver: (link, clock) => {
        const driver = first.newDriver(link, clock);
        driver.cellOff = () => new Promise(() => {});
        return driver;
      },
    };
    const count = await fuzzProtocol(bad, { inputs: 200, seed: 1, tell: () => {} });
    expect(count.escapes[0]).toContain('not a Fault');
    expect(count.hangs).toBe(1);
  });

  it('repeats its inputs for the same seed, and changes most of them', () => {
    const inputs = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 200 }, () => mutatedInput(random, ['Pab8000001 ', '*']).join());
    };
    expect(inputs(4)).toEqual(inputs(4));
    expect(new Set(inputs(4)).size).toBeGreaterThan(100);
  });

  it('sees memory that grows', () => {
    const growing = Array.from({ length: 20 }, (_, at) => 100 + 10 * at);
    expect(growthPerMillion(growing, 1e6)).toBeCloseTo(200, 6);
    expect(growthPerMillion(Array(20).fill(100), 1e6)).toBe(0);
  });
});
