import { BoardClock, type PlacedMoment } from './board-clock.ts';
import { encodeFields, type Values } from './board-message.ts';
import { type BoardWire, REPLY_TIMEOUT_SECOND } from './board-orders.ts';
import { BAUD_RATE, COMMANDS, type MOMENT_FIELDS, TRIGGER_FIELDS } from './board-protocol.ts';

/** Something the board says of its own microseconds, with the number it belongs to. */
export type BoardMoment = Values<typeof MOMENT_FIELDS>;

/** Ten bits for each byte. */
const BYTE_SECOND = 10 / BAUD_RATE;
/** Marks, command and check sum, besides the payload. */
const FRAME_BYTES = 6;
const QUESTION_BYTES = FRAME_BYTES + 2;
const ANSWER_BYTES = FRAME_BYTES + 7;

/** When something happened at the board's pins, on the experiment's clock. */
export class BoardMoments {
  readonly #wire: BoardWire;
  readonly #clock = new BoardClock();
  readonly #pulses = new Map<number, (boardUs: number) => void>();
  readonly #questions = new Map<number, number>();

  constructor(wire: BoardWire) {
    this.#wire = wire;
  }

  /** One pulse on the trigger pin. @returns when its edge rose @throws Fault timeout */
  pulse(number: number, widthMs: number): Promise<PlacedMoment> {
    const { clock } = this.#wire;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(REPLY_TIMEOUT_SECOND, () => {
        this.#pulses.delete(number);
        const message = `pulse ${number} was not confirmed within ${REPLY_TIMEOUT_SECOND} s`;
        reject(this.#wire.fault('timeout', message));
      });
      this.#pulses.set(number, (boardUs) => {
        cancel();
        const moment = this.#clock.place(boardUs);
        if (moment) resolve(moment);
        else reject(this.#wire.fault('instrumentUnable', 'its clock was not compared yet'));
      });
      this.#wire.send(COMMANDS.trigger, encodeFields(TRIGGER_FIELDS, { number, widthMs }));
    });
  }

  takePulse({ number, timeUs }: BoardMoment): void {
    this.#pulses.get(number)?.(timeUs);
    this.#pulses.delete(number);
  }

  /** Undefined before the clocks were compared. */
  place({ timeUs }: BoardMoment): PlacedMoment | undefined {
    return this.#clock.place(timeUs);
  }

  /** To be called when the board is asked for its time; an earlier question is given up. */
  expectTime(token: number): void {
    this.#questions.clear();
    this.#questions.set(token, this.#wire.clock.nowSecond());
  }

  takeTime({ number, timeUs }: BoardMoment): void {
    const sentSecond = this.#questions.get(number);
    this.#questions.clear();
    if (sentSecond === undefined) return;
    this.#clock.compare({
      sentSecond,
      heardSecond: this.#wire.clock.nowSecond(),
      questionSecond: QUESTION_BYTES * BYTE_SECOND,
      answerSecond: ANSWER_BYTES * BYTE_SECOND,
      boardUs: timeUs,
    });
  }
}
