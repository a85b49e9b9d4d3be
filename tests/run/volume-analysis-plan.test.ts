import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import type { Instruments } from '../../src/domain/instrument.ts';
import type { VolumeAnalysis } from '../../src/domain/volume-results.ts';
import { everyMeasurement } from '../../src/run/plan-needs.ts';
import { planRun } from '../../src/run/planner.ts';
import { recipeOf, scriptedCell, scriptedRig } from '../support/scripted-run.ts';

const VOXEL = { acrossMetre: 60e-6, alongMetre: 20e-6 };

function rig(scanner: object = { rows: 64, columns: 192, voxel: VOXEL }): Instruments {
  const { instruments } = scriptedRig();
  const usual = { ...instruments.scanner, viewsMax: 3600 };
  return { ...instruments, scanner: { ...usual, ...scanner } } as Instruments;
}

function plate({ until = '', analyse = '', more = '' } = {}): string {
  return `
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    until: { any: [{ time: "6 h" }${until}] }
    during:
      - { technique: scan, views: 90, span: "180°", duration: "90 s", every: "1 h"${more}${analyse} }`;
}

function analysisOf(steps: string, instruments = rig()): VolumeAnalysis | undefined {
  const plan = planRun(recipeOf(steps), scriptedCell, instruments);
  for (const step of everyMeasurement(plan.steps)) {
    const during = 'during' in step ? step.during : [];
    for (const { what } of during) if (what.kind === 'scan') return what.analysis;
  }
  throw new Error('no scan in the plan');
}

function problemsOf(steps: string, instruments = rig()): string[] {
  try {
    planRun(recipeOf(steps), scriptedCell, instruments);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.problems.map(({ where, message }) => `${where}: ${message}`);
  }
  return [];
}

const WAITS_FOR = (text: string) => `, { derived: "${text}" }`;
const PATH = 'steps[0].until.any[1].derived';

