import { describe, expect, it } from 'vitest';
import type { Instruments } from '../../src/domain/instrument.ts';
import {
  enterSafeState,
  SAFE_ACTION_SECOND_MAX,
  type SafeActionOutcome,
  safeActions,
} from '../../src/run/safe-state.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { CallLog } from '../support/scripted-call.ts';

const PARTS = ['potentiostat', 'heater', 'scanner', 'spectrometer'] as const;
const WAYS = ['answers', 'hangs', 'rejects', 'throws'] as const;
type Way = (typeof WAYS)[number];
type Condition = Readonly<Record<(typeof PARTS)[number], Way>>;

/** An instrument of which only the way to safety works, or does not. */
function instrument(id: string, way: Way, log: CallLog) {
  // Not async, so that an instrument that is gone can throw in the very call.
  const act = (): Promise<void> => {
    log.add(id);
    if (way === 'throws') throw new Error(`${id} is gone`);
    if (way === 'rejects') return Promise.reject(new Error(`${id} refuses`));
    return way === 'hangs' ? new Promise(() => {}) : Promise.resolve();
  };
  const info = { id, model: id, provenance: 'simulated' };
  return { info, capability: {}, cellOff: act, off: act, stop: act };
}

async function tryCondition(condition: Condition, touched: readonly string[] = PARTS) {
  const clock = new CountingClock();
  const log = new CallLog(clock);
  const parts = Object.fromEntries(
    PARTS.map((part) => [part, instrument(part, condition[part], log)]),
  );
  const instruments = { ...parts, sensors: [] } as unknown as Instruments;
  const isTouched = (one: object): boolean => touched.some((part) => parts[part] === one);
  const reported: SafeActionOutcome[] = [];
  const entering = enterSafeState(clock, safeActions(instruments, isTouched), (outcome) =>
    reported.push(outcome),
  );
  const startedAtOnce = [...log.calls];
  const outcomes = await advanceUntil(clock, entering, 60);
  return { clock, startedAtOnce, outcomes, reported };
}

function everyCondition(): Condition[] {
  const pairs = PARTS.map((part) => WAYS.map((way) => ({ [part]: way })));
  return pairs.reduce<object[]>(
    (before, ways) => before.flatMap((one) => ways.map((way) => ({ ...one, ...way }))),
    [{}],
  ) as Condition[];
}

describe('the safe state', () => {
  it('holds its deadline, its order and its word in all 256 conditions of four instruments', async () => {
    const conditions = everyCondition();
    expect(conditions).toHaveLength(256);
    for (const condition of conditions) {
      const { clock, startedAtOnce, outcomes, reported } = await tryCondition(condition);
      const hangs = PARTS.some((part) => condition[part] === 'hangs');
      // Every action begins in the turn of the trip, in the order of the safety argument.
      expect(startedAtOnce).toEqual([...PARTS]);
      expect(clock.nowSecond()).toBeLessThanOrEqual(hangs ? SAFE_ACTION_SECOND_MAX : 0);
      expect(clock.armedTimers).toBe(0);
      expect(reported).toEqual(outcomes);
      expect(outcomes.map(({ action }) => action.instrument)).toEqual([...PARTS]);
      for (const { action, failure } of outcomes) {
        const way = condition[action.instrument as (typeof PARTS)[number]];
        expect(failure === undefined).toBe(way === 'answers');
        if (way === 'hangs') expect(failure).toBe('no answer within 5 s');
        if (way === 'throws') expect(failure).toContain('is gone');
        if (way === 'rejects') expect(failure).toContain('refuses');
      }
    }
  });

  it('says what is true when an action is confirmed', async () => {
    const all = await tryCondition({
      potentiostat: 'answers',
      heater: 'answers',
      scanner: 'answers',
      spectrometer: 'answers',
    });
    expect(all.outcomes.map(({ action }) => action.result)).toEqual([
      'the cell is off',
      'the heater is off',
      'the scanner stands still',
      'the spectrometer stands still',
    ]);
  });

  it('leaves alone what was never talked to, whichever subset that is', async () => {
    const condition: Condition = {
      potentiostat: 'answers',
      heater: 'hangs',
      scanner: 'throws',
      spectrometer: 'answers',
    };
    for (let subset = 0; subset < 2 ** PARTS.length; subset += 1) {
      const touched = PARTS.filter((_, at) => (subset >> at) % 2 === 1);
      const { startedAtOnce } = await tryCondition(condition, touched);
      expect(startedAtOnce).toEqual(touched);
    }
  });
});

describe('a potentiostat that cannot open its cell', () => {
  it('is not said to have switched it off', () => {
    const log = new CallLog(new CountingClock());
    const potentiostat = {
      ...instrument('potentiostat', 'answers', log),
      capability: { cellOffLeaves: '0 V stay on the cell' },
    };
    const instruments = { potentiostat, sensors: [] } as unknown as Instruments;
    const [action] = safeActions(instruments, () => true);
    expect(action?.result).toBe('0 V stay on the cell');
  });
});
