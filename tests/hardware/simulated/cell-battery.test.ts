import { describe, expect, test } from 'vitest';
import type { CellModel } from '../../../hardware/simulated/cell-model.ts';
import {
  HOUR,
  NMC_CELL,
  nmcCell,
  nmcPart,
  nmcSimulation,
  STRAIGHT,
  TENTH_C_AMPERE,
  totalOhm,
  USE,
} from './cell-support.ts';
import { HandClock } from './support.ts';

/** Open for so long that every gradient is gone. */
function restLong(cell: CellModel, clock: HandClock): number {
  cell.setOpen();
  clock.second += 100 * HOUR;
  return cell.voltageVolt();
}

function pass(cell: CellModel, clock: HandClock, chargeCoulomb: number): void {
  cell.setCurrent(Math.sign(chargeCoulomb) * TENTH_C_AMPERE);
  clock.second += Math.abs(chargeCoulomb) / TENTH_C_AMPERE;
}

describe('a battery', () => {
  test('stores exactly the charge that passed, when nothing is lost', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, STRAIGHT);
    let chargeCoulomb = 0;
    for (const [currentAmpere, durationSecond] of USE) {
      cell.setCurrent(currentAmpere);
      for (let at = 0; at < 7; at += 1) {
        clock.second += durationSecond / 7;
        cell.voltageVolt();
      }
      chargeCoulomb += currentAmpere * durationSecond;
    }
    const { capacity } = nmcSimulation();
    expect((cell.interior().stateOfCharge - 0.5) * capacity).toBeCloseTo(chargeCoulomb, 12);
  });

  test('rests at the voltage its table gives for the charge it holds', () => {
    const points = [
      [0, 2.9],
      [0.25, 3.1],
      [0.5, 3.2],
      [0.75, 3.5],
      [1, 3.9],
    ] as const;
    const openCircuit = { points: points.map(([x, volt]) => [x, `${volt} V`]) };
    const clock = new HandClock();
    const cell = nmcCell(clock, { openCircuit, cycling: {}, initialStateOfCharge: 0 });
    const { capacity } = nmcSimulation();
    expect(cell.voltageVolt()).toBe(2.9);
    for (const [, volt] of points.slice(1)) {
      pass(cell, clock, capacity / 4);
      expect(restLong(cell, clock)).toBeCloseTo(volt, 9);
    }
  });

  test('drops by current times series resistance at the first instant, and by no more', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, STRAIGHT);
    const { seriesOhm } = cell.circuit();
    // 2 Ω of leads and 600 µm / (2.8 mS/cm × 0.785 cm²)
    expect(seriesOhm).toBeCloseTo(2 + 0.06 / (2.8e-3 * 0.785), 9);
    const restVolt = cell.voltageVolt();
    cell.setCurrent(TENTH_C_AMPERE);
    expect(cell.voltageVolt() - restVolt).toBeCloseTo(TENTH_C_AMPERE * seriesOhm, 14);
    clock.second += HOUR;
    const underVolt = cell.voltageVolt();
    cell.setOpen();
    expect(underVolt - cell.voltageVolt()).toBeCloseTo(TENTH_C_AMPERE * seriesOhm, 14);
  });

  test('shows the ohmic drop of Wang 2020, 31.8 mV at 0.1C, within 1 %', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, STRAIGHT);
    const dropVolt = TENTH_C_AMPERE * totalOhm(cell);
    expect(Math.abs(dropVolt / 31.8e-3 - 1)).toBeLessThan(0.01);
    cell.setCurrent(TENTH_C_AMPERE);
    clock.second += 300;
    const underVolt = cell.voltageVolt();
    cell.setOpen();
    // Long against the arcs, short against diffusion.
    clock.second += 0.02;
    const seenVolt = underVolt - cell.voltageVolt();
    expect(Math.abs(seenVolt / dropVolt - 1)).toBeLessThan(0.01);
  });

  test.each([
    ['exactly, when its capacity stays', {}, 9],
    // Within one step the falling capacity is taken at its mean.
    ['to 5 µV, when it fades', { fade: { share: 0.3, cycles: 200 } }, 5],
  ])('comes to the same state whether it is asked every 10 s or once: %s', (_, fade, digits) => {
    const often = new HandClock();
    const once = new HandClock();
    const changes = {
      initialStateOfCharge: 0.3,
      cycling: { firstEfficiency: 0.8668, efficiency: 0.992, ...fade },
    };
    const sampled = nmcCell(often, changes);
    const jumped = nmcCell(once, changes);
    for (const [currentAmpere, durationSecond] of [...USE, [1e-4, 6 * HOUR], [0, HOUR]] as const) {
      sampled.setCurrent(currentAmpere);
      jumped.setCurrent(currentAmpere);
      for (let second = 0; second < durationSecond; second += 10) {
        often.second += 10;
        sampled.voltageVolt();
      }
      once.second += durationSecond;
      expect(jumped.voltageVolt()).toBeCloseTo(sampled.voltageVolt(), digits);
    }
    expect(jumped.interior().stateOfCharge).toBeCloseTo(sampled.interior().stateOfCharge, 9);
    expect(jumped.interior().cycles).toBeCloseTo(sampled.interior().cycles, 9);
  });

  test('does not change at rest: no self-discharge, no ageing', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock);
    const fresh = { ...cell.interior(), circuit: cell.circuit() };
    clock.second = 21 * 24 * HOUR;
    expect({ ...cell.interior(), circuit: cell.circuit() }).toEqual(fresh);
  });

  test('runs away in voltage when it is overcharged or emptied', () => {
    const clock = new HandClock();
    const full = nmcCell(clock, { ...STRAIGHT, initialStateOfCharge: 0.99 });
    pass(full, clock, 0.3);
    expect(full.voltageVolt()).toBeGreaterThan(5);
    const empty = nmcCell(clock, { ...STRAIGHT, initialStateOfCharge: 0.01 });
    pass(empty, clock, -0.3);
    expect(empty.voltageVolt()).toBeLessThan(2);
  });

  test('follows the last direction of current with its hysteresis, and stays there at rest', () => {
    const openCircuit = { ...STRAIGHT.openCircuit, hysteresis: { voltage: '0.51 V' } };
    const clock = new HandClock();
    const cell = nmcCell(clock, { ...STRAIGHT, openCircuit });
    const { capacity } = nmcSimulation();
    const straight = () => 3.0 + 0.8 * cell.interior().stateOfCharge;
    expect(restLong(cell, clock) - straight()).toBeCloseTo(0, 9);
    pass(cell, clock, 0.4 * capacity);
    expect(restLong(cell, clock) - straight()).toBeCloseTo(0.255, 3);
    // One transition, 5 % of the capacity, back: 1 - 2 (1 - 1/e) of the half.
    pass(cell, clock, -0.05 * capacity);
    expect(restLong(cell, clock) - straight()).toBeCloseTo(0.255 * (2 / Math.E - 1), 3);
    pass(cell, clock, -0.4 * capacity);
    expect(restLong(cell, clock) - straight()).toBeCloseTo(-0.255, 3);
  });

  test('shifts with temperature by its entropy, and its resistances and diffusion follow Arrhenius', () => {
    const openCircuit = { ...STRAIGHT.openCircuit, changePerCelsius: '-0.2 mV' };
    const at = (celsius: number) => {
      const clock = new HandClock();
      const cell = nmcCell(clock, { ...STRAIGHT, openCircuit }, { celsius });
      const volt = cell.voltageVolt();
      const { arcs } = cell.circuit();
      cell.setCurrent(TENTH_C_AMPERE);
      clock.second = 100 * HOUR;
      const { stateOfCharge, surfaceStateOfCharge } = cell.interior();
      return { volt, arcs, lead: surfaceStateOfCharge - stateOfCharge };
    };
    const cold = at(25);
    const warm = at(60);
    expect(warm.volt - cold.volt).toBeCloseTo(-35 * 0.2e-3, 12);
    const kelvinPart = 1 / 298.15 - 1 / 333.15;
    const speedUp = (electronVolt: number) => Math.exp((electronVolt / 8.617_333e-5) * kelvinPart);
    const ratio = (arc: number) =>
      (cold.arcs[arc]?.resistanceOhm ?? 0) / (warm.arcs[arc]?.resistanceOhm ?? 1);
    expect(ratio(0) / speedUp(0.35)).toBeCloseTo(1, 4);
    expect(ratio(1) / speedUp(0.45)).toBeCloseTo(1, 4);
    expect(cold.lead / warm.lead / speedUp(0.3)).toBeCloseTo(1, 4);
  });

  test('has resistances and a diffusivity that depend on its charge as the file says', () => {
    const changes = {
      ...STRAIGHT,
      ...nmcPart('interphase', {
        overStateOfCharge: [
          [0, 2],
          [0.5, 1],
          [1, 3],
        ],
      }),
      ...nmcPart('diffusion', {
        overStateOfCharge: [
          [0.2, 1],
          [0.8, 0.25],
        ],
      }),
    };
    const interphaseOhm = (initialStateOfCharge: number) =>
      nmcCell(new HandClock(), { ...changes, initialStateOfCharge }).circuit().arcs[0]
        ?.resistanceOhm;
    expect(interphaseOhm(0)).toBeCloseTo(248, 9);
    expect(interphaseOhm(0.5)).toBeCloseTo(124, 9);
    expect(interphaseOhm(1)).toBeCloseTo(372, 9);
    const lead = (initialStateOfCharge: number) => {
      const clock = new HandClock();
      const cell = nmcCell(clock, { ...changes, initialStateOfCharge });
      cell.setCurrent(1e-9);
      clock.second = 10 * HOUR;
      const { stateOfCharge, surfaceStateOfCharge } = cell.interior();
      return surfaceStateOfCharge - stateOfCharge;
    };
    expect(lead(0.9) / lead(0.1)).toBeCloseTo(4, 6);
  });
});

