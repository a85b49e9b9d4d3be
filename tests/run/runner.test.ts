import { describe, expect, it } from 'vitest';
import type { BusEventName } from '../../src/domain/bus.ts';
import { circuitFit } from '../support/circuit-fit.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import {
  AREA_CM2,
  EVERY_PHASE,
  recipeOf,
  type ScriptedRun,
  type Scripts,
  scriptedRun,
} from '../support/scripted-run.ts';
import { seededNoise } from '../support/seeded-noise.ts';

const CURRENT_AMPERE = 0.8e-3 * AREA_CM2;

async function runToEnd(steps: string, scripts?: Scripts) {
  const run = scriptedRun(recipeOf(steps), scripts);
  const outcome = await advanceUntil(run.clock, run.runner.run());
  return { ...run, outcome };
}

function stepsOf({ writer }: Pick<ScriptedRun, 'writer'>) {
  return writer.of('step').map(({ stepId, state, endedBy }) => `${stepId} ${endedBy ?? state}`);
}

const PLATE_ONLY = `
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "10 s" }
    until: { any: [{ time: "10 min" }, { event: short }, { voltage: "> 0.5 V" }] }`;

describe('a run of every technique', () => {
  it('does the steps in order and ends in the safe state with nothing left armed', async () => {
    const run = await runToEnd(EVERY_PHASE);
    expect(run.outcome).toEqual({
      status: 'done',
      endedBy: 'recipe',
      message: 'The recipe is done; its last step ended by complete.',
      exitCode: 0,
    });
    expect(stepsOf(run)).toEqual([
      'warm started',
      'warm dwell: 60 s',
      'rest started',
      'rest time: 60 s',
      'plate started',
      'plate time: 1 h',
      'after started',
      'after complete',
      'ct started',
      'ct complete',
    ]);
    expect(run.log.calls.slice(0, 5)).toEqual([
      'thermo connect',
      'heater connect',
      'pstat connect',
      'ct connect',
      'heater setTarget 50',
    ]);
    expect(run.log.calls.slice(-7)).toEqual([
      'pstat cellOff',
      'heater off',
      'ct stop',
      'ct disconnect',
      'pstat disconnect',
      'heater disconnect',
      'thermo disconnect',
    ]);
    expect(run.writer.finished).toBe('done');
    expect(run.runner.status()).toBe('done');
    expect(run.clock.armedTimers).toBe(0);
  });

  it('takes spectra and scans on their grid, first at the start of the step', async () => {
    const run = await runToEnd(EVERY_PHASE);
    const start = run.writer.of('step').find(({ stepId }) => stepId === 'plate')?.timeSecond ?? 0;
    const offsets = (starts: readonly { startSecond: number }[]) =>
      starts.map(({ startSecond }) => Math.round((startSecond - start) * 1e6) / 1e6);
    expect(offsets(run.writer.of('spectrum')).slice(0, 3)).toEqual([0, 1200, 2400]);
    expect(offsets(run.writer.of('scan')).slice(0, 2)).toEqual([0, 1800]);
    expect(run.writer.of('spectrum').map(({ spectrumId }) => spectrumId)).toEqual([
      'spectrum-001',
      'spectrum-002',
      'spectrum-003',
      'spectrum-004',
    ]);
    expect(run.writer.of('spectrumPoint')).toHaveLength(3 * 16 + 7);
  });

  it('publishes each spectrum and each scan in order, frames only after they are spooled', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE));
    const heard: string[] = [];
    const names: readonly BusEventName[] = ['spectrumStarted', 'spectrumEnded', 'scanStarted'];
    for (const name of names) run.bus.on(name, () => heard.push(name));
    run.bus.on('scanEnded', ({ complete }) => heard.push(`scanEnded ${complete}`));
    let unspooled = 0;
    run.bus.on('frame', ({ frame }) => {
      if (run.spools.frames.get(frame.scanId)?.at(-1) !== frame) unspooled += 1;
    });
    await advanceUntil(run.clock, run.runner.run());
    expect(unspooled).toBe(0);
    expect(heard.slice(0, 4)).toEqual([
      'scanStarted',
      'spectrumStarted',
      'spectrumEnded',
      'scanEnded true',
    ]);
    expect(heard.slice(-2)).toEqual(['scanStarted', 'scanEnded true']);
    expect(run.spools.frames.get('scan-001')).toHaveLength(10);
  });

  it('keeps the heater at its target until the end of the run', async () => {
    const run = await runToEnd(EVERY_PHASE);
    const heater = run.log.calls.filter((call) => call.startsWith('heater'));
    expect(heater).toEqual([
      'heater connect',
      'heater setTarget 50',
      'heater off',
      'heater disconnect',
    ]);
    const temperatures = run.writer.samplesOf('surface_temperature_celsius');
    expect(temperatures.at(-1)?.value).toBeCloseTo(50, 6);
  });

  it('saves its state at each step and every tenth of a real second, with the loop pass', async () => {
    const loop = `
  - name: cycle
    technique: loop
    repeat: 3
    steps:
      - { name: e, technique: impedance, from: "1 kHz", to: "1 Hz", pointsPerDecade: 5, amplitude: "10 mV" }`;
    const run = await runToEnd(loop + PLATE_ONLY, { speed: 100 });
    const { states } = run.writer;
    const places = states.map(({ state }) => {
      const { frames, stepIndex } = state.walk;
      return `${stepIndex}: ${frames.map(({ at, pass }) => `${at}.${pass}`).join(' ')}`;
    });
    expect([...new Set(places)]).toEqual([
      '0: 0.0 0.0',
      '1: 0.1 0.0',
      '2: 0.2 0.0',
      '3: 1.0',
      '4: ',
    ]);
    const gaps = states.slice(1).map((one, at) => one.timeSecond - (states[at]?.timeSecond ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10);
    expect(states.at(-1)?.state.chargeCoulomb).toBeCloseTo(CURRENT_AMPERE * 600, 12);
  });

  it('tells its progress', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE));
    const done = run.runner.run();
    await run.clock.advance(1000);
    expect(run.runner.progress()).toMatchObject({
      elapsedSecond: 1000,
      stepIndex: 2,
      stepCount: 5,
      stepName: 'plate',
      technique: 'constantCurrent',
    });
    expect(run.runner.status()).toBe('running');
    await advanceUntil(run.clock, done);
    const { elapsedSecond, plannedSecond } = run.runner.progress();
    expect(elapsedSecond).toBeLessThan(plannedSecond);
  });
});

