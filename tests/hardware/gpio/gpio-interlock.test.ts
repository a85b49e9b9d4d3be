import { describe, expect, it } from 'vitest';
import { GpioInterlock } from '../../../hardware/gpio/gpio-interlock.ts';
import type { Level } from '../../../hardware/gpio/gpio-line.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { ScriptedGpio } from './scripted-gpio.ts';

const DOOR = 17;
const GAS = 27;
const never = new AbortController().signal;

function bench(levels: Readonly<Record<number, Level>> = { [DOOR]: 0, [GAS]: 1 }) {
  const clock = new VirtualClock();
  const gpio = new ScriptedGpio(clock, levels);
  const interlock = new GpioInterlock({
    id: 'interlocks',
    contacts: [
      { name: 'door', bcm: DOOR, closedLevel: 0 },
      { name: 'gas', bcm: GAS, closedLevel: 1 },
    ],
    everySecond: 1,
    debounceSecond: 0.02,
    clock,
    openGpio: async () => gpio,
  });
  const trips: string[] = [];
  const samples: Sample[] = [];
  interlock.listen({
    onTrip: (message) => trips.push(`${message} at ${clock.nowSecond().toFixed(2)} s`),
    onLost: () => trips.push('lost'),
    onNote: () => trips.push('note'),
  });
  const connect = async () => {
    const connecting = interlock.connect(never, (sample) => samples.push(sample));
    connecting.catch(() => {});
    await clock.advance(0.2);
    return connecting;
  };
  /** As an adapter does: every pin is read each second. */
  const wait = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      for (const bcm of [DOOR, GAS]) gpio.poll(bcm);
      await clock.advance(1);
    }
  };
  return { clock, gpio, interlock, trips, samples, connect, wait };
}

describe('contacts on the header', () => {
  it('are samples of 0 while they are closed, whichever level that is', async () => {
    const { connect, wait, samples, trips } = bench();
    await connect();
    await wait(3);
    expect(new Set(samples.map(({ channel }) => channel))).toEqual(
      new Set(['door_open', 'gas_open']),
    );
    expect(samples.length).toBeGreaterThanOrEqual(6);
    expect(samples.every(({ value, quality }) => value === 0 && quality === 'good')).toBe(true);
    expect(trips).toEqual([]);
  });

  it.each([
    ['the door', DOOR, 1, 'the contact door (BCM 17) is open'],
    ['the gas alarm', GAS, 0, 'the contact gas (BCM 27) is open'],
  ] as const)('trip once when %s opens, after the debounce time', async (_, bcm, level, message) => {
    const { connect, wait, clock, gpio, samples, trips } = bench();
    await connect();
    await clock.advance(0.3);
    gpio.set(bcm, level);
    await clock.advance(0.019);
    expect(trips).toEqual([]);
    await clock.advance(0.011);
    expect(trips).toEqual([`${message} at 0.52 s`]);
    await wait(3);
    expect(trips.length).toBe(1);
    expect(samples.filter(({ value }) => value === 1).length).toBeGreaterThanOrEqual(3);
  });

  it('do not trip on a bounce, and do on a contact that does not rest', async () => {
    const { connect, clock, gpio, trips } = bench();
    await connect();
    gpio.set(DOOR, 1);
    await clock.advance(0.01);
    gpio.set(DOOR, 0);
    await clock.advance(0.5);
    expect(trips).toEqual([]);
    for (let bounce = 0; bounce < 12; bounce += 1) {
      gpio.set(DOOR, bounce % 2 === 0 ? 1 : 0);
      await clock.advance(0.01);
    }
    expect(trips).toEqual(['the contact door (BCM 17) is open at 0.81 s']);
  });

  it('trip on a contact that was open between two readings and is closed again', async () => {
    const { connect, clock, gpio, trips } = bench();
    await connect();
    gpio.set(DOOR, 1);
    await clock.advance(0.05);
    gpio.set(DOOR, 0);
    await clock.advance(0.5);
    expect(trips).toEqual(['the contact door (BCM 17) is open at 0.22 s']);
  });

  it('trip when one cannot be read, and mark its samples as bad', async () => {
    const { connect, clock, gpio, samples, trips } = bench();
    await connect();
    gpio.break(GAS);
    expect(trips).toEqual([
      'the contact gas (BCM 27) cannot be read: BCM 27: EIO: i/o error at 0.20 s',
    ]);
    samples.length = 0;
    await clock.advance(1);
    expect(samples).toContainEqual(
      expect.objectContaining({ channel: 'gas_open', value: Number.NaN, quality: 'bad' }),
    );
    expect(samples).toContainEqual(expect.objectContaining({ channel: 'door_open', value: 0 }));
  });

  it('trip when nothing is heard of one any more', async () => {
    const { connect, clock, samples, trips } = bench();
    await connect();
    await clock.advance(6);
    expect(trips).toEqual([
      expect.stringMatching(/door .*nothing was heard of it for 3 s at 3.02 s/),
    ]);
    expect(samples.at(-1)).toMatchObject({ quality: 'bad' });
  });

  it('let nothing start while one is open, and name every such contact', async () => {
    const { connect, gpio, trips, samples } = bench({ [DOOR]: 1, [GAS]: 0 });
    await expect(connect()).rejects.toMatchObject({
      code: 'interlock',
      problems: [
        { where: 'interlocks', message: 'the contact door (BCM 17) is open' },
        { where: 'interlocks', message: 'the contact gas (BCM 27) is open' },
      ],
    });
    expect(gpio.log.sort()).toEqual(['close 17', 'close 27']);
    expect(trips).toEqual([]);
    expect(samples).toEqual([]);
  });

  it('give back every pin when one of them is missing', async () => {
    const { connect, gpio } = bench({ [DOOR]: 0 });
    await expect(connect()).rejects.toMatchObject({ code: 'instrumentMissing' });
    expect(gpio.log).toEqual(['close 17']);
  });

  it('can be connected again, and trip again, once the contact is closed', async () => {
    const { connect, clock, gpio, interlock, trips } = bench();
    await connect();
    gpio.set(DOOR, 1);
    await clock.advance(0.1);
    await interlock.disconnect();
    await expect(connect()).rejects.toMatchObject({ code: 'interlock' });
    gpio.set(DOOR, 0);
    await connect();
    expect(trips.length).toBe(1);
    gpio.set(DOOR, 1);
    await clock.advance(0.1);
    expect(trips.length).toBe(2);
  });

  it('are silent after they were let go, however often', async () => {
    const { connect, clock, gpio, interlock, samples, trips } = bench();
    await connect();
    await interlock.disconnect();
    await interlock.disconnect();
    samples.length = 0;
    gpio.set(DOOR, 1);
    await clock.advance(10);
    expect(samples).toEqual([]);
    expect(trips).toEqual([]);
    expect(gpio.log.sort()).toEqual(['close 17', 'close 27']);
  });
});
