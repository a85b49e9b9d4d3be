import { describe, expect, test } from 'vitest';
import type { CellModel } from '../../../hardware/simulated/cell-model.ts';
import { nmcCell, nmcPart, STRAIGHT } from './cell-support.ts';
import { HandClock } from './support.ts';

/** Slow enough for the surface to follow: the capacity is all of it. */
const SLOW_AMPERE = 1e-6;
const CAPACITY_MAH = 1.046;

/** Charge in mAh until the mean reaches a state of charge. */
function passUntil(cell: CellModel, clock: HandClock, target: number): number {
  const sign = Math.sign(target - cell.interior().stateOfCharge);
  cell.setCurrent(sign * SLOW_AMPERE);
  const startSecond = clock.second;
  let stepSecond = 1e6;
  for (; stepSecond > 0.5; stepSecond /= 2) {
    // A saved state lets a step that was too long be taken back.
    for (;;) {
      const before = cell.saveState();
      clock.second += stepSecond;
      if (sign * (cell.interior().stateOfCharge - target) <= 0) continue;
      clock.second -= stepSecond;
      cell.restoreState(before);
      break;
    }
  }
  cell.setOpen();
  return (SLOW_AMPERE * (clock.second - startSecond)) / 3.6;
}

function cycle(cell: CellModel, clock: HandClock): { charged: number; discharged: number } {
  const charged = passUntil(cell, clock, 1);
  return { charged, discharged: passUntil(cell, clock, 0) };
}

/** A battery that starts empty and ages with so much charge per cycle. */
function ageingCell(clock: HandClock, cycling: Record<string, unknown>, rest = {}): CellModel {
  return nmcCell(clock, { ...STRAIGHT, initialStateOfCharge: 0, ...rest, cycling });
}

describe('a battery that is used', () => {
  test('gives back 86.68 % of its first charge and 99.2 % of those after it', () => {
    const clock = new HandClock();
    const cell = ageingCell(clock, { firstEfficiency: 0.8668, efficiency: 0.992 });
    const efficiencies = [1, 2, 3].map(() => {
      const { charged, discharged } = cycle(cell, clock);
      return discharged / charged;
    });
    expect(efficiencies[0]).toBeCloseTo(0.8668, 4);
    expect(efficiencies[1]).toBeCloseTo(0.992, 4);
    expect(efficiencies[2]).toBeCloseTo(0.992, 4);
  });

  test('loses on discharge when that comes first: 54.77 % of the first discharge of FeS2', () => {
    const clock = new HandClock();
    const cycling = { lossOn: 'discharge', firstEfficiency: 0.5477 };
    const cell = ageingCell(clock, cycling, { initialStateOfCharge: 1 });
    const discharged = passUntil(cell, clock, 0);
    const charged = passUntil(cell, clock, 1);
    expect(charged).toBeCloseTo(CAPACITY_MAH, 3);
    expect(charged / discharged).toBeCloseTo(0.5477, 4);
    expect(passUntil(cell, clock, 0)).toBeCloseTo(CAPACITY_MAH, 3);
  });

  test('is still in its first cycle after rests and small reversals', () => {
    const clock = new HandClock();
    const cell = ageingCell(clock, { firstEfficiency: 0.5 });
    const chargeAQuarter = () => {
      const before = cell.interior().stateOfCharge;
      cell.setCurrent(SLOW_AMPERE);
      clock.second += (0.25 * CAPACITY_MAH * 3.6) / SLOW_AMPERE;
      return cell.interior().stateOfCharge - before;
    };
    expect(chargeAQuarter()).toBeCloseTo(0.125, 9);
    cell.setOpen();
    clock.second += 1e6;
    passUntil(cell, clock, 0.05);
    expect(chargeAQuarter()).toBeCloseTo(0.125, 9);
    // With another 15 % a fifth of the capacity has flowed back.
    passUntil(cell, clock, 0.02);
    expect(chargeAQuarter()).toBeCloseTo(0.25, 9);
  });

  test.each([
    ['350', 0.418],
    ['450', 0.297],
    ['550', 0.613],
  ])('keeps after 200 cycles what the paper says, coating %s', (_, share) => {
    const clock = new HandClock();
    const cell = ageingCell(clock, { fade: { share, cycles: 200 } });
    const first = cycle(cell, clock).discharged;
    for (let at = 1; at < 199; at += 1) cycle(cell, clock);
    const last = cycle(cell, clock).discharged;
    expect(cell.interior().cycles).toBeCloseTo(200, 1);
    // The discharge of cycle 200 against that of cycle 1, 199 cycles later.
    const expected = (1 - share * (199.75 / 200)) / (1 - share * (0.75 / 200));
    expect(last / first).toBeCloseTo(expected, 3);
  });

  test.each([
    ['350', 369, 402],
    ['450', 124, 170],
    ['550', 672, 800],
  ])('has the interface resistance of the paper after 100 cycles, coating %s', (_, fresh, aged) => {
    const clock = new HandClock();
    const growth = { share: aged / fresh - 1, cycles: 100 };
    const interphase = nmcPart('interphase', { resistance: `${fresh} Ω`, growth });
    const cell = ageingCell(clock, { fade: { share: 0.3, cycles: 200 } }, interphase);
    const interfaceOhm = () => cell.circuit().arcs[0]?.resistanceOhm ?? 0;
    expect(interfaceOhm()).toBeCloseTo(fresh, 9);
    for (let at = 0; at < 100; at += 1) cycle(cell, clock);
    expect(cell.interior().cycles).toBeCloseTo(100, 1);
    expect(Math.abs(interfaceOhm() / aged - 1)).toBeLessThan(1e-3);
  });

  test('never fades to nothing, and goes on counting cycles', () => {
    const clock = new HandClock();
    const cell = ageingCell(clock, { fade: { share: 0.9, cycles: 10 } });
    for (let at = 0; at < 20; at += 1) cycle(cell, clock);
    const before = cell.interior().cycles;
    const { discharged } = cycle(cell, clock);
    expect(discharged).toBeCloseTo(0.05 * CAPACITY_MAH, 4);
    expect(cell.interior().cycles - before).toBeCloseTo(1, 2);
  });
});