describe('charge', () => {
  it('is the current times the measured time, spectra inside the step included', async () => {
    const run = await runToEnd(EVERY_PHASE);
    const ended = run.writer.of('step').find(({ endedBy }) => endedBy === 'time: 1 h');
    expect(ended?.chargeCoulomb).toBeCloseTo(CURRENT_AMPERE * 3600, 12);
    const [first, second] = run.writer.of('spectrum');
    expect(first?.startChargeCoulomb).toBe(0);
    expect(first?.stopChargeCoulomb).toBeCloseTo(CURRENT_AMPERE * 32, 12);
    expect(second?.startChargeCoulomb).toBeCloseTo(CURRENT_AMPERE * 1200, 12);
    const [scan] = run.writer.of('scan');
    expect(scan?.stopChargeCoulomb).toBeCloseTo(CURRENT_AMPERE * 90, 12);
  });

  it('is recorded in ampere-hours beside voltage and current', async () => {
    const run = await runToEnd(PLATE_ONLY);
    const charge = run.writer.samplesOf('net_capacity_ah');
    expect(charge).toHaveLength(60);
    expect(charge.at(-1)?.value).toBeCloseTo((CURRENT_AMPERE * 600) / 3600, 15);
    expect(run.writer.samplesOf('voltage_volt')).toHaveLength(60);
    expect(run.writer.samplesOf('current_ampere').every(({ value }) => value > 0)).toBe(true);
  });

  it('sweeps at the plating current and comes back to it for the time that is left', async () => {
    const run = await runToEnd(EVERY_PHASE);
    const plating = run.potentiostat.techniques.filter(({ kind }) => kind !== 'openCircuit');
    expect(plating.map(({ kind }) => kind)).toEqual([
      'impedance',
      'constantCurrent',
      'impedance',
      'constantCurrent',
      'impedance',
      'constantCurrent',
      'impedance',
    ]);
    expect(plating[2]).toMatchObject({
      excitation: { mode: 'galvanostatic', amplitudeAmpereRms: expect.closeTo(20e-6, 12) },
    });
    const sweep = plating[2];
    const bias =
      sweep?.kind === 'impedance' && sweep.excitation.mode === 'galvanostatic'
        ? sweep.excitation.biasAmpere
        : Number.NaN;
    expect(bias).toBeCloseTo(CURRENT_AMPERE, 12);
    const back = plating[3];
    expect(back?.kind === 'constantCurrent' && back.durationSecond).toBeCloseTo(2400 - 32, 6);
  });
});

