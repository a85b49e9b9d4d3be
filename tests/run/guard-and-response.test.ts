import { describe, expect, it } from 'vitest';
import { CHANNELS } from '../../src/domain/channel.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { ClearedBy, Guard, GuardListener } from '../../src/domain/instrument.ts';
import { HeaterWatch } from '../../src/run/heater-watch.ts';
import { advanceUntil, type CountingClock } from '../support/counting-clock.ts';
import { engineState } from '../support/engine-state.ts';
import { EVERY_PHASE, eventsOf, recipeOf, runToEnd, scriptedRun } from '../support/scripted-run.ts';

/** When a heavy oven under full power is first called a fault; undefined when it never is. */
function firstFault(options: {
  readonly watch: HeaterWatch;
  readonly celsiusAt: (second: number) => number;
  readonly seconds: number;
}): { readonly second: number; readonly message: string } | undefined {
  const { watch, celsiusAt, seconds } = options;
  watch.setTarget(70);
  for (let timeSecond = 0; timeSecond <= seconds; timeSecond += 5) {
    const duty = { channel: CHANNELS.heaterDuty.name, timeSecond, value: 1 };
    watch.look({ ...duty, quality: 'good' });
    const celsius = {
      channel: CHANNELS.temperature.name,
      timeSecond,
      value: celsiusAt(timeSecond),
    };
    const { trip } = watch.look({ ...celsius, quality: 'good' });
    if (trip) return { second: timeSecond, message: trip.message };
  }
  return undefined;
}

/** 100 °C above the room at full power, with a time constant of 20 h: 0.17 °C in two minutes. */
const RISE_KELVIN = 100;
const CONSTANT_SECOND = 72_000;
const RESPONSE = {
  riseKelvin: RISE_KELVIN,
  timeConstantSecond: CONSTANT_SECOND,
  deadTimeSecond: 60,
  roomCelsius: 25,
};
const heavy = (second: number): number =>
  25 + RISE_KELVIN * (1 - Math.exp(-second / CONSTANT_SECOND));

describe('a heavy oven', () => {
  it('looks stuck while nobody knows it', () => {
    const found = firstFault({ watch: new HeaterWatch(), celsiusAt: heavy, seconds: 1800 });
    expect(found?.message).toContain('does not come nearer to its target');
  });

  it('does not trip when its time constant was identified before', () => {
    const watch = new HeaterWatch(RESPONSE);
    expect(firstFault({ watch, celsiusAt: heavy, seconds: 4 * 3600 })).toBeUndefined();
  });
});

describe('an oven of which more was identified', () => {
  it('trips all the same when its heater is dead', () => {
    const watch = new HeaterWatch({ ...RESPONSE, timeConstantSecond: 1200 });
    const found = firstFault({ watch, celsiusAt: () => 25, seconds: 1800 });
    expect(found?.message).toContain('does not come nearer to its target');
    expect(found?.second).toBeLessThanOrEqual(140);
  });
});

/** A guard that a test plays. */
class ScriptedGuard implements Guard {
  readonly info = { id: 'board', model: 'scripted', provenance: 'simulated' } as const;
  readonly listeners = new Set<GuardListener>();
  readonly calls: string[] = [];
  refusal: Fault | undefined;
  cleared: ClearedBy | undefined;