describe('a battery that is stored', () => {
  const WEEK = 7 * 24 * 3600;

  test('loses charge and capacity to time, faster when it is warm', () => {
    const storage = {
      selfDischarge: '2000 h',
      fade: { share: 0.04, time: '28 d' },
      activationEnergy: '0.5 eV',
    };
    const stored = (celsius: number, weeks: number) => {
      const clock = new HandClock();
      const changes = { ...STRAIGHT, initialStateOfCharge: 0.8, storage };
      const cell = nmcCell(clock, changes, { celsius });
      for (let week = 0; week < weeks; week += 1) {
        clock.second += WEEK;
        cell.voltageVolt();
      }
      const charge = cell.interior().stateOfCharge;
      return { charge };
    };
    const cool = stored(25, 4);
    expect(cool.charge).toBeCloseTo(0.8 * Math.exp(-(28 * 24) / 2000), 9);
    const speedUp = Math.exp((0.5 / 8.617_333e-5) * (1 / 298.15 - 1 / 318.15));
    const warm = stored(45, 1);
    expect(warm.charge).toBeCloseTo(0.8 * Math.exp((-speedUp * 7 * 24) / 2000), 6);
    expect(stored(25, 1).charge).toBeGreaterThan(warm.charge);
  });

  test('keeps what the square root of time leaves of its capacity', () => {
    const clock = new HandClock();
    const storage = { fade: { share: 0.04, time: '28 d' } };
    const cell = nmcCell(clock, { ...STRAIGHT, storage });
    const perShare = () => {
      const before = cell.interior().stateOfCharge;
      cell.setCurrent(1e-4);
      clock.second += 1;
      cell.setOpen();
      return 1e-4 / (cell.interior().stateOfCharge - before);
    };
    const fresh = perShare();
    clock.second = WEEK;
    expect(perShare() / fresh).toBeCloseTo(1 - 0.04 * Math.sqrt(7 / 28), 4);
    clock.second = 4 * WEEK;
    expect(perShare() / fresh).toBeCloseTo(0.96, 4);
    expect(cell.interior().cycles).toBeLessThan(1e-3);
  });

  test('stays as it is when the file says nothing of storage', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, STRAIGHT);
    const before = cell.interior();
    clock.second = 52 * WEEK;
    expect(cell.interior()).toEqual(before);
  });
});
