import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LineFramer } from '../../../firmware-bridge/line-framer.ts';
import { readingsFrom } from '../../../hardware/potentiostats/emstat-reading.ts';
import {
  parseStreamLine,
  type StreamLine,
  StreamScopes,
} from '../../../hardware/potentiostats/methodscript.ts';
import { DEVICES } from '../../../hardware/potentiostats/methodscript-devices.ts';
import { STATUS } from '../../../hardware/potentiostats/methodscript-value.ts';
import { describeWithData, sharedData } from '../../support/shared-data.ts';

interface Recording {
  readonly name: string;
  readonly lines: readonly StreamLine[];
  readonly discardedBytes: number;
}

function recordings(): Recording[] {
  return ['wire/emstat-pico-a', 'wire/emstat-pico-b'].flatMap((folder) =>
    readdirSync(sharedData(folder)).map((name) => read(join(sharedData(folder), name), name)),
  );
}

function read(path: string, name: string): Recording {
  const framer = new LineFramer({ lengthMax: 255, stripFlowControl: true });
  const texts = framer.push(readFileSync(path));
  const tail = framer.flush();
  if (tail !== undefined) texts.push(tail);
  return { name, lines: texts.map(parseStreamLine), discardedBytes: framer.discardedBytes };
}

function valuesOf(recording: Recording) {
  return recording.lines.flatMap((line) => (line.kind === 'package' ? line.variables : []));
}

describeWithData('recordings of a real EmStat Pico', () => {
  const all = recordings();

  it('decode: 4 447 values in 15 files, no failure, no byte left over', () => {
    expect(all).toHaveLength(15);
    expect(all.flatMap(valuesOf)).toHaveLength(4447);
    expect(all.flatMap((one) => one.lines).filter((line) => line.kind === 'corrupt')).toEqual([]);
    expect(all.map((one) => one.discardedBytes)).toEqual(Array(15).fill(0));
  });

  it('keep their not-a-numbers: the impedance sweep has points that were not measured', () => {
    const sweep = all.find((one) => one.name.includes('eis'));
    const values = sweep ? valuesOf(sweep) : [];
    expect(values.filter((one) => Number.isNaN(one.value)).length).toBeGreaterThan(10);
    expect(values[0]?.value).toBe(200_000);
  });

  it('tell ranges that the table of the EmStat Pico knows, each current within its own', () => {
    const ranged = all
      .flatMap(valuesOf)
      .filter(({ type, rangeIndex }) => type === 'ba' && rangeIndex !== undefined);
    expect(ranged.length).toBeGreaterThan(1000);
    for (const { value, status = 0, rangeIndex = -1 } of ranged) {
      const fullScale = DEVICES.espico.currentRanges.get(rangeIndex);
      expect(fullScale, `range ${rangeIndex}`).toBeDefined();
      const isOver = (status & STATUS.overload) !== 0;
      if (!isOver && fullScale) expect(Math.abs(value)).toBeLessThan(1.6 * fullScale);
    }
  });

  it('give readings of their technique, with quality, range and uncertainty', () => {
    const sweep = all.find((one) => one.name === '021_cv_165737_raw.txt');
    const readings = (sweep?.lines ?? []).flatMap((line) =>
      line.kind === 'package'
        ? readingsFrom('cyclicVoltammetry', line.variables, 0, DEVICES.espico)
        : [],
    );
    expect(readings).toHaveLength(197);
    const ranges = new Set<number | undefined>();
    for (const one of readings) {
      if (one.kind !== 'electrical') throw new Error('expected electrical readings alone');
      const { currentAmpere, currentRangeAmpere = Number.NaN, currentErrorAmpere } = one;
      expect(one.quality).toBe('good');
      // 1 % of the reading and 0.1 % of the range, over the square root of three.
      const limit = 0.01 * Math.abs(currentAmpere) + 0.001 * currentRangeAmpere;
      expect(currentErrorAmpere).toBeCloseTo(limit / Math.sqrt(3), 18);
      ranges.add(currentRangeAmpere);
    }
    // It began in a wide range and found that the lead was open.
    expect([...ranges].slice(0, 2)).toEqual([250e-6, 125e-6]);
    expect(Math.min(...[...ranges].map(Number))).toBe(100e-9);
  });

  it('of impedance give points, those with nan marked bad', () => {
    const sweep = all.find((one) => one.name.includes('eis'));
    const points = (sweep?.lines ?? []).flatMap((line) =>
      line.kind === 'package' ? readingsFrom('impedance', line.variables, 0, DEVICES.espico) : [],
    );
    expect(points.length).toBeGreaterThan(20);
    for (const one of points) {
      if (one.kind !== 'impedancePoint') throw new Error('expected points alone');
      const { zRealOhm, zImagOhm } = one.point;
      if (Number.isNaN(zRealOhm) || Number.isNaN(zImagOhm)) expect(one.quality).toBe('bad');
      else expect(one.quality).not.toBe('bad');
    }
  });

  it('end in the right state: aborted files are not taken for finished ones', () => {
    const ends = all.map(({ name, lines }) => {
      const scopes = new StreamScopes();
      for (const line of lines) scopes.follow(line);
      const isRefused = lines.some((line) => line.kind === 'error');
      return { name, isRefused, state: scopes.state, depth: scopes.depth };
    });
    for (const end of ends.filter((one) => one.isRefused)) expect(end.state).toBe('failed');
    expect(ends.filter((one) => one.isRefused)).toHaveLength(4);
    const cutShort = ends.find((one) => one.name === '023_cv_170816_raw.txt');
    expect(cutShort).toMatchObject({ state: 'running', depth: 1 });
  });
});
