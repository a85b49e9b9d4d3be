import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LineFramer } from '../../../firmware-bridge/line-framer.ts';
import {
  parseStreamLine,
  type StreamLine,
  StreamScopes,
} from '../../../hardware/potentiostats/methodscript.ts';
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
