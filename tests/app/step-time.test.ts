import { describe, expect, it } from 'vitest';
import { stepElapsedSecond } from '../../src/app/step-time.ts';
import type { RecordBody, RecordOf } from '../../src/domain/run-record.ts';
import { runThroughKills } from '../support/killed-run.ts';
import { recipeOf } from '../support/scripted-run.ts';

type Line = readonly [timeSecond: number, body: RecordBody];

const step = (state: 'started' | 'ended', stepId = 'plate'): RecordBody => ({
  kind: 'step',
  stepId,
  name: stepId,
  technique: 'constantCurrent',
  state,
  chargeCoulomb: 0,
});
const event = (
  code: 'stepStarted' | 'gap' | 'suspensionEnded' | 'cellShort',
  details: Record<string, number> = {},
): RecordBody => ({ kind: 'event', code, severity: 'info', message: code, details });

/** Time of the step at the last of these records. */
function elapsed(lines: readonly Line[]): number {
  const records = lines.map(([timeSecond, body], at) => ({
    sequence: at + 1,
    timeSecond,
    boot: 0,
    body,
  }));
  const of = <K extends 'step' | 'event'>(kind: K): readonly RecordOf<K>[] =>
    records.filter(({ body }) => body.kind === kind) as unknown as RecordOf<K>[];
  const last = records.at(-1);
  if (!last) throw new Error('no records');
  return stepElapsedSecond(last, { step: of('step'), event: of('event') });
}

const BEGUN: readonly Line[] = [
  [10, step('started', 'rest')],
  [50, step('ended', 'rest')],
  [50, step('started')],
  [50, event('stepStarted')],
];

describe('the time that a step has lasted', () => {
  it('is counted from its beginning', () => {
    expect(elapsed([...BEGUN, [170, event('cellShort')]])).toBe(120);
  });

  it('is the time of the run before any step', () => {
    expect(elapsed([[170, event('cellShort')]])).toBe(170);
  });

  it('leaves out a gap and the way back to the step', () => {
    const gap = event('gap', { start_second: 100, end_second: 400 });
    expect(
      elapsed([...BEGUN, [400, gap], [460, event('stepStarted')], [500, event('cellShort')]]),
    ).toBe(90);
  });

  it('leaves out a gap once that was interrupted again before the step went on', () => {
    const first = event('gap', { start_second: 100, end_second: 400 });
    const second = event('gap', { start_second: 410, end_second: 600 });
    expect(
      elapsed([
        ...BEGUN,
        [400, first],
        [600, second],
        [620, event('stepStarted')],
        [650, event('cellShort')],
      ]),
    ).toBe(80);
  });

  it('goes on in a step that a person has stopped and resumed', () => {
    const gap = event('gap', { start_second: 130, end_second: 400 });
    expect(
      elapsed([
        ...BEGUN,
        [120, step('ended')],
        [400, gap],
        [410, step('started')],
        [410, event('stepStarted')],
        [450, event('cellShort')],
      ]),
    ).toBe(110);
  });

  it('leaves out suspensions of this step, and not those of one before', () => {
    expect(
      elapsed([
        [0, step('started', 'rest')],
        [30, event('suspensionEnded', { suspended_second: 25 })],
        ...BEGUN.slice(1),
        [200, event('suspensionEnded', { suspended_second: 60 })],
        [250, event('cellShort')],
      ]),
    ).toBe(140);
  });

  it('is that of the engine in a run that was killed and resumed three times', async () => {
    const recipe = recipeOf(`
  - { name: plate, technique: constantCurrent, current: "1 mA", record: { every: "2 s" }, until: { any: [{ event: short }, { time: "1 h" }] } }`);
    const run = await runThroughKills(
      recipe,
      { potentiostat: { resistanceOhm: (now) => (now < 1500 ? 300 : 3) } },
      { afterSecond: [100, 1, 50], gapSecond: 400 },
    );
    expect(run.kills).toBe(3);
    const of = <K extends 'step' | 'event'>(kind: K): readonly RecordOf<K>[] =>
      run.records.filter(({ body }) => body.kind === kind) as unknown as RecordOf<K>[];
    const short = of('event').find(({ body }) => body.code === 'cellShort');
    if (!short) throw new Error('the cell has not shorted');
    const second = stepElapsedSecond(short, { step: of('step'), event: of('event') });
    // 300 s of 1500 s were observed, and so much current has flowed.
    expect(Math.abs(second - 300)).toBeLessThanOrEqual(5);
    expect(Math.abs(Number(short.body.details.charge_coulomb) - 1e-3 * second)).toBeLessThan(0.01);
  });
});
