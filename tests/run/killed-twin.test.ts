import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { bodiesOf, type ResumedRun, runThroughKills } from '../support/killed-run.ts';
import { recipeOf, type Scripts } from '../support/scripted-run.ts';

const SEED = 5;
const KILLS_OF_EACH = 24;
/** One commit interval, one sample and the turn of the instruments at 1 mA. */
const UNKNOWN_COULOMB = 4e-3;

const SAFETY = `
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }`;
const REST = `resume: { policy: resume, maxGap: "1 h" }
suspend: [{ channel: applied_pressure_pa, floor: 4.0e+6, margin: 1.0e+5, settle: "20 s", atMost: "20 min" }]`;

const EVERYTHING = recipeOf(
  `
  - { name: warm, technique: soak, temperature: "25 °C", dwell: "60 s", within: "20 min" }
  - name: cycle
    technique: loop
    repeat: 2
    steps:
      - name: plate
        technique: constantCurrent
        current: "1 mA"
        record: { every: "2 s" }
        until: { any: [{ charge: "100 µAh", as: full }, { time: "20 min" }] }
        during:
          - { technique: impedance, mode: galvanostatic, from: "1 kHz", to: "1 Hz", pointsPerDecade: 3, amplitude: "20 µA", every: "3 min" }
          - { technique: scan, views: 6, span: "180°", duration: "60 s", every: "4 min", on: [stepEnd] }
      - name: how
        technique: branch
        on: plate
        cases:
          full:
            - { name: rest, technique: openCircuit, record: { every: "2 s" }, until: { any: [{ time: "90 s" }] } }
      - { name: strip, technique: constantCurrent, current: "-1 mA", record: { every: "2 s" }, until: { any: [{ voltage: "< -0.2 V", for: "90 s" }, { time: "10 min" }] } }
  - { name: look, technique: impedance, from: "1 kHz", to: "1 Hz", pointsPerDecade: 3, amplitude: "10 mV" }
  - { name: titrate, technique: gitt, current: "1 mA", pulse: "60 s", rest: "100 s", record: { every: "10 s" }, pulsesMax: 2, until: { any: [{ voltage: "> 1.5 V" }] } }
  - { name: ct, technique: scan, views: 6, span: "180°", duration: "60 s" }
  - { name: count, technique: spectrum, regions: [edxrd, "S 2p"], duration: "40 s" }`,
  SAFETY,
  REST,
);
/** The beam is off once: the pressure stands for it. */
const SCRIPTS: Scripts = {
  spectrometer: {},
  pressure: (now) => (now >= 300 && now < 340 ? 3e6 : 5e6),
};

const steps = (run: ResumedRun): string[] =>
  bodiesOf(run, 'step').map(({ stepId, state, endedBy }) => `${stepId} ${state} ${endedBy}`);
const whole = (run: ResumedRun) => ({
  spectra: bodiesOf(run, 'spectrum').filter(({ complete }) => complete).length,
  scans: bodiesOf(run, 'scan').filter(({ complete }) => complete).length,
  regions: bodiesOf(run, 'detectorSpectrum').map(({ spectrum }) => spectrum.region),
});

function expectTwin(cut: ResumedRun, twin: ResumedRun, kills: number): void {
  expect(cut.status).toBe('done');
  expect(steps(cut)).toEqual(steps(twin));
  expect(whole(cut)).toEqual(whole(twin));
  for (const [at, { chargeCoulomb, stepId }] of bodiesOf(twin, 'step').entries()) {
    const off = Math.abs((bodiesOf(cut, 'step')[at]?.chargeCoulomb ?? Number.NaN) - chargeCoulomb);
    expect(off, `charge at ${stepId}`).toBeLessThanOrEqual(UNKNOWN_COULOMB * kills);
  }
  for (const ids of [
    bodiesOf(cut, 'spectrum').map(({ spectrumId }) => spectrumId),
    bodiesOf(cut, 'scan').map(({ scanId }) => scanId),
  ]) {
    expect(new Set(ids).size).toBe(ids.length);
  }
  const points = bodiesOf(cut, 'spectrumPoint');
  for (const { spectrumId, pointCount } of bodiesOf(cut, 'spectrum')) {
    expect(points.filter((point) => point.spectrumId === spectrumId)).toHaveLength(pointCount);
  }
}

describe(`a run with everything in it, killed at random moments (seed ${SEED})`, () => {
  it('is, when resumed, as one that was never killed', async () => {
    const twin = await runThroughKills(EVERYTHING, SCRIPTS, { afterSecond: [] });
    expect(twin.status).toBe('done');
    expect(whole(twin)).toEqual({ spectra: 5, scans: 7, regions: ['edxrd', 'S 2p'] });
    const lastSecond = twin.run.clock.nowSecond();
    const random = new Random(SEED);
    for (let trial = 0; trial < KILLS_OF_EACH; trial += 1) {
      const second = lastSecond * random.uniform();
      const cut = await runThroughKills(EVERYTHING, SCRIPTS, { afterSecond: [second] });
      try {
        expectTwin(cut, twin, 1);
      } catch (error) {
        throw new Error(`killed at ${second} s: ${String(error)}`, { cause: error });
      }
    }
  });

  it('is so also when it is killed again while it is taken up, and again', async () => {
    const twin = await runThroughKills(EVERYTHING, SCRIPTS, { afterSecond: [] });
    const lastSecond = twin.run.clock.nowSecond();
    const random = new Random(SEED + 1);
    for (let trial = 0; trial < KILLS_OF_EACH; trial += 1) {
      const afterSecond = [lastSecond, 2, 20, 300].map((most) => most * random.uniform());
      const cut = await runThroughKills(EVERYTHING, SCRIPTS, { afterSecond });
      try {
        expectTwin(cut, twin, 4);
      } catch (error) {
        throw new Error(`killed after ${afterSecond} s: ${String(error)}`, { cause: error });
      }
    }
  });
});
