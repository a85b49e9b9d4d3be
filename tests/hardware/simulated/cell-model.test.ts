import { describe, expect, test } from 'vitest';
import { arrheniusFactor } from '../../../hardware/simulated/cell-arrhenius.ts';
import { cellSimulationSchema } from '../../../hardware/simulated/cell-parameters.ts';
import {
  HandClock,
  LITHIUM_CELL,
  lithiumCell,
  lithiumSimulation,
  PARK_CURRENT_AMPERE,
} from './support.ts';

const HOUR = 3600;

/** Hours at 0.8 mA/cm² until the short, found to a second. */
function shortHour(seed: number): number {
  const clock = new HandClock();
  const cell = lithiumCell(clock, seed);
  cell.setCurrent(PARK_CURRENT_AMPERE);
  while (!cell.interior().shorted) clock.second += 1;
  return clock.second / HOUR;
}

describe('the symmetric lithium cell', () => {
  test('shorts near 3.2 h at 0.8 mA/cm², each seed within the stated spread', () => {
    const hours = Array.from({ length: 20 }, (_, seed) => shortHour(seed));
    for (const hour of hours) {
      expect(hour).toBeGreaterThanOrEqual(3.2 * 0.96 - 1 / HOUR);
      expect(hour).toBeLessThanOrEqual(3.2 * 1.04 + 1 / HOUR);
    }
    expect(Math.max(...hours) - Math.min(...hours)).toBeGreaterThan(0.1);
    expect(shortHour(3)).toBe(shortHour(3));
  });

  test('shows no lithium in the electrolyte at 1.0 h and the first just after 1.5 h', () => {
    const clock = new HandClock();
    const cell = lithiumCell(clock);
    cell.setCurrent(PARK_CURRENT_AMPERE);
    clock.second = 1.0 * HOUR;
    expect(cell.interior().filamentFraction).toBe(0);
    clock.second = 1.5 * HOUR;
    expect(cell.interior().filamentFraction).toBeCloseTo(0, 12);
    // 5.82 µm at 1.5 h, from V/A = Q M / (F ρ).
    expect(cell.interior().platedThicknessMetre * 1e6).toBeCloseTo(5.82, 2);
    clock.second = 1.5 * HOUR + 60;
    expect(cell.interior().filamentFraction).toBeGreaterThan(0);
  });

  test('is a lead resistance after the short and plates nothing more', () => {
    const clock = new HandClock();
    const cell = lithiumCell(clock);
    cell.setCurrent(PARK_CURRENT_AMPERE);
    clock.second = 4 * HOUR;
    const plated = cell.interior().platedCharge;
    expect(cell.voltageVolt()).toBeCloseTo(PARK_CURRENT_AMPERE * 2, 9);
    expect(cell.impedance(10)).toEqual({ zRealOhm: 2, zImagOhm: 0 });
    clock.second = 8 * HOUR;
    expect(cell.interior()).toMatchObject({ platedCharge: plated, shorted: true });
  });

  test('gains interphase resistance all along and loses charge-transfer resistance sharply after 1.0 h', () => {
    const clock = new HandClock();
    const cell = lithiumCell(clock);
    cell.setCurrent(PARK_CURRENT_AMPERE);
    const at = (hour: number): readonly number[] => {
      clock.second = hour * HOUR;
      return cell.circuit().arcs.map((arc) => arc.resistanceOhm);
    };
    const series = [0, 0.5, 1, 1.5, 2, 2.5, 3].map(at);
    for (const [step, [interphase, transfer]] of series.entries()) {
      const [interphaseBefore, transferBefore] = series[step - 1] ?? [0, Number.POSITIVE_INFINITY];
      expect(interphase).toBeGreaterThan(interphaseBefore ?? 0);
      expect(transfer).toBeLessThan(transferBefore ?? 0);
    }
    const transfer = series.map(([, ohm]) => ohm ?? 0);
    const fall = (from: number, to: number) => (transfer[from] ?? 0) - (transfer[to] ?? 0);
    expect(fall(2, 3)).toBeGreaterThan(4 * fall(1, 2));
  });

  test('keeps its arcs where a 200 kHz instrument resolves both', () => {
    const clock = new HandClock();
    const cell = lithiumCell(clock);
    const peaks = () =>
      cell
        .circuit()
        .arcs.map((arc) => 1 / (2 * Math.PI * arc.resistanceOhm * arc.capacitanceFarad));
    for (const hour of [0, 1, 2, 3]) {
      clock.second = hour * HOUR;
      cell.setCurrent(PARK_CURRENT_AMPERE);
      const [interphase, transfer] = peaks();
      expect(interphase).toBeGreaterThan(5e3);
      expect(interphase).toBeLessThan(20e3);
      expect(transfer).toBeGreaterThan(10);
      expect(transfer).toBeLessThan(300);
    }
  });

  test('has the impedance of R0-p(R1,CPE1)-p(R2,CPE2)', () => {
    const cell = lithiumCell(new HandClock());
    const { seriesOhm, arcs } = cell.circuit();
    for (const frequencyHertz of [0.1, 61, 5e3, 17.7e3, 200e3]) {
      let real = seriesOhm;
      let imag = 0;
      for (const { resistanceOhm: r, capacitanceFarad: c, exponent: n } of arcs) {
        // Written out from the CPE: Q = C^n R^(n-1), Y = 1/R + Q (jω)^n, Z = 1/Y.
        const q = c ** n * r ** (n - 1);
        const y = q * (2 * Math.PI * frequencyHertz) ** n;
        const yReal = 1 / r + y * Math.cos((n * Math.PI) / 2);
        const yImag = y * Math.sin((n * Math.PI) / 2);
        const square = yReal ** 2 + yImag ** 2;
        real += yReal / square;
        imag -= yImag / square;
      }
      const impedance = cell.impedance(frequencyHertz);
      expect(impedance.zRealOhm).toBeCloseTo(real, 9);
      expect(impedance.zImagOhm).toBeCloseTo(imag, 9);
      expect(impedance.zImagOhm).toBeLessThan(0);
    }
  });

  test('conducts 3.4 times better at 60 °C than at 25 °C, as 0.3 eV demands', () => {
    const leads = lithiumSimulation().leadResistance;
    const electrolyteOhm = (celsius: number) =>
      lithiumCell(new HandClock(), 1, celsius).circuit().seriesOhm - leads;
    // 600 µm / (0.5 mS/cm × 0.785 cm²)
    expect(electrolyteOhm(25)).toBeCloseTo(152.87, 2);
    const boltzmannElectronVolt = 8.617_333e-5;
    const expected = Math.exp((0.3 / boltzmannElectronVolt) * (1 / 298.15 - 1 / 333.15));
    expect(electrolyteOhm(25) / electrolyteOhm(60)).toBeCloseTo(expected, 4);
    expect(arrheniusFactor(30e3, { celsius: 25, referenceCelsius: 25 })).toBe(1);
  });

  test('settles to current times total resistance within milliseconds and back to rest', () => {
    const clock = new HandClock();
    const cell = lithiumCell(clock);
    const { seriesOhm, arcs } = cell.circuit();
    const totalOhm = arcs.reduce((sum, arc) => sum + arc.resistanceOhm, seriesOhm);
    cell.setCurrent(PARK_CURRENT_AMPERE);
    expect(cell.voltageVolt()).toBeCloseTo(PARK_CURRENT_AMPERE * seriesOhm, 9);
    clock.second = 0.1;
    expect(cell.voltageVolt()).toBeCloseTo(PARK_CURRENT_AMPERE * totalOhm, 5);
    cell.setOpen();
    clock.second = 0.1001;
    expect(cell.voltageVolt()).toBeGreaterThan(0.01);
    clock.second = 0.3;
    expect(cell.voltageVolt()).toBeCloseTo(0, 9);
    expect(cell.currentAmpere()).toBe(0);
  });

  test('comes to the same state whether it is asked every 10 s or once', () => {
    const often = new HandClock();
    const once = new HandClock();
    const sampled = lithiumCell(often);
    const jumped = lithiumCell(once);
    sampled.setCurrent(PARK_CURRENT_AMPERE);
    jumped.setCurrent(PARK_CURRENT_AMPERE);
    while (often.second < 2.5 * HOUR) {
      often.second += 10;
      sampled.voltageVolt();
    }
    once.second = often.second;
    expect(jumped.voltageVolt()).toBeCloseTo(sampled.voltageVolt(), 9);
    expect(jumped.interior().filamentFraction).toBeCloseTo(sampled.interior().filamentFraction, 9);
  });

  test('does not age at open circuit', () => {
    const clock = new HandClock();
    const cell = lithiumCell(clock);
    const fresh = cell.circuit();
    cell.setOpen();
    clock.second = 21 * 24 * HOUR;
    expect(cell.circuit()).toEqual(fresh);
    expect(cell.interior().platedCharge).toBe(0);
  });

  test('is unstable shortly before the short and not before', () => {
    const clock = new HandClock();
    const cell = lithiumCell(clock);
    cell.setCurrent(PARK_CURRENT_AMPERE);
    const largestJump = (fromHour: number, toHour: number): number => {
      let largest = 0;
      let before: number | undefined;
      for (clock.second = fromHour * HOUR; clock.second < toHour * HOUR; clock.second += 5) {
        const volt = cell.voltageVolt();
        largest = Math.max(largest, Math.abs(volt - (before ?? volt)));
        before = volt;
      }
      return largest;
    };
    expect(largestJump(0.1, 2.7)).toBeLessThan(1e-3);
    const unstable = largestJump(2.8, 3.05);
    expect(unstable).toBeGreaterThan(5e-3);
    // A soft contact is not a hard short: most of the voltage stays.
    expect(unstable).toBeLessThan(0.12);
  });

  test('shorts after less time at a higher current density', () => {
    const hours = [6, 8, 10].map((density) => {
      const clock = new HandClock();
      const cell = lithiumCell(clock);
      cell.setCurrent(density * LITHIUM_CELL.area);
      while (!cell.interior().shorted) clock.second += 10;
      return clock.second / HOUR;
    });
    expect(hours[0]).toBeGreaterThan(hours[1] ?? 0);
    expect(hours[1]).toBeGreaterThan(hours[2] ?? 0);
  });
});

describe('the simulation section of a cell file', () => {
  const asWritten = LITHIUM_CELL.simulation ?? {};

  test('refuses unknown keys, wrong units and non-positive values, all at once', () => {
    const parsed = cellSimulationSchema.safeParse({
      ...asWritten,
      colour: 'grey',
      leadResistance: '-2 Ω',
      referenceTemperature: '60 K',
    });
    const text = parsed.error?.issues.map((issue) => issue.message).join('\n') ?? '';
    expect(text).toContain('colour');
    expect(text).toContain('above zero');
    expect(text).toContain('60 °C');
  });

  test('refuses a cell that would short before lithium enters its electrolyte', () => {
    const lithium = { ...(asWritten.lithium as object), electrolyteCharge: '2.5 mAh/cm²' };
    const parsed = cellSimulationSchema.safeParse({ ...asWritten, lithium });
    expect(parsed.error?.issues[0]?.path).toEqual(['lithium']);
  });
});
