import { describe, expect, it } from 'vitest';
import type { RecordBody, RunRecord } from '../../src/domain/run-record.ts';
import { differences, unheardOf, type WholeRun } from './kill-judge.ts';

const ALLOWANCE = { currentAmpereMax: 1e-3, sampleSecond: 2 };

const sample = (value: number): RecordBody => ({
  kind: 'sample',
  channel: 'voltage_volt',
  value,
  quality: 'good',
});
const step = (
  state: 'started' | 'ended',
  chargeCoulomb: number,
  stepId = 'cycle/1/plate',
): RecordBody => ({
  kind: 'step',
  stepId,
  name: 'plate',
  technique: 'constantCurrent',
  state,
  ...(state === 'ended' ? { endedBy: 'time: 60 s' } : {}),
  chargeCoulomb,
});
const spectrum = (spectrumId: string, complete: boolean, pointCount = 1): RecordBody => ({
  kind: 'spectrum',
  spectrumId,
  pointCount,
  startSecond: 20,
  stopSecond: 30,
  startChargeCoulomb: 0,
  stopChargeCoulomb: 0,
  complete,
});
const point = (spectrumId: string): RecordBody => ({
  kind: 'spectrumPoint',
  spectrumId,
  index: 0,
  point: { frequencyHertz: 1, zRealOhm: 1, zImagOhm: 0 },
  quality: 'good',
});
const gap = (startSecond: number, endSecond: number): RecordBody => ({
  kind: 'event',
  code: 'gap',
  severity: 'warning',
  message: 'gap',
  details: { start_second: startSecond, end_second: endSecond },
});
const goesOn: RecordBody = {
  kind: 'event',
  code: 'stepStarted',
  severity: 'info',
  message: 'goes on',
  details: {},
};

type Line = readonly [timeSecond: number, boot: number, body: RecordBody];

const runOf = (lines: readonly Line[]): WholeRun => ({
  records: lines.map(
    ([timeSecond, boot, body], at): RunRecord => ({ sequence: at + 1, timeSecond, boot, body }),
  ),
  walk: { frames: [{ at: 1, pass: 0 }], stepIndex: 1, ends: {} },
});

const TWIN_LINES: readonly Line[] = [
  [0, 0, step('started', 0)],
  [10, 0, sample(1)],
  [20, 0, sample(2)],
  [25, 0, point('spectrum-001')],
  [30, 0, spectrum('spectrum-001', true)],
  [60, 0, step('ended', 0.06)],
];
const TWIN = runOf(TWIN_LINES);
/** Killed at 26 s, in the midst of its sweep, and resumed 4 s later. */
const KILLED_LINES: readonly Line[] = [
  [0, 0, step('started', 0)],
  [10, 0, sample(1)],
  [20, 0, sample(2)],
  [25, 0, point('spectrum-001')],
  [30, 1, gap(26, 30)],
  [30, 1, spectrum('spectrum-001', false)],
  [30, 1, goesOn],
  [33, 1, point('spectrum-002')],
  [34, 1, spectrum('spectrum-002', true)],
  [40, 1, sample(3)],
  [64, 1, step('ended', 0.06)],
];

const problems = (lines: readonly Line[], walk = TWIN.walk): string =>
  differences({ ...runOf(lines), walk }, TWIN, ALLOWANCE).join('; ');
const changed = (at: number, line: Line): Line[] =>
  KILLED_LINES.map((one, index) => (index === at ? line : one));
const without = (at: number): Line[] => KILLED_LINES.filter((_line, index) => index !== at);