describe('what a plan finds out from volumes', () => {
  it('is nothing unless the recipe asks for it', () => {
    expect(analysisOf(plate())).toBeUndefined();
  });

  it('is what the recipe says, within the electrode and with the scanner’s voxels', () => {
    const analyse = ', analyse: { face: bottom, compareWith: previous }';
    expect(analysisOf(plate({ analyse }))).toEqual({
      segments: true,
      compareWith: 'previous',
      electrode: 'dark',
      thresholdPerMetre: null,
      face: 'bottom',
      radiusMetre: 0.97 * Math.sqrt(scriptedCell.area / Math.PI),
      molarVolumeCubicMetre: 6.94e-6 / 0.534,
      voxel: VOXEL,
    });
  });

  it('is what its conditions ask for, where the recipe says nothing', () => {
    const lithium = plate({ until: WAITS_FOR('lithium-volume > 1e8 µm³') });
    expect(analysisOf(lithium)).toMatchObject({ segments: false, compareWith: 'first' });
    const voids = plate({ until: WAITS_FOR('void-fraction > 1 %') });
    expect(analysisOf(voids)).toMatchObject({ segments: true, compareWith: null });
  });

  it('takes units for all its settings', () => {
    const analyse =
      ', analyse: { electrode: bright, radius: "1.4 mm", voxel: "2.5 µm", threshold: "5 1/cm", molarVolume: "11.8 cm³/mol" }';
    const analysis = analysisOf(plate({ analyse }), rig({ rows: 64, columns: 64 }));
    expect(analysis).toMatchObject({
      electrode: 'bright',
      thresholdPerMetre: 500,
    });
    expect(analysis?.radiusMetre).toBeCloseTo(1.4e-3, 12);
    expect(analysis?.voxel?.acrossMetre).toBeCloseTo(2.5e-6, 12);
    expect(analysis?.voxel?.alongMetre).toBeCloseTo(2.5e-6, 12);
    expect(analysis?.molarVolumeCubicMetre).toBeCloseTo(11.8e-6, 12);
  });

  it.each([
    ['radius: "0 mm"', 'analyse.radius'],
    ['molarVolume: "-1 cm³/mol"', 'analyse.molarVolume'],
    ['voxel: "0 µm"', 'analyse.voxel'],
    ['segment: false', 'analyse'],
  ])('is refused with %s', (setting, key) => {
    const problems = problemsOf(plate({ analyse: `, analyse: { ${setting} }` }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^steps\\[0\\]\\.during\\[0\\]\\.${key}: `));
  });

  it('is refused where one scan is taken at several energies', () => {
    const steps = plate({ more: ', energies: [7112 eV, 7120 eV]', analyse: ', analyse: {}' });
    expect(problemsOf(steps).join()).toContain('several photon energies');
  });

  it('refuses a threshold that nobody can turn into grey values', () => {
    const steps = plate({ analyse: ', analyse: { threshold: "5 1/cm" }' });
    expect(problemsOf(steps, rig({ rows: 64, columns: 64 })).join()).toContain(
      'does not know its pixels',
    );
  });
});

describe('a condition on a number from volumes', () => {
  it('names itself and what is missing where no scan is taken', () => {
    const steps = `
  - name: rest
    technique: openCircuit
    until: { any: [{ time: "1 h" }${WAITS_FOR('void-fraction > 1 %')}] }${plate()}`;
    expect(problemsOf(steps)).toEqual([
      `${PATH}: "void-fraction" comes from the volumes of scans, and none is taken here: add { technique: scan, … } to during`,
    ]);
  });

  it.each([
    ['lithium-volume > 1e8 µm³', '{ face: bottom }', 'its analyse has no compareWith'],
    ['volume-change > 1e8 µm³', '{}', 'its analyse has no compareWith'],
    ['void-fraction > 1 %', '{ segment: false, compareWith: first }', 'says segment: false'],
    ['void-fraction > 1 %', '{ electrode: bright }', 'where the electrode is dark only'],
    ['largest-void > 100 µm³', '{ electrode: bright }', 'where the electrode is dark only'],
    ['protrusion-length > 50 µm', '{}', 'add analyse: { face: top }'],
  ])('on %s names the scan that does not give it: analyse %s', (text, settings, reason) => {
    const steps = plate({ until: WAITS_FOR(text), analyse: `, analyse: ${settings}` });
    const [name] = text.split(' ');
    const [problem = '', ...others] = problemsOf(steps);
    expect(others).toEqual([]);
    expect(problem).toContain(
      `${PATH}: "${name}" comes from the volumes of scans, and the one at steps[0].during[0] does not give it: `,
    );
    expect(problem).toContain(reason);
  });

  it('needs a scanner that knows its pixels, or a recipe that does', () => {
    const until = WAITS_FOR('lithium-volume > 1e8 µm³');
    const blind = rig({ rows: 64, columns: 64 });
    expect(problemsOf(plate({ until }), blind).join()).toContain('does not know its pixels');
    const analyse = ', analyse: { compareWith: first, voxel: "2 µm" }';
    expect(problemsOf(plate({ until, analyse }), blind)).toEqual([]);
  });

  it('needs a detector that shows phases', () => {
    const small = rig({ rows: 2, columns: 16, voxel: VOXEL });
    expect(problemsOf(plate({ until: WAITS_FOR('void-fraction > 1 %') }), small).join()).toContain(
      'its detector has 2 × 16 pixels; expected at least 16 each way',
    );
    expect(problemsOf(plate({ analyse: ', analyse: {}' }), small)).toEqual([]);
  });

  it('of a loop is fed by the scans of its passes', () => {
    const loop = (inner: string) => `
  - name: passes
    technique: loop
    repeat: 3
    until: { any: [{ derived: "void-fraction > 1 %" }] }
    steps:${inner.replaceAll('\n', '\n    ')}`;
    expect(problemsOf(loop(plate()))).toEqual([]);
    const rest = '\n  - { name: rest, technique: openCircuit, until: { any: [{ time: "1 h" }] } }';
    expect(problemsOf(loop(rest) + plate()).join()).toContain(
      'steps[0].until.any[0].derived: "void-fraction" comes from the volumes of scans, and none is taken here',
    );
  });
});