  listen(listener: GuardListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  permitClearing(cleared: ClearedBy): void {
    this.cleared = cleared;
  }

  async connect(): Promise<void> {
    this.calls.push('connect');
    if (this.refusal) throw this.refusal;
    for (const one of this.listeners) one.onNote('board had tripped by power-on.');
  }

  async disconnect(): Promise<void> {
    this.calls.push('disconnect');
  }
}

const RECIPE = recipeOf(EVERY_PHASE);

/** A run in which something happens to its guard after 600 s. */
async function runWith(act: (guard: ScriptedGuard) => void) {
  const guard = new ScriptedGuard();
  const run = scriptedRun(RECIPE, { guard });
  const clock: CountingClock = run.clock;
  clock.after(600, () => act(guard));
  const outcome = await advanceUntil(clock, run.runner.run());
  return { ...run, guard, outcome };
}

describe('a guard below the software', () => {
  it('is connected and let go with the others, and its notes are written down', async () => {
    const guard = new ScriptedGuard();
    const run = await runToEnd(RECIPE, { guard });
    expect(run.outcome.status).toBe('done');
    expect(guard.calls).toEqual(['connect', 'disconnect']);
    const notes = eventsOf(run, 'note').map(({ message }) => message);
    expect(notes.indexOf('board had tripped by power-on.')).toBe(0);
    expect(guard.listeners.size).toBe(0);
  });

  it('that has switched off trips the run, with its own words, and the safe state follows', async () => {
    const run = await runWith((guard) => {
      for (const one of guard.listeners)
        one.onTrip('board has switched off because the door is open');
    });
    expect(run.outcome).toMatchObject({
      status: 'tripped',
      endedBy: 'interlock: board',
      message: 'A safety limit ended the run: board has switched off because the door is open.',
      exitCode: 4,
    });
    expect(run.log.calls).toContain('heater off');
    expect(run.runner.alarms().map(({ code }) => code)).toContain('interlock');
  });

  it('that is lost ends the run as faulted, and everything is switched off all the same', async () => {
    const run = await runWith((guard) => {
      const fault = new Fault('instrumentLost', {
        where: 'board',
        message: 'nothing was received',
      });
      for (const one of guard.listeners) one.onLost(fault);
    });
    expect(run.outcome).toMatchObject({ status: 'faulted', exitCode: 3 });
    expect(run.outcome.message).toContain('board: nothing was received');
    expect(run.log.calls).toContain('pstat cellOff');
  });

  it('that is found tripped ends the run before any instrument is touched', async () => {
    const guard = new ScriptedGuard();
    guard.refusal = new Fault('interlock', { where: 'board', message: 'it has switched off' });
    const run = await runToEnd(RECIPE, { guard });
    expect(run.outcome).toMatchObject({ status: 'tripped', endedBy: 'interlock: board' });
    expect(run.log.calls).toEqual([]);
  });

  it('is not cleared by who acknowledges when the run has ended: resume takes that', async () => {
    const { runner, guard } = await runWith((one) => {
      for (const listener of one.listeners) listener.onTrip('board has switched off');
    });
    expect(guard.cleared).toBeUndefined();
    const signature = { by: 'night-shift', reason: 'the door is closed', via: 'panel' };
    await expect(runner.acknowledge('interlock', signature)).rejects.toThrow('operando resume');
    expect(guard.cleared).toBeUndefined();
  });

  it.each([
    ['interlock', { by: 'night-shift', reason: 'the fuse is new' }],
    ['cellShort', undefined],
  ] as const)('of a run that is taken up after %s is cleared by whoever acknowledged a trip alone', async (alarm, cleared) => {
    const guard = new ScriptedGuard();
    const reason = { by: 'night-shift', reason: 'the fuse is new' };
    const run = scriptedRun(RECIPE, {
      guard,
      resumeFrom: engineState(),
      interruption: {
        interruption: {
          endedAs: 'tripped',
          fromSecond: 0,
          toSecond: 60,
          lengthSecond: 60,
          missingRecords: 0,
          damage: undefined,
          confirmedBy: 'night-shift',
        },
        decision: { kind: 'goOn' },
        acknowledged: [{ alarm, ...reason }],
      },
    });
    const running = run.runner.run();
    await run.clock.advance(20);
    expect(guard.calls).toEqual(['connect']);
    if (cleared) expect(guard.cleared).toMatchObject(cleared);
    else expect(guard.cleared).toBeUndefined();
    await advanceUntil(run.clock, run.runner.stop('the test'));
    await advanceUntil(run.clock, running);
  });
});
