import { describe, expect, it } from 'vitest';
import { caughtFault } from '../../support/caught-fault.ts';
import { connectingAnswers } from './emstat-answers.ts';
import { type Bench, collect, connectedBench, makeBench, runToEnd } from './emstat-bench.ts';
import { never, PLATING } from './emstat-techniques.ts';

/**
 * An instrument that connects well, answers a measurement with `answerToScript`, and does not
 * listen to anything for `deafSecond` after that.
 */
function answerConnecting(
  bench: Pick<Bench, 'deviceEnd' | 'clock'>,
  answerToScript: string,
  deafSecond: number,
): string[] {
  const asked: string[] = [];
  const answers = connectingAnswers();
  let deafUntilSecond = 0;
  bench.deviceEnd.onData((bytes) => {
    const text = new TextDecoder().decode(bytes);
    if (bench.clock.nowSecond() < deafUntilSecond) return;
    asked.push(text);
    const answer = answers[text];
    if (answer === undefined) deafUntilSecond = bench.clock.nowSecond() + deafSecond;
    bench.deviceEnd.write(new TextEncoder().encode(answer ?? answerToScript));
  });
  return asked;
}

describe('stopping', () => {
  it('ends without a fault and leaves the cell open when the signal aborts in the middle', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const abort = new AbortController();
    const work = collect(driver.measure(PLATING, abort.signal), (_, count) => {
      if (count === 3) abort.abort();
    });
    expect(await runToEnd(clock, work)).toHaveLength(3);
    expect(terminals.isOpen).toBe(true);
    expect(await runToEnd(clock, collect(driver.measure(PLATING, never)))).toHaveLength(10);
  });

  it('wakes a reader that waits for the next reading', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const abort = new AbortController();
    const work = collect(driver.measure({ ...PLATING, sampleEverySecond: 50 }, abort.signal));
    await clock.advance(20);
    expect(terminals.isOpen).toBe(false);
    abort.abort();
    expect(await runToEnd(clock, work)).toEqual([]);
    expect(terminals.isOpen).toBe(true);
  });

  it('leaves the cell open when the reader stops reading', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const work = (async () => {
      for await (const _ of driver.measure(PLATING, never)) return;
    })();
    await runToEnd(clock, work);
    expect(terminals.isOpen).toBe(true);
  });

  it('opens the cell by command while a reader sits on a reading, and twice is no harm', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const reader = driver.measure(PLATING, never)[Symbol.asyncIterator]();
    await runToEnd(clock, reader.next());
    await runToEnd(clock, Promise.all([driver.cellOff(), driver.cellOff()]));
    expect(terminals.isOpen).toBe(true);
    expect(await runToEnd(clock, reader.next())).toMatchObject({ done: true });
    await runToEnd(clock, driver.cellOff());
  });

  it('refuses a second measurement while one is under way', async () => {
    const { clock, driver } = await connectedBench();
    const reader = driver.measure(PLATING, never)[Symbol.asyncIterator]();
    await runToEnd(clock, reader.next());
    const fault = await caughtFault(() => collect(driver.measure(PLATING, never)));
    expect(fault.message).toContain('already measuring');
    await runToEnd(clock, driver.disconnect());
  });

  it('opens the cell before it disconnects in the middle of a measurement', async () => {
    const { clock, driver, terminals, hostEnd } = await connectedBench();
    const reader = driver.measure(PLATING, never)[Symbol.asyncIterator]();
    await runToEnd(clock, reader.next());
    await runToEnd(clock, driver.disconnect());
    expect(terminals.isOpen).toBe(true);
    expect(hostEnd.isOpen).toBe(false);
    await driver.disconnect();
  });
});

