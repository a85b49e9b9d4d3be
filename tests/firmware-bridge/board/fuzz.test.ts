import { describe, expect, it } from 'vitest';
import { STATES } from '../../../firmware-bridge/board-protocol.ts';
import { SysexFramer } from '../../../firmware-bridge/sysex-framer.ts';
import { Random } from '../../../src/domain/random.ts';
import { BoardBench } from './board-bench.ts';
import { fuzzBoard } from './board-fuzz.ts';
import { fuzzHost, fuzzLine } from './host-fuzz.ts';

const SEED = 20_261;

describe(`noise on the line (seed ${SEED})`, () => {
  it('neither stops the firmware nor switches anything on', () => {
    const { unsafeLooks, resets, isWell } = fuzzBoard(40_000, SEED);
    expect({ unsafeLooks, resets, isWell }).toEqual({ unsafeLooks: 0, resets: 0, isWell: true });
  });

  it('during service ends in off, or in service', () => {
    const bench = new BoardBench();
    bench.energise();
    const random = new Random(SEED);
    for (let at = 0; at < 100; at += 1) {
      bench.heartbeat();
      const length = Math.floor(60 * random.uniform());
      bench.board.receive(Uint8Array.from({ length }, () => 256 * random.uniform()));
      bench.run(0.1);
    }
    bench.board.receive(Uint8Array.of(0xf7));
    const { state, duty } = bench.status();
    expect([STATES.energised, STATES.tripped]).toContain(state);
    expect(duty).toBe(state === STATES.energised ? 500 : 0);
    expect(bench.board.resets).toBe(0);
  });

  it('that overruns the receiver is counted, and does no harm', () => {
    const bench = new BoardBench();
    bench.run(0.1);
    for (let at = 0; at < 50; at += 1) {
      bench.board.receive(new Uint8Array(200).fill(0x55));
      bench.board.overrun(new Uint8Array(200).fill(0x55));
      bench.run(0.002);
    }
    bench.run(2);
    expect(bench.status()).toMatchObject({ state: STATES.tripped });
    expect(bench.board.resets).toBe(0);
  });

  it('does not fill the memory of the host, nor end its framing', () => {
    const framer = new SysexFramer();
    const random = new Random(SEED);
    let messages = 0;
    for (let at = 0; at < 2000; at += 1) {
      const bytes = Uint8Array.from({ length: 500 }, () => 256 * random.uniform());
      for (const message of framer.push(bytes)) {
        expect(message.length).toBeLessThanOrEqual(128);
        expect(message.every((byte) => byte < 128)).toBe(true);
        messages += 1;
      }
    }
    expect(messages).toBeGreaterThan(10);
    framer.push(Uint8Array.of(0xf0, 1, 2, 3));
    expect(framer.push(Uint8Array.of(4, 0xf7))).toEqual([Uint8Array.of(1, 2, 3, 4)]);
  });

  it('costs the host no sound message, and makes it take none that nobody sent', () => {
    const { soundMessages, ...rest } = fuzzHost(100_000, SEED);
    expect(rest).toMatchObject({ falseMessages: 0, tooLong: 0, isWell: true });
    expect(soundMessages).toBeGreaterThan(500);
  });

  it('ends neither the host nor johnny-five, and switches nothing on', async () => {
    const { damagedMessages, unsafeLooks, isWell } = await fuzzLine(20_000, SEED);
    expect({ unsafeLooks, isWell }).toEqual({ unsafeLooks: 0, isWell: true });
    // Some of it firmata-io could not take: that is what is tried here.
    expect(damagedMessages).toBeGreaterThan(10);
  });

  it('beyond the longest message is passed over', () => {
    const framer = new SysexFramer();
    expect(framer.push(Uint8Array.from([0xf0, ...Array(500).fill(1), 0xf7]))).toEqual([]);
    expect(framer.push(Uint8Array.of(0xf0, 9, 0xf7))).toEqual([Uint8Array.of(9)]);
  });
});
