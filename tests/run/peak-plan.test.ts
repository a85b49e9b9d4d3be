import { describe, expect, it } from 'vitest';
import { DerivedService } from '../../src/analysis/derived-service.ts';
import type { DetectorSpectrum } from '../../src/domain/detector-spectrum.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Instruments, Spectrometer } from '../../src/domain/instrument.ts';
import { planRun } from '../../src/run/planner.ts';
import { countedSpectrum, DIFFRACTION_AXIS } from '../analysis/counted-spectrum.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import {
  eventsOf,
  recipeOf,
  scriptedCell,
  scriptedRig,
  scriptedRun,
  stepsOf,
} from '../support/scripted-run.ts';

const PEAK = 'name: inli-422, from: "62.8 keV", to: "65.6 keV", twoTheta: "8°"';

function spectrum(peaks: string, regions = '[edxrd]'): string {
  return `
  - name: pattern
    technique: spectrum
    regions: ${regions}
    duration: "90 s"
    peaks: [${peaks}]`;
}

function rest(condition: string, during = ''): string {
  return `
  - name: rest
    technique: openCircuit
    until: { any: [{ time: "10 h" }, { derived: "${condition}" }] }${during}`;
}

const SPECTROMETER: Spectrometer = {
  info: { id: 'edx', model: 'Ring Counter', provenance: 'simulated' },
  regions: ['edxrd', 'S 2p', 'angles'],
  axisOf: (region) =>
    region === 'angles' ? { ...DIFFRACTION_AXIS, unit: '°' } : { ...DIFFRACTION_AXIS },
  connect: async () => {},
  measure: () => countedSpectrum({ seed: 1, lines: [] }),
  stop: async () => {},
  disconnect: async () => {},
};

