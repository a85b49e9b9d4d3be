import { describe, expect, it } from 'vitest';
import { recipeSchema } from '../../src/domain/recipe.ts';
import type { ImportOptions } from '../../src/formats/imported-recipe.ts';
import { readUnicycler, unicyclerLimits } from '../../src/formats/unicycler.ts';
import { caughtFault } from '../support/caught-fault.ts';

const OPTIONS: ImportOptions = {
  name: 'imported',
  title: 'Imported',
  source: 'unicycler',
  limits: { voltageMin: '2 V', voltageMax: '4.4 V', currentMax: '1 A' },
};

const REST = { step: 'open_circuit_voltage', until_time_s: 300 };
const CHARGE = { step: 'constant_current', rate_C: 'C/10', until_voltage_V: 4.2 };
const DISCHARGE = { step: 'constant_current', rate_C: 'D/10', until_voltage_V: 2.5 };

function textOf(method: readonly object[], more: object = {}): string {
  return JSON.stringify({ record: { time_s: 10 }, method, ...more });
}

function read(method: readonly object[], more?: object) {
  const { document, losses } = readUnicycler('p.json', textOf(method, more), OPTIONS);
  recipeSchema.parse(document);
  return { steps: document.steps as readonly Record<string, unknown>[], losses };
}

/** Names of the steps, those of a loop in brackets after its repetitions. */
function outline(steps: readonly Record<string, unknown>[]): string {
  const text = ({ name, repeat, steps: inner }: Record<string, unknown>): string =>
    repeat === undefined ? String(name) : `${repeat}(${outline(inner as never)})`;
  return steps.map(text).join(' ');
}

describe('an imported unicycler protocol', () => {
  it('keeps the sign: charge is positive', () => {
    expect(read([CHARGE, DISCHARGE]).steps).toMatchObject([
      { name: 'charge-1', current: '0.1 C', until: { any: [{ voltage: '> 4.2 V' }, {}] } },
      { name: 'discharge-1', current: '-0.1 C', until: { any: [{ voltage: '< 2.5 V' }, {}] } },
    ]);
    const { steps } = read([{ step: 'constant_current', current_mA: -0.5, until_time_s: 60 }]);
    expect(steps[0]).toMatchObject({ name: 'discharge-1', current: '-0.5 mA' });
  });

  it.each([
    ['1/5', '0.2 C'],
    ['C/4', '0.25 C'],
    ['2C/1', '2 C'],
    ['D/2', '-0.5 C'],
    [0.5, '0.5 C'],
    ['-0.5', '-0.5 C'],
  ])('reads the rate %s as %s', (rate_C, current) => {
    const { steps } = read([{ step: 'constant_current', rate_C, until_time_s: 60 }]);
    expect(steps[0]?.current).toBe(current);
  });

  it('takes loop_to from 1, counting tags and loops, and cycle_count as the total', () => {
    const { steps } = read([REST, CHARGE, DISCHARGE, { step: 'loop', loop_to: 2, cycle_count: 3 }]);
    expect(outline(steps)).toBe('rest-1 3(charge-1 discharge-1)');
  });

  it('goes back to a tag', () => {
    const { steps } = read([
      REST,
      { step: 'tag', tag: 'cycling' },
      CHARGE,
      { step: 'loop', loop_to: 'cycling', cycle_count: 5 },
      REST,
    ]);
    expect(outline(steps)).toBe('rest-1 5(charge-1) rest-2');
  });

  it('nests loops', () => {
    const { steps } = read([
      CHARGE,
      DISCHARGE,
      { step: 'loop', loop_to: 2, cycle_count: 2 },
      REST,
      { step: 'loop', loop_to: 1, cycle_count: 4 },
    ]);
    expect(outline(steps)).toBe('4(charge-1 2(discharge-1) rest-1)');
  });

  it('makes no loop of a single pass', () => {
    const { steps } = read([REST, CHARGE, { step: 'loop', loop_to: 1, cycle_count: 1 }]);
    expect(outline(steps)).toBe('rest-1 charge-1');
  });

  it('takes an amplitude as that of the sine', () => {
    const { steps, losses } = read([
      {
        step: 'impedance_spectroscopy',
        amplitude_V: 0.01,
        start_frequency_Hz: 1,
        end_frequency_Hz: 1e5,
      },
    ]);
    expect(steps[0]).toMatchObject({ amplitude: '7.071 mV', from: '100000 Hz', to: '1 Hz' });
    expect(losses).toHaveLength(2);
  });

  it('reports everything it leaves out', () => {
    const { losses } = read([{ ...CHARGE, until_time_s: 60 }], {
      record: { time_s: 10, voltage_V: 0.001, current_mA: 0.1 },
      safety: { max_capacity_mAh: 3, delay_s: 1, max_voltage_V: 4.3 },
      sample: { name: 'x', capacity_mAh: 2 },
    });
    expect(losses.map(({ where }) => where)).toEqual([
      'p.json: record.voltage_V',
      'p.json: record.current_mA',
      'p.json: safety.max_capacity_mAh',
      'p.json: safety.delay_s',
      'p.json: sample.capacity_mAh',
    ]);
  });

  it('gives its own limits, the larger current whatever its sign', () => {
    const safety = { min_voltage_V: 2, max_voltage_V: 4.3, max_current_mA: 1, min_current_mA: -3 };
    expect(unicyclerLimits('p.json', textOf([REST], { safety }))).toEqual({
      voltageMin: '2 V',
      voltageMax: '4.3 V',
      currentMax: '3 mA',
    });
    expect(unicyclerLimits('p.json', textOf([REST]))).toEqual({});
  });
});