describe('what a battery shows of its inside', () => {
  test('swells as the indium of Sun 2018 does: 6.8e7 µm³ for 0.1544 mAh', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, {
      ...STRAIGHT,
      initialStateOfCharge: 0,
      expansion: '11.8e12 µm³/mol',
    });
    expect(cell.interior().expansionCubicMetre).toBe(0);
    pass(cell, clock, 0.1544 * 3.6);
    expect(cell.interior().expansionCubicMetre * 1e18).toBeCloseTo(6.8e7, -5);
    pass(cell, clock, -0.1544 * 3.6);
    expect(cell.interior().expansionCubicMetre).toBeCloseTo(0, 20);
  });

  test('gives the shares of its phases and the length of its protrusion as the file says', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, {
      ...STRAIGHT,
      cycling: { cycleCharge: '0.5 mAh' },
      phases: {
        InLi: {
          follows: 'stateOfCharge',
          points: [
            [0.4, 0],
            [0.9, 1],
          ],
        },
        worn: {
          follows: 'cycles',
          points: [
            [0, 0],
            [2, 1],
          ],
        },
      },
      protrusion: [
        [0, '93 µm'],
        [1, '120 µm'],
      ],
    });
    expect(cell.interior().phases).toEqual({ InLi: expect.closeTo(0.2, 9), worn: 0 });
    expect(cell.interior().protrusionMetre).toBeCloseTo(93e-6, 12);
    pass(cell, clock, -0.1 * nmcSimulation().capacity);
    expect(cell.interior().phases.InLi).toBe(0);
    pass(cell, clock, 0.5 * 3.6 - 0.1 * nmcSimulation().capacity);
    expect(cell.interior().phases.worn).toBeCloseTo(0.25, 9);
    clock.second += 100 * HOUR;
    expect(cell.interior().phases.worn).toBe(1);
    expect(cell.interior().protrusionMetre).toBeCloseTo(120e-6, 12);
  });

  test('presses harder on its stack when it is full', () => {
    const at = (initialStateOfCharge: number) =>
      nmcCell(new HandClock(), { initialStateOfCharge }).pressurePascal();
    expect(at(1) - at(0)).toBeCloseTo(150e3, 6);
    expect(at(0)).toBeCloseTo(20e6, 6);
  });
});