function rig(spectrometer = SPECTROMETER): Instruments {
  return { ...scriptedRig().instruments, spectrometer };
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

describe('peaks of a plan', () => {
  it('are definite, in their region, in J and rad', () => {
    const [step] = planRun(recipeOf(spectrum(`{ ${PEAK} }`)), scriptedCell, rig()).steps;
    if (step?.kind !== 'spectrum') throw new Error('expected a spectrum');
    const [peak] = step.peaks;
    expect(peak).toMatchObject({ name: 'inli-422', region: 'edxrd', shape: 'pseudoVoigt' });
    expect((peak?.from ?? 0) / 1.602_176_634e-16).toBeCloseTo(62.8, 9);
    expect(peak?.twoTheta).toBeCloseTo((8 * Math.PI) / 180, 12);
  });

  it('may be ended on, by name or as the only one, in steps and loops', () => {
    const named = `{ ${PEAK} }`;
    expect(problemsOf(spectrum(named) + rest('peak-position.inli-422 < 64 keV'))).toEqual([]);
    expect(problemsOf(spectrum(named) + rest('peak-spacing.inli-422 > 1.39 Å'))).toEqual([]);
    expect(problemsOf(spectrum(named) + rest('peak-area.inli-422 > 20 counts/s'))).toEqual([]);
    const unnamed = '{ from: "62.8 keV", to: "65.6 keV" }';
    expect(problemsOf(spectrum(unnamed) + rest('peak-position < 64 keV'))).toEqual([]);
    const during = `
    during: [{ technique: spectrum, regions: [edxrd], duration: "90 s", every: "15 min", peaks: [${named}] }]`;
    expect(problemsOf(rest('peak-width.inli-422 > 400 eV', during))).toEqual([]);
  });

  it('nobody knows the axis of beforehand are taken as they are', () => {
    const { axisOf: _, ...unknown } = SPECTROMETER;
    const peak = '{ name: far, from: "1 keV", to: "2 keV" }';
    expect(problemsOf(spectrum(peak), rig(unknown))).toEqual([]);
  });

  it.each([
    [
      'that nothing gives, though the spectra have others',
      spectrum(`{ ${PEAK} }`) + rest('peak-position.in-202 < 64 keV'),
      'steps[1].until.any[1].derived: no spectrum gives "peak-position.in-202": the spectra of the recipe give peak-position.inli-422',
    ],
    [
      'that is not named where the peak is',
      spectrum(`{ ${PEAK} }`) + rest('peak-position < 64 keV'),
      'steps[1].until.any[1].derived: no spectrum gives "peak-position": the spectra',
    ],
    [
      'without any spectrum',
      rest('peak-area.x > 3 1/s'),
      'steps[0].until.any[1].derived: no spectrum gives "peak-area.x": no spectrum of the recipe has peaks',
    ],
    [
      'whose spacing is asked for without an angle',
      spectrum('{ name: a, from: "62 keV", to: "65 keV" }') + rest('peak-spacing.a > 1 Å'),
      'steps[1].until.any[1].derived: "peak-spacing.a" needs twoTheta',
    ],
    [
      'with a window that is off the axis',
      spectrum('{ name: a, from: "56 keV", to: "65 keV" }'),
      'steps[0].peaks[0].from: the window 56 keV to 65 keV is not inside region edxrd of Ring Counter, 58 to 72 keV',
    ],
    [
      'with a window that ends beyond the axis',
      spectrum('{ name: a, from: "66 keV", to: "72.5 keV" }'),
      'steps[0].peaks[0].to: the window 66 keV to 72.5 keV is not inside region edxrd of Ring Counter, 58 to 72 keV',
    ],
    [
      'with a window of a few channels',
      spectrum('{ name: a, from: "66 keV", to: "66.2 keV" }'),
      'steps[0].peaks[0].to: the window 66 keV to 66.2 keV has 9 channels of region edxrd',
    ],
    [
      'with a window turned round',
      spectrum('{ name: a, from: "66 keV", to: "62 keV" }'),
      'steps[0].peaks[0].to: the window must end above where it begins',
    ],
    [
      'in a region the spectrum does not count',
      spectrum(`{ ${PEAK}, region: "S 2p" }`),
      'steps[0].peaks[0].region: the spectrum has no region "S 2p": expected one of edxrd',
    ],
    [
      'in one of several regions without saying which',
      spectrum(`{ ${PEAK} }`, '[edxrd, "S 2p"]'),
      'steps[0].peaks[0].region: is missing: the spectrum has several regions',
    ],
    [
      'on an axis that is no energy',
      spectrum(`{ ${PEAK} }`, '[angles]'),
      'steps[0].peaks[0].region: the axis of angles is in °: expected one in eV or keV',
    ],
    [
      'of the same name twice in one spectrum',
      spectrum(`{ ${PEAK} }, { ${PEAK} }`),
      'steps[0].peaks[1].name: peaks[0] gives "peak-position.inli-422" already',
    ],
    [
      'with a line beside it that is outside the window',
      spectrum(`{ ${PEAK}, beside: ["67 keV"] }`),
      'steps[0].peaks[0].beside[0]: 67 keV is not inside the window of the peak',
    ],
    [
      'with an angle that diffracts nothing',
      spectrum(`{ ${PEAK.replace('8°', '180°')} }`),
      'steps[0].peaks[0].twoTheta: the angle must lie between 0° and 180°',
    ],
  ])('are refused: one %s', (_, steps, expected) => {
    expect(problemsOf(steps).join('\n')).toContain(expected);
  });
});

describe('a step that ends on a peak', () => {
  const during = `
    during: [{ technique: spectrum, regions: [edxrd], duration: "90 s", every: "15 min", peaks: [{ ${PEAK} }] }]`;
  const patternAt = async (position: number) =>
    countedSpectrum({ seed: 7, lines: [{ position, width: 0.35, area: 400 }] });

  async function runWith(condition: string, counted: (second: number) => DetectorSpectrum) {
    const run = scriptedRun(recipeOf(rest(condition, during)), { spectrometer: { counted } });
    const service = new DerivedService({ bus: run.bus, convention: 'dischargeOverCharge' });
    await service.start();
    await advanceUntil(run.clock, run.runner.run());
    return run;
  }

  it('ends with the first spectrum that shows it', async () => {
    const [strained, relaxed] = [await patternAt(64.212), await patternAt(63.614)];
    const condition = 'peak-spacing.inli-422 > 1.39 Å';
    const run = await runWith(condition, (second) => (second < 5000 ? strained : relaxed));
    expect(stepsOf(run)).toEqual(['rest started', 'rest derived: peak-spacing.inli-422 > 1.39 Å']);
    // Taken at 0, 900 … 5400 s and done 90 s later.
    const spacings = run.writer
      .of('derived')
      .filter(({ value }) => value.name === 'peak-spacing.inli-422')
      .map(({ value }) => value.value * 1e10);
    expect(spacings).toHaveLength(7);
    for (const spacing of spacings.slice(0, 6)) expect(spacing).toBeCloseTo(1.384, 3);
    expect(spacings.at(-1)).toBeCloseTo(1.397, 3);
  });

  it('does not end on a peak that is not there, and is told so once', async () => {
    const nothing = await countedSpectrum({ seed: 7, lines: [] });
    const run = await runWith('peak-position.inli-422 > 1 keV', () => nothing);
    expect(stepsOf(run)).toEqual(['rest started', 'rest time: 10 h']);
    const names = new Set(run.writer.of('derived').map(({ value }) => value.name));
    expect([...names]).toEqual(['peak-area.inli-422']);
    expect(eventsOf(run, 'analysisFault').map(({ message }) => message)).toEqual([
      'Analysis of detector-001: peak-position.inli-422 is not determined: no peak rises above the noise.',
    ]);
  });

  it('names the spectrum each value was found from, with its error', async () => {
    const pattern = await patternAt(64.212);
    const run = await runWith('peak-position.inli-422 > 1 keV', () => pattern);
    const [spectrum] = run.writer.of('detectorSpectrum');
    const values = run.writer.of('derived').map(({ value }) => value);
    expect(values.map(({ name }) => name)).toEqual([
      'peak-position.inli-422',
      'peak-area.inli-422',
      'peak-width.inli-422',
      'peak-spacing.inli-422',
    ]);
    for (const { source } of values) expect(source).toBe(spectrum?.spectrumId);
    const [position, area, width, spacing] = values;
    const keV = 1.602_176_634e-16;
    expect((position?.value ?? 0) / keV).toBeCloseTo(64.212, 2);
    expect((position?.standardError ?? 0) / keV).toBeLessThan(0.002);
    expect(area?.value).toBeCloseTo(400, -2);
    expect((width?.value ?? 0) / keV).toBeCloseTo(0.35, 1);
    expect((spacing?.standardError ?? 0) / (spacing?.value ?? 1)).toBeCloseTo(
      (position?.standardError ?? 0) / (position?.value ?? 1),
      12,
    );
  });
});

describe('shares of phases in a plan', () => {
  const edge = (
    absorption: string,
    energies = '["7092 eV", "7110 eV", "7118 eV", "7128 eV", "7162 eV"]',
  ) => `
  - name: set
    technique: scan
    views: 9
    span: "180°"
    duration: "10 s"
    energies: ${energies}
    absorption: { standards: { ${absorption} } }`;
  const BOTH = 'FeS2: [0, 0.1, 0.9, 1, 1], Fe: [0, 0.3, 0.9, 1, 1]';

  it('give each scan its place and the standards at its energy', () => {
    const [step] = planRun(recipeOf(edge(BOTH)), scriptedCell, rig()).steps;
    if (step?.kind !== 'scan') throw new Error('expected a scan');
    expect(step.absorption).toHaveLength(5);
    expect(step.absorption?.[1]).toEqual({ at: 1, count: 5, standards: { FeS2: 0.1, Fe: 0.3 } });
    expect(problemsOf(edge(BOTH) + rest('phase-share.Fe > 50 %'))).toEqual([]);
  });

  it.each([
    [
      'too few energies',
      edge('FeS2: [0, 1], Fe: [0, 1]', '["7092 eV", "7162 eV"]'),
      'steps[0].energies: 2 cannot tell 2 standards and a background apart: expected 5 or more',
    ],
    [
      'a standard that lacks an energy',
      edge('FeS2: [0, 0.1, 0.9, 1], Fe: [0, 0.3, 0.9, 1, 1]'),
      'steps[0].absorption.standards.FeS2: has 4 values for 5 energies: expected one for each',
    ],
    [
      'a phase that no scan knows',
      edge(BOTH) + rest('phase-share.Ni > 50 %'),
      'no scan gives "phase-share.Ni": the scans of the recipe give phase-share.FeS2, phase-share.Fe',
    ],
    [
      'a share without any standards',
      rest('phase-share.Fe > 50 %'),
      'no scan gives "phase-share.Fe": no scan of the recipe has absorption',
    ],
  ])('are refused: %s', (_, steps, expected) => {
    expect(problemsOf(steps).join('\n')).toContain(expected);
  });
});