describe('the end of a current step', () => {
  it('comes with the first voltage past the limit', async () => {
    const run = await runToEnd(PLATE_ONLY, {
      potentiostat: { resistanceOhm: (now) => (now >= 200 ? 1000 : 300) },
    });
    expect(stepsOf(run).at(-1)).toBe('plate voltage: > 0.5 V');
    expect(run.writer.samplesOf('voltage_volt').at(-1)?.timeSecond).toBe(200);
  });

  it('comes with a short within two samples: current off, then the scan that answers it', async () => {
    const run = await runToEnd(EVERY_PHASE, {
      potentiostat: { resistanceOhm: (now) => (now >= 2000 ? 1 : 300) },
    });
    expect(run.outcome.status).toBe('done');
    const short = run.writer.of('event').find(({ code }) => code === 'cellShort');
    expect(short?.severity).toBe('alarm');
    expect((short?.timeSecond ?? 0) - 2000).toBeLessThan(20);
    const after = run.log.calls.slice(run.log.calls.lastIndexOf('pstat constantCurrent'));
    expect(after.slice(0, 4)).toEqual([
      'pstat constantCurrent',
      'pstat constantCurrent ended',
      'pstat cellOff',
      'ct scan scan-002',
    ]);
    const [, answer] = run.writer.of('scan');
    expect(answer?.startChargeCoulomb).toBe(answer?.stopChargeCoulomb);
  });

  it('gives a shorted cell no more current in this run', async () => {
    const again = PLATE_ONLY.replace('name: plate', 'name: again');
    const run = await runToEnd(PLATE_ONLY + again, {
      potentiostat: { resistanceOhm: (now) => (now >= 200 ? 1 : 300) },
    });
    expect(stepsOf(run)).toEqual([
      'plate started',
      'plate event: short',
      'again started',
      'again event: short',
    ]);
    expect(run.potentiostat.techniques).toHaveLength(1);
  });

  it('trips on a short that the step does not expect', async () => {
    const run = await runToEnd(PLATE_ONLY.replace('{ event: short }, ', ''), {
      potentiostat: { resistanceOhm: (now) => (now >= 200 ? 1 : 300) },
    });
    expect(run.outcome).toMatchObject({ status: 'tripped', exitCode: 4 });
    expect(run.outcome.message).toContain('shorted');
  });

  it('is not brought about by noise', async () => {
    const noise = seededNoise(7);
    const run = await runToEnd(PLATE_ONLY, { potentiostat: { noiseVolt: () => 0.05 * noise() } });
    expect(stepsOf(run).at(-1)).toBe('plate time: 10 min');
  });

  it('cuts a sweep that would run past the time of the step, and marks it incomplete', async () => {
    const steps = EVERY_PHASE.replace('{ time: "1 h" }', '{ time: "1210 s" }');
    const run = await runToEnd(steps);
    const [, cut] = run.writer.of('spectrum');
    expect(cut).toMatchObject({ complete: false, pointCount: 4 });
    const ended = run.writer
      .of('step')
      .find(({ stepId, state }) => `${stepId}${state}` === 'plateended');
    expect(ended?.chargeCoulomb).toBeCloseTo(CURRENT_AMPERE * 1210, 12);
  });

  it('leaves out spectra that are due while one is still measured, and counts them', async () => {
    const run = await runToEnd(EVERY_PHASE, { potentiostat: { secondsPerPoint: 78 } });
    const dropped = run.writer.of('event').filter(({ code }) => code === 'dropped');
    expect(dropped.map(({ details }) => details.missed)).toEqual([1]);
    expect(
      run.writer
        .of('spectrum')
        .slice(0, -1)
        .map(({ complete }) => complete),
    ).toEqual([true, false]);
  });
});

