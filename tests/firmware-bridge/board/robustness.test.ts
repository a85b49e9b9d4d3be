import { describe, expect, it } from 'vitest';
import { encodeFields } from '../../../firmware-bridge/board-message.ts';
import {
  COMMANDS,
  STATES,
  TRIGGER_FIELDS,
  TRIPS,
} from '../../../firmware-bridge/board-protocol.ts';
import { BoardBench } from './board-bench.ts';

/** Registers of the ATmega328P, by their addresses in data memory (data sheet 36). */
const REGISTERS = {
  DDRB: 0x24,
  PORTB: 0x25,
  DDRD: 0x2a,
  PORTD: 0x2b,
  TCCR1A: 0x80,
  TCCR0B: 0x45,
  TIMSK0: 0x6e,
} as const;
const OFF_SECOND_MAX = 1;

describe('the firmware, whatever happens around it', () => {
  it.each([
    2e-6, 10e-6,
  ])('switches off for a silent host though the detector line changes every %s s', (everySecond) => {
    const bench = new BoardBench();
    bench.energise();
    const start = bench.board.timeSecond;
    for (let isHigh = true; bench.board.heaterDuty > 0; isHigh = !isHigh) {
      bench.board.setDetector(isHigh);
      bench.run(everySecond);
      expect(bench.board.timeSecond - start).toBeLessThan(OFF_SECOND_MAX);
    }
    expect(bench.board.isRelayClosed).toBe(false);
  });

  it('goes on heating while the detector line is noisy and the host is well', () => {
    const bench = new BoardBench();
    bench.energise();
    for (let at = 0; at < 20_000; at += 1) {
      if (at % 4000 === 0) bench.heartbeat();
      bench.board.setDetector(at % 2 === 0);
      bench.run(50e-6);
    }
    bench.board.setDetector(false);
    bench.heartbeat();
    expect(bench.status()).toMatchObject({ state: STATES.energised, duty: 500, overruns: 0 });
    expect(bench.board.resets).toBe(0);
  });

  it('begins with the duty it is told, not with what the timer was at', () => {
    const bench = new BoardBench();
    bench.energise(1000);
    bench.runAlive(0.37);
    expect(bench.board.isHeaterHigh).toBe(true);
    bench.setOutputs(0, 1);
    bench.runAlive(0.1);
    bench.setOutputs(50, 1);
    let highSecond = 0;
    for (let at = 0; at < 1000; at += 1) {
      if (at % 200 === 0) bench.heartbeat();
      bench.run(1e-3);
      if (bench.board.isHeaterHigh) highSecond += 1e-3;
    }
    expect(highSecond).toBeGreaterThan(0.045);
    expect(highSecond).toBeLessThan(0.056);
  });

  it.each(['idle', 'tripped'] as const)('takes back what a surge has switched on: %s', (state) => {
    const bench = new BoardBench();
    bench.run(0.05);
    if (state === 'idle') bench.clear('powerOn');
    bench.run(0.05);
    for (const [name, value] of [
      ['PORTD', 0xff],
      ['PORTB', 0xff],
      ['TCCR1A', 0x82],
    ] as const) {
      bench.board.disturb(REGISTERS[name], value);
      expect(bench.board.isRelayClosed || bench.board.heaterDuty > 0).toBe(true);
      bench.run(0.002);
      expect(bench.board.isRelayClosed).toBe(false);
      expect(bench.board.heaterDuty).toBe(0);
    }
  });

  it.each([
    'TCCR0B',
    'TIMSK0',
  ] as const)('is reset by its watchdog when its tick stops, though the host is well: %s', (name) => {
    const bench = new BoardBench();
    bench.energise();
    bench.board.disturb(REGISTERS[name], 0);
    bench.runAlive(OFF_SECOND_MAX);
    expect(bench.board.heaterDuty).toBe(0);
    expect(bench.board.isRelayClosed).toBe(false);
    expect(bench.status()).toMatchObject({ state: STATES.tripped, trip: TRIPS.watchdog });
  });

  it('loses no tick and no byte while the line is full in both directions', () => {
    const bench = new BoardBench();
    bench.energise();
    const startMs = bench.status().upMs;
    const startSecond = bench.board.timeSecond;
    // Analog and digital reports, as often as they come.
    bench.board.receive(Uint8Array.of(0xc0, 1, 0xd0, 1, 0xd1, 1, 0xf0, 0x7a, 10, 0, 0xf7));
    for (let at = 0; at < 100; at += 1) {
      bench.heartbeat();
      // 57 600 Bd are 1152 bytes in 0.2 s.
      bench.board.receive(new Uint8Array(1100).fill(0x55));
      bench.run(0.2);
      bench.forget();
    }
    const status = bench.status();
    expect(status).toMatchObject({ state: STATES.energised, overruns: 0, damaged: 0 });
    const passedSecond = bench.board.timeSecond - startSecond;
    expect(Math.abs((status.upMs - startMs) / 1000 - passedSecond)).toBeLessThan(0.003);
  });

  it('sends whole messages or none when it is asked faster than the line can answer', () => {
    const bench = new BoardBench();
    bench.run(0.05);
    bench.forget();
    for (let at = 0; at < 60; at += 1) {
      bench.board.receive(Uint8Array.of(0xf0, 0x6b, 0xf7, 0xf0, 0x69, 0xf7, 0xf0, 0x79, 0xf7));
      bench.run(0.002);
    }
    bench.run(0.2);
    const sizes: Record<number, Set<number>> = { 108: new Set(), 106: new Set(), 121: new Set() };
    const text = Buffer.from(bench.bytes);
    for (let at = text.indexOf(0xf0); at >= 0; at = text.indexOf(0xf0, at + 1)) {
      const end = text.findIndex((byte, index) => index > at && byte >= 0x80);
      sizes[text[at + 1] ?? 0]?.add(text[end] === 0xf7 ? end - at + 1 : 0);
    }
    expect([...(sizes[0x6c] ?? [])]).toEqual([39]);
    expect([...(sizes[0x6a] ?? [])]).toEqual([23]);
    expect([...(sizes[0x79] ?? [])]).toEqual([33]);
    expect(bench.status().droppedReports).toBeGreaterThan(10);
  });

  it('counts detector edges that are 1.5 ms apart, and none twice', () => {
    const bench = new BoardBench();
    bench.run(0.1);
    for (let at = 0; at < 50; at += 1) {
      bench.board.setDetector(true);
      bench.run(0.0007);
      bench.board.setDetector(false);
      bench.run(0.0008);
    }
    bench.run(0.05);
    const last = bench.messages().findLast(({ command }) => command === COMMANDS.detectorEdge);
    expect(last?.payload[0]).toBe(50);
  });

  it('leaves its stack more than a third of the memory in the worst of it', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.board.receive(Uint8Array.of(0xc0, 1, 0xd0, 1, 0xd1, 1, 0xf0, 0x7a, 10, 0, 0xf7));
    for (let at = 0; at < 40; at += 1) {
      bench.heartbeat();
      bench.board.receive(Uint8Array.of(0xf0, 0x6b, 0xf7, 0xf0, 0x69, 0xf7, 0xf0, 0x79, 0xf7));
      bench.send(COMMANDS.trigger, encodeFields(TRIGGER_FIELDS, { number: at, widthMs: 2 }));
      bench.board.receive(new Uint8Array(200).fill(0x55));
      bench.board.setDetector(at % 2 === 0);
      bench.run(0.05);
    }
    bench.world.resistanceOhm = 200;
    bench.runAlive(1);
    expect(bench.status()).toMatchObject({ trip: TRIPS.temperatureHigh });
    expect(bench.board.unwrittenBytes).toBeGreaterThan(2048 / 3);
  });
});
