import { describe, expect, it } from 'vitest';
import { Phantom } from '../../../hardware/simulated/phantom.ts';
import { SimulatedSpecimen } from '../../../hardware/simulated/simulated-specimen.ts';
import { HandClock, LITHIUM_CELL, lithiumCell, PARK_CURRENT_AMPERE } from './support.ts';

function make(seed = 1) {
  const clock = new HandClock();
  const seeds: number[] = [];
  const specimen = new SimulatedSpecimen((one) => {
    seeds.push(one);
    const geometry = {
      areaSquareMetre: LITHIUM_CELL.area,
      electrolyteMetre: 600e-6,
      lithiumAtShortMetre: 12.41e-6,
    };
    return { cell: lithiumCell(clock, one), phantom: new Phantom(geometry, one) };
  }, seed);
  return { clock, specimen, seeds };
}

/** Seconds of plating until the cell shorts. */
function shortSecond({ clock, specimen }: ReturnType<typeof make>): number {
  const startSecond = clock.second;
  specimen.setCurrent(PARK_CURRENT_AMPERE);
  while (!specimen.interior().shorted) clock.second += 10;
  return clock.second - startSecond;
}

describe('the simulated cell in its place', () => {
  it('is that of the seed at first', () => {
    const { seeds, specimen } = make(5);
    expect(seeds).toEqual([5]);
    expect(specimen.exchanges).toBe(0);
  });

  it('is exchanged for a fresh one, open, that is another of its kind', () => {
    const bench = make();
    const { specimen } = bench;
    const first = shortSecond(bench);
    const before = specimen.solids();
    specimen.exchange();
    expect(specimen.currentAmpere()).toBe(0);
    expect(specimen.interior()).toMatchObject({ platedCharge: 0, shorted: false });
    const second = shortSecond(bench);
    expect(second).not.toBe(first);
    expect(specimen.solids()).not.toEqual(before);
    expect(specimen.exchanges).toBe(1);
  });

  it('exchanges the same cells for the same seed, and never the same one twice', () => {
    const { seeds, specimen } = make(7);
    const other = make(7);
    for (let time = 0; time < 20; time += 1) {
      specimen.exchange();
      other.specimen.exchange();
    }
    expect(other.seeds).toEqual(seeds);
    expect(new Set(seeds).size).toBe(21);
  });

  it('passes on what happens at its terminals to the cell that is in', () => {
    const { clock, specimen } = make();
    specimen.setCurrent(PARK_CURRENT_AMPERE);
    clock.second += 60;
    expect(specimen.voltageVolt()).toBeGreaterThan(0.01);
    expect(specimen.impedance(1).zRealOhm).toBeGreaterThan(1);
    expect(specimen.pressurePascal()).toBeGreaterThan(0);
    expect(specimen.widthMetre).toBeCloseTo(
      2 * (Math.sqrt(LITHIUM_CELL.area / Math.PI) + 0.5e-3),
      9,
    );
    specimen.setOpen();
    expect(specimen.currentAmpere()).toBe(0);
  });
});
