import { describe, expect, it } from 'vitest';
import type { Recipe } from '../../src/domain/recipe.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import {
  bodiesOf,
  eventBodiesOf,
  killAfter,
  type ResumedRun,
  resumedRun,
  runThroughKills,
} from '../support/killed-run.ts';
import { recipeOf, runToEnd, type Scripts, scriptedRun } from '../support/scripted-run.ts';

const SAFETY = `
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }`;
const RESUME = 'resume: { policy: resume, maxGap: "1 h" }';

const recipe = (steps: string, rest = RESUME): Recipe => recipeOf(steps, SAFETY, rest);

/** How and when, in seconds of the run, the steps have ended. */
const endsOf = (run: Pick<ResumedRun, 'records'>) =>
  bodiesOf(run, 'step')
    .filter(({ state }) => state === 'ended')
    .map(({ stepId, endedBy, timeSecond }) => [stepId, endedBy, Math.round(timeSecond)]);

const PLATE = `
  - name: plate
    technique: constantCurrent
    current: "1 mA"
    record: { every: "2 s" }`;

describe('the end of a step that is resumed', () => {
  const FOR = recipe(`${PLATE}
    until: { any: [{ voltage: "> 0.5 V", for: "60 s" }, { time: "1 h" }] }`);
  const rising: Scripts = {
    potentiostat: { resistanceOhm: (now) => (now < 100 ? 300 : 600) },
  };

  it('comes when a condition has stayed met, counted through the interruption', async () => {
    const whole = await runThroughKills(FOR, rising, { afterSecond: [] });
    expect(endsOf(whole)).toEqual([['plate', 'voltage: > 0.5 V', 160]]);
    const cut = await runThroughKills(FOR, rising, { afterSecond: [140] });
    const [[, endedBy, second] = []] = endsOf(cut);
    expect(endedBy).toBe('voltage: > 0.5 V');
    expect(Math.abs(Number(second) - 160)).toBeLessThanOrEqual(4);
  });

  it('is not brought nearer by time that nobody has observed', async () => {
    const cut = await runThroughKills(FOR, rising, { afterSecond: [140], gapSecond: 1000 });
    const [[, , second] = []] = endsOf(cut);
    expect(Math.abs(Number(second) - 1160)).toBeLessThanOrEqual(4);
  });

  it('begins to count again when the condition is not met any more', async () => {
    const healed: Scripts = {
      potentiostat: {
        resistanceOhm: (now) => (now < 100 || (now > 140 && now < 150) ? 300 : 600),
      },
    };
    const cut = await runThroughKills(FOR, healed, { afterSecond: [141] });
    const [[, , second] = []] = endsOf(cut);
    expect(Math.abs(Number(second) - 210)).toBeLessThanOrEqual(4);
  });

  it('knows what analysis had found out in this step before', async () => {
    const steps = recipe(`${PLATE}
    until: { any: [{ all: [{ derived: "fit.R1 > 100 Ω" }, { time: "5 min" }] }, { time: "1 h" }] }`);
    const first = scriptedRun(steps, { speed: 1 });
    first.clock.after(100, () =>
      first.bus.publish('derived', { value: { name: 'fit.R1', value: 150, source: 'test' } }),
    );
    const killed = await killAfter(first, 200);
    const second = resumedRun(steps, {}, killed);
    expect((await advanceUntil(second.clock, second.runner.run())).status).toBe('done');
    const { timeSecond, endedBy } = second.writer.of('step').at(-1) ?? {};
    expect(endedBy).toContain('fit.R1');
    expect(Math.abs(Number(timeSecond) - 300)).toBeLessThanOrEqual(3);
  });

  it('is not undone: of a step that had met it only what follows is left to do', async () => {
    const steps = recipe(`${PLATE}
    until: { any: [{ voltage: "> 0.5 V" }, { time: "1 h" }] }
    during:
      - { technique: scan, views: 9, span: "180°", duration: "90 s", on: [stepEnd] }
  - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "60 s" }] } }`);
    const relaxed: Scripts = {
      potentiostat: { resistanceOhm: (now) => (now >= 100 && now < 130 ? 600 : 300) },
    };
    const cut = await runThroughKills(steps, relaxed, { afterSecond: [150] });
    expect(cut.status).toBe('done');
    expect(cut.run.log.calls).not.toContain('pstat constantCurrent');
    const scans = bodiesOf(cut, 'scan').map(({ scanId, complete }) => [scanId, complete]);
    expect(scans).toEqual([
      ['scan-001', false],
      ['scan-002', true],
    ]);
    expect(bodiesOf(cut, 'step').map(({ stepId, state }) => `${stepId} ${state}`)).toEqual([
      'plate started',
      'plate ended',
      'rest started',
      'rest ended',
    ]);
  });

  it('goes on in the second part of constant current, constant voltage', async () => {
    const steps = recipe(`
  - name: charge
    technique: constantCurrentConstantVoltage
    current: "1 mA"
    voltage: "0.5 V"
    record: { every: "2 s" }
    until: { any: [{ current: "< 0.2 mA" }, { time: "1 h" }] }`);
    const scripts: Scripts = {
      potentiostat: { resistanceOhm: (now) => 300 * 1.01 ** Math.min(now, 300) },
    };
    const cut = await runThroughKills(steps, scripts, { afterSecond: [100] });
    expect(cut.run.log.calls).toContain('pstat constantVoltage');
    expect(cut.run.log.calls).not.toContain('pstat constantCurrent');
  });
});

