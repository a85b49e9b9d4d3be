import { describe, expect, test } from 'vitest';
import { CellModel } from '../../../hardware/simulated/cell-model.ts';
import { Random } from '../../../src/domain/random.ts';
import { NMC_CELL, nmcSimulation } from './cell-support.ts';
import { HandClock, lithiumSimulation } from './support.ts';

const KINDS = {
  battery: nmcSimulation(),
  'battery without diffusion': nmcSimulation({ diffusion: undefined, cycling: {} }),
  'battery with everything': nmcSimulation({
    openCircuit: {
      ...NMC_CELL.simulation.openCircuit,
      changePerCelsius: '-0.2 mV',
      hysteresis: { voltage: '0.1 V' },
    },
    storage: {
      selfDischarge: '1000 h',
      fade: { share: 0.5, time: '1 d' },
      activationEnergy: '0.6 eV',
    },
    expansion: '11.8 cm³/mol',
  }),
  'symmetric cell': lithiumSimulation(),
};

/** Currents from 1 pA to 1 A of either sign, a fifth of them none. */
function randomAmpere(random: Random): number {
  if (random.uniform() < 0.2) return 0;
  return (random.uniform() < 0.5 ? -1 : 1) * 10 ** (-12 + 12 * random.uniform());
}

describe.each(Object.entries(KINDS))('a %s that is used at random', (_, simulation) => {
  test.each([1, 2, 3])('never gives a value that is not a number, seed %s', (seed) => {
    const random = new Random(seed);
    const clock = new HandClock();
    let celsius = 25;
    const areaSquareMetre = NMC_CELL.area;
    const cell = new CellModel({
      clock,
      simulation,
      areaSquareMetre,
      celsius: () => celsius,
      seed,
    });
    for (let turn = 0; turn < 1000; turn += 1) {
      celsius = -20 + 140 * random.uniform();
      cell.setCurrent(randomAmpere(random));
      // From a nanosecond to four months, and now and then no time at all.
      if (random.uniform() < 0.9) clock.second += 10 ** (-9 + 16 * random.uniform());
      const { zRealOhm, zImagOhm } = cell.impedance(10 ** (-6 + 13 * random.uniform()));
      const { phases: _p, lattices: _l, shorted: _s, ...numbers } = cell.interior();
      const shown = [
        cell.voltageVolt(),
        cell.heatWatt(),
        cell.pressurePascal(),
        ...Object.values(numbers),
      ];
      expect(shown.filter((value) => !Number.isFinite(value))).toEqual([]);
      expect(zRealOhm).toBeGreaterThan(0);
      expect(zImagOhm).toBeLessThanOrEqual(0);
      if (turn % 200 === 0) cell.restoreState(JSON.parse(JSON.stringify(cell.saveState())));
    }
  });
});
