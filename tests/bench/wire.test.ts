import { describe, expect, it } from 'vitest';
import { runBench } from './command.ts';
import {
  checkAgreement,
  decodeAsDriver,
  decodeByExpressions,
  decodeToValues,
  recordedStream,
  WIRE_BENCH,
} from './wire.ts';

describe('the bench of the wire', () => {
  it('decodes the same in every way, wherever the bytes are cut', () => {
    const chunks = recordedStream(500, 3);
    const ours = decodeAsDriver(chunks);
    expect(ours.packages).toBe(500);
    expect(ours.volt / 500).toBeCloseTo(3.7, 3);
    expect(() => checkAgreement(ours, decodeByExpressions(chunks))).not.toThrow();
    expect(() => checkAgreement(ours, decodeToValues(chunks))).not.toThrow();
  });

  it('does not race contenders that decode different things', () => {
    const ours = decodeAsDriver(recordedStream(5, 1));
    expect(() => checkAgreement(ours, { ...ours, volt: ours.volt * 1.001 })).toThrow('decoded');
    expect(() => checkAgreement(ours, { ...ours, packages: 4 })).toThrow('decoded');
  });

  it('gives a rate, three times and two ratios', async () => {
    const options = {
      rounds: 2,
      batchMs: 1,
      seed: 1,
      yardsticks: false,
      scan: { phase: false },
      tell: () => undefined,
    };
    const { figures } = await runBench(WIRE_BENCH, options);
    expect(figures.map((one) => one.kind === 'measured' && one.unit)).toEqual([
      '/s',
      'ns',
      'ns',
      'ns',
      'x',
      'x',
    ]);
    for (const one of figures) expect(one.kind === 'measured' && one.wall.min > 0).toBe(true);
  });
});
