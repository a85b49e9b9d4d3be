import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BAUD_RATE, STATES, TRIPS } from '../../firmware-bridge/board-protocol.ts';
import { type BoardReport, OperandoBoard } from '../../firmware-bridge/operando-board.ts';
import { SerialLink } from '../../firmware-bridge/serial-link.ts';
import { Random } from '../../src/domain/random.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { LIMITS } from '../firmware-bridge/board/board-bench.ts';
import { BoardProgram, eventually, HeatingHost } from '../firmware-bridge/board/board-program.ts';
import {
  ENDINGS,
  OFF_SECOND_MAX,
  type SwitchedOff,
  switchOff,
} from '../firmware-bridge/board/switch-off.ts';
import { describeWithPty } from '../firmware-bridge/pty.ts';
import { startOperando } from '../support/built.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SEED = 20_261_121;
const KILLS = 5;
const REPLUGS = 20;
/** Of real time: several processes start in turn, on a machine that may have other work. */
const TIMEOUT_MS = 240_000;
const never = new AbortController().signal;
/**
 * On the wall, without what the board's own time has slipped: on a busy machine the deed itself, or
 * the last bytes of a host, may be late. The limit is the board's own time.
 */
const WALL_SLACK_SECOND = 2;

function expectOff({ boardSecond, wallSecond, staysOff }: SwitchedOff): void {
  expect(boardSecond).toBeGreaterThan(0);
  expect(boardSecond).toBeLessThanOrEqual(OFF_SECOND_MAX);
  expect(wallSecond).toBeLessThanOrEqual(OFF_SECOND_MAX + WALL_SLACK_SECOND);
  expect(staysOff).toBe(true);
}

