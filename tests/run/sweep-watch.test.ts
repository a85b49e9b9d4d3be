import { describe, expect, it } from 'vitest';
import { type SweepGround, SweepWatch } from '../../src/run/sweep-watch.ts';
import { eventsOf, recipeOf, runToEnd, stepsOf } from '../support/scripted-run.ts';

const GROUND: SweepGround = {
  biasAmpere: 1e-3,
  amplitudeAmpereRms: 1e-5,
  flowingVolt: 0.3,
  restVolt: undefined,
  usualOhm: [],
  safety: { voltage: { min: -1, max: 1 } },
};

function verdictsOf(ohms: readonly number[], change: Partial<SweepGround> = {}) {
  const watch = new SweepWatch({ ...GROUND, ...change });
  return ohms.map(
    (zRealOhm) => watch.look({ frequencyHertz: 1, zRealOhm, zImagOhm: 0 })?.kind ?? '-',
  );
}

describe('the points of a galvanostatic sweep', () => {
  it('tell a short when two of them collapse below what came before', () => {
    expect(verdictsOf([100, 200, 300, 5, 5])).toEqual(['-', '-', '-', '-', 'short']);
    expect(verdictsOf([100, 200, 300, 5, 300, 5, 300])).not.toContain('short');
  });

  it('tell a short from the first two when the spectrum before was another cell', () => {
    expect(verdictsOf([2, 2], { usualOhm: [100, 120] })).toEqual(['-', 'short']);
    expect(verdictsOf([40, 41], { usualOhm: [100, 120] })).not.toContain('short');
  });

  it('are no short while they rise, wander, or begin with an artefact', () => {
    expect(verdictsOf([10, 11, 30, 60, 300, 900])).not.toContain('short');
    expect(verdictsOf([100, 90, 80, 70, 60, 50, 40])).not.toContain('short');
    expect(verdictsOf([5000, 20, 21, 22, 60, 70])).not.toContain('short');
  });

  it('tell a voltage that may be outside, with or without one before the sweep', () => {
    expect(verdictsOf([10_000])).toEqual(['-']);
    expect(verdictsOf([60_000])).toEqual(['outside']);
    expect(verdictsOf([60_000], { flowingVolt: -0.5, biasAmpere: -1e-3 })).toEqual(['outside']);
    const unknown = { flowingVolt: undefined };
    expect(verdictsOf([60_000], unknown)).toEqual(['-']);
    expect(verdictsOf([800], { ...unknown, restVolt: 0.1 })).toEqual(['-']);
    expect(verdictsOf([950], { ...unknown, restVolt: 0.1 })).toEqual(['outside']);
  });
});

const SAFETY = `
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }`;
const PLATE = `
  - name: plate
    technique: constantCurrent
    current: "1 mA"
    record: { every: "10 s" }
    until: { any: [{ event: short }, { time: "1 h" }] }
    during:
      - { technique: impedance, mode: galvanostatic, from: "1 kHz", to: "1 Hz", pointsPerDecade: 5, amplitude: "20 µA", every: "10 min" }
      - { technique: scan, views: 4, span: "180°", duration: "20 s", on: [short] }`;

describe('a cell that shorts in the midst of a sweep', () => {
  const shorted = { secondsPerPoint: 10, resistanceOhm: (now: number) => (now > 650 ? 1 : 300) };

  it('ends the sweep within two points, cuts the current and is answered', async () => {
    const run = await runToEnd(recipeOf(PLATE, SAFETY), { potentiostat: shorted });
    expect(run.outcome.status).toBe('done');
    expect(stepsOf(run)).toEqual(['plate started', 'plate event: short']);
    const [short] = eventsOf(run, 'cellShort');
    expect(short?.timeSecond).toBe(670);
    expect(run.writer.of('spectrum').at(-1)).toMatchObject({ complete: false, pointCount: 7 });
    const calls = run.log.calls.slice(run.log.calls.lastIndexOf('pstat impedance'));
    expect(calls.slice(0, 4)).toEqual([
      'pstat impedance',
      'pstat impedance ended',
      'pstat cellOff',
      'ct scan scan-001',
    ]);
    expect(run.writer.of('step').at(-1)?.chargeCoulomb).toBeCloseTo(0.67, 9);
  });

  it('trips when the step does not expect a short', async () => {
    const unexpected = PLATE.replace('{ event: short }, ', '').replace(
      ', on: [short]',
      ', on: [stepEnd]',
    );
    const run = await runToEnd(recipeOf(unexpected, SAFETY), { potentiostat: shorted });
    expect(run.outcome.status).toBe('tripped');
  });

  it('is not called while the resistance only grows', async () => {
    const run = await runToEnd(recipeOf(PLATE, SAFETY), {
      potentiostat: { secondsPerPoint: 10, resistanceOhm: (now) => 300 + now / 10 },
    });
    expect(eventsOf(run, 'cellShort')).toEqual([]);
    expect(run.writer.of('spectrum').every(({ complete }) => complete)).toBe(true);
  });

  it('is taken back to the current, where it is judged, when the voltage may be outside', async () => {
    // In the second sweep the resistance passes what the limits allow; at the current that trips.
    const run = await runToEnd(recipeOf(PLATE, SAFETY), {
      potentiostat: { secondsPerPoint: 10, resistanceOhm: (now) => (now > 650 ? 80_000 : 300) },
    });
    const cut = eventsOf(run, 'note').filter(({ severity }) => severity === 'warning');
    expect(cut[0]?.message).toContain('The sweep is cut off: by its points the voltage may reach');
    expect(run.outcome).toMatchObject({ status: 'tripped', endedBy: 'interlock: voltage_volt' });
    expect(run.clock.nowSecond()).toBeLessThan(700);
  });
});
