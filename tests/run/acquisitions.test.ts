import { describe, expect, it } from 'vitest';
import { AcquisitionSchedule } from '../../src/run/acquisition-schedule.ts';
import type { PlannedAcquisition } from '../../src/run/plan.ts';
import type { StepFacts } from '../../src/run/step-facts.ts';
import { VoltagePeak } from '../../src/run/voltage-peak.ts';
import { engineState } from '../support/engine-state.ts';
import { eventsOf, recipeOf, runToEnd, type ScriptedRun } from '../support/scripted-run.ts';
import { seededNoise } from '../support/seeded-noise.ts';

const SAFETY = `
  voltage: { min: "-2 V", max: "4 V" }
  current: { max: "5 mA" }`;
const NOTHING = { elapsedSecond: 0, chargeCoulomb: 0 };

function facts(change: Partial<StepFacts>): StepFacts {
  return {
    elapsedSecond: 0,
    voltage: undefined,
    current: undefined,
    temperature: undefined,
    pressure: undefined,
    voltageRate: undefined,
    chargeCoulomb: 0,
    derived: new Map(),
    events: new Set(),
    ...change,
  };
}
const at = (elapsedSecond: number) => facts({ elapsedSecond });
const passed = (chargeCoulomb: number) => facts({ chargeCoulomb });
const volt = (value: number) => facts({ voltage: { value, quality: 'good' } });

function acquisition(change: Partial<PlannedAcquisition>): PlannedAcquisition {
  return {
    what: { kind: 'scan', views: 2, spanRadian: 1, durationSecond: 1, energiesJoule: [] },
    every: undefined,
    on: [],
    faster: undefined,
    ...change,
  };
}

