const COLD_JUNCTION = 0x0a;
const CONVERTING = 0x80;
const OPEN = 0x01;
const REGISTER_COUNT = 16;
/** Values after power-on (data sheet 19-7534, table 6). */
const INITIAL = [0, 3, 0xff, 0x7f, 0xc0, 0x7f, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0];

/** A MAX31856 with a thermocouple of type K at its terminals. */
export class Max31856 {
  readonly #thermocoupleCelsius: () => number;
  readonly #coldJunctionCelsius: () => number;
  readonly #registers = Uint8Array.from(INITIAL);
  #address: number | undefined;

  /** @param thermocoupleCelsius NaN when it is open */
  constructor(options: { thermocoupleCelsius: () => number; coldJunctionCelsius: () => number }) {
    this.#thermocoupleCelsius = options.thermocoupleCelsius;
    this.#coldJunctionCelsius = options.coldJunctionCelsius;
  }

  select(): void {
    this.#address = undefined;
  }

  exchange(byte: number): number {
    if (this.#address === undefined) {
      this.#address = byte;
      this.#convert();
      return 0;
    }
    const register = this.#address & (REGISTER_COUNT - 1);
    const value = this.#registers[register] ?? 0;
    if (this.#address & 0x80 && register < COLD_JUNCTION) this.#registers[register] = byte;
    this.#address = (this.#address & 0x80) | ((register + 1) & (REGISTER_COUNT - 1));
    return value;
  }

  #convert(): void {
    if (!((this.#registers[0] ?? 0) & CONVERTING)) return;
    const junction = Math.round(this.#coldJunctionCelsius() * 64) << 2;
    this.#registers[COLD_JUNCTION] = (junction >> 8) & 0xff;
    this.#registers[COLD_JUNCTION + 1] = junction & 0xff;
    const celsius = this.#thermocoupleCelsius();
    this.#registers[15] = Number.isFinite(celsius) ? 0 : OPEN;
    const code = Number.isFinite(celsius) ? Math.round(celsius * 128) << 5 : 0x7fff00;
    this.#registers[12] = (code >> 16) & 0xff;
    this.#registers[13] = (code >> 8) & 0xff;
    this.#registers[14] = code & 0xff;
  }
}
