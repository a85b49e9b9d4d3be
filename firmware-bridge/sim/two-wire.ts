import type { AVRTWI, CPU, TWIEventHandler } from 'avr8js';

/** One device on the two-wire bus. */
export interface TwoWireDevice {
  /** True when it acknowledges this address. */
  connect(address: number, isWrite: boolean): boolean;
  write(byte: number): boolean;
  read(): number;
}

/** The bus between the processor's interface and the device: a byte takes nine clocks. */
export class TwoWire implements TWIEventHandler {
  readonly #cpu: CPU;
  readonly #twi: AVRTWI;
  readonly #device: TwoWireDevice;
  readonly #clockHertz: number;

  /** @param options `clockHertz` of the processor */
  constructor(options: {
    readonly cpu: CPU;
    readonly twi: AVRTWI;
    readonly device: TwoWireDevice;
    readonly clockHertz: number;
  }) {
    this.#cpu = options.cpu;
    this.#twi = options.twi;
    this.#device = options.device;
    this.#clockHertz = options.clockHertz;
  }

  start(): void {
    this.#after(1, () => this.#twi.completeStart());
  }

  stop(): void {
    this.#after(1, () => this.#twi.completeStop());
  }

  connectToSlave(address: number, isWrite: boolean): void {
    const isHeard = this.#device.connect(address, isWrite);
    this.#after(9, () => this.#twi.completeConnect(isHeard));
  }

  writeByte(byte: number): void {
    const isHeard = this.#device.write(byte);
    this.#after(9, () => this.#twi.completeWrite(isHeard));
  }

  readByte(): void {
    const byte = this.#device.read();
    this.#after(9, () => this.#twi.completeRead(byte));
  }

  #after(clocks: number, done: () => void): void {
    this.#cpu.addClockEvent(done, (clocks * this.#clockHertz) / this.#twi.sclFrequency);
  }
}
