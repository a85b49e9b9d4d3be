import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import { BoardProcess, type BoardState } from '../../../firmware-bridge/sim/board-process.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { BoardBench } from './board-bench.ts';

/** A clock of real time in a process that is let run only now and then. */
function busyMachine() {
  let second = 0;
  let due: (() => void) | undefined;
  const clock: Clock = {
    nowSecond: () => second,
    utcMs: () => 1000 * second,
    after: (_delaySecond, callback) => {
      due = callback;
      return () => {
        due = undefined;
      };
    },
    hold: () => () => {},
  };
  const passSecond = (passedSecond: number): void => {
    second += passedSecond;
    due?.();
  };
  return { clock, passSecond };
}

async function started() {
  const { clock, passSecond } = busyMachine();
  const [near, far] = createLinkPair('board');
  await near.open(new AbortController().signal);
  const states: BoardState[] = [];
  const steps: number[] = [];
  const bench = new BoardBench();
  const board = new BoardProcess({
    link: far,
    clock,
    makeBoard: () => bench.board,
    onState: (state) => states.push(state),
    onStep: (stepSecond) => steps.push(stepSecond),
  });
  await board.start();
  return { board, bench, near, passSecond, states, steps };
}

describe('a simulated board in real time', () => {
  it('keeps pace with a clock that is looked at often', async () => {
    const { board, passSecond, steps } = await started();
    for (let at = 0; at < 1000; at += 1) passSecond(0.005);
    expect(board.state().boardSecond).toBeCloseTo(5, 3);
    expect(board.state().slippedSecond).toBeCloseTo(0, 9);
    expect(Math.max(...steps)).toBeLessThanOrEqual(0.001 + 1e-9);
    await board.stop();
  });

  it('loses time, and says how much, instead of living through it deaf', async () => {
    const { board, bench, passSecond } = await started();
    bench.energise(500);
    // Its time is ahead of the clock by what the bench has let pass.
    const aheadSecond = bench.board.timeSecond;
    passSecond(aheadSecond);
    passSecond(10);
    expect(bench.board.heaterDuty).toBeGreaterThan(0);
    expect(board.state().slippedSecond).toBeCloseTo(10 - 0.02, 2);
    expect(board.state().boardSecond - aheadSecond).toBeCloseTo(0.02, 2);
    // Slipped or not: the host is silent, and that is what counts.
    for (let at = 0; at < 100; at += 1) passSecond(0.01);
    expect(bench.board.heaterDuty).toBe(0);
    await board.stop();
  });

  it('tells its state at every change and ten times a second, with the last byte it heard', async () => {
    const { board, bench, near, passSecond, states } = await started();
    for (let at = 0; at < 200; at += 1) passSecond(0.005);
    expect(states.length).toBeGreaterThanOrEqual(10);
    expect(states.length).toBeLessThanOrEqual(12);
    expect(states.every(({ lastByteSecond }) => lastByteSecond === null)).toBe(true);
    near.write(Uint8Array.of(0xf9));
    await Promise.resolve();
    const heardSecond = bench.board.timeSecond;
    bench.clear('powerOn');
    bench.setLimits({ fitted: 0, guarded: 0 });
    for (let at = 0; at < 10; at += 1) passSecond(0.005);
    const before = states.length;
    bench.setOutputs(0, 1);
    for (let at = 0; at < 4; at += 1) passSecond(0.005);
    const change = states.slice(before).find(({ isRelayClosed }) => isRelayClosed);
    expect(change).toMatchObject({ lastByteSecond: heardSecond, dutyFraction: 0 });
    await board.stop();
    const count = states.length;
    passSecond(1);
    expect(states).toHaveLength(count);
  });
});