describe('the heat of a battery', () => {
  test('is what the terminals take in over a closed cycle, to a part in a thousand', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, STRAIGHT);
    let electricJoule = 0;
    let heatJoule = 0;
    const stepSecond = 2;
    for (const currentAmpere of [TENTH_C_AMPERE, -TENTH_C_AMPERE]) {
      cell.setCurrent(currentAmpere);
      for (let second = 0; second < 4 * HOUR; second += stepSecond) {
        clock.second += stepSecond / 2;
        electricJoule += cell.voltageVolt() * currentAmpere * stepSecond;
        heatJoule += cell.heatWatt() * stepSecond;
        clock.second += stepSecond / 2;
        cell.voltageVolt();
      }
    }
    expect(electricJoule).toBeGreaterThan(0.05);
    expect(heatJoule / electricJoule).toBeCloseTo(1, 3);
  });

  test('is taken from the oven while a cell with rising entropy is discharged slowly', () => {
    const openCircuit = { ...STRAIGHT.openCircuit, changePerCelsius: '1 mV' };
    const cell = nmcCell(new HandClock(), { ...STRAIGHT, openCircuit });
    cell.setCurrent(-1e-6);
    cell.voltageVolt();
    // Bernardi: I T dU/dT, -1 µA × 298.15 K × 1 mV/K, and little else at this current.
    expect(cell.heatWatt() / -298.15e-9).toBeCloseTo(1, 2);
    cell.setOpen();
    expect(cell.heatWatt()).toBeCloseTo(0, 15);
  });
});

