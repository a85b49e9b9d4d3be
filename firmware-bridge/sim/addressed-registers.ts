const WRITE = 0x80;

/**
 * Registers behind an SPI bus: the first byte after the selection is an address, with its top bit
 * set to write; each byte that follows is the next register, and after the last comes the first.
 */
export class AddressedRegisters {
  readonly values: Uint8Array;
  readonly #convert: () => void;
  readonly #write: (register: number, byte: number) => void;
  #address: number | undefined;

  /**
   * @param initial values after power-on, a power of two of them
   * @param options `convert` brings them up to date, at each address; `write` decides what becomes
   *   of a byte that is written
   */
  constructor(
    initial: readonly number[],
    options: { convert: () => void; write: (register: number, byte: number) => void },
  ) {
    this.values = Uint8Array.from(initial);
    this.#convert = options.convert;
    this.#write = options.write;
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
    const registerMask = this.values.length - 1;
    const register = this.#address & registerMask;
    const value = this.values[register] ?? 0;
    if (this.#address & WRITE) this.#write(register, byte);
    this.#address = (this.#address & WRITE) | ((register + 1) & registerMask);
    return value;
  }
}
