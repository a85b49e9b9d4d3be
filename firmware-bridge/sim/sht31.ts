import type { TwoWireDevice } from './two-wire.ts';

const ADDRESS = 0x44;
const SINGLE_SHOT = 0x2400;
const CODES = 65_535;

/** A Sensirion SHT31 (data sheet, version 4): one measurement for each command. */
export class Sht31 implements TwoWireDevice {
  readonly #temperatureCelsius: () => number;
  readonly #humidityPercent: () => number;
  #command = 0;
  #answer: number[] = [];

  constructor(options: { temperatureCelsius: () => number; humidityPercent: () => number }) {
    this.#temperatureCelsius = options.temperatureCelsius;
    this.#humidityPercent = options.humidityPercent;
  }

  connect(address: number, isWrite: boolean): boolean {
    if (address !== ADDRESS) return false;
    if (isWrite) this.#command = 0;
    // Without a measurement it does not acknowledge to be read.
    return isWrite || this.#answer.length > 0;
  }

  write(byte: number): boolean {
    this.#command = ((this.#command << 8) | byte) & 0xffff;
    if (this.#command === SINGLE_SHOT) {
      const temperature = Math.round(((this.#temperatureCelsius() + 45) / 175) * CODES);
      const humidity = Math.round((this.#humidityPercent() / 100) * CODES);
      this.#answer = [...word(temperature), ...word(humidity)];
    }
    return true;
  }

  read(): number {
    return this.#answer.shift() ?? 0xff;
  }
}

function word(value: number): number[] {
  const bytes = [(value >> 8) & 0xff, value & 0xff];
  return [...bytes, crc8(bytes)];
}

/** Polynomial 0x31, begins with 0xff (data sheet 4.12). */
function crc8(bytes: readonly number[]): number {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 0x80 ? ((crc << 1) ^ 0x31) & 0xff : (crc << 1) & 0xff;
    }
  }
  return crc;
}
