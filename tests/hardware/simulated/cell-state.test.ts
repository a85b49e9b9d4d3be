import { describe, expect, test } from 'vitest';
import type { CellModel } from '../../../hardware/simulated/cell-model.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { HOUR, nmcCell, USE } from './cell-support.ts';
import { HandClock, lithiumCell, PARK_CURRENT_AMPERE } from './support.ts';

/** What a machine that lost its power reads back. */
function written(cell: CellModel): unknown {
  return JSON.parse(JSON.stringify(cell.saveState()));
}

function useIt(cell: CellModel, clock: HandClock): number[] {
  return USE.flatMap(([currentAmpere, durationSecond]) => {
    cell.setCurrent(currentAmpere);
    const first = cell.voltageVolt();
    clock.second += durationSecond;
    return [first, cell.voltageVolt(), cell.interior().stateOfCharge, cell.heatWatt()];
  });
}

describe('a cell that is taken up again', () => {
  test('goes on exactly as the one that was never put down', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, { initialStateOfCharge: 0.4 });
    useIt(cell, clock);
    cell.setCurrent(1e-4);
    clock.second += 77;
    const saved = written(cell);
    const laterClock = new HandClock();
    laterClock.second = 12_345;
    const later = nmcCell(laterClock, { initialStateOfCharge: 0.1 });
    later.restoreState(saved);
    expect(later.currentAmpere()).toBe(1e-4);
    expect(later.voltageVolt()).toBe(cell.voltageVolt());
    expect(useIt(later, laterClock)).toEqual(useIt(cell, clock).map((x) => expect.closeTo(x, 12)));
    expect(later.interior()).toEqual(expect.objectContaining({ shorted: false }));
    expect(later.interior().cycles).toBeCloseTo(cell.interior().cycles, 12);
  });

  test('goes on with its roots, its soft contacts and its short, at the same charge', () => {
    const clock = new HandClock();
    const cell = lithiumCell(clock, 7);
    cell.setCurrent(PARK_CURRENT_AMPERE);
    clock.second = 2.9 * HOUR;
    const laterClock = new HandClock();
    laterClock.second = 100;
    const later = lithiumCell(laterClock, 7);
    later.restoreState(written(cell));
    for (let second = 0; second < 0.5 * HOUR; second += 5) {
      clock.second += 5;
      laterClock.second += 5;
      expect(later.voltageVolt()).toBeCloseTo(cell.voltageVolt(), 9);
    }
    expect(cell.interior().shorted).toBe(true);
    expect(later.interior()).toEqual(cell.interior());
    const again = lithiumCell(laterClock, 7);
    again.restoreState(written(later));
    expect(again.interior().shorted).toBe(true);
  });

  test('does not live through the time it was put down', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, { initialStateOfCharge: 0.5 });
    cell.setCurrent(1e-4);
    clock.second = 600;
    const saved = written(cell);
    clock.second = 1e6;
    const later = nmcCell(clock, { initialStateOfCharge: 0.5 });
    later.restoreState(saved);
    cell.restoreState(saved);
    expect(later.interior()).toEqual(cell.interior());
    expect(later.interior().stateOfCharge).toBeLessThan(0.6);
  });

  test.each([
    ['nothing', () => undefined],
    ['a text', () => 'state'],
    ['the state of a symmetric cell', () => written(lithiumCell(new HandClock()))],
    ['a state with a part missing', () => ({ ...(written(nmc()) as object), lithium: undefined })],
    ['a state with a part too many', () => ({ ...(written(nmc()) as object), colour: 'grey' })],
    [
      'a state with other gradients',
      () => {
        const state = written(nmc()) as { battery: object };
        return { ...state, battery: { ...state.battery, excursions: [1, 2] } };
      },
    ],
  ])('refuses %s and stays as it was', (_, wrong) => {
    const cell = nmc();
    cell.setCurrent(1e-4);
    const before = { ...cell.interior(), volt: cell.voltageVolt() };
    expect(() => cell.restoreState(wrong())).toThrow(Fault);
    expect(() => cell.restoreState(wrong())).toThrow(/state of the simulated cell.*insertion cell/);
    expect({ ...cell.interior(), volt: cell.voltageVolt() }).toEqual(before);
  });

  test('of lithium refuses the state of a battery', () => {
    expect(() => lithiumCell(new HandClock()).restoreState(written(nmc()))).toThrow(Fault);
  });
});

function nmc(): CellModel {
  return nmcCell(new HandClock());
}