describe('a battery with an electrode of lithium metal', () => {
  const lithium = {
    referenceCurrentDensity: '0.8 mA/cm²',
    currentDensityExponent: 1,
    rootCharge: '0.3 mAh/cm²',
    electrolyteCharge: '0.4 mAh/cm²',
    instabilityCharge: '0.6 mAh/cm²',
    shortCharge: '0.8 mAh/cm²',
    shortSpreadFraction: 0.05,
    dipFractionMax: 0.3,
    dipDuration: '15 s',
  };
  const fastAmpere = 8 * NMC_CELL.area;

  test('shorts, falls to its leads, runs empty inside and gives off what it held as heat', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, { ...STRAIGHT, initialStateOfCharge: 0.1, lithium });
    cell.setCurrent(fastAmpere);
    while (!cell.interior().shorted) clock.second += 1;
    const atShort = cell.interior();
    expect(clock.second / HOUR).toBeGreaterThan(0.94);
    expect(clock.second / HOUR).toBeLessThan(1.06);
    expect(atShort.filamentFraction).toBe(1);
    expect(atShort.protrusionMetre).toBeCloseTo(600e-6, 12);
    expect(cell.voltageVolt()).toBeCloseTo(fastAmpere * 2, 9);
    cell.setOpen();
    expect(cell.voltageVolt()).toBe(0);
    // 3.7 V over 300 Ω.
    expect(cell.heatWatt()).toBeGreaterThan(0.02);
    expect(cell.heatWatt()).toBeLessThan(0.06);
    clock.second += 24 * HOUR;
    expect(cell.interior().stateOfCharge).toBeLessThan(1e-3);
    expect(cell.interior().stateOfCharge).toBeGreaterThanOrEqual(0);
    expect(cell.heatWatt()).toBeLessThan(1e-5);
  });

  test('stores only the charge that passed before the short', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, { ...STRAIGHT, initialStateOfCharge: 0.1, lithium });
    cell.setCurrent(fastAmpere);
    clock.second = 0.9 * HOUR;
    const before = cell.interior().stateOfCharge;
    clock.second = 1.2 * HOUR;
    expect(cell.interior().shorted).toBe(true);
    expect(cell.interior().stateOfCharge).toBeLessThan(before + 0.2);
    expect(cell.interior().platedCharge).toBeLessThan(0.8 * 1.05 * 3.6e4);
  });

  test('shorts at another charge with another seed, and at the same with the same', () => {
    const shortSecond = (seed: number) => {
      const clock = new HandClock();
      const cell = nmcCell(clock, { ...STRAIGHT, initialStateOfCharge: 0.1, lithium }, { seed });
      cell.setCurrent(fastAmpere);
      while (!cell.interior().shorted) clock.second += 1;
      return clock.second;
    };
    expect(shortSecond(4)).toBe(shortSecond(4));
    expect(shortSecond(4)).not.toBe(shortSecond(5));
  });

  test('loses plated metal to a reaction with the time constant of the file', () => {
    const clock = new HandClock();
    const cell = nmcCell(clock, { ...STRAIGHT, lithium: { ...lithium, reactionTime: '50 min' } });
    cell.setCurrent(1e-5);
    clock.second = 1;
    cell.setOpen();
    const { metallicCharge, platedCharge } = cell.interior();
    expect(metallicCharge / platedCharge).toBeCloseTo(1, 3);
    clock.second = 3001;
    expect(cell.interior().metallicCharge / metallicCharge).toBeCloseTo(1 / Math.E, 9);
    expect(cell.interior().platedCharge).toBe(platedCharge);
  });
});