describeWithPty('a board behind a serial port', () => {
  vi.setConfig({ testTimeout: TIMEOUT_MS });
  let board: BoardProgram;
  beforeAll(async () => {
    board = new BoardProgram();
    await board.ready();
  });
  afterAll(() => board.stop());

  function hostOf(clock = new SystemClock()): OperandoBoard {
    const link = new SerialLink({ path: board.path, baudRate: BAUD_RATE, clock });
    return new OperandoBoard({ id: 'cell-board', link, clock });
  }

  it('makes johnny-five ready, reports, takes limits and drives what it is told', async () => {
    const host = hostOf();
    const reports: BoardReport[] = [];
    host.listen({ onReport: (report) => reports.push(report) });
    await host.start(never);
    try {
      expect(host.firmata.isReady).toBe(true);
      expect(host.firmata.firmwareName).toBe('operando-board');
      expect(host.status).toMatchObject({ state: STATES.tripped, trip: TRIPS.powerOn });
      await host.clearTrip('powerOn');
      // The contacts, the patience of the host's machine: nothing here is about them.
      await host.setLimits({ ...LIMITS, hostSilenceMs: 950, sensorSilenceMs: 950 });
      const before = reports.length;
      await eventually(
        () => reports.length >= before + 5 || undefined,
        () => 'no reports',
      );
      const status = await host.setOutputs({ dutyFraction: 0.25, isRelayClosed: true });
      expect(status).toMatchObject({ state: STATES.energised, duty: 250, relay: 1 });
      const on = await board.until(({ isRelayClosed }) => isRelayClosed);
      expect(on.dutyFraction).toBeCloseTo(0.25, 4);
      await host.setOutputs({ dutyFraction: 0, isRelayClosed: false });
      const off = await board.until(({ isRelayClosed }) => !isRelayClosed, on.boardSecond);
      expect(off.dutyFraction).toBe(0);
      // 25 °C: 109.73 ohm over 430 ohm, in 2^-15.
      expect(reports.at(-1)?.thermometer).toBeCloseTo((109.73 / 430) * 2 ** 15, -1);
      expect(host.damagedMessages).toBe(0);
    } finally {
      await host.stop();
    }
  });

  it(`is off within ${OFF_SECOND_MAX} s of a killed host's last byte, ${KILLS} times (seed ${SEED})`, async () => {
    const random = new Random(SEED);
    for (let at = 0; at < KILLS; at += 1) {
      const off = await switchOff(board, 'kill', random);
      expectOff(off);
      if (at > 0) expect(off.foundTrip).toBe('hostSilent');
    }
  });

  it.each(
    ENDINGS.filter((ending) => ending !== 'kill'),
  )(`is off within ${OFF_SECOND_MAX} s after: %s (seed ${SEED})`, async (ending) =>
    expectOff(await switchOff(board, ending, new Random(SEED))));

  it('keeps its trip for the next host, until that names it', async () => {
    const heating = new HeatingHost(board.path, 0.5);
    await heating.until('heating');
    await heating.kill();
    await board.until(({ dutyFraction }) => dutyFraction === 0, board.now().boardSecond);
    const host = hostOf();
    try {
      await host.start(never);
      expect(host.status).toMatchObject({ state: STATES.tripped, trip: TRIPS.hostSilent });
      await expect(host.setOutputs({ dutyFraction: 0.5, isRelayClosed: true })).rejects.toThrow(
        'refused set outputs: tripped (tripped: host silent)',
      );
      await expect(host.setLimits(LIMITS)).rejects.toThrow('tripped');
      await expect(host.clearTrip('watchdog')).rejects.toThrow('not the reason');
      await host.clearTrip('hostSilent');
      const later = await board.live(0.5);
      expect(later).toMatchObject({ dutyFraction: 0, isRelayClosed: false });
    } finally {
      await host.stop();
    }
  });

  it('is found tripped, and stays off, when its host comes back from a stall or a pulled cable', async () => {
    const host = new HeatingHost(board.path, 0.5);
    try {
      await host.until('heating');
      host.stall(3000);
      await host.until('stalled');
      const stalled = host.messages.length;
      // It goes on where it was, or has taken its own stall for the board's and connects again.
      const told = await eventually(
        () => host.messages.slice(stalled).find(({ trip }) => trip !== undefined),
        () => `the host was never told: ${JSON.stringify(host.messages)}`,
      );
      expect(told.trip).toBe('hostSilent');
      const count = host.messages.length;
      await board.act('unplug');
      await host.until('lost', count);
      await board.plugIn();
      const found = await host.until('found', count);
      expect(found).toMatchObject({ trip: 'hostSilent', duty: 0, relay: 0 });
      expect(await board.live(1)).toMatchObject({ dutyFraction: 0, isRelayClosed: false });
    } finally {
      await host.kill();
    }
  });

  it(`is started by one and the same object after each of ${REPLUGS} replugs, which leave nothing behind`, async () => {
    const host = hostOf();
    const held: number[] = [];
    let isLost = false;
    host.listen({
      onLost: () => {
        isLost = true;
      },
    });
    for (let at = 0; at <= REPLUGS; at += 1) {
      isLost = false;
      await host.start(never);
      expect(host.status?.state).not.toBe(STATES.energised);
      await board.act('unplug');
      await eventually(
        () => isLost || undefined,
        () => 'the loss was not told',
      );
      await host.stop();
      await board.plugIn();
      held.push(heldResources());
    }
    // What the runner of the tests holds comes and goes; a leak adds one with each replug.
    const [early, late] = [held.slice(1, 6), held.slice(-5)];
    expect(Math.max(...late)).toBeLessThan(Math.max(...early) + REPLUGS / 4);
  });

  it('is gone with its pseudo-terminal when its process is killed', async () => {
    const other = new BoardProgram();
    await other.ready();
    expect(processesNaming(other.path).length).toBeGreaterThan(1);
    await other.kill();
    await eventually(
      () => processesNaming(other.path).length === 0 || undefined,
      () => 'socat has outlived the board',
    );
    await other.stop();
  });

  it('ends with a fault when its pseudo-terminal is taken away, and nobody could ask it back', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'port');
    const program = startOperando(['simulate', 'board', '--pty', path]);
    await program.seen(/answers at/);
    const [socat] = processesNaming(path).filter((id) => id !== program.child.pid);
    process.kill(socat ?? Number.NaN, 'SIGKILL');
    const { code, errors } = await program.ended;
    expect(code).toBe(3);
    expect(errors).toContain('the pseudo-terminal has gone');
  });
});

it('answers a Firmata host over TCP as well', async () => {
  const program = startOperando(['simulate', 'board', '--tcp', '0']);
  const [, port] = await program.seen(/answers at tcp:127\.0\.0\.1:(\d+)\./);
  const socket = connect(Number(port), '127.0.0.1');
  const heard: number[] = [];
  socket.on('data', (bytes) => heard.push(...bytes));
  // Report version.
  socket.write(Uint8Array.of(0xf9));
  await eventually(
    () => heard.includes(0xf9) || undefined,
    () => `no version in ${heard.join(' ')}`,
  );
  const at = heard.indexOf(0xf9);
  await eventually(
    () => heard.length > at + 2 || undefined,
    () => 'the version was cut',
  );
  expect(heard.slice(at, at + 3)).toEqual([0xf9, 2, 6]);
  socket.destroy();
  program.child.kill('SIGTERM');
  expect((await program.ended).code).toBe(0);
});

/** Timers, ports and streams that keep this process busy, and those who listen to it. */
function heldResources(): number {
  const listeners = process.eventNames().map((name) => process.listenerCount(name));
  return listeners.reduce((all, one) => all + one, process.getActiveResourcesInfo().length);
}

/** Their ids. */
function processesNaming(path: string): number[] {
  const ids = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(path);
    } catch {
      // It has ended since the folder was read.
      return false;
    }
  });
  return ids.map(Number);
}
