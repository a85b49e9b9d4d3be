import { describe, expect, test } from 'vitest';
import type { CellModel } from '../../../hardware/simulated/cell-model.ts';
import {
  NMC_CELL,
  nmcCell,
  nmcPart,
  nmcSimulation,
  STRAIGHT,
  TENTH_C_AMPERE,
} from './cell-support.ts';
import { HandClock } from './support.ts';

const PULSE_SECOND = 300;
const REST_SECOND = 7200;

/** m V_m / (M S) of the file, in m. */
const LENGTH_METRE = (6.378e-6 * 20.73e-6) / (91.66e-3 * NMC_CELL.area);

/** D of each pulse after Weppner and Huggins (1977), from dE/d√t between two times of the pulse. */
function titrate(
  cell: CellModel,
  clock: HandClock,
  plan: { readonly pulses: number; readonly fitSecond: readonly [number, number] },
): number[] {
  const [early, late] = plan.fitSecond;
  let restVolt = cell.voltageVolt();
  return Array.from({ length: plan.pulses }, () => {
    const startSecond = clock.second;
    const after = (second: number): number => {
      clock.second = startSecond + second;
      return cell.voltageVolt();
    };
    cell.setCurrent(-TENTH_C_AMPERE);
    const slope = (after(early) - after(late)) / (Math.sqrt(late) - Math.sqrt(early));
    after(PULSE_SECOND);
    cell.setOpen();
    const nextRestVolt = after(PULSE_SECOND + REST_SECOND);
    const steadyVolt = restVolt - nextRestVolt;
    restVolt = nextRestVolt;
    return (4 / Math.PI) * ((LENGTH_METRE * steadyVolt) / PULSE_SECOND / slope) ** 2;
  });
}

const COATINGS = [
  ['350', 24 * 4.55e-15],
  ['450', 24 * 1.36e-14],
  ['550', 24 * 1.11e-15],
] as const;

/** Mean over the middle of a discharge, where gradients are in a steady state, of the true D. */
function recoveredShare(
  changes: Record<string, unknown>,
  diffusivity: number,
  fitSecond: readonly [number, number],
): number {
  const clock = new HandClock();
  const cell = nmcCell(clock, { ...changes, initialStateOfCharge: 0.95 });
  const found = titrate(cell, clock, { pulses: 75, fitSecond }).slice(20);
  return found.reduce((sum, value) => sum + value, 0) / found.length / diffusivity;
}

describe.each(COATINGS)('titrating a cell with the coating annealed at %s °C', (_, diffusivity) => {
  const written = { diffusivity: `${diffusivity} m²/s` };

  test('recovers the diffusivity it was given within 0.5 % on a straight voltage curve', () => {
    const changes = { ...STRAIGHT, ...nmcPart('diffusion', written) };
    expect(Math.abs(recoveredShare(changes, diffusivity, [1, 30]) - 1)).toBeLessThan(5e-3);
  });

  test('recovers that of spheres of the same contact area while they still look flat', () => {
    const changes = { ...STRAIGHT, ...nmcPart('diffusion', { ...written, shape: 'spherical' }) };
    expect(Math.abs(recoveredShare(changes, diffusivity, [0.1, 1]) - 1)).toBeLessThan(0.03);
    // Later their curvature shows: an evaluation that waits finds another value.
    expect(recoveredShare(changes, diffusivity, [1, 300])).toBeLessThan(0.95);
  });
});

test('recovers the diffusivity on the voltage curve of the example within 3 %', () => {
  const share = recoveredShare({}, nmcSimulation().diffusion?.diffusivity ?? 0, [1, 30]);
  expect(Math.abs(share - 1)).toBeLessThan(0.03);
});

test('a titration read by the rest instead of the pulse is 24 times off, as Wang 2020 has it', () => {
  const { diffusion } = nmcSimulation();
  const pulseOverRest = PULSE_SECOND / REST_SECOND;
  expect((diffusion?.diffusivity ?? 0) * pulseOverRest).toBeCloseTo(1.36e-14, 20);
});
