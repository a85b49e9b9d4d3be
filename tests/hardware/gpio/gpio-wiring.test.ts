import { describe, expect, it } from 'vitest';
import { GpioInterlock } from '../../../hardware/gpio/gpio-interlock.ts';
import { RunGuard } from '../../../hardware/gpio/run-guard.ts';
import { openRig } from '../../../hardware/registry.ts';
import { startRhythm } from '../../../hardware/sensors/rhythm.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { ClearedBy, Guard, GuardListener } from '../../../src/domain/instrument.ts';
import { rigSchema } from '../../../src/domain/rig.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { advanceUntil } from '../../support/counting-clock.ts';
import { EVERY_PHASE, recipeOf, scriptedRun } from '../../support/scripted-run.ts';
import { LITHIUM_CELL, readRig } from '../simulated/support.ts';
import { ScriptedGpio } from './scripted-gpio.ts';

const INTERLOCK = {
  driver: 'gpio-interlock',
  options: { contacts: { door: { bcm: 17 }, gas: { bcm: 22, closed: 'high' } } },
};

function open(sensors: Record<string, unknown>, others: Record<string, unknown> = {}) {
  const rig = rigSchema.parse({
    rig: 'test',
    title: 'Test',
    instruments: { potentiostat: { driver: 'emstat4-simulated' }, sensors, ...others },
  });
  const clock = new VirtualClock();
  return openRig(rig, { clock, cell: LITHIUM_CELL, seed: 1, recordings: undefined });
}

const trigger = (options: Record<string, unknown>) => ({
  trigger: { driver: 'gpio-trigger', options: { bcm: 27, triggers: 'spectrometer', ...options } },
});

describe('a rig with contacts and triggers on the header', () => {
  it('has a guard that its contacts are part of, and their channels', async () => {
    const { guard, sensors } = await open({ interlocks: INTERLOCK });
    expect(guard?.info).toEqual({
      id: 'interlocks',
      model: 'contacts on the header',
      provenance: 'measured',
    });
    expect(sensors.flatMap(({ channels }) => channels.map(({ name }) => name))).toEqual([
      'door_open',
      'gas_open',
    ]);
  });

  it('has no guard without them', async () => {
    expect((await open({})).guard).toBeUndefined();
  });

  it('says on a machine without a header what is missing, when it is connected', async () => {
    const { sensors } = await open({ interlocks: INTERLOCK });
    const connecting = sensors[0]?.connect(new AbortController().signal, () => {});
    await expect(connecting).rejects.toMatchObject({ code: 'instrumentMissing' });
  });

  it('puts its trigger before its spectrometer, and names its channels', async () => {
    const { spectrometer } = readRig('simulated').instruments;
    const plain = await open({}, { spectrometer });
    const wired = await open(trigger({}), { spectrometer });
    expect(wired.spectrometer?.info).toEqual(plain.spectrometer?.info);
    expect(wired.spectrometer?.regions).toEqual(plain.spectrometer?.regions);
    const region = plain.spectrometer?.regions[0] ?? '';
    const plan = { region, durationSecond: 1 };
    const measuring = wired.spectrometer?.measure(plan, new AbortController().signal);
    await expect(measuring).rejects.toThrow('the trigger is not connected');
    expect(wired.sensors[0]?.channels.map(({ name }) => name)).toEqual([
      'spectrometer_trigger_count',
      'spectrometer_trigger_uncertainty_second',
    ]);
  });

  it('refuses a trigger for a detector that it does not have', async () => {
    await expect(open(trigger({}))).rejects.toMatchObject({
      code: 'badInput',
      problems: [
        {
          where: 'instruments.sensors.trigger.options.triggers',
          message: 'this rig has no spectrometer: expected one under instruments.spectrometer',
        },
      ],
    });
  });

  it.each([
    [{ contacts: {} }, 'expected at least one contact'],
    [{ contacts: { door: { bcm: 17 }, gas: { bcm: 17 } } }, 'two contacts have the same pin'],
    [{ contacts: { door: { bcm: 40 } } }, 'expected a BCM number of the header, 2 to 27'],
    [{ contacts: { Door: { bcm: 4 } } }, 'sensors.it.options.contacts.Door'],
    [{ ...INTERLOCK.options, debounce: '2 s' }, 'expected 1 ms to 500 ms'],
    [{ ...INTERLOCK.options, every: '10 ms' }, 'expected 0.1 s or more'],
    [{ ...INTERLOCK.options, adapter: 'pigpio' }, 'options.adapter'],
    [{ ...INTERLOCK.options, pull: 'up' }, 'unknown key "pull"'],
  ])('refuses contacts of %j', async (options, message) => {
    await expect(open({ it: { driver: 'gpio-interlock', options } })).rejects.toThrow(message);
  });

  it.each([
    [{ width: '2 s' }, 'expected 1 ms to 1 s'],
    [{ width: '1 µs' }, 'trigger.options.width'],
    [{ bcm: 1 }, 'trigger.options.bcm: expected a BCM number of the header, 2 to 27'],
    [{ triggers: 'potentiostat' }, 'trigger.options.triggers'],
  ])('refuses a trigger of %j', async (options, message) => {
    await expect(open(trigger(options))).rejects.toThrow(message);
  });

  it('refuses two triggers of one detector', async () => {
    const both = { a: trigger({}).trigger, b: trigger({ bcm: 22 }).trigger };
    const opening = open(both, {
      spectrometer: readRig('simulated').instruments.spectrometer,
    });
    await expect(opening).rejects.toThrow('which a measures already');
  });
});

