import { describe, expect, it } from 'vitest';
import { readTrace } from '../../src/analysis/cycling-trace.ts';
import { scoreRun } from '../../src/analysis/scorecard.ts';
import { conductingShare, lithiumThicknessMetre } from '../../src/analysis/scorecard-quantities.ts';
import { type Cell, cellSchema } from '../../src/domain/cell.ts';
import { Fault } from '../../src/domain/fault.ts';
import { scorecardSchema } from '../../src/domain/scorecard.ts';
import { circuitFit, fitParameter } from '../support/circuit-fit.ts';
import { WrittenRun } from './cycling-run.ts';

const CELL = {
  cell: 'test-cell',
  title: 'A cell of a test',
  area: '1 cm²',
  activeMass: '1 mg',
  electrolyteThickness: '1 mm',
  reference: 'Li/Li+',
  simulation: {
    leadResistance: '2 Ω',
    electrolyte: { thickness: '1 mm', conductivity: '1 mS/cm', activationEnergy: '10 kJ/mol' },
    interphase: { resistance: '100 Ω', growth: { share: 0.5, cycles: 10 } },
    cycling: { cycleCharge: '1 mAh', firstEfficiency: 0.9 },
    lithium: { shortCharge: '1 mAh/cm²' },
  },
};

function cell(changes: object = {}): Cell {
  return cellSchema.parse({ ...CELL, ...changes });
}

function card(...figures: object[]) {
  return scorecardSchema.parse({ scorecard: 'test', source: 'a paper', figures });
}

const CAPACITY = {
  quantity: 'capacity',
  dimension: 'specificCharge',
  paper: { value: '900 mAh/g', where: 'p. 1' },
  recover: { method: 'specificCapacity', steps: 'discharge' },
};

/** Ten hours of 0.1 mA each way, 1 mAh and 0.9 mAh. */
function cycled() {
  const run = new WrittenRun();
  run.step('charge', { ampere: 1e-4, second: 36_000, volt: () => 3.8 });
  run.step('discharge', { ampere: -1e-4, second: 32_400, volt: () => 3.6 });
  return run;
}

function score(figure: object, run = cycled(), of = cell()) {
  return scoreRun(card(figure), readTrace(run.finish()), of)[0];
}

describe('a scorecard', () => {
  it('writes a row in the unit of the paper, with its distance from it', () => {
    const row = score(CAPACITY);
    expect(row).toMatchObject({ unit: 'mAh/g', paper: 900, where: 'p. 1', verdict: 'measured' });
    expect(row?.recovered).toBeCloseTo(900, 6);
    expect(row?.fromPaper).toBeCloseTo(0, 9);
  });

  it('says recovered within the tolerance of what the cell was given, and off beyond it', () => {
    const figure = {
      quantity: 'efficiency',
      dimension: 'ratio',
      paper: { value: '90 %', where: 'p. 1' },
      given: 'cycling.firstEfficiency',
      recover: { method: 'coulombicEfficiency', cycle: 1 },
      tolerance: 0.01,
    };
    expect(score(figure)?.verdict).toBe('recovered');
    const simulation = { ...CELL.simulation, cycling: { firstEfficiency: 0.88 } };
    expect(score(figure, cycled(), cell({ simulation }))?.verdict).toBe('off');
  });

  it('says missing when the run holds nothing, and not recovered when nobody can', () => {
    expect(
      score({ ...CAPACITY, recover: { method: 'peakSeparation', steps: 'cv' } }),
    ).toMatchObject({
      verdict: 'missing',
      recovered: null,
      count: 0,
    });
    const { recover: _, ...unrecovered } = CAPACITY;
    expect(score(unrecovered)?.verdict).toBe('notRecovered');
  });

  it('compares a measured cell with the paper only', () => {
    const { simulation: _, ...measured } = CELL;
    const figure = { ...CAPACITY, given: 'no.such.path', tolerance: 0.01 };
    const row = scoreRun(card(figure), readTrace(cycled().finish()), cellSchema.parse(measured))[0];
    expect(row).toMatchObject({ given: null, verdict: 'measured' });
  });

  it('takes the figure of the cell that was measured, and leaves out those of others', () => {
    const paper = { cells: { 'test-cell': '900 mAh/g', other: '1 mAh/g' }, where: 'p. 1' };
    expect(score({ ...CAPACITY, paper })?.paper).toBe(900);
    expect(score({ ...CAPACITY, paper: { cells: { other: '1 mAh/g' }, where: 'p.' } })).toBe(
      undefined,
    );
  });

  it('has a row without a number of the paper when it names a unit', () => {
    const row = score({ ...CAPACITY, unit: 'mAh/g', paper: { where: 'in a figure' } });
    expect(row).toMatchObject({ paper: null, fromPaper: null, unit: 'mAh/g' });
    expect(() => card({ ...CAPACITY, paper: { where: 'in a figure' } })).toThrow('unit');
  });

  it('names the path that the cell file lacks, and a value of the wrong kind', () => {
    for (const [given, words] of [
      ['interphase.capacity', 'simulation.interphase.capacity'],
      ['leadResistance', '"2 Ω" is not understood'],
    ] as const) {
      const act = () => score({ ...CAPACITY, given });
      expect(act).toThrow(Fault);
      expect(act).toThrow(words);
    }
  });

  it('refuses a unit that is not of the dimension, and an unknown way to recover', () => {
    const act = () => score({ ...CAPACITY, paper: { value: '900 mV', where: 'p. 1' } });
    expect(act).toThrow(/"900 mV" is not understood/);
    expect(() => card({ ...CAPACITY, recover: { method: 'guess' } })).toThrow();
  });
});