describe('scans beside the current', () => {
  it('come one at a time: one that is due while another is taken is left out and counted', async () => {
    // Nine views of 60 s take longer than the five minutes between two scans.
    const scripts = { scanner: { secondsPerView: 60 } };
    const every = EVERY_PHASE.replace('every: "30 min"', 'every: "5 min"');
    const run = await runToEnd(every, scripts);
    const dropped = run.writer.of('event').filter(({ code }) => code === 'dropped');
    expect(dropped.length).toBeGreaterThan(3);
    const scans = run.log.calls.filter((call) => call.startsWith('ct scan'));
    const begunAndEnded = scans.map((call) => call.endsWith('ended'));
    expect(begunAndEnded).toEqual(begunAndEnded.map((_, at) => at % 2 === 1));
  });

  it('that are running when the cell shorts are ended before the one that answers it', async () => {
    const run = await runToEnd(EVERY_PHASE, {
      scanner: { secondsPerView: 40 },
      potentiostat: { resistanceOhm: (now) => (now >= 600 ? 1 : 300) },
    });
    const calls = run.log.calls.slice(run.log.calls.indexOf('pstat cellOff'));
    expect(calls.slice(0, 3)).toEqual([
      'pstat cellOff',
      'ct scan scan-001 ended',
      'ct scan scan-002',
    ]);
    expect(run.writer.of('scan').every(({ complete }) => complete)).toBe(true);
  });
});

describe('what the analysis services say', () => {
  const fit = circuitFit({ points: 3 });

  it('is written down: fits, volumes, faults and what was dropped', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE));
    run.bus.on('spectrumEnded', ({ spectrumId }) =>
      run.bus.publish('fit', { spectrumId, final: true, fit }),
    );
    run.bus.on('scanEnded', ({ scanId }) => {
      run.bus.publish('analysisFault', { where: scanId, message: 'no axis' });
      run.bus.publish('dropped', { what: 'live slices', count: 3 });
    });
    await advanceUntil(run.clock, run.runner.run());
    expect(run.writer.of('fit')).toHaveLength(4);
    const codes = run.writer.of('event').map(({ code }) => code);
    expect(codes.filter((code) => code === 'analysisFault')).toHaveLength(3);
    expect(codes.filter((code) => code === 'dropped')).toHaveLength(3);
  });

  it('is waited for at the end, in the safe state', async () => {
    const order: string[] = [];
    const run: ScriptedRun = scriptedRun(recipeOf(PLATE_ONLY), {
      analyses: [
        {
          start: async () => {},
          stop: async () => {},
          drain: () =>
            new Promise((resolve) => {
              order.push(run.log.calls.includes('heater off') ? 'safe' : 'not safe');
              run.clock.after(300, () => {
                run.bus.publish('fit', { spectrumId: 'spectrum-001', final: true, fit });
                resolve();
              });
            }),
        },
      ],
    });
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe('done');
    expect(order).toEqual(['safe']);
    expect(run.writer.of('fit')).toHaveLength(1);
  });

  it('is not waited for without end, and a service that fails is named', async () => {
    const service = { start: async () => {}, stop: async () => {} };
    const run = await runToEnd(PLATE_ONLY, {
      analyses: [
        { ...service, drain: () => new Promise<never>(() => {}) },
        { ...service, drain: () => Promise.reject(new Error('worker gone')) },
      ],
    });
    expect(run.outcome.status).toBe('done');
    const faults = run.writer.of('event').filter(({ code }) => code === 'analysisFault');
    expect(faults).toHaveLength(1);
    expect(faults[0]?.message).toContain('not all results were ready');
    expect(run.clock.armedTimers).toBe(0);
  });
});