describe('trouble on the wire', () => {
  it('becomes a Fault instrumentLost when the link is lost, and no promise hangs', async () => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = caughtFault(() => collect(driver.measure(PLATING, never)));
    await clock.advance(25);
    await deviceEnd.close();
    const fault = await work;
    expect(fault.code).toBe('instrumentLost');
    expect(fault.problems.at(-1)?.message).toContain('the cell could not be confirmed open');
    await expect(driver.cellOff()).rejects.toMatchObject({ code: 'instrumentLost' });
    await driver.disconnect();
  });

  it('becomes a Fault timeout when the instrument falls silent, and says the cell may be on', async () => {
    const { clock, driver, deviceEnd } = makeBench();
    await deviceEnd.open(never);
    answerConnecting({ deviceEnd, clock }, 'eM000A\n', 1e6);
    await runToEnd(clock, driver.connect(never));
    const fault = await caughtFault(() => runToEnd(clock, collect(driver.measure(PLATING, never))));
    expect(fault.code).toBe('timeout');
    expect(fault.problems[0]?.message).toBe('the next reading did not come within 25 s');
    expect(fault.problems[1]?.message).toContain('the cell could not be confirmed open');
  });

  it('tries again to open the cell when the first attempt failed', async () => {
    const { clock, driver, deviceEnd } = makeBench();
    await deviceEnd.open(never);
    const asked = answerConnecting({ deviceEnd, clock }, 'eM000A\n', 40);
    await runToEnd(clock, driver.connect(never));
    const reader = driver.measure(PLATING, never)[Symbol.asyncIterator]();
    const reading = reader.next().catch(() => undefined);
    await clock.advance(1);
    expect((await caughtFault(() => runToEnd(clock, driver.cellOff()))).code).toBe('timeout');
    await reading;
    await clock.advance(40);
    await runToEnd(clock, driver.cellOff());
    expect(asked.at(-1)).toBe('e\ncell_off\n\n');
  });

  it('waits out the deaf time of the instrument before it opens the cell after an error', async () => {
    const { clock, driver, deviceEnd } = makeBench();
    await deviceEnd.open(never);
    const asked = answerConnecting({ deviceEnd, clock }, 'e!4001: Line 2, Col 1\n', 0.05);
    await runToEnd(clock, driver.connect(never));
    const fault = await caughtFault(() => runToEnd(clock, collect(driver.measure(PLATING, never))));
    expect(fault.problems.map((problem) => problem.message)).toEqual([
      'it reported 0x4001 (unknown script command) at line 2 "var i": a newer firmware may know it',
    ]);
    expect(asked.slice(-2)).toEqual(['\nZ\n', 'e\ncell_off\n\n']);
  });

  it('counts garbage before a package and survives it', async () => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 2) deviceEnd.write(Uint8Array.of(0xff, 0x00, 0xfe, 0x80));
      if (count === 4) deviceEnd.write(new TextEncoder().encode('PabXX;ba\n'));
    });
    expect(await runToEnd(clock, work)).toHaveLength(10);
    expect(driver.losses).toEqual({ discardedBytes: 4, unreadableLines: 1 });
  });

  it('gives up on a line that is mostly garbage, and opens the cell', async () => {
    const { clock, driver, deviceEnd, terminals } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 2) deviceEnd.write(new TextEncoder().encode('noise\n'.repeat(30)));
    });
    const fault = await caughtFault(() => runToEnd(clock, work));
    expect(fault.code).toBe('instrumentReply');
    expect(fault.message).toContain('made no sense');
    expect(terminals.isOpen).toBe(true);
  });

  it('reports an error of the instrument with its meaning and the script line', async () => {
    const { clock, driver, deviceEnd, terminals } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 2) deviceEnd.write(new TextEncoder().encode('!0032: Line 13\n'));
    });
    const fault = await caughtFault(() => runToEnd(clock, work));
    expect(fault.code).toBe('instrumentReply');
    expect(fault.message).toContain('0x0032 (critical overload at the cell');
    expect(fault.message).toContain('at line 13 "meas_loop_cp e i 1m 10 100"');
    expect(terminals.isOpen).toBe(true);
  });

  it.each([
    ['status overload', ',12,21B', 'overload'],
    ['status underload', ',14,21B', 'underload'],
    ['status timing not met', ',11,21B', 'late'],
    ['an overload warning alone', ',18,21B', 'good'],
  ])('reads %s as quality', async (_, metadata, quality) => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_reading, count) => {
      if (count !== 1) return;
      deviceEnd.write(new TextEncoder().encode(`Pab8000001 ${metadata};ba8000001m,10,215\n`));
    });
    expect((await runToEnd(clock, work))[1]?.quality).toBe(quality);
  });

  it('reads nan as a bad value', async () => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = collect(driver.measure(PLATING, never), (_, count) => {
      if (count === 1) deviceEnd.write(new TextEncoder().encode('Pab     nan,10;ba8000001m\n'));
    });
    expect((await runToEnd(clock, work))[1]?.quality).toBe('bad');
  });
});