describe('what the simulated cell was given', () => {
  it('adds resistances, the electrolyte and what has grown by the charge passed', () => {
    const row = score({
      quantity: 'ohmic drop',
      dimension: 'voltage',
      paper: { value: '1 mV', where: 'p. 1' },
      given: {
        sum: ['leadResistance', 'interphase.resistance'],
        electrolyte: true,
        dimension: 'resistance',
        atCurrent: '1 mA/cm²',
        grown: {
          path: 'interphase.resistance',
          by: 'interphase.growth.share',
          overCycles: 'interphase.growth.cycles',
        },
      },
    });
    // 2 + 100 + 100 Ω, and half of 100 Ω times 0.95 of ten cycles, at 1 mA.
    expect(row?.given).toBeCloseTo(202 + (50 * 0.95) / 10, 1);
  });

  it('turns a charge per area into a time, and a loss into what is left', () => {
    const time = {
      ...CAPACITY,
      dimension: 'time',
      paper: { value: '1 h', where: 'p. 1' },
      given: {
        sum: ['lithium.shortCharge'],
        dimension: 'chargeDensity',
        overCurrentDensity: '0.5 mA/cm²',
      },
    };
    expect(score(time)?.given).toBeCloseTo(2, 9);
    const left = {
      ...CAPACITY,
      dimension: 'ratio',
      paper: { value: '10 %', where: 'p. 1' },
      given: { sum: ['cycling.firstEfficiency'], dimension: 'ratio', complement: true },
    };
    expect(score(left)?.given).toBeCloseTo(10, 9);
  });
});