describe('the schedule of an acquisition', () => {
  it('on a grid of times is due at the start, then at each place of the grid', () => {
    const every = { kind: 'time', second: 30 } as const;
    const schedule = new AcquisitionSchedule(acquisition({ every }), NOTHING);
    expect(schedule.isDue(at(0))).toBe(true);
    expect(schedule.done(at(0))).toBe(0);
    expect(schedule.isDue(at(29.9))).toBe(false);
    expect(schedule.nextSecond()).toBe(30);
    expect(schedule.isDue(at(30))).toBe(true);
  });

  it('counts what a long one or a late timer leaves out, and keeps its grid', () => {
    const every = { kind: 'time', second: 30 } as const;
    const schedule = new AcquisitionSchedule(acquisition({ every }), NOTHING);
    expect(schedule.done(at(0), at(30))).toBe(0);
    expect(schedule.done(at(30), at(95))).toBe(2);
    expect(schedule.nextSecond()).toBe(120);
    // The timer of 120 s fires at 185 s: one is taken, that of 150 s and of 180 s are not.
    expect(schedule.done(at(185))).toBe(2);
    expect(schedule.nextSecond()).toBe(210);
  });

  it('on a grid of charges does not drift, whatever the sign', () => {
    const every = { kind: 'charge', coulomb: 2 } as const;
    const schedule = new AcquisitionSchedule(acquisition({ every }), NOTHING);
    expect(schedule.done(passed(0))).toBe(0);
    expect(schedule.isDue(passed(-1.99))).toBe(false);
    expect(schedule.isDue(passed(-2.1))).toBe(true);
    expect(schedule.done(passed(-2.1))).toBe(0);
    expect(schedule.isDue(passed(-3.99))).toBe(false);
    expect(schedule.isDue(passed(-4))).toBe(true);
    expect(schedule.done(passed(-9))).toBe(2);
    expect(schedule.nextSecond()).toBeUndefined();
  });

  it('on voltage steps counts from where the last one was taken', () => {
    const every = { kind: 'voltage', volt: 0.1 } as const;
    const schedule = new AcquisitionSchedule(acquisition({ every }), NOTHING);
    expect(schedule.isDue(at(0))).toBe(true);
    schedule.done(volt(3));
    expect(schedule.isDue(volt(3.0999))).toBe(false);
    expect(schedule.isDue(volt(2.9))).toBe(true);
    expect(schedule.isDue(volt(3.11))).toBe(true);
    schedule.done(volt(3.15));
    expect(schedule.isDue(volt(3.2))).toBe(false);
    const late = facts({ voltage: { value: 9, quality: 'late' } });
    expect(schedule.isDue(late)).toBe(false);
  });

  it('of a resumed step does not take again what was due before', () => {
    const time = { kind: 'time', second: 30 } as const;
    const carried = { elapsedSecond: 70, chargeCoulomb: 5 };
    const byTime = new AcquisitionSchedule(acquisition({ every: time }), carried);
    expect(byTime.isDue(at(89))).toBe(false);
    expect(byTime.nextSecond()).toBe(90);
    const charge = { kind: 'charge', coulomb: 2 } as const;
    const byCharge = new AcquisitionSchedule(acquisition({ every: charge }), carried);
    expect(byCharge.isDue(passed(5.9))).toBe(false);
    expect(byCharge.isDue(passed(6))).toBe(true);
    const away = { kind: 'voltage', volt: 0.1 } as const;
    const byVolt = new AcquisitionSchedule(acquisition({ every: away }), carried);
    expect(byVolt.isDue(volt(3))).toBe(false);
    expect(byVolt.isDue(volt(3.1))).toBe(true);
  });

  it('comes faster only while its condition holds', () => {
    const schedule = new AcquisitionSchedule(
      acquisition({
        every: { kind: 'time', second: 100 },
        faster: { everySecond: 10, while: { voltage: { above: true, value: 1 } } },
      }),
      NOTHING,
    );
    const now = (elapsedSecond: number, value: number) =>
      facts({ elapsedSecond, voltage: { value, quality: 'good' } });
    schedule.done(now(0, 0.5));
    expect(schedule.isDue(now(50, 0.5))).toBe(false);
    expect(schedule.isDue(now(51, 1.5))).toBe(true);
    schedule.done(now(51, 1.5));
    expect(schedule.isDue(now(60, 1.5))).toBe(false);
    expect(schedule.nextSecond()).toBe(61);
    expect(schedule.isDue(now(61, 1.5))).toBe(true);
    expect(schedule.isDue(now(61, 0.5))).toBe(false);
    expect(schedule.isDue(now(100, 0.5))).toBe(true);
  });

  it('without a grid is due only when an event wants it, and once for it', () => {
    const schedule = new AcquisitionSchedule(acquisition({ on: ['voltagePeak'] }), NOTHING);
    expect(schedule.isDue(at(1e6))).toBe(false);
    expect(schedule.answers('voltagePeak')).toBe(true);
    expect(schedule.answers('short')).toBe(false);
    schedule.want();
    expect(schedule.isDue(at(5))).toBe(true);
    schedule.done(at(5));
    expect(schedule.isDue(at(6))).toBe(false);
  });
});

