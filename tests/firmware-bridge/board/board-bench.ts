import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  crc16,
  decodeFields,
  decodeMessage,
  encodeFields,
  encodeMessage,
  type Values,
} from '../../../firmware-bridge/board-message.ts';
import {
  CLEAR_FIELDS,
  COMMANDS,
  type Field,
  HEARTBEAT_FIELDS,
  LIMIT_FIELDS,
  OUTPUT_FIELDS,
  SENSOR_FIELDS,
  STATUS_FIELDS,
  TRIPS,
} from '../../../firmware-bridge/board-protocol.ts';
import { readHex } from '../../../firmware-bridge/sim/hex-file.ts';
import { PROGRAM_BYTES } from '../../../firmware-bridge/sim/mcu.ts';
import {
  type BoardSurroundings,
  SimulatedBoard,
} from '../../../firmware-bridge/sim/simulated-board.ts';
import { REPOSITORY } from '../../bench/repository.ts';

const HEX = join(REPOSITORY, 'firmware-bridge', 'firmware', 'board.hex');

export const PROGRAM = readHex(readFileSync(HEX, 'utf8'), PROGRAM_BYTES, 'board.hex');

/** Everything fitted, nothing near its limit, 25 °C. */
export const LIMITS: Values<typeof LIMIT_FIELDS> = {
  hostSilenceMs: 900,
  sensorSilenceMs: 500,
  thermometerMin: 7000,
  thermometerMax: 11_000,
  thermocoupleMin: -20 * 128,
  thermocoupleMax: 120 * 128,
  forceMax: 4_000_000,
  pressureMax: 14_000,
  dutyMax: 1000,
  fitted: 0b1111,
  guarded: 0b111,
};

/** The firmware in the simulated microcontroller, with a host that a test plays by hand. */
export class BoardBench {
  readonly world = {
    resistanceOhm: 109.73,
    thermocoupleCelsius: 25,
    boardCelsius: 24,
    humidityPercent: 40,
    forceCode: 100_000,
    pressureVolt: 1.5,
    open: new Set<string>(),
  };
  readonly board: SimulatedBoard;
  /** Every byte since the start. */
  readonly bytes: number[] = [];
  /** The host's last message. */
  lastSent: Uint8Array = new Uint8Array();
  #at = 0;
  #counter = 0;
  #settings: number[] = [];
  #limitPayload: number[] = [];

  constructor(surroundings: Partial<BoardSurroundings> = {}, onByte?: (byte: number) => void) {
    const { world } = this;
    this.board = new SimulatedBoard({
      program: PROGRAM,
      surroundings: {
        resistanceOhm: () => world.resistanceOhm,
        thermocoupleCelsius: () => world.thermocoupleCelsius,
        boardCelsius: () => world.boardCelsius,
        humidityPercent: () => world.humidityPercent,
        forceCode: () => world.forceCode,
        pressureVolt: () => world.pressureVolt,
        isOpen: (input) => world.open.has(input),
        ...surroundings,
      },
      onByte: onByte ?? ((byte) => this.bytes.push(byte)),
    });
  }

  run(durationSecond: number): void {
    this.board.run(durationSecond);
  }

  send(command: number, payload: readonly number[] = []): void {
    this.lastSent = encodeMessage(command, payload);
    this.board.receive(this.lastSent);
  }

  setLimits(limits: Partial<typeof LIMITS> = {}): void {
    this.#limitPayload = encodeFields(LIMIT_FIELDS, { ...LIMITS, ...limits });
    this.#settings = this.#limitPayload;
    this.send(COMMANDS.setLimits, this.#limitPayload);
  }

  setOutputs(duty: number, relay: 0 | 1): void {
    const payload = encodeFields(OUTPUT_FIELDS, { duty, relay });
    this.#settings = [...this.#limitPayload, ...payload];
    this.send(COMMANDS.setOutputs, payload);
  }

  heartbeat(settingsCrc = crc16(this.#settings)): void {
    this.#counter = (this.#counter + 1) & 0x3fff;
    const values = { counter: this.#counter, settingsCrc };
    this.send(COMMANDS.heartbeat, encodeFields(HEARTBEAT_FIELDS, values));
  }

  /** Time passes while the host is well: a heartbeat every 200 ms. */
  runAlive(durationSecond: number): void {
    for (let left = durationSecond; left > 1e-9; left -= 0.2) {
      this.heartbeat();
      this.run(Math.min(0.2, left));
    }
  }

  clear(reason: keyof typeof TRIPS): void {
    this.send(COMMANDS.clearTrip, encodeFields(CLEAR_FIELDS, { reason: TRIPS[reason] }));
  }

  /** From power-on to an energised heater and relay. */
  energise(duty = 500, limits: Partial<typeof LIMITS> = {}): void {
    this.run(0.05);
    this.clear('powerOn');
    this.setLimits(limits);
    this.run(0.3);
    this.setOutputs(duty, 1);
    this.runAlive(0.2);
  }

  /** Begins anew with the bytes it keeps. */
  forget(): void {
    this.bytes.length = 0;
    this.#at = 0;
  }

  /** Sound messages since the last call. */
  messages(): { readonly command: number; readonly payload: Uint8Array }[] {
    const found = [];
    for (;;) {
      const start = this.bytes.indexOf(0xf0, this.#at);
      const end = start < 0 ? -1 : this.bytes.indexOf(0xf7, start);
      if (end < 0) return found;
      this.#at = end + 1;
      const message = decodeMessage(Uint8Array.from(this.bytes.slice(start + 1, end)));
      if (message) found.push(message);
    }
  }

  status(): Values<typeof STATUS_FIELDS> {
    this.send(COMMANDS.askStatus);
    this.run(0.03);
    return this.#last(COMMANDS.status, STATUS_FIELDS);
  }

  sensors(): Values<typeof SENSOR_FIELDS> {
    this.run(0.25);
    return this.#last(COMMANDS.sensors, SENSOR_FIELDS);
  }

  #last<F extends readonly Field[]>(command: number, fields: F): Values<F> {
    const message = this.messages().findLast((one) => one.command === command);
    const values = message && decodeFields(fields, message.payload);
    if (!values) throw new Error(`the board sent no message ${command}`);
    return values;
  }
}
