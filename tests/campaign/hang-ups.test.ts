import { describe, expect, it } from 'vitest';
import { describeWithPty } from '../firmware-bridge/pty.ts';
import { CPU_SHARE_MAX, NOTICE_SECOND_MAX, tryHangUp } from './hang-ups.ts';

const TRIALS = 40;
const PTY_TRIALS = 3;
/** Real time, on a machine that may have other things to do. */
const PTY_TIMEOUT_MS = 180_000;

describe('a plug that is pulled at any moment of plating, a slice of the campaign', () => {
  it('is noticed, the cell is confirmed off, and the run goes on or waits as its recipe says', async () => {
    let flowing = 0;
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const policy = trial % 2 === 0 ? 'resume' : 'hold';
      const found = await tryHangUp('in-process', { policy, seed: 900 + trial });
      expect(found.problems, JSON.stringify(found)).toEqual([]);
      expect(found.noticeSecond).toBeLessThanOrEqual(NOTICE_SECOND_MAX);
      expect(found.isHeld).toBe(policy === 'hold');
      if (found.wasFlowing) flowing += 1;
    }
    // The instrument does not know that its host is away: otherwise nothing was shown.
    expect(flowing).toBeGreaterThan(TRIALS / 2);
  });
});

describeWithPty('the same on a real serial port', () => {
  it(
    'costs no computing time while the run waits',
    async () => {
      for (let trial = 0; trial < PTY_TRIALS; trial += 1) {
        const policy = trial % 2 === 0 ? 'resume' : 'hold';
        const found = await tryHangUp('pty', { policy, seed: 950 + trial });
        expect(found.problems, JSON.stringify(found)).toEqual([]);
        expect(found.cpuShare).toBeLessThan(CPU_SHARE_MAX);
      }
    },
    PTY_TIMEOUT_MS,
  );
});
