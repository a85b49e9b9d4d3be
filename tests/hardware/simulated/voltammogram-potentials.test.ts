import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseStreamLine } from '../../../hardware/potentiostats/methodscript.ts';
import { cyclePotentials } from '../../../hardware/simulated/voltammogram-potentials.ts';
import { describeWithData, sharedData } from '../../support/shared-data.ts';

function first(startVolt: number, verticesVolt: readonly [number, number], stepVolt: number) {
  return [...cyclePotentials({ startVolt, verticesVolt, stepVolt }, true)];
}

const rounded = (volts: readonly number[]) => volts.map((volt) => Number(volt.toFixed(9)));

describe('the potentials of a voltammogram', () => {
  it('turn exactly at the vertices, also where the step does not fit', () => {
    expect(rounded(first(0, [0.5, -0.25], 0.2))).toEqual([
      0, 0.2, 0.4, 0.5, 0.3, 0.1, -0.1, -0.25, -0.05, 0,
    ]);
  });

  it('have no doubled point when the start is a vertex', () => {
    expect(rounded(first(0, [0.2, 0], 0.1))).toEqual([0, 0.1, 0.2, 0.1, 0]);
    expect(rounded(first(0, [0, 0.2], 0.1))).toEqual([0, 0.1, 0.2, 0.1, 0]);
  });

  it('go on in the next cycle without the start a second time', () => {
    const sweep = { startVolt: 0, verticesVolt: [0.2, 0], stepVolt: 0.1 } as const;
    expect(rounded([...cyclePotentials(sweep, false)])).toEqual([0.1, 0.2, 0.1, 0]);
  });

  it('are one when there is nowhere to go', () => {
    expect(first(0.3, [0.3, 0.3], 0.1)).toEqual([0.3]);
  });

  it('do not gain a point by rounding', () => {
    expect(first(0, [0.3, 0], 0.1)).toHaveLength(7);
    expect(first(0, [0.7, 0], 0.1)).toHaveLength(15);
  });
});

describeWithData('beside a voltammogram of a real EmStat Pico', () => {
  it('are the potentials it sent, each within 0.1 mV', () => {
    const path = sharedData('wire/emstat-pico-a/021_cv_165737_raw.txt');
    const sent = readFileSync(path, 'utf8')
      .split('\n')
      .map(parseStreamLine)
      .flatMap((line) => (line.kind === 'package' ? line.variables : []))
      .filter(({ type }) => type === 'da')
      .map(({ value }) => value);
    const stepVolt = Math.abs((sent[1] ?? 0) - (sent[0] ?? 0));
    const lowest = Math.min(...sent);
    const mine = first(0, [lowest, Math.max(...sent)], stepVolt);
    expect(mine).toHaveLength(197);
    expect(sent).toHaveLength(197);
    mine.forEach((volt, index) => {
      expect(Math.abs(volt - (sent[index] ?? Number.NaN))).toBeLessThan(1e-4);
    });
  });
});
