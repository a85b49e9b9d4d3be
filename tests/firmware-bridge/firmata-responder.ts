import type { Link } from '../../firmware-bridge/link.ts';

const [INPUT, OUTPUT, ANALOG, PULL_UP] = [0, 1, 2, 11];
const DIGITAL_PIN_COUNT = 14;
const ANALOG_PIN_COUNT = 6;
const NOT_ANALOG = 127;

/** The board's side of Firmata 2.5, as far as a pin can be toggled and read back. */
export class FirmataResponder {
  readonly #link: Link;
  readonly #message: number[] = [];
  /** Mode and level of each pin, as the board has them. */
  readonly modes: number[] = Array(DIGITAL_PIN_COUNT + ANALOG_PIN_COUNT).fill(INPUT);
  readonly levels: number[] = Array(DIGITAL_PIN_COUNT + ANALOG_PIN_COUNT).fill(0);

  constructor(link: Link) {
    this.#link = link;
    link.onData((bytes) => {
      for (const byte of bytes) this.#hear(byte);
    });
  }

  /** Analog reports of an earlier session that was never ended. */
  flood(): void {
    this.#send(...Array(20).fill([0xe0, 0x12, 0x03]).flat());
  }

  #send(...bytes: number[]): void {
    this.#link.write(Uint8Array.from(bytes));
  }

  #hear(byte: number): void {
    this.#message.push(byte);
    const [first = 0] = this.#message;
    const isSysex = first === 0xf0;
    const isWhole = isSysex
      ? byte === 0xf7
      : first === 0xf9 || first === 0xff || this.#message.length === 3;
    if (!isWhole) return;
    const message = this.#message.splice(0);
    if (isSysex) this.#answerSysex(message[1] ?? 0, message);
    else this.#obey(message);
  }

  #obey([first = 0, second = 0, third = 0]: number[]): void {
    if (first === 0xf9) this.#send(0xf9, 2, 5);
    if (first === 0xf4) this.modes[second] = third;
    if ((first & 0xf0) !== 0x90) return;
    const bits = second | (third << 7);
    for (let bit = 0; bit < 8; bit += 1) {
      const pin = (first & 0x0f) * 8 + bit;
      if (this.modes[pin] === OUTPUT) this.levels[pin] = (bits >> bit) & 1;
    }
  }

  #answerSysex(command: number, message: readonly number[]): void {
    if (command === 0x79) this.#send(0xf0, 0x79, 2, 5, ...sevenBit('tester.ino'), 0xf7);
    if (command === 0x6b) this.#send(0xf0, 0x6c, ...this.#capabilities(), 0xf7);
    if (command === 0x69) this.#send(0xf0, 0x6a, ...this.#analogMap(), 0xf7);
    if (command !== 0x6d) return;
    const pin = message[2] ?? 0;
    this.#send(0xf0, 0x6e, pin, this.modes[pin] ?? INPUT, this.levels[pin] ?? 0, 0xf7);
  }

  #capabilities(): number[] {
    return this.modes.flatMap((_, pin) => {
      const analog = pin >= DIGITAL_PIN_COUNT ? [ANALOG, 10] : [];
      return [INPUT, 1, PULL_UP, 1, OUTPUT, 1, ...analog, 0x7f];
    });
  }

  #analogMap(): number[] {
    return this.modes.map((_, pin) =>
      pin < DIGITAL_PIN_COUNT ? NOT_ANALOG : pin - DIGITAL_PIN_COUNT,
    );
  }
}

function sevenBit(text: string): number[] {
  return [...text].flatMap((character) => [
    character.charCodeAt(0) & 0x7f,
    character.charCodeAt(0) >> 7,
  ]);
}
