import { AddressedRegisters } from './addressed-registers.ts';

const COLD_JUNCTION = 0x0a;
const CONVERTING = 0x80;
const OPEN = 0x01;
/** Values after power-on (data sheet 19-7534, table 6). */
const INITIAL = [0, 3, 0xff, 0x7f, 0xc0, 0x7f, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0];

/** A MAX31856 with a thermocouple of type K at its terminals. */
export class Max31856 {
  readonly #thermocoupleCelsius: () => number;
  readonly #coldJunctionCelsius: () => number;
  /** What the bus reads and writes. */
  readonly bus: AddressedRegisters;

  /** @param thermocoupleCelsius NaN when it is open */
  constructor(options: { thermocoupleCelsius: () => number; coldJunctionCelsius: () => number }) {
    this.#thermocoupleCelsius = options.thermocoupleCelsius;
    this.#coldJunctionCelsius = options.coldJunctionCelsius;
    this.bus = new AddressedRegisters(INITIAL, {
      convert: () => this.#convert(),
      write: (register, byte) => {
        if (register < COLD_JUNCTION) this.bus.values[register] = byte;
      },
    });
  }

  #convert(): void {
    if (!((this.bus.values[0] ?? 0) & CONVERTING)) return;
    const junction = Math.round(this.#coldJunctionCelsius() * 64) << 2;
    this.bus.values[COLD_JUNCTION] = (junction >> 8) & 0xff;
    this.bus.values[COLD_JUNCTION + 1] = junction & 0xff;
    const celsius = this.#thermocoupleCelsius();
    this.bus.values[15] = Number.isFinite(celsius) ? 0 : OPEN;
    const code = Number.isFinite(celsius) ? Math.round(celsius * 128) << 5 : 0x7fff00;
    this.bus.values[12] = (code >> 16) & 0xff;
    this.bus.values[13] = (code >> 8) & 0xff;
    this.bus.values[14] = code & 0xff;
  }
}
