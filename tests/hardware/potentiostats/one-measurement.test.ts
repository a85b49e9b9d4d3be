import { describe, expect, it } from 'vitest';
import {
  type Measurement,
  OneMeasurement,
} from '../../../hardware/potentiostats/one-measurement.ts';
import { Fault } from '../../../src/domain/fault.ts';

const never = new AbortController().signal;

/** An instrument that counts how often its cell is opened, and fails the first `failures` times. */
function instrument(failures = 0) {
  const said = { opened: 0 };
  const one = new OneMeasurement({
    place: 'potentiostat test',
    async stopAndOpenCell() {
      said.opened += 1;
      if (said.opened <= failures) {
        throw new Fault('timeout', { where: 'wire', message: 'no answer' });
      }
    },
  });
  return { said, one };
}

async function* three(measurement: Measurement): AsyncGenerator<number> {
  for (const value of [1, 2, 3]) yield value;
  measurement.finish();
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

describe('one measurement at a time', () => {
  it('that ends by itself needs nobody to open the cell', async () => {
    const { said, one } = instrument();
    expect(await collect(one.run(never, three))).toEqual([1, 2, 3]);
    expect(said.opened).toBe(0);
    expect(one.isUnderWay).toBe(false);
  });

  it('is made safe when its reader stops reading', async () => {
    const { said, one } = instrument();
    for await (const _ of one.run(never, three)) break;
    expect(said.opened).toBe(1);
    expect(await collect(one.run(never, three))).toHaveLength(3);
  });

  it('is not begun after its signal has aborted', async () => {
    const { said, one } = instrument();
    expect(await collect(one.run(AbortSignal.abort(), three))).toEqual([]);
    expect(said.opened).toBe(0);
  });

  it('ends without an error when its signal aborts, made safe', async () => {
    const { said, one } = instrument();
    const abort = new AbortController();
    const values: number[] = [];
    for await (const value of one.run(abort.signal, three)) {
      values.push(value);
      abort.abort();
    }
    expect(values).toEqual([1]);
    expect(said.opened).toBe(1);
  });

  it('is refused while another is under way, which goes on', async () => {
    const { one } = instrument();
    const reader = one.run(never, three);
    await reader.next();
    await expect(collect(one.run(never, three))).rejects.toThrow('it is already measuring');
    expect(await collect(reader)).toEqual([2, 3]);
  });

  it('is made safe once, whoever asks first', async () => {
    const { said, one } = instrument();
    const reader = one.run(never, three);
    await reader.next();
    await Promise.all([one.cellOff(), one.cellOff()]);
    expect(await reader.next()).toMatchObject({ done: true });
    expect(said.opened).toBe(1);
  });

  it('throws its error after the cell was opened, and says when that failed too', async () => {
    const failing = async function* (): AsyncGenerator<number> {
      yield 1;
      throw new Fault('instrumentLost', { where: 'wire', message: 'gone' });
    };
    const good = instrument();
    await expect(collect(good.one.run(never, failing))).rejects.toMatchObject({
      code: 'instrumentLost',
      problems: [{ message: 'gone' }],
    });
    expect(good.said.opened).toBe(1);
    const bad = instrument(1);
    await expect(collect(bad.one.run(never, failing))).rejects.toThrow(
      'the cell could not be confirmed open: wire: no answer',
    );
  });

  it('tries again to open the cell for whoever asks after a failure', async () => {
    const { said, one } = instrument(1);
    const reader = one.run(never, three);
    await reader.next();
    await expect(one.cellOff()).rejects.toThrow('no answer');
    await one.cellOff();
    expect(said.opened).toBe(2);
    await reader.return(undefined);
  });

  it('opens the cell by command when none is under way', async () => {
    const { said, one } = instrument();
    await one.cellOff();
    expect(said.opened).toBe(1);
  });

  it('makes a Fault of what is none', async () => {
    const { one } = instrument();
    // biome-ignore lint/correctness/useYield: it fails before it has anything to yield
    const broken = async function* (): AsyncGenerator<number> {
      throw new TypeError('a defect');
    };
    await expect(collect(one.run(never, broken))).rejects.toMatchObject({
      code: 'instrumentReply',
      problems: [{ where: 'potentiostat test', message: 'a defect' }],
    });
  });
});