describe('a peak of the voltage', () => {
  const peaksOf = (volts: readonly number[]) => {
    const peak = new VoltagePeak();
    return volts.flatMap((one, index) => (peak.look(one) ? [index] : []));
  };
  const line = (count: number, of: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => of(index));

  it('is told once, soon after the voltage has turned', () => {
    const found = peaksOf(line(200, (index) => 0.2 - 1e-5 * (index - 100) ** 2));
    expect(found).toHaveLength(1);
    expect(found[0]).toBeGreaterThan(100);
    expect(found[0]).toBeLessThan(135);
  });

  it('is every turn of a wave, high and low', () => {
    const found = peaksOf(line(400, (index) => 0.1 * Math.sin((2 * Math.PI * index) / 100)));
    expect(found).toHaveLength(8);
  });

  it('is not in a line, a step, an exponential or a flat voltage', () => {
    expect(peaksOf(line(300, (index) => 1e-3 * index))).toEqual([]);
    expect(peaksOf(line(300, (index) => (index < 100 ? 1 : 2)))).toEqual([]);
    expect(peaksOf(line(300, (index) => 1 - Math.exp(-index / 30)))).toEqual([]);
    expect(peaksOf(line(300, () => 0.3))).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])('is not in noise around a trend, seed %i', (seed) => {
    const noise = seededNoise(seed);
    expect(peaksOf(line(5000, (index) => 1e-6 * index + 2e-3 * noise()))).toEqual([]);
  });

  it('is not in a single glitch', () => {
    expect(peaksOf(line(300, (index) => 1e-3 * index + (index === 150 ? -0.2 : 0)))).toEqual([]);
  });

  it.each([
    1, 2, 3, 4, 5,
  ])('is found in noise when it is larger than the noise, seed %i', (seed) => {
    const noise = seededNoise(seed);
    const found = peaksOf(line(400, (index) => 0.3 - 5e-6 * (index - 200) ** 2 + 1e-3 * noise()));
    expect(found).toHaveLength(1);
    expect(Math.abs((found[0] ?? 0) - 200)).toBeLessThan(80);
  });

  it('is forgotten when the current is switched', () => {
    const peak = new VoltagePeak();
    const rising = line(20, (index) => index * 0.01);
    for (const one of rising) peak.look(one);
    peak.forget();
    expect(rising.map((one) => peak.look(0.2 - one))).not.toContain(true);
  });
});

const STEP = `
  - name: plate
    technique: constantCurrent
    current: "1 mA"
    record: { every: "1 s" }
    until: { any: [{ time: "600 s" }] }
    during:
`;
const SCAN = 'technique: scan, views: 4, span: "180°", duration: "20 s"';
const SWEEP =
  'technique: impedance, mode: galvanostatic, from: "1 kHz", to: "1 Hz", pointsPerDecade: 1, amplitude: "20 µA"';
const startsOf = (records: readonly { startSecond: number }[]) =>
  records.map(({ startSecond }) => Math.round(startSecond * 1e3) / 1e3);