describe('what is measured beside a step that is resumed', () => {
  const VOLTAGE = recipe(`${PLATE}
    until: { any: [{ time: "10 min" }] }
    during:
      - { technique: scan, views: 3, span: "180°", duration: "10 s", every: "50 mV" }`);
  /** 1 mV a second. */
  const drifting: Scripts = { potentiostat: { openCircuitVolt: (now) => now * 1e-3 } };

  const startsOf = (run: ResumedRun): number[] =>
    bodiesOf(run, 'scan')
      .filter(({ complete }) => complete)
      .map(({ startSecond }) => Math.round(startSecond / 10) * 10);

  it('keeps to its voltage steps', async () => {
    const whole = await runThroughKills(VOLTAGE, drifting, { afterSecond: [] });
    const cut = await runThroughKills(VOLTAGE, drifting, { afterSecond: [130, 100, 95] });
    expect(cut.kills).toBe(3);
    expect(startsOf(cut)).toEqual(startsOf(whole));
  });

  const BESIDE = (policy: string): Recipe =>
    recipe(
      `${PLATE}
    until: { any: [{ time: "20 min" }] }
    during:
      - { technique: impedance, mode: galvanostatic, from: "1 kHz", to: "1 Hz", pointsPerDecade: 5, amplitude: "20 µA", every: "5 min" }
      - { technique: scan, views: 9, span: "180°", duration: "90 s", every: "6 min" }`,
      `resume: { policy: ${policy}, maxGap: "1 h" }`,
    );
  const taken = (run: ResumedRun) => ({
    sweeps: bodiesOf(run, 'spectrum').map(({ spectrumId, complete }) => [spectrumId, complete]),
    scans: bodiesOf(run, 'scan').map(({ scanId, complete, views }) => [scanId, complete, views]),
  });

  it('is repeated from its beginning where it was cut off, and its first half stays, marked', async () => {
    // Both have begun: the sweep at 300 s takes half a minute, the scan at 360 s takes 90 s.
    const sweepCut = await runThroughKills(BESIDE('resume'), {}, { afterSecond: [310] });
    expect(taken(sweepCut).sweeps.slice(0, 4)).toEqual([
      ['spectrum-001', true],
      ['spectrum-002', false],
      ['spectrum-003', true],
      ['spectrum-004', true],
    ]);
    const marked = bodiesOf(sweepCut, 'spectrum').find(({ complete }) => !complete);
    const points = bodiesOf(sweepCut, 'spectrumPoint').filter(
      ({ spectrumId }) => spectrumId === 'spectrum-002',
    );
    expect(points.length).toBeGreaterThan(0);
    expect(marked?.pointCount).toBe(points.length);
    const scanCut = await runThroughKills(BESIDE('resume'), {}, { afterSecond: [400] });
    expect(taken(scanCut).scans).toEqual([
      ['scan-001', true, 9],
      ['scan-002', false, expect.any(Number)],
      ['scan-003', true, 9],
      ['scan-004', true, 9],
      ['scan-005', true, 9],
    ]);
    const notes = eventBodiesOf(scanCut, 'note').map(({ message }) => message);
    expect(notes.filter((message) => message.includes('scan-002 was cut off'))).toHaveLength(1);
  });

  it('is left as it is where the recipe wants a person to decide', async () => {
    const kills = { afterSecond: [400] };
    const cut = await runThroughKills(BESIDE('hold'), {}, kills);
    expect(taken(cut).scans).toEqual([
      ['scan-001', true, 9],
      ['scan-002', false, expect.any(Number)],
      ['scan-003', true, 9],
      ['scan-004', true, 9],
    ]);
    const sweepCut = await runThroughKills(BESIDE('hold'), {}, { afterSecond: [310] });
    expect(taken(sweepCut).sweeps.map(([, complete]) => complete)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it('is on record as cut off at whichever commit the next kill comes', async () => {
    const steps = BESIDE('resume');
    // The sweep of 300 s and the scan of 360 s.
    for (const [second, kind, id] of [
      [310, 'spectrum', 'spectrum-002'],
      [400, 'scan', 'scan-002'],
    ] as const) {
      const killed = await killAfter(scriptedRun(steps, { speed: 1 }), second);
      const again = resumedRun(steps, {}, killed);
      void again.runner.run();
      await again.clock.advance(5);
      const { records, states } = again.writer;
      expect(states.length).toBeGreaterThan(1);
      for (const { state, recordCount } of states) {
        const isMarked = records.slice(0, recordCount).some(({ body }) => {
          if (body.kind !== kind || body.complete) return false;
          return id === ('scanId' in body ? body.scanId : body.spectrumId);
        });
        const isOpen = JSON.stringify(state.openMeasurements ?? []).includes(id);
        expect([isMarked, isOpen], `${id}, ${recordCount} records`).toEqual([true, false]);
      }
    }
  });

  it('is repeated until it is whole, however often it is cut off', async () => {
    const cut = await runThroughKills(BESIDE('resume'), {}, { afterSecond: [400, 30, 40, 1] });
    expect(cut.kills).toBe(4);
    const scans = bodiesOf(cut, 'scan');
    expect(scans.filter(({ complete }) => complete)).toHaveLength(4);
    expect(new Set(scans.map(({ scanId }) => scanId)).size).toBe(scans.length);
  });

  it('is not repeated when it was whole, though the kill came at once', async () => {
    for (const second of [327, 332, 333, 334, 450, 451, 452]) {
      const cut = await runThroughKills(BESIDE('resume'), {}, { afterSecond: [second] });
      const { sweeps, scans } = taken(cut);
      expect(
        sweeps.filter(([, complete]) => complete),
        `${second} s`,
      ).toHaveLength(4);
      expect(
        scans.filter(([, complete]) => complete),
        `${second} s`,
      ).toHaveLength(4);
    }
  });

  it('goes on with the region that was cut off, and counts none twice', async () => {
    const steps = recipe(`
  - { name: look, technique: spectrum, regions: [edxrd, "S 2p"], duration: "60 s" }`);
    const cut = await runThroughKills(steps, { spectrometer: {} }, { afterSecond: [90] });
    const regions = bodiesOf(cut, 'detectorSpectrum').map(({ spectrum }) => spectrum.region);
    expect(regions).toEqual(['edxrd', 'S 2p']);
    expect(cut.run.log.calls).not.toContain('edx edxrd');
  });
});

describe('a measurement of several parts beside a step that is resumed', () => {
  const steps = (policy: string): Recipe =>
    recipe(
      `${PLATE}
    until: { any: [{ time: "10 min" }] }
    during:
      - { technique: spectrum, regions: [edxrd, "S 2p"], duration: "60 s", every: "5 min" }`,
      `resume: { policy: ${policy}, maxGap: "1 h" }`,
    );
  const regions = async (policy: string): Promise<string[]> => {
    const cut = await runThroughKills(steps(policy), { spectrometer: {} }, { afterSecond: [90] });
    return bodiesOf(cut, 'detectorSpectrum').map(({ spectrum }) => spectrum.region);
  };

  it('goes on with the part that was cut off, and is whole the next time', async () => {
    expect(await regions('resume')).toEqual(['edxrd', 'S 2p', 'edxrd', 'S 2p']);
  });

  it('is whole the next time also where the cut-off one is left as it is', async () => {
    expect(await regions('hold')).toEqual(['edxrd', 'edxrd', 'S 2p']);
  });
});

describe('a step that is a measurement, resumed', () => {
  it('sweeps its potential from the beginning, and writes down which part is whole', async () => {
    const steps = recipe(`
  - { name: scan, technique: cyclicVoltammetry, start: "0 V", vertices: ["0.5 V", "-0.5 V"], rate: "5 mV/s", cycles: 1 }`);
    const cut = await runThroughKills(steps, {}, { afterSecond: [150] });
    expect(cut.status).toBe('done');
    const phases = eventBodiesOf(cut, 'phase').map(({ details }) => [
      details.phase,
      details.whole,
      details.start_second,
    ]);
    expect(phases).toEqual([
      ['voltammogram', false, 0],
      ['voltammogram', true, expect.any(Number)],
    ]);
    const [half, whole] = eventBodiesOf(cut, 'phase').map(({ details }) => details);
    expect(Number(half?.stop_second)).toBeLessThanOrEqual(Number(whole?.start_second));
  });

  it('sweeps once from the beginning, and does not sweep again what was whole', async () => {
    const steps = recipe(`
  - { name: scan, technique: linearSweep, start: "0 V", end: "0.5 V", rate: "5 mV/s" }`);
    const cut = await runThroughKills(steps, {}, { afterSecond: [50] });
    expect(cut.status).toBe('done');
    const phases = eventBodiesOf(cut, 'phase').map(({ details }) => [details.phase, details.whole]);
    expect(phases).toEqual([
      ['sweep', false],
      ['sweep', true],
    ]);
  });

  it('dwells as long as was left, if the cell is still warm', async () => {
    const steps = recipe(`
  - { name: warm, technique: soak, temperature: "30 °C", dwell: "10 min", within: "1 h" }`);
    const whole = await runThroughKills(steps, {}, { afterSecond: [] });
    const cut = await runThroughKills(steps, {}, { afterSecond: [400] });
    const [[, , wholeSecond] = []] = endsOf(whole);
    const [[, , cutSecond] = []] = endsOf(cut);
    expect(Math.abs(Number(cutSecond) - Number(wholeSecond))).toBeLessThanOrEqual(10);
    const cooled = scriptedRun(steps, { speed: 1 });
    const killed = await killAfter(cooled, 400);
    cooled.oven.temperatureCelsius = 25;
    const again = resumedRun(steps, {}, killed);
    await advanceUntil(again.clock, again.runner.run());
    expect(again.clock.nowSecond() - 400).toBeGreaterThan(600);
  });

  it('ends a titration after the rest of the pulse that has met its condition', async () => {
    const steps = recipe(`
  - name: titrate
    technique: gitt
    current: "1 mA"
    pulse: "100 s"
    rest: "200 s"
    record: { every: "10 s" }
    pulsesMax: 20
    until: { any: [{ voltage: "> 0.5 V" }] }`);
    const scripts: Scripts = {
      potentiostat: { resistanceOhm: (now) => (now >= 350 && now < 400 ? 600 : 300) },
    };
    const whole = await runThroughKills(steps, scripts, { afterSecond: [] });
    const cut = await runThroughKills(steps, scripts, { afterSecond: [450] });
    const phases = (run: ResumedRun): string[] =>
      eventBodiesOf(run, 'phase').map(
        ({ details }) => `${details.phase} ${details.number} ${details.whole}`,
      );
    expect(phases(whole)).toEqual(['pulse 1 true', 'rest 1 true', 'pulse 2 false', 'rest 2 true']);
    expect(phases(cut)).toEqual([
      'pulse 1 true',
      'rest 1 true',
      'pulse 2 false',
      'rest 2 false',
      'rest 2 true',
    ]);
    expect(endsOf(cut).map(([, by]) => by)).toEqual(endsOf(whole).map(([, by]) => by));
  });
});

describe('a run that was killed while it was suspended', () => {
  const SUSPEND = `suspend: [{ channel: applied_pressure_pa, floor: 4.0e+6, margin: 1.0e+5, settle: "30 s", atMost: "10 min" }]\n${RESUME}`;
  const steps = recipe(
    `${PLATE}
    until: { any: [{ time: "10 min" }] }`,
    SUSPEND,
  );
  const low = (from: number, to: number): Scripts => ({
    pressure: (now) => (now >= from && now < to ? 3e6 : 5e6),
  });

  it('comes back suspended, with the time that it was', async () => {
    const cut = await runThroughKills(steps, low(100, 300), { afterSecond: [200] });
    expect(cut.status).toBe('done');
    const ended = eventBodiesOf(cut, 'suspensionEnded').map(({ details }) => details);
    expect(ended).toHaveLength(1);
    expect(Math.abs(Number(ended[0]?.suspended_second) - 230)).toBeLessThanOrEqual(4);
    expect(ended[0]?.count).toBe(1);
    const second = Number(endsOf(cut)[0]?.[2]);
    expect(Math.abs(second - 830)).toBeLessThanOrEqual(4);
  });

  it('waits for its channel to settle before any current flows, although it is back inside', async () => {
    const first = scriptedRun(steps, { speed: 1, ...low(100, 190) });
    const killed = await killAfter(first, 195);
    expect(killed.state.suspension?.now?.lengthSecond).toBeGreaterThan(90);
    const second = resumedRun(steps, low(100, 190), killed);
    await advanceUntil(second.clock, second.runner.run());
    const flow = second.log.lines.find((line) => line.endsWith('pstat constantCurrent'));
    expect(Number(flow?.split(' ')[0])).toBeGreaterThanOrEqual(195 + 28);
  });

  it('counts only observed time against the longest suspension', async () => {
    const cut = await runThroughKills(steps, low(100, 5000), {
      afterSecond: [400],
      gapSecond: 3000,
    });
    expect(cut.status).toBe('faulted');
    const [fault] = eventBodiesOf(cut, 'instrumentFault');
    expect(fault?.message).toContain('as long as the recipe allows');
    // 300 s before the kill, 300 s after the 3000 s that nobody has seen.
    expect(Math.abs(Number(fault?.timeSecond) - 3700)).toBeLessThanOrEqual(5);
  });

  it('is not suspended while it waits for a person', async () => {
    const first = scriptedRun(steps, { speed: 1, ...low(100, 5000) });
    const killed = await killAfter(first, 200);
    const second = resumedRun(steps, low(100, 5000), killed, {
      decision: { kind: 'hold', reason: 'a person decides' },
    });
    const end = second.runner.run();
    await second.clock.advance(2000);
    expect(second.writer.of('event').map(({ code }) => code)).not.toContain('instrumentFault');
    expect(second.writer.states.at(-1)?.state.suspension).toEqual(killed.state.suspension);
    await second.runner.stop('the test');
    await advanceUntil(second.clock, end);
  });
});

describe('shorts and alarms of a run that is resumed', () => {
  const steps = recipe(`${PLATE}
    until: { any: [{ event: short }, { time: "1 h" }] }
    during:
      - { technique: scan, views: 9, span: "180°", duration: "90 s", on: [short] }`);
  const shorting: Scripts = {
    potentiostat: { resistanceOhm: (now) => (now < 200 ? 300 : 3) },
  };
  const acknowledged = [{ alarm: 'cellShort', by: 'Lee', reason: 'expected' }] as const;

  it('takes the scan of a short although the kill came in the midst of it', async () => {
    const whole = await runToEnd(steps, shorting);
    expect(whole.writer.of('scan')).toHaveLength(1);
    const cut = await runThroughKills(steps, shorting, { afterSecond: [250], acknowledged });
    expect(bodiesOf(cut, 'scan').map(({ complete }) => complete)).toEqual([false, true]);
    expect(endsOf(cut).map(([id, by]) => [id, by])).toEqual([['plate', 'event: short']]);
    expect(cut.run.log.calls).not.toContain('pstat constantCurrent');
  });

  it('passes no current, and takes no scan, while nobody has acknowledged it', async () => {
    const cut = await runThroughKills(steps, shorting, { afterSecond: [250] });
    expect(cut.status).not.toBe('done');
    expect(bodiesOf(cut, 'scan').map(({ complete }) => complete)).toEqual([false]);
    expect(cut.run.log.calls).not.toContain('pstat constantCurrent');
    expect(eventBodiesOf(cut, 'cellShort')).toHaveLength(1);
  });

  it('keeps the latch for the steps that follow, through one kill after the other', async () => {
    const long = recipe(`${PLATE}
    until: { any: [{ event: short }, { time: "1 h" }] }
  - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "10 min" }] } }
  - { name: again, technique: constantCurrent, current: "1 mA", record: { every: "2 s" }, until: { any: [{ time: "5 min" }] } }`);
    const kills = { afterSecond: [300, 100, 50], acknowledged };
    const cut = await runThroughKills(long, shorting, kills);
    expect(cut).toMatchObject({ status: 'done', kills: 3 });
    expect(endsOf(cut).map(([id, by]) => [id, by])).toEqual([
      ['plate', 'event: short'],
      ['rest', 'time: 10 min'],
      ['again', 'event: short'],
    ]);
    expect(cut.run.log.calls).not.toContain('pstat constantCurrent');
  });

  it('has an alarm of before the kill become more urgent, if nobody acknowledges it', async () => {
    const rest = recipe(`
  - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "1 h" }] } }`);
    const first = scriptedRun(rest, { speed: 1 });
    const killed = await killAfter(first, 100);
    const alarm = {
      kind: 'event',
      code: 'storage',
      severity: 'alarm',
      message: 'The disk is full.',
      details: {},
    } as const;
    const records = [
      ...killed.records,
      { sequence: killed.records.length + 1, timeSecond: 90, boot: 0, body: alarm },
    ];
    const second = resumedRun(rest, {}, { ...killed, records });
    await advanceUntil(second.clock, second.runner.run());
    const [escalated] = second.writer.of('event').filter(({ code }) => code === 'alarmEscalated');
    expect(escalated?.details.alarm).toBe('storage');
    expect(escalated?.timeSecond).toBeLessThanOrEqual(100 + 601);
  });
});
