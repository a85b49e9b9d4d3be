import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cellSimulationSchema } from '../../../hardware/simulated/cell-parameters.ts';
import { NMC_CELL, nmcPart } from './cell-support.ts';
import { LITHIUM_CELL, readCell } from './support.ts';

const BATTERY: Record<string, unknown> = NMC_CELL.simulation;

/** What is said about the example with some of its keys replaced: "path: message". */
function problems(changes: Record<string, unknown>): string[] {
  const parsed = cellSimulationSchema.safeParse({ ...BATTERY, ...changes });
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function withoutKey(key: string): Record<string, unknown> {
  return { ...BATTERY, [key]: undefined };
}

const POINTS = [
  [0, '3.0 V'],
  [0.5, '3.2 V'],
  [1, '3.8 V'],
];

describe('the simulation section of a cell file', () => {
  const files = readdirSync(new URL('../../../recipes/cells/', import.meta.url));

  test.each(files)('of %s is understood, or not there', (file) => {
    const { simulation } = readCell(file.replace('.yaml', ''));
    if (simulation) expect(cellSimulationSchema.safeParse(simulation).error).toBeUndefined();
  });

  test('is that of a symmetric cell unless it says otherwise', () => {
    expect(cellSimulationSchema.parse(LITHIUM_CELL.simulation).kind).toBe('symmetric');
    expect(cellSimulationSchema.parse(BATTERY).kind).toBe('insertion');
  });

  test.each(['battery', 7, null])('names both kinds when it meets %s', (kind) => {
    expect(problems({ kind })).toEqual([
      'kind: expected kind: symmetric (two lithium electrodes) or kind: insertion (a battery)',
    ]);
  });

  test('reads quantities as SI', () => {
    expect(cellSimulationSchema.parse(BATTERY)).toMatchObject({
      capacity: expect.closeTo(1.046 * 3.6, 12),
      diffusion: {
        diffusivity: expect.closeTo(3.264e-13, 20),
        molarVolume: expect.closeTo(20.73e-6, 15),
        molarMass: expect.closeTo(91.66e-3, 12),
      },
    });
  });

  test('may leave out diffusion, ageing, phases and expansion', () => {
    const { diffusion: _d, cycling: _c, ...rest } = BATTERY;
    expect(cellSimulationSchema.parse(rest)).toMatchObject({
      cycling: { lossOn: 'charge', firstEfficiency: 1, efficiency: 1 },
      phases: {},
      expansion: 0,
    });
  });

  test('names every problem at once, with its place', () => {
    const said = problems({
      colour: 'grey',
      capacity: '1 mA',
      ...nmcPart('interphase', { resistance: '-3 Ω', width: 1 }),
    }).join('\n');
    expect(said).toContain('unknown key "colour"; expected one of kind, ');
    expect(said).toContain('capacity: "1 mA" is not understood: expected a charge with its unit');
    expect(said).toContain('interphase.resistance: expected a value above zero');
    expect(said).toContain('interphase: unknown key "width"');
  });

  test.each([
    'capacity',
    'initialStateOfCharge',
    'openCircuit',
    'interphase',
    'electrolyte',
  ])('of a battery needs %s', (key) => {
    const said = cellSimulationSchema.safeParse(withoutKey(key)).error?.issues ?? [];
    expect(said.map(({ path }) => path[0])).toContain(key);
  });

  test.each([
    ['neither points nor reactions', {}, 'expected either points or reactions'],
    [
      'both points and reactions',
      { points: POINTS, reactions: [{ share: 1, potential: '3 V', width: '40 mV' }] },
      'expected either points or reactions',
    ],
    [
      'points that begin above empty',
      { points: [[0.1, '3.0 V'], ...POINTS.slice(1)] },
      'expected the points to go from state of charge 0 to 1',
    ],
    [
      'a voltage that falls',
      { points: [[0, '3.3 V'], ...POINTS.slice(1)] },
      'expected the voltage to rise from point to point, at point 1 it does not',
    ],
    [
      'points out of order',
      { points: [POINTS[0], [0.7, '3.2 V'], [0.6, '3.3 V'], POINTS[2]] },
      'found 0.6 after 0.7',
    ],
    ['a single point', { points: [POINTS[0]] }, 'openCircuit.points'],
    [
      'shares that do not add up',
      {
        reactions: [{ share: 0.9, potential: '3 V', width: '40 mV' }],
        empty: '2.8 V',
        full: '3.9 V',
      },
      'expected the shares of the reactions to add up to 1',
    ],
    [
      'reactions without ends',
      { reactions: [{ share: 1, potential: '3 V', width: '40 mV' }] },
      'expected empty and full with the reactions',
    ],
    [
      'full below empty',
      {
        reactions: [{ share: 1, potential: '3 V', width: '40 mV' }],
        empty: '3.9 V',
        full: '2.8 V',
      },
      'empty below full',
    ],
    ['ends beside points', { points: POINTS, empty: '3 V' }, 'go with reactions only'],
  ])('refuses an open-circuit curve with %s', (_, openCircuit, expected) => {
    expect(problems({ openCircuit }).join('\n')).toContain(expected);
  });

  test.each([
    ['a phase that follows nothing known', { phases: { In: { follows: 'mood', points: [] } } }],
    ['a phase of more than all', phase([0, 0], [1, 1.2])],
    ['a phase whose curve goes back', phase([0, 0], [0, 1])],
    ['an efficiency above one', { cycling: { efficiency: 1.01 } }],
    ['a state of charge above one', { initialStateOfCharge: 1.5 }],
    [
      'a factor of zero',
      nmcPart('interphase', {
        overStateOfCharge: [
          [0, 0],
          [1, 1],
        ],
      }),
    ],
    ['a diffusivity of zero', nmcPart('diffusion', { diffusivity: '0 cm²/s' })],
    ['a shape that is not known', nmcPart('diffusion', { shape: 'cylindrical' })],
  ])('refuses %s', (_, changes) => {
    expect(problems(changes)).not.toEqual([]);
  });

  test('refuses lithium in a battery that would short before it enters the electrolyte', () => {
    const lithium = { ...(LITHIUM_CELL.simulation?.lithium as object), shortCharge: '1 mAh/cm²' };
    expect(problems({ lithium }).join('\n')).toContain('lithium: expected rootCharge');
  });
});

function phase(...points: readonly (readonly [number, number])[]) {
  return { phases: { InLi: { follows: 'stateOfCharge', points } } };
}