describe('measurements beside a step', () => {
  it('come after each charge and each voltage step', async () => {
    const steps = `${STEP}
      - { ${SCAN}, every: "0.2 C" }
      - { ${SWEEP}, every: "100 mV" }`;
    const run = await runToEnd(recipeOf(steps, SAFETY), {
      potentiostat: { resistanceOhm: (now) => 300 + now / 2 },
    });
    expect(startsOf(run.writer.of('scan'))).toEqual([0, 200, 400]);
    // 1 mA × 0.5 Ω/s: 100 mV take 200 s, and each is counted from the reading after the last.
    const [first, second, third] = startsOf(run.writer.of('spectrum'));
    expect(first).toBe(0);
    expect(second).toBeGreaterThan(200);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(199);
  });

  it('of the same kind take their turn, and each is taken', async () => {
    const steps = `${STEP}
      - { ${SWEEP}, every: "100 s" }
      - { ${SWEEP.replace('1 kHz', '100 Hz')}, every: "150 s" }`;
    const run = await runToEnd(recipeOf(steps, SAFETY));
    const spectra = run.writer.of('spectrum').map((one) => [one.startSecond, one.pointCount]);
    expect(spectra).toEqual([
      [0, 4],
      [8, 3],
      [100, 4],
      [150, 3],
      [200, 4],
      [300, 4],
      [308, 3],
      [400, 4],
      [450, 3],
      [500, 4],
    ]);
    expect(run.writer.of('step').at(-1)?.chargeCoulomb).toBeCloseTo(0.6, 9);
  });

  // The voltage turns at 300 s, and that is certain some 20 s later.
  const turning = { resistanceOhm: (now: number) => 500 - ((now - 300) / 20) ** 2 };
  const peaked = (scan: string, sweep: string, exclusive: string) =>
    recipeOf(
      `${STEP}\n      - { ${SCAN}, ${scan} }\n      - { ${SWEEP}, ${sweep} }`,
      SAFETY,
      exclusive,
    );
  const overlapSecond = ({ writer }: Pick<ScriptedRun, 'writer'>) =>
    writer.of('scan').reduce(
      (sum, scan) =>
        writer.of('spectrum').reduce((inner, sweep) => {
          const until = Math.min(scan.stopSecond, sweep.stopSecond);
          return inner + Math.max(0, until - Math.max(scan.startSecond, sweep.startSecond));
        }, sum),
      0,
    );

  it('that exclude each other wait for each other, and both are taken', async () => {
    const exclusive = 'exclusive: [[scan, impedance]]';
    const slow = {
      scanner: { secondsPerView: 15 },
      potentiostat: { ...turning, secondsPerPoint: 10 },
    };
    // A scan goes on from 300 s to 360 s when the voltage peaks; or it is due at 340 s, while the
    // sweep that answers the peak is taken.
    const cases = [
      ['every: "100 s"', 'spectrum', 360, 361],
      ['every: "170 s"', 'scan', 350, 370],
    ] as const;
    for (const [every, waiting, fromSecond, toSecond] of cases) {
      const beside = await runToEnd(peaked(every, 'on: [voltagePeak]', ''), slow);
      expect(overlapSecond(beside)).toBeGreaterThan(0);
      const apart = await runToEnd(peaked(every, 'on: [voltagePeak]', exclusive), slow);
      expect(apart.outcome.status).toBe('done');
      expect(overlapSecond(apart)).toBe(0);
      const started = startsOf(apart.writer.of(waiting)).find((start) => start > 310);
      expect(started).toBeGreaterThanOrEqual(fromSecond);
      expect(started).toBeLessThanOrEqual(toSecond);
      expect(eventsOf(apart, 'dropped')).toEqual([]);
    }
  });

  it('that exclude the current are taken when it is off', async () => {
    const steps = `${STEP}      - { ${SCAN}, on: [voltagePeak] }`;
    const run = await runToEnd(recipeOf(steps, SAFETY, 'exclusive: [[scan, current]]'), {
      potentiostat: turning,
    });
    expect(startsOf(run.writer.of('scan'))).toEqual([600]);
  });

  it('answer a peak of the voltage in the midst of the step', async () => {
    const steps = `${STEP}
      - { ${SCAN}, on: [voltagePeak] }`;
    const run = await runToEnd(recipeOf(steps, SAFETY), {
      potentiostat: { resistanceOhm: (now) => 500 - ((now - 300) / 20) ** 2 },
    });
    const [start, ...others] = startsOf(run.writer.of('scan'));
    expect(others).toEqual([]);
    expect(start).toBeGreaterThan(300);
    expect(start).toBeLessThan(340);
  });

  it('answer a soft short while the step goes on', async () => {
    const steps = `${STEP}      - { ${SCAN}, on: [softShort] }`;
    // Contacts that come and heal: dips of two seconds, each to half of the voltage.
    const dips = [300, 320, 340, 360];
    const run = await runToEnd(recipeOf(steps, SAFETY), {
      potentiostat: {
        resistanceOhm: (now) => (dips.some((dip) => now >= dip && now < dip + 2) ? 170 : 300),
      },
    });
    const soft = eventsOf(run, 'softShort');
    expect(soft.length).toBeGreaterThan(0);
    expect(startsOf(run.writer.of('scan'))[0]).toBe(soft[0]?.timeSecond);
    expect(run.writer.of('step').at(-1)?.endedBy).toBe('time: 10 min');
  });

  it('answer the soft short that ends the step once each, the sweep without current', async () => {
    const steps = `${STEP.replace('{ time: "600 s" }', '{ event: softShort }, { time: "600 s" }')}
      - { ${SCAN}, on: [softShort] }
      - { ${SWEEP}, on: [softShort] }`;
    const dips = [300, 320, 340, 360];
    const run = await runToEnd(recipeOf(steps, SAFETY), {
      potentiostat: {
        resistanceOhm: (now) => (dips.some((dip) => now >= dip && now < dip + 2) ? 170 : 300),
      },
    });
    expect(run.outcome.status).toBe('done');
    expect(run.writer.of('step').at(-1)?.endedBy).toBe('event: softShort');
    expect(run.writer.of('scan')).toHaveLength(1);
    const [sweep, ...others] = run.writer.of('spectrum');
    expect(others).toEqual([]);
    expect(sweep?.startChargeCoulomb).toBe(sweep?.stopChargeCoulomb);
  });

  it('of a step that is taken up again keep its grid, and its time and charge go on', async () => {
    const steps = `${STEP}      - { ${SCAN}, every: "200 s" }`;
    const run = await runToEnd(recipeOf(steps, SAFETY), {
      resumeFrom: engineState({
        isInStep: true,
        stepElapsedSecond: 250,
        stepChargeCoulomb: 0.25,
        chargeCoulomb: 0.25,
        idCounts: { scan: 2 },
      }),
    });
    const scans = run.writer.of('scan').map(({ scanId, startSecond }) => [scanId, startSecond]);
    expect(scans).toEqual([['scan-003', 150]]);
    const ended = run.writer.of('step').at(-1);
    expect(ended?.timeSecond).toBe(350);
    expect(ended?.chargeCoulomb).toBeCloseTo(0.6, 9);
  });

  it('that nobody can take in time are counted once more at the end of the run', async () => {
    const steps = `${STEP}
      - { ${SCAN}, every: "50 s" }`;
    const run = await runToEnd(recipeOf(steps, SAFETY), { scanner: { secondsPerView: 15 } });
    expect(startsOf(run.writer.of('scan'))).toEqual([0, 100, 200, 300, 400, 500]);
    const dropped = eventsOf(run, 'dropped').map(({ details }) => details.count);
    expect(dropped).toEqual([1, 1, 1, 1, 1, 1]);
    const [total] = eventsOf(run, 'note').filter(({ severity }) => severity === 'warning');
    expect(total?.message).toBe('Left out of this run: 6 scan.');
  });

  it('count detector spectra of every region with their own times and charges', async () => {
    const steps = `${STEP}
      - { technique: spectrum, regions: [edxrd, "S 2p"], duration: "30 s", every: "5 min" }`;
    const run = await runToEnd(recipeOf(steps, SAFETY), { spectrometer: {} });
    const spectra = run.writer.of('detectorSpectrum');
    expect(spectra.map((one) => [one.spectrum.region, one.startSecond, one.stopSecond])).toEqual([
      ['edxrd', 0, 30],
      ['S 2p', 30, 60],
      ['edxrd', 300, 330],
      ['S 2p', 330, 360],
    ]);
    expect(spectra[3]?.stopChargeCoulomb).toBeCloseTo(0.36, 9);
    expect(run.log.calls).toContain('edx disconnect');
  });

  it('fault the run when the spectrometer is far too slow', async () => {
    const steps = `${STEP}
      - { technique: spectrum, regions: [edxrd], duration: "30 s", every: "5 min" }`;
    const run = await runToEnd(recipeOf(steps, SAFETY), { spectrometer: { overtimeSecond: 90 } });
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toContain('region "edxrd" was not counted within 105 s');
  });

  it('scan at one photon energy after the other', async () => {
    const steps = `
  - { name: ct, technique: scan, views: 4, span: "180°", duration: "20 s", energies: ["8.3 keV", "8.4 keV"] }`;
    const run = await runToEnd(recipeOf(steps, SAFETY));
    expect(
      run.scanner.plans.map(({ energyJoule }) => (energyJoule ?? 0) / 1.602176634e-16),
    ).toEqual([expect.closeTo(8.3, 9), expect.closeTo(8.4, 9)]);
    expect(run.writer.of('scan').map(({ startSecond }) => startSecond)).toEqual([0, 20]);
  });
});
