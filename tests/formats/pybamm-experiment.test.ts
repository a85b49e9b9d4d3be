import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/domain/fault.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';
import type { ImportOptions } from '../../src/formats/imported-recipe.ts';
import { readPybammExperiment } from '../../src/formats/pybamm-experiment.ts';
import { caughtFault } from '../support/caught-fault.ts';

const OPTIONS: ImportOptions = {
  name: 'imported',
  title: 'Imported',
  source: 'pybamm',
  limits: { voltageMin: '2 V', voltageMax: '4.4 V', currentMax: '1 A' },
};

function read(text: string) {
  const { document, losses } = readPybammExperiment('exp.txt', text, OPTIONS);
  const steps = document.steps as readonly Record<string, unknown>[];
  return { steps, losses, recipe: recipeSchema.parse(document) };
}

function stepOf(text: string): Record<string, unknown> {
  const [step] = read(text).steps;
  if (!step) throw new Error('no step');
  return step;
}

/** Each problem as `place: message`. */
async function problemsOf(text: string): Promise<string[]> {
  const fault = await caughtFault(() => read(text));
  return fault.problems.map(({ where, message }: Problem) => `${where}: ${message}`);
}

describe('the sign of an imported PyBaMM current', () => {
  it.each([
    ['Charge at 1 A for 1 h', 'charge-1', '1000 mA'],
    ['Discharge at 1 A for 1 h', 'discharge-1', '-1000 mA'],
    ['Charge at -1 A for 1 h', 'discharge-1', '-1000 mA'],
    ['Discharge at -1 A for 1 h', 'charge-1', '1000 mA'],
    ['Charge at C/10 for 10 h', 'charge-1', '0.1 C'],
    ['Discharge at 2C for 0.5 hours', 'discharge-1', '-2 C'],
    ['Discharge at C for 1 h', 'discharge-1', '-1 C'],
    ['Charge at 20 mA for 45 minutes', 'charge-1', '20 mA'],
  ])('%s is %s with %s', (text, name, current) => {
    expect(stepOf(text)).toMatchObject({ name, technique: 'constantCurrent', current });
  });

  it('decides from which side a voltage is reached', () => {
    expect(stepOf('Charge at 1C until 4.1V').until).toMatchObject({
      any: [{ voltage: '> 4.1 V' }, {}],
    });
    expect(stepOf('Discharge at 1C until 2.5 V').until).toMatchObject({
      any: [{ voltage: '< 2.5 V' }, {}],
    });
    expect(stepOf('Discharge at 1C for 1 h or until > 2.5 V').until).toEqual({
      any: [{ voltage: '> 2.5 V' }, { time: '1 h' }],
    });
  });
});

describe('an imported PyBaMM step', () => {
  it('rests', () => {
    expect(stepOf('Rest for 30 min (10 second period)')).toEqual({
      name: 'rest-1',
      technique: 'openCircuit',
      record: { every: '10 s' },
      until: { any: [{ time: '30 min' }] },
    });
  });

  it('holds a voltage until the current has fallen', () => {
    const { recipe } = read('Hold at 4.1 V until C/50');
    expect(stepOf('Hold at 4.1 V until C/50')).toMatchObject({
      technique: 'constantVoltage',
      voltage: '4.1 V',
      until: { any: [{ current: '< 0.02 C' }, { time: '24 h' }] },
    });
    expect(recipe.steps[0]).toMatchObject({ until: { any: [{ current: { above: false } }, {}] } });
  });

  it('is bounded as PyBaMM bounds it, and says so', () => {
    const { steps, losses } = read('Discharge at C/3 until 2.5 V');
    expect(steps[0]?.until).toMatchObject({ any: [{}, { time: '6 h' }] });
    expect(losses.map(({ where, message }) => `${where}: ${message}`)).toEqual([
      'exp.txt:1: "Discharge at C/3 until 2.5 V": no period given: PyBaMM\'s 60 s between two points is taken',
      'exp.txt:1: "Discharge at C/3 until 2.5 V": no time given: ended after 6 h at the latest, as PyBaMM does',
    ]);
  });
});

