/** Reference resistor of the usual breakout for 100-ohm platinum. */
const CODES_FULL = 2 ** 15;
const CONFIGURATION = 0;
const THRESHOLDS = 3;
const FAULTS = 7;
/** Bias on and conversions by itself. */
const RUNNING = 0xc0;
const CLEAR_FAULTS = 0x02;
const OVER_THRESHOLD = 0x80;
const UNDER_THRESHOLD = 0x40;

/**
 * A MAX31865 and the platinum resistor at its terminals (data sheet 19-6478): eight registers, the
 * ratio of the resistor to its reference in 15 bits.
 */
export class Max31865 {
  readonly #referenceOhm: number;
  readonly #resistanceOhm: () => number;
  readonly #registers = new Uint8Array([0, 0, 0, 0xff, 0xff, 0, 0, 0]);
  #address: number | undefined;

  /** @param resistanceOhm of the resistor now; Infinity when a lead is open, 0 when it is short */
  constructor(options: { referenceOhm: number; resistanceOhm: () => number }) {
    this.#referenceOhm = options.referenceOhm;
    this.#resistanceOhm = options.resistanceOhm;
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
    const register = this.#address & 7;
    const value = this.#registers[register] ?? 0;
    if (this.#address & 0x80) this.#write(register, byte);
    this.#address = (this.#address & 0x80) | ((register + 1) & 7);
    return value;
  }

  #write(register: number, byte: number): void {
    if (register === CONFIGURATION) {
      if (byte & CLEAR_FAULTS) this.#registers[FAULTS] = 0;
      // Reads as 0 by itself.
      this.#registers[CONFIGURATION] = byte & ~CLEAR_FAULTS;
    } else if (register >= THRESHOLDS && register < FAULTS) this.#registers[register] = byte;
  }

  #convert(): void {
    if (((this.#registers[CONFIGURATION] ?? 0) & RUNNING) !== RUNNING) return;
    const ratio = this.#resistanceOhm() / this.#referenceOhm;
    const code = Math.min(CODES_FULL - 1, Math.max(0, Math.round(ratio * CODES_FULL)));
    const high = ((this.#registers[3] ?? 0) << 8) | (this.#registers[4] ?? 0);
    const low = ((this.#registers[5] ?? 0) << 8) | (this.#registers[6] ?? 0);
    let faults = this.#registers[FAULTS] ?? 0;
    if (code << 1 >= high) faults |= OVER_THRESHOLD;
    if (code << 1 <= low) faults |= UNDER_THRESHOLD;
    this.#registers[FAULTS] = faults;
    const word = (code << 1) | (faults ? 1 : 0);
    this.#registers[1] = word >> 8;
    this.#registers[2] = word & 0xff;
  }
}
