import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import type { Instruments } from '../../src/domain/instrument.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { PlanWalk } from '../../src/run/plan-walk.ts';
import { planRun } from '../../src/run/planner.ts';
import { AREA_CM2, recipeOf, scriptedCell, scriptedRig } from '../support/scripted-run.ts';

const REST = `
  - name: rest
    technique: openCircuit
    until: { any: [{ time: "10 min" }] }`;

function plate(extra: string, current = '0.8 mA/cm²'): string {
  return `
  - name: plate
    technique: constantCurrent
    current: "${current}"
    record: { every: "10 s" }
    ${extra}`;
}

const BOUNDED = 'until: { any: [{ event: short }, { time: "1 h" }] }';

function plan(recipe: Recipe, instruments: Instruments = scriptedRig().instruments) {
  return planRun(recipe, scriptedCell, instruments);
}

/** Every problem of a recipe as `where: message`. */
function problemsOf(recipe: Recipe, instruments?: Instruments): string[] {
  try {
    plan(recipe, instruments);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.code).toBe('badInput');
    return error.problems.map(({ where, message }) => `${where}: ${message}`);
  }
  return [];
}

function during(acquisition: string): string {
  return plate(`${BOUNDED}\n    during:\n      - ${acquisition}`);
}

const SWEEP = 'technique: impedance, mode: galvanostatic, from: "200 kHz", to: "0.1 Hz"';

describe('a plan', () => {
  it('turns a current density into a current with the area of the cell', () => {
    const [step] = plan(recipeOf(plate(BOUNDED))).steps;
    expect(step).toMatchObject({ kind: 'constantCurrent' });
    expect(step?.kind === 'constantCurrent' && step.currentAmpere).toBeCloseTo(
      0.8e-3 * AREA_CM2,
      12,
    );
  });

  it('takes an absolute current as it is, with its sign', () => {
    const [step] = plan(recipeOf(plate(BOUNDED, '-1.2 mA'))).steps;
    expect(step).toMatchObject({ currentAmpere: -1.2e-3 });
  });

  it('counts steps, time, samples, spectra and views to the longest end', () => {
    const steps = `${REST}${during(
      `{ ${SWEEP}, pointsPerDecade: 7, amplitude: "20 µA", every: "30 min" }`,
    )}
      - { technique: scan, views: 180, span: "180°", duration: "90 s", every: "60 min", on: [short] }`;
    const planned = plan(recipeOf(steps));
    expect(planned.stepCount).toBe(2);
    expect(planned.longestSecond).toBe(600 + 3600);
    expect(planned.estimates).toEqual({
      samples: 3 * (60 + 360),
      sensorSamples: 0,
      spectra: 2,
      spectrumPoints: 2 * 45,
      waveforms: 0,
      scans: 2,
      views: 360,
      detectorSpectra: 0,
    });
  });

  it('counts the points and the time of a linear sweep, and takes its limit as a current', () => {
    const sweep = (keys: string) =>
      plan(
        recipeOf(`
  - { name: polarise, technique: linearSweep, end: "1 V", rate: "2 mV/s", ${keys} }`),
      );
    const given = sweep('start: "0.2 V", step: "4 mV", limit: "0.4 mA/cm²"');
    expect(given.longestSecond).toBeCloseTo(400, 9);
    expect(given.estimates.samples).toBe(3 * 200);
    const [step] = given.steps;
    expect(step?.kind === 'linearSweep' && step.limitAmpere).toBeCloseTo(0.4e-3 * AREA_CM2, 12);
    // From the open-circuit potential it may be the whole window of the recipe.
    const { min, max } = sweep('step: "4 mV"').safety.voltage;
    const open = sweep('step: "4 mV"');
    expect(open.longestSecond).toBeCloseTo((max - min) / 2e-3, 6);
    expect(open.estimates.samples).toBe(3 * Math.ceil((max - min) / 4e-3));
    expect(sweep('start: "0 V"').estimates.samples).toBe(3 * 500);
  });

  it('lets a branch go on at the limit of a sweep only where the sweep has one', () => {
    const steps = (limit: string) => `
  - { name: polarise, technique: linearSweep, end: "1 V", rate: "2 mV/s"${limit} }
  - name: way
    technique: branch
    on: polarise
    cases: { limit: [{ name: late, technique: openCircuit, until: { any: [{ time: "60 s" }] } }] }`;
    expect(problemsOf(recipeOf(steps(', limit: "1 mA"')))).toEqual([]);
    expect(problemsOf(recipeOf(steps('')))).toEqual([
      'steps[1].cases.limit: no step ends as "limit"; expected one of complete',
    ]);
  });

  it('is refused where the instrument cannot sweep', () => {
    const { instruments } = scriptedRig();
    const { potentiostat } = instruments;
    const techniques = potentiostat.capability.techniques.filter((one) => one !== 'linearSweep');
    const poor = {
      info: potentiostat.info,
      capability: { ...potentiostat.capability, techniques },
    } as unknown as Instruments['potentiostat'];
    const steps = `
  - { name: polarise, technique: linearSweep, end: "1 V", rate: "2 mV/s" }`;
    expect(problemsOf(recipeOf(steps), { ...instruments, potentiostat: poor })).toEqual([
      expect.stringContaining('steps[0].technique: Resistor One cannot do linearSweep'),
    ]);
  });

  it('unfolds loops lazily, each pass with its own step ids', () => {
    const loop = `
  - name: cycle
    technique: loop
    repeat: 2
    steps:
      - { name: a, technique: impedance, from: "1 kHz", to: "1 Hz", amplitude: "10 mV" }
      - { name: b, technique: scan, views: 10, span: "180°", duration: "10 s" }`;
    const planned = plan(recipeOf(loop + REST));
    expect(planned.stepCount).toBe(5);
    const walk = new PlanWalk(planned.steps);
    const walked = [];
    for (let at = walk.current(); at; at = walk.current()) {
      walked.push(at);
      walk.advance('time');
    }
    expect(walked.map(({ stepId }) => stepId)).toEqual([
      'cycle/1/a',
      'cycle/1/b',
      'cycle/2/a',
      'cycle/2/b',
      'rest',
    ]);
    expect(walked.map(({ stepIndex }) => stepIndex)).toEqual([0, 1, 2, 3, 4]);
    expect(walked.map(({ loopPass }) => loopPass)).toEqual([0, 0, 1, 1, 0]);
    expect(planned.estimates).toMatchObject({ spectra: 2, spectrumPoints: 50, scans: 2 });
  });
});

