import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc16, encodeFields, encodeMessage } from '../../firmware-bridge/board-message.ts';
import {
  CLEAR_FIELDS,
  COMMANDS,
  HEARTBEAT_FIELDS,
  LIMIT_FIELDS,
  OUTPUT_FIELDS,
  TRIPS,
} from '../../firmware-bridge/board-protocol.ts';
import { readHex } from '../../firmware-bridge/sim/hex-file.ts';
import { PROGRAM_BYTES } from '../../firmware-bridge/sim/mcu.ts';
import { SimulatedBoard } from '../../firmware-bridge/sim/simulated-board.ts';
import type { Bench, MeasuredFigure } from './bench.ts';
import { atLeast } from './figures.ts';
import { type CallTime, inProcess, race } from './race.ts';
import { REPOSITORY } from './repository.ts';
import { spreadOf } from './spread.ts';

const SPEED_MIN = 15;
const BEAT_EVERY_SECOND = 0.2;
/** One call of a contender: the board lives for so long. */
const CALL_SECOND = 1;
/** 57 600 Bd in 0.2 s are 1152 bytes; the heartbeat takes some. */
const FLOOD_BYTES = 1130;
const COUNTERS = 2 ** 14;
const LIMITS = {
  hostSilenceMs: 950,
  sensorSilenceMs: 950,
  thermometerMin: 7000,
  thermometerMax: 11_000,
  thermocoupleMin: 0,
  thermocoupleMax: 15_360,
  forceMax: 4_000_000,
  pressureMax: 14_000,
  dutyMax: 1000,
  fitted: 0b1111,
  guarded: 0b111,
} as const;

/** The firmware in the simulated processor against the real one, which lives a second a second. */
export const FIRMWARE_BENCH: Bench = {
  name: 'firmware',
  about: "speed of the board's simulated firmware against real time",
  async run(options) {
    const heating = new HeatingBoard();
    const works = [
      inProcess('heating, heartbeats and reports', () => heating.live(CALL_SECOND)),
      inProcess('the same, with the line full of bytes', () => heating.liveFlooded(CALL_SECOND)),
    ];
    const times = race(works, options);
    if (!heating.isOn) throw new Error('the heater was not on: nothing was measured');
    return works.map(({ name }, at) => speedFigure(name, times.get(name) ?? [], at === 0));
  },
};

/** How many seconds it lives in one: of the wall, and of one processor. */
function speedFigure(name: string, times: readonly CallTime[], hasTarget: boolean): MeasuredFigure {
  const speed = (ms: number): number => (1000 * CALL_SECOND) / ms;
  return {
    kind: 'measured',
    name,
    unit: 'x',
    wall: spreadOf(times.map(({ wallMs }) => speed(wallMs))),
    cpu: spreadOf(times.map(({ cpuMs }) => speed(cpuMs))),
    target: hasTarget ? atLeast(SPEED_MIN) : null,
    note: 'seconds of the board in one second',
  };
}

/** A board in full service, whose host speaks in time. */
class HeatingBoard {
  readonly #board: SimulatedBoard;
  readonly #settingsCrc: number;
  #counter = 0;

  constructor() {
    const path = join(REPOSITORY, 'firmware-bridge', 'firmware', 'board.hex');
    this.#board = new SimulatedBoard({
      program: readHex(readFileSync(path, 'utf8'), PROGRAM_BYTES, path),
      onByte: () => {},
      surroundings: {
        resistanceOhm: () => 109.73,
        thermocoupleCelsius: () => 25,
        boardCelsius: () => 25,
        humidityPercent: () => 40,
        forceCode: () => 100_000,
        pressureVolt: () => 1.5,
        isOpen: () => false,
      },
    });
    const limits = encodeFields(LIMIT_FIELDS, LIMITS);
    const outputs = encodeFields(OUTPUT_FIELDS, { duty: 300, relay: 1 });
    this.#settingsCrc = crc16([...limits, ...outputs]);
    this.#board.run(0.05);
    this.#send(COMMANDS.clearTrip, encodeFields(CLEAR_FIELDS, { reason: TRIPS.powerOn }));
    this.#send(COMMANDS.setLimits, limits);
    this.#board.run(0.3);
    this.#send(COMMANDS.setOutputs, outputs);
  }

  get isOn(): boolean {
    return this.#board.heaterDuty > 0 && this.#board.isRelayClosed;
  }

  live(durationSecond: number): void {
    for (let left = durationSecond; left > 1e-9; left -= BEAT_EVERY_SECOND) {
      this.#beat();
      this.#board.run(BEAT_EVERY_SECOND);
    }
  }

  /** Bytes that mean nothing fill the line between the heartbeats. */
  liveFlooded(durationSecond: number): void {
    for (let left = durationSecond; left > 1e-9; left -= BEAT_EVERY_SECOND) {
      this.#beat();
      this.#board.receive(new Uint8Array(FLOOD_BYTES).fill(0x55));
      this.#board.run(BEAT_EVERY_SECOND);
    }
  }

  #beat(): void {
    this.#counter = (this.#counter + 1) % COUNTERS;
    const values = { counter: this.#counter, settingsCrc: this.#settingsCrc };
    this.#send(COMMANDS.heartbeat, encodeFields(HEARTBEAT_FIELDS, values));
  }

  #send(command: number, payload: readonly number[]): void {
    this.#board.receive(encodeMessage(command, payload));
  }
}