describe('the judge of a run that was killed', () => {
  it('finds nothing in one that went on as its twin', () => {
    expect(problems(KILLED_LINES)).toBe('');
  });

  it('allows one sample more, though it is a difference of sums of times', () => {
    const one = 60 + ALLOWANCE.sampleSecond + 1e-12;
    const longer: Line[] = [...TWIN_LINES.slice(0, -1), [one, 0, step('ended', 0.06)]];
    expect(problems(longer)).toBe('');
  });

  it.each<[string, readonly Line[], string]>([
    ['a step that ended otherwise', changed(10, [64, 1, step('started', 0.06)]), 'steps '],
    ['another pass of a loop', changed(10, [64, 1, step('ended', 0.06, 'cycle/2/plate')]), 'steps'],
    [
      'a charge that was counted twice',
      changed(10, [64, 1, step('ended', 0.09)]),
      'C more or less',
    ],
    [
      'a charge that is no number',
      changed(10, [64, 1, step('ended', Number.NaN)]),
      'C more or less',
    ],
    ['a charge that came between steps', changed(0, [0, 0, step('started', 0.01)]), 'C after the'],
    [
      'a step that lasted more than a sample longer',
      [...TWIN_LINES.slice(0, -1), [60 + ALLOWANCE.sampleSecond + 0.001, 0, step('ended', 0.06)]],
      's more or less',
    ],
    ['a timer that began anew', changed(10, [95, 1, step('ended', 0.06)]), 's more or less'],
    ['a sweep that was not repeated', without(8), 'measured in cycle/1/plate'],
    [
      'a sweep that was taken twice',
      changed(5, [30, 1, spectrum('spectrum-001', true)]),
      'measured in cycle/1/plate',
    ],
    ['an id that was used twice', changed(8, [34, 1, spectrum('spectrum-001', true)]), 'twice'],
    ['points that no record counts', without(5), 'has points and no record'],
    ['a point that was lost', without(3), 'counts 1 of 0 points'],
    ['a gap that is not marked', without(4), '1 resumes, 0 gaps'],
    ['a sample in a gap', changed(2, [28, 0, sample(2)]), 'a sample at 28 s in the gap'],
    ['the same sample again', changed(9, [20, 1, sample(2)]), 'voltage_volt at 20 s after 20 s'],
  ])('finds %s', (_what, lines, expected) => {
    expect(problems(lines)).toContain(expected);
  });

  describe('of a recipe that wants a person to decide', () => {
    const held = (lines: readonly Line[]): string =>
      differences(runOf(lines), TWIN, { ...ALLOWANCE, leavesCutOff: true }).join('; ');
    /** The sweep that was cut off is not taken again. */
    const left = without(7).filter(([, , body]) => body !== KILLED_LINES[8]?.[2]);
    const short: RecordBody = { ...gap(0, 0), code: 'cellShort' } as RecordBody;

    it('lets a sweep go that was cut off beside the step', () => {
      expect(problems(left)).toContain('measured in cycle/1/plate');
      expect(held(left)).toBe('');
    });

    it('lets no more go than was cut off, and nothing after a short', () => {
      const nothingCutOff = left.filter(([, , { kind }]) => !kind.startsWith('spectrum'));
      expect(held(nothingCutOff)).toContain('measured in cycle/1/plate: none');
      const [first, ...others] = left;
      const shorted = first ? [first, [15, 0, short] as const, ...others] : [];
      expect(held(shorted)).toContain('measured in cycle/1/plate');
    });

    it('finds one too many', () => {
      const twice: Line = [35, 1, spectrum('spectrum-003', true)];
      const again: Line = [35, 1, point('spectrum-003')];
      const lines = [...KILLED_LINES.slice(0, 9), again, twice, ...KILLED_LINES.slice(9)];
      expect(held(lines)).toContain('measured in cycle/1/plate');
    });
  });

  it('finds a record that is missing, by its number', () => {
    const { records } = runOf(KILLED_LINES);
    const run = { records: records.filter(({ sequence }) => sequence !== 3), walk: TWIN.walk };
    const found = differences(run, TWIN, ALLOWANCE).join('; ');
    expect(found).toContain('record 3 has number 4');
  });

  it('finds loop counters that ended elsewhere', () => {
    const walk = { frames: [{ at: 1, pass: 1 }], stepIndex: 2, ends: {} };
    expect(problems(KILLED_LINES, walk)).toContain('ends at');
  });

  it('finds what was heard and is missing, or is another', () => {
    const { records } = runOf(KILLED_LINES);
    const heard = { boot: 0, sequence: 2, value: 1, code: undefined };
    expect(unheardOf([heard], records)).toEqual([]);
    expect(unheardOf([{ ...heard, value: 1.5 }], records)[0]).toContain('heard as 1.5');
    expect(unheardOf([{ ...heard, boot: 1 }], records)[0]).toContain('is missing');
    expect(unheardOf([{ ...heard, sequence: 99 }], records)[0]).toContain('is missing');
    const event = { boot: 1, sequence: 5, value: undefined, code: 'gap' };
    expect(unheardOf([event], records)).toEqual([]);
    expect(unheardOf([{ ...event, code: 'note' }], records)[0]).toContain('heard as note');
  });
});