describe('a plan that cannot be', () => {
  it('names every problem at once, each at its place', () => {
    const steps = `
  - name: hot
    technique: soak
    temperature: "200 °C"
    dwell: "2 h"
    within: "1 h"
${plate('until: { any: [{ voltage: "> 3 V" }] }', '20 mA')}
    during:
      - { ${SWEEP.replace('200 kHz', '3 MHz')}, amplitude: "10 mV", every: "30 min", fit: "R0-p(R1" }
      - { technique: scan, views: 2000, span: "180°", duration: "90 s" }`;
    const found = problemsOf(recipeOf(steps));
    const places = found.map((problem) => problem.slice(0, problem.indexOf(': ')));
    expect(places).toEqual([
      'steps[0].temperature',
      'steps[0].temperature',
      'steps[0].within',
      'steps[1].current',
      'steps[1].current',
      'steps[1].until.any[0].voltage',
      'steps[1].during[0].from',
      'steps[1].during[0].amplitude',
      'steps[1].during[0].fit',
      'steps[1].during[1]',
      'steps[1].during[1].views',
      'steps[1].until',
    ]);
  });

  it('names both frequencies when a sweep is beyond the potentiostat', () => {
    const high = during(
      `{ ${SWEEP.replace('200 kHz', '3 MHz')}, amplitude: "1 µA", every: "1 h" }`,
    );
    expect(problemsOf(recipeOf(high))).toEqual([
      'steps[0].during[0].from: 3 MHz is above the 200 kHz that Resistor One reaches',
    ]);
    const low = during(`{ ${SWEEP.replace('0.1 Hz', '1 mHz')}, amplitude: "1 µA", every: "9 h" }`);
    expect(problemsOf(recipeOf(low))).toEqual([
      'steps[0].during[0].to: 1 mHz is below the 10 mHz that Resistor One reaches',
    ]);
  });

  it('takes a frequency exactly at the limit', () => {
    const steps = during(`{ ${SWEEP}, amplitude: "1 µA", every: "1 h" }`);
    expect(problemsOf(recipeOf(steps))).toEqual([]);
  });

  const refused: readonly (readonly [string, string, string])[] = [
    [
      'a sweep upwards',
      '\n  - { name: e, technique: impedance, from: "1 Hz", to: "1 kHz", amplitude: "10 mV" }',
      'steps[0].from: a sweep goes down',
    ],
    [
      'a current where a voltage is meant',
      '\n  - { name: e, technique: impedance, from: "1 kHz", to: "1 Hz", amplitude: "10 mA" }',
      'steps[0].amplitude: "10 mA" is not understood for a potentiostatic sweep',
    ],
    [
      'a sweep whose peak is above the current limit',
      during(`{ ${SWEEP}, amplitude: "4 mA", every: "30 min" }`),
      'steps[0].during[0].amplitude: the peak of the sweep, 6.285 mA, is above safety.current.max, 5 mA',
    ],
    [
      'a sweep that is longer than its cadence',
      during(`{ ${SWEEP}, amplitude: "1 µA", every: "1 min" }`),
      'steps[0].during[0].every: a sweep takes about',
    ],
    [
      'a potentiostatic sweep during constant current',
      during(`{ ${SWEEP.replace('galvano', 'potentio')}, amplitude: "1 mV", every: "30 min" }`),
      'steps[0].during[0].mode: a potentiostatic sweep would stop the constant current',
    ],
    [
      'a scan that is longer than its cadence',
      during('{ technique: scan, views: 9, span: "180°", duration: "90 s", every: "60 s" }'),
      'steps[0].during[0].every: a scan takes 90 s, longer than the 60 s between two of them',
    ],
    [
      'an acquisition without an occasion',
      during('{ technique: scan, views: 9, span: "180°", duration: "90 s" }'),
      'steps[0].during[0]: is never taken',
    ],
    [
      'an answer to a short that the step does not end on',
      plate(
        'until: { any: [{ time: "1 h" }] }\n    during: [{ technique: scan, views: 9, span: "180°", duration: "90 s", on: [short] }]',
      ),
      'steps[0].during[0].on: the step does not end on a short',
    ],
    [
      'a step without an end in time',
      plate('until: { any: [{ event: short }] }'),
      'steps[0].until: nothing bounds',
    ],
    ['a current of nothing', plate(BOUNDED, '0 mA'), 'steps[0].current: no current is'],
    [
      'a time below zero',
      REST.replace('10 min', '-10 min'),
      'steps[0].until.any[0].time: the time must be above 0',
    ],
    ['the same name twice', REST + REST, 'steps[1].name: "rest" is already the name of steps[0]'],
  ];
  it.each(refused)('refuses %s', (_, steps, problem) => {
    const found = problemsOf(recipeOf(steps));
    expect(found.filter((one) => one.startsWith(problem))).toHaveLength(1);
  });

  it('finds problems inside a loop at their place', () => {
    const loop = `
  - name: cycle
    technique: loop
    repeat: 3
    steps:
      - { name: a, technique: impedance, from: "3 MHz", to: "1 Hz", amplitude: "10 mV" }
      - { name: a, technique: scan, views: 10, span: "180°", duration: "10 s" }`;
    const places = problemsOf(recipeOf(loop)).map((one) => one.split(':')[0]);
    expect(places).toEqual(['steps[0].steps[1].name', 'steps[0].steps[0].from']);
  });

  it('misses the instruments that are not there', () => {
    const { potentiostat } = scriptedRig().instruments;
    const steps = `
  - { name: warm, technique: soak, temperature: "60 °C", dwell: "1 min", within: "1 h" }
  - { name: ct, technique: scan, views: 9, span: "180°", duration: "90 s" }`;
    expect(problemsOf(recipeOf(steps), { potentiostat, sensors: [] })).toEqual([
      'safety.temperature: no sensor of the rig measures surface_temperature_celsius, so this limit cannot be kept',
      'steps[0].technique: the rig has no heater, which a soak needs',
      'steps[0].technique: a soak needs a sensor that measures surface_temperature_celsius',
      'steps[1].technique: the rig has no scanner, which a scan needs',
    ]);
  });

  it('asks for nothing that the potentiostat cannot do', () => {
    const { instruments } = scriptedRig();
    const { capability } = instruments.potentiostat;
    const recording = Object.create(instruments.potentiostat, {
      info: { value: instruments.potentiostat.info },
      capability: { value: { ...capability, techniques: ['impedance'], voltageVoltMax: 1 } },
    });
    expect(problemsOf(recipeOf(REST), { ...instruments, potentiostat: recording })).toEqual([
      'safety.voltage.max: 2 V is outside the -5 V to 1 V that Resistor One can measure',
      'steps[0].technique: Resistor One cannot do openCircuit; it can do impedance',
    ]);
  });

  it('asks no potentiostat to excite impedance in a way it does not have', () => {
    const { instruments } = scriptedRig();
    const { capability, info } = instruments.potentiostat;
    const recording = Object.create(instruments.potentiostat, {
      info: { value: info },
      capability: { value: { ...capability, excitations: ['potentiostatic'] } },
    });
    const sweep = during(`{ ${SWEEP}, amplitude: "1 µA", every: "1 h" }`);
    expect(problemsOf(recipeOf(sweep), { ...instruments, potentiostat: recording })).toEqual([
      'steps[0].during[0].mode: Resistor One cannot measure galvanostatic impedance: expected potentiostatic',
    ]);
    expect(problemsOf(recipeOf(sweep), instruments)).toEqual([]);
  });

  it('wants a temperature limit of a recipe that heats', () => {
    const steps = `
  - { name: warm, technique: soak, temperature: "60 °C", dwell: "1 min", within: "1 h" }`;
    const safety = '\n  voltage: { min: "2 V", max: "2 V" }\n  current: { max: "1 mA" }';
    expect(problemsOf(recipeOf(steps, safety))).toEqual([
      'safety.voltage: min 2 V is not below max 2 V',
      'safety.temperature: a recipe that heats must say the highest temperature',
    ]);
  });
});