describe('what a run gives back', () => {
  const spectrumAt = (run: WrittenRun, id: string, celsius: number, ohm: number): WrittenRun => {
    run.celsius(celsius).start(`eis-${id}`, 'impedance');
    const parameters = [
      fitParameter({ name: 'R0', value: ohm, standardError: 0.01 * ohm }),
      fitParameter({ name: 'R1', value: 2 * ohm, standardError: 1 }),
    ];
    const arcs = [
      {
        resistance: 'R1',
        timeConstantSecond: 1e-5,
        capacitanceFarad: 1e-8,
        assignment: 'interphase' as const,
      },
    ];
    run.spectrum(`spectrum-${id}`, circuitFit({ parameters, arcs }));
    return run.end(`eis-${id}`, 'impedance').wait(100);
  };
  const GAS_CONSTANT = 8.314_462_618;
  const ohmAt = (celsius: number): number =>
    100 * Math.exp((10_000 / GAS_CONSTANT) * (1 / (celsius + 273.15) - 1 / 298.15));
  const warmed = (): WrittenRun =>
    [25, 45, 65].reduce(
      (run, celsius) => spectrumAt(run, String(celsius), celsius, ohmAt(celsius)),
      new WrittenRun(),
    );

  it('is an activation energy with its convention', () => {
    const figure = {
      quantity: 'energy',
      dimension: 'energy',
      paper: { value: '10 kJ/mol', where: 'p. 1' },
      given: 'electrolyte.activationEnergy',
      tolerance: 0.001,
    };
    const recover = { method: 'activationEnergy', steps: 'eis-*', resistance: 'R0' };
    const sigma = score({ ...figure, recover: { ...recover, convention: 'sigma' } }, warmed());
    expect(sigma).toMatchObject({ verdict: 'recovered', count: 3 });
    const sigmaT = score({ ...figure, recover: { ...recover, convention: 'sigmaT' } }, warmed());
    expect(sigmaT?.verdict).toBe('off');
    expect((sigmaT?.recovered ?? 0) - (sigma?.recovered ?? 0)).toBeCloseTo(2.6, 0);
  });

  it('is a conductivity at one of the temperatures only', () => {
    const figure = {
      quantity: 'conductivity',
      dimension: 'conductivity',
      paper: { value: '1 mS/cm', where: 'p. 1' },
      recover: { method: 'conductivity', steps: 'eis-*', resistance: 'R0', near: 25 },
    };
    const row = score(figure, warmed());
    expect(row).toMatchObject({ count: 1 });
    expect(row?.recovered).toBeCloseTo(1, 6);
    expect(row?.standardError).toBeCloseTo(0.01, 6);
    const far = { ...figure, recover: { ...figure.recover, near: 100 } };
    expect(score(far, warmed())?.verdict).toBe('missing');
  });

  it('is the arc that its capacitance assigns, in the spectra of the named steps', () => {
    const figure = {
      quantity: 'interphase',
      dimension: 'resistance',
      paper: { value: '200 Ω', where: 'p. 1' },
      recover: { method: 'arcResistance', steps: 'eis-25', arc: 'interphase' },
    };
    expect(score(figure, warmed())).toMatchObject({ count: 1 });
    expect(score(figure, warmed())?.recovered).toBeCloseTo(200, 9);
    const other = { ...figure, recover: { ...figure.recover, arc: 'chargeTransfer' } };
    expect(score(other, warmed())?.verdict).toBe('missing');
  });

  it('is the time of the first reading that shows the short, not of its report', () => {
    const run = new WrittenRun().start('plate', 'constantCurrent');
    for (let at = 1; at <= 20; at += 1) run.wait(10).reading(at < 19 ? 0.3 : 0.001, 1e-3);
    run.run.append(run.nowSecond, {
      kind: 'event',
      code: 'cellShort',
      severity: 'warning',
      message: 'The cell has shorted.',
      details: { usual_voltage_volt: 0.3, shorted_voltage_volt: 0.001 },
    });
    run.end('plate', 'constantCurrent', 'event: short');
    const figure = {
      quantity: 'short',
      dimension: 'time',
      paper: { value: '190 s', where: 'p. 1' },
      recover: { method: 'shortTime', steps: 'plate' },
    };
    expect(score(figure, run)?.recovered).toBeCloseTo(190, 9);
    const calm = new WrittenRun().step('plate', { ampere: 1e-3, second: 60, volt: () => 0.3 });
    expect(score(figure, calm)?.verdict).toBe('missing');
  });
});

describe('the formulas of the papers', () => {
  it('make 4.85 µm of lithium from 1 mAh/cm²', () => {
    expect(lithiumThicknessMetre(3.6e4) * 1e6).toBeCloseTo(4.849, 3);
  });

  it('make 20.6 vol% conduct in the interphase of LGPS and 12.7 in that of LAGP', () => {
    const product = (moles: number, gram: number, density: number, conducts: boolean) => ({
      moles,
      molarMassKilogram: gram / 1000,
      densityKilogramPerCubicMetre: density * 1000,
      conducts,
    });
    const lgps = [
      product(12, 45.95, 1.66, false),
      product(2, 51.79, 1.43, true),
      product(1, 72.63, 5.323, true),
    ];
    const lagp = [product(3, 115.79, 2.48, false), product(1.5, 72.63, 5.323, true)];
    expect(conductingShare(lgps)).toBeCloseTo(0.206, 3);
    expect(conductingShare(lagp)).toBeCloseTo(0.127, 3);
  });
});
