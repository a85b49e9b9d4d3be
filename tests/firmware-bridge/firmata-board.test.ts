import { describe, expect, it } from 'vitest';
import { FirmataBoard, PIN_MODES } from '../../firmware-bridge/firmata-board.ts';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { FirmataResponder } from './firmata-responder.ts';

const never = new AbortController().signal;
const RELAY = 8;

async function bench() {
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('board');
  const board = new FirmataBoard({ id: 'oven', link: near, clock, readyTimeoutSecond: 3 });
  await far.open(never);
  return { clock, near, far, board };
}

async function readyBench() {
  const parts = await bench();
  const responder = new FirmataResponder(parts.far);
  await parts.board.start(never);
  return { ...parts, responder };
}

describe('a Firmata board', () => {
  it('becomes ready and tells its firmware and pins', async () => {
    const { board } = await readyBench();
    expect(board.isReady).toBe(true);
    expect(board.firmwareName).toBe('tester.ino');
    expect(board.pinCount).toBe(20);
    await board.stop();
  });

  it('becomes ready although old analog reports flood the line', async () => {
    const { far, board } = await bench();
    const responder = new FirmataResponder(far);
    const started = board.start(never);
    responder.flood();
    await started;
    expect(board.pinCount).toBe(20);
    await board.stop();
  });

  it('toggles a pin, and the board confirms it', async () => {
    const { board, responder } = await readyBench();
    board.setMode(RELAY, PIN_MODES.output);
    board.write(RELAY, 1);
    expect(await board.readState(RELAY)).toBe(1);
    expect(responder.levels[RELAY]).toBe(1);
    board.write(RELAY, 0);
    expect(await board.readState(RELAY)).toBe(0);
    await board.stop();
  });

  it('does not drive a pin that was not made an output', async () => {
    const { board } = await readyBench();
    board.write(RELAY, 1);
    expect(await board.readState(RELAY)).toBe(0);
    await board.stop();
  });

  it('says that nobody answers, on the clock, and closes the link', async () => {
    const { board, clock, near } = await bench();
    const started = board.start(never).catch((error: { code: string }) => error.code);
    await clock.advance(3);
    expect(await started).toBe('timeout');
    expect(near.isOpen).toBe(false);
  });

  it('ends the waiting when the board is unplugged or the caller gives up', async () => {
    const unplugged = await bench();
    const started = unplugged.board.start(never);
    await Promise.resolve();
    await unplugged.far.close();
    await expect(started).rejects.toMatchObject({ code: 'instrumentLost' });
    const given = await bench();
    const abort = new AbortController();
    const waiting = given.board.start(abort.signal);
    await given.clock.advance(1);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('is not ready after the link is lost, refuses writes, and can be started again', async () => {
    const { board, far } = await readyBench();
    await far.close();
    expect(board.isReady).toBe(false);
    expect(() => board.write(RELAY, 1)).toThrow('it is not connected');
    await board.stop();
    await board.stop();
    await far.open(never);
    await board.start(never);
    expect(board.isReady).toBe(true);
    await board.stop();
  });

  it('refuses a pin it does not have', async () => {
    const { board } = await readyBench();
    expect(() => board.write(99, 1)).toThrow('there is no pin 99: expected 0 to 19');
    await board.stop();
  });

  it('goes on after a damaged message that firmata-io throws at', async () => {
    const { board, far } = await readyBench();
    // The state of a pin that is not there, and a name cut to an odd number of halves.
    far.write(Uint8Array.of(0xf0, 0x6e, 0x7f, 1, 1, 0xf7));
    far.write(Uint8Array.of(0xf0, 0x79, 0xf7));
    await Promise.resolve();
    expect(board.damagedMessages).toBe(2);
    board.setMode(RELAY, PIN_MODES.output);
    board.write(RELAY, 1);
    expect(await board.readState(RELAY)).toBe(1);
    expect(board.damagedMessages).toBe(2);
    await board.stop();
  });
});