describe('a unicycler protocol that cannot be imported', () => {
  it.each([
    [
      'a loop onto itself',
      [REST, { step: 'loop', loop_to: 2, cycle_count: 2 }],
      'does not stand before it',
    ],
    [
      'a loop forwards',
      [REST, { step: 'loop', loop_to: 9, cycle_count: 2 }],
      'does not stand before it',
    ],
    [
      'an unknown tag',
      [REST, { step: 'loop', loop_to: 'x', cycle_count: 2 }],
      'no step is tagged "x"',
    ],
    [
      'loops that cross',
      [
        REST,
        CHARGE,
        { step: 'loop', loop_to: 1, cycle_count: 2 },
        REST,
        { step: 'loop', loop_to: 2, cycle_count: 2 },
      ],
      'into the middle of another loop',
    ],
    [
      'a loop over nothing',
      [
        { step: 'tag', tag: 'a' },
        { step: 'loop', loop_to: 'a', cycle_count: 2 },
      ],
      'goes back over nothing',
    ],
    [
      'no current',
      [{ step: 'constant_current', until_time_s: 1 }],
      'expected rate_C or current_mA',
    ],
    [
      'no end',
      [{ step: 'constant_current', current_mA: 1 }],
      'expected until_time_s or until_voltage_V',
    ],
    ['a wrong rate', [{ ...CHARGE, rate_C: 'fast' }], '"fast" is no C-rate'],
    ['an unknown step', [{ step: 'voltage_scan' }], 'expected a step, one of open_circuit_voltage'],
    ['an unknown key', [{ ...REST, until: 3 }], 'unknown key "until"'],
    [
      'two amplitudes',
      [
        {
          step: 'impedance_spectroscopy',
          amplitude_V: 1,
          amplitude_mA: 1,
          start_frequency_Hz: 9,
          end_frequency_Hz: 1,
        },
      ],
      'either amplitude_V or amplitude_mA',
    ],
    ['no steps', [], 'at least 1 item'],
  ])('refuses %s at its place', async (_, method, message) => {
    const fault = await caughtFault(() => read(method));
    expect(fault.code).toBe('badInput');
    expect(fault.problems).toHaveLength(1);
    expect(fault.problems[0]?.where).toMatch(/^p\.json: method/);
    expect(fault.message).toContain(message);
  });

  it('refuses what is no JSON', async () => {
    const fault = await caughtFault(() => readUnicycler('p.json', '{', OPTIONS));
    expect(fault.code).toBe('fileFormat');
  });
});
