import { AddressedRegisters } from './addressed-registers.ts';

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
/** Values after power-on. */
const INITIAL = [0, 0, 0, 0xff, 0xff, 0, 0, 0];

/**
 * A MAX31865 and the platinum resistor at its terminals (data sheet 19-6478): eight registers, the
 * ratio of the resistor to its reference in 15 bits.
 */
export class Max31865 {
  readonly #referenceOhm: number;
  readonly #resistanceOhm: () => number;
  /** What the bus reads and writes. */
  readonly bus: AddressedRegisters;

  /** @param resistanceOhm of the resistor now; Infinity when a lead is open, 0 when it is short */
  constructor(options: { referenceOhm: number; resistanceOhm: () => number }) {
    this.#referenceOhm = options.referenceOhm;
    this.#resistanceOhm = options.resistanceOhm;
    this.bus = new AddressedRegisters(INITIAL, {
      convert: () => this.#convert(),
      write: (register, byte) => this.#write(register, byte),
    });
  }

  #write(register: number, byte: number): void {
    if (register === CONFIGURATION) {
      if (byte & CLEAR_FAULTS) this.bus.values[FAULTS] = 0;
      // Reads as 0 by itself.
      this.bus.values[CONFIGURATION] = byte & ~CLEAR_FAULTS;
    } else if (register >= THRESHOLDS && register < FAULTS) this.bus.values[register] = byte;
  }

  #convert(): void {
    if (((this.bus.values[CONFIGURATION] ?? 0) & RUNNING) !== RUNNING) return;
    const ratio = this.#resistanceOhm() / this.#referenceOhm;
    const code = Math.min(CODES_FULL - 1, Math.max(0, Math.round(ratio * CODES_FULL)));
    const high = ((this.bus.values[3] ?? 0) << 8) | (this.bus.values[4] ?? 0);
    const low = ((this.bus.values[5] ?? 0) << 8) | (this.bus.values[6] ?? 0);
    let faults = this.bus.values[FAULTS] ?? 0;
    if (code << 1 >= high) faults |= OVER_THRESHOLD;
    if (code << 1 <= low) faults |= UNDER_THRESHOLD;
    this.bus.values[FAULTS] = faults;
    const word = (code << 1) | (faults ? 1 : 0);
    this.bus.values[1] = word >> 8;
    this.bus.values[2] = word & 0xff;
  }
}