describe('an imported PyBaMM experiment', () => {
  const CYCLE = '("Discharge at C/10 for 10 hours or until 3.3 V", "Rest for 1 hour")';

  it.each([
    ['a multiplied list', `[${CYCLE}] * 3`],
    ['cycles that are written out', `[${CYCLE}, ${CYCLE},\n ${CYCLE},]`],
    ['a call', `import pybamm\n\nexperiment = pybamm.Experiment([${CYCLE}] * 3)`],
    ['a sum of lists', `[${CYCLE}] * 2 + [${CYCLE}]`],
  ])('makes one loop of %s', (_, text) => {
    const { steps } = read(text);
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ technique: 'loop', repeat: 3 });
    expect(steps[0]?.steps).toHaveLength(2);
  });

  it('leaves different cycles as they are, each step with its own name', () => {
    const { steps } = read(
      `[${CYCLE}, ("Charge at 1 A until 4.1 V", "Rest for 1 h"), "Rest for 2 h"]`,
    );
    expect(steps.map(({ name }) => name)).toEqual([
      'discharge-1',
      'rest-1',
      'charge-1',
      'rest-2',
      'rest-3',
    ]);
  });

  it('takes the period for all steps and reports every other keyword', () => {
    const { steps, losses } = read(
      `Experiment([${CYCLE}], period="30 seconds", temperature="25 oC",\n  termination="80% capacity")`,
    );
    expect(steps[0]).toMatchObject({ record: { every: '30 s' } });
    expect(losses.map(({ where }) => where)).toEqual([
      'exp.txt:1: temperature',
      'exp.txt:2: termination',
    ]);
  });

  it('reads one step a line', () => {
    const { steps } = read('# formation\nCharge at C/10 for 5 h\n\nRest for 1 h # relax\n');
    expect(steps.map(({ name }) => name)).toEqual(['charge-1', 'rest-1']);
  });
});

describe('a PyBaMM experiment that cannot be imported', () => {
  it.each([
    ['Charge at 1 W for 1 h', 'constant power (1 W) is no technique of a recipe'],
    ['Discharge at 10 Ohm for 1 h', 'constant resistance (10 Ohm)'],
    ['Charge at 1 A', 'needs a "for" or an "until"'],
    ['Charge at 1 A for soon', '"soon" is no length of time'],
    ['Charge at 1 A for 0 h', '"0 h" is no length of time'],
    ['Charge at 1 V for 1 h', 'write Hold at'],
    ['Hold at 1 A for 1 h', 'only a voltage can be held'],
    ['Hold at 4 V until 3 V', 'a held voltage ends on a time or a current'],
    ['Charge at 1 A until 10 mA', 'a constant current never ends on a current'],
    ['Rest until 4 V', 'a rest needs its time'],
    ['Rest for 1 h or until 4 V', 'does not say from which side'],
    ['Run US06 for 1 h', 'is none of Charge at, Discharge at, Hold at, Rest'],
    ['Charge at 0 A for 1 h', 'a current of 0 is a rest'],
    ['Charge at C/0 for 1 h', 'divides by 0'],
    ['Charge at 1 A at 25oC for 1 h', 'is not understood'],
    ['Charge at 1 A for 1 h (fast period)', '"fast" is no length of time'],
  ])('names the line of %s', async (text, message) => {
    const [problem, ...others] = await problemsOf(`\n${text}`);
    expect(others).toEqual([]);
    expect(problem).toContain('exp.txt:2: ');
    expect(problem).toContain(message);
  });

  it('names every such step at once', async () => {
    expect(await problemsOf('["Charge at 1 W for 1 h",\n"Rest for 1 h",\n"Rest"]')).toHaveLength(2);
  });

  it.each([
    ['["Rest for 1 h"', 'ends too early'],
    ['["Rest for 1 h" "Rest for 2 h"]', '"," or "]"'],
    ['["Rest for 1 h"] * n', 'a whole number'],
    ['["Rest for 1 h"] - 1', 'is not understood'],
    ['["Rest for 1 h"] * 99999999', 'a whole number of 1 to 10000'],
    [`${'['.repeat(50)}"Rest for 1 h"`, 'at most 20 lists in each other'],
  ])('refuses %s', async (text, message) => {
    const fault = await caughtFault(() => read(text));
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toContain(message);
  });

  it('refuses a file without any step', async () => {
    expect((await caughtFault(() => read('# nothing\n'))).code).toBe('badInput');
  });
});