describe('the guard of a run with a board and contacts', () => {
  it('hears both, clears the board alone, and connects the board', async () => {
    const calls: string[] = [];
    const board: Guard = {
      info: { id: 'board', model: 'board', provenance: 'simulated' },
      listen: (listener) => {
        listener.onTrip('from the board');
        return () => calls.push('unlisten');
      },
      permitClearing: ({ by }) => calls.push(`cleared by ${by}`),
      connect: async () => void calls.push('connect'),
      disconnect: async () => void calls.push('disconnect'),
    };
    const clock = new VirtualClock();
    const { gpio, interlock } = interlockOn(clock);
    const guard = new RunGuard(board, [interlock]);
    const heard: string[] = [];
    const unlisten = guard.listen({ ...DEAF, onTrip: (message) => heard.push(message) });
    const cleared: ClearedBy = { by: 'ada', reason: 'seen' };
    guard.permitClearing(cleared);
    await guard.connect(new AbortController().signal);
    const connecting = interlock.connect(new AbortController().signal, () => {});
    await clock.advance(0.1);
    await connecting;
    gpio.set(17, 1);
    await clock.advance(0.1);
    unlisten();
    await guard.disconnect();
    expect(heard).toEqual(['from the board', 'the contact door (BCM 17) is open']);
    expect(calls).toEqual(['cleared by ada', 'connect', 'unlisten', 'disconnect']);
    expect(guard.info).toMatchObject({ id: 'board+interlocks', provenance: 'simulated' });
  });

  it('trips the run when a contact opens: everything is switched off', async () => {
    let now: Clock = new VirtualClock();
    const late: Clock = {
      nowSecond: () => now.nowSecond(),
      utcMs: () => now.utcMs(),
      after: (seconds, callback) => now.after(seconds, callback),
      hold: () => now.hold(),
    };
    const { gpio, interlock } = interlockOn(late);
    const run = scriptedRun(recipeOf(EVERY_PHASE), { guard: new RunGuard(undefined, [interlock]) });
    now = run.clock;
    const connecting = interlock.connect(new AbortController().signal, () => {});
    const stop = startRhythm(now, 1, () => gpio.poll(17));
    now.after(600, () => gpio.set(17, 1));
    const outcome = await advanceUntil(run.clock, run.runner.run());
    stop();
    await connecting;
    await interlock.disconnect();
    expect(outcome).toMatchObject({
      status: 'tripped',
      endedBy: 'interlock: interlocks',
      message: 'A safety limit ended the run: the contact door (BCM 17) is open.',
    });
    expect(run.log.calls).toContain('heater off');
  });
});

const DEAF: GuardListener = { onTrip: () => {}, onLost: () => {}, onNote: () => {} };

function interlockOn(clock: Clock) {
  const gpio = new ScriptedGpio(clock, { 17: 0 });
  const interlock = new GpioInterlock({
    id: 'interlocks',
    contacts: [{ name: 'door', bcm: 17, closedLevel: 0 }],
    everySecond: 1,
    debounceSecond: 0.02,
    clock,
    openGpio: async () => gpio,
  });
  return { gpio, interlock };
}
