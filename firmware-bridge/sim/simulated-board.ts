import { INPUT_BITS, PINS } from '../board-protocol.ts';
import { Hx711 } from './hx711.ts';
import { Max31856 } from './max31856.ts';
import { Max31865 } from './max31865.ts';
import { CLOCK_HERTZ, type Freeze, Mcu, type ResetCause } from './mcu.ts';
import { Sht31 } from './sht31.ts';

/** The world at the board's terminals, asked whenever a converter looks at it. */
export interface BoardSurroundings {
  /** Infinity when a lead is open, 0 when it is short. */
  resistanceOhm(): number;
  /** NaN when it is open. */
  thermocoupleCelsius(): number;
  boardCelsius(): number;
  humidityPercent(): number;
  /** Code of the load cell's bridge. */
  forceCode(): number;
  pressureVolt(): number;
  isOpen(input: keyof typeof INPUT_BITS): boolean;
}

/** Of the MAX31865's breakout for 100-ohm platinum. */
export const REFERENCE_OHM = 430;

/** Each slice the inputs are set anew: a contact or a voltage is seen within this time. */
const SLICE_CYCLES = CLOCK_HERTZ / 1000;
const PRESSURE_CHANNEL = 0;

/**
 * The operando board with its converters, running its real firmware. `run` lets time pass; what it
 * drives is read from it, what it says comes through `onByte`.
 */
export class SimulatedBoard {
  readonly #surroundings: BoardSurroundings;
  readonly #mcu: Mcu;
  readonly #force: Hx711;

  constructor(options: {
    readonly program: Uint16Array;
    readonly surroundings: BoardSurroundings;
    readonly onByte: (byte: number) => void;
  }) {
    const { program, surroundings, onByte } = options;
    this.#surroundings = surroundings;
    const thermometer = new Max31865({
      referenceOhm: REFERENCE_OHM,
      resistanceOhm: () => surroundings.resistanceOhm(),
    });
    const thermocouple = new Max31856({
      thermocoupleCelsius: () => surroundings.thermocoupleCelsius(),
      coldJunctionCelsius: () => surroundings.boardCelsius(),
    });
    let selected: Max31865 | Max31856 | undefined;
    const select = (device: Max31865 | Max31856, isHigh: boolean): void => {
      if (isHigh) selected = selected === device ? undefined : selected;
      else {
        selected = device;
        device.bus.select();
      }
    };
    this.#mcu = new Mcu(program, {
      onByte,
      onSpi: (byte) => selected?.bus.exchange(byte) ?? 0xff,
      onPin: (pin, isHigh) => {
        if (pin === PINS.thermometerSelect) select(thermometer, isHigh);
        if (pin === PINS.thermocoupleSelect) select(thermocouple, isHigh);
        if (pin === PINS.forceClock) this.#force.clock(isHigh);
      },
      twoWire: new Sht31({
        temperatureCelsius: () => surroundings.boardCelsius(),
        humidityPercent: () => surroundings.humidityPercent(),
      }),
    });
    this.#force = new Hx711({
      code: () => surroundings.forceCode(),
      setLine: (isHigh) => this.#mcu.setInput(PINS.forceData, isHigh),
    });
    this.#mcu.setInput(PINS.forceData, true);
    this.#sense();
  }

  get timeSecond(): number {
    return this.#mcu.timeSecond;
  }

  /** Share of full power at the heater's terminals, 0 to 1. */
  get heaterDuty(): number {
    return this.#mcu.heaterDuty;
  }

  /** Now, within a period of the heater's pulses. */
  get isHeaterHigh(): boolean {
    return this.#mcu.isHigh(PINS.heater);
  }

  get isRelayClosed(): boolean {
    return this.#mcu.isHigh(PINS.relay);
  }

  get isTriggering(): boolean {
    return this.#mcu.isHigh(PINS.trigger);
  }

  get resets(): number {
    return this.#mcu.resets;
  }

  /** Of the processor's memory, never written since it was last made. */
  get unwrittenBytes(): number {
    return this.#mcu.unwrittenBytes;
  }

  /** Sets a register of the processor to something else, as a surge may. */
  disturb(address: number, value: number): void {
    this.#mcu.disturb(address, value);
  }

  run(durationSecond: number): void {
    let left = Math.round(durationSecond * CLOCK_HERTZ);
    while (left > 0) {
      const slice = Math.min(left, SLICE_CYCLES);
      this.#sense();
      this.#mcu.run(slice);
      left -= slice;
    }
  }

  /** Bytes of the host. */
  receive(bytes: Uint8Array): void {
    this.#mcu.receive(bytes);
  }

  /** The detector's own signal. */
  setDetector(isHigh: boolean): void {
    this.#mcu.setInput(PINS.detector, isHigh);
  }

  freeze(how: Freeze): void {
    this.#mcu.freeze(how);
  }

  overrun(bytes: Uint8Array): void {
    this.#mcu.overrun(bytes);
  }

  reset(cause: ResetCause): void {
    this.#mcu.reset(cause);
  }

  #sense(): void {
    this.#force.advance(this.#mcu.timeSecond);
    this.#mcu.setAnalog(PRESSURE_CHANNEL, this.#surroundings.pressureVolt());
    for (const name of Object.keys(INPUT_BITS) as (keyof typeof INPUT_BITS)[]) {
      // Closed to ground while all is well; the board's pull-up does the rest.
      this.#mcu.setInput(PINS[name], this.#surroundings.isOpen(name));
    }
  }
}
