import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import { InstrumentPlug } from './instrument-plug.ts';
import { type ProgramUnit, type ScpiCommand, ScpiCommands } from './scpi-commands.ts';
import { SCPI_ERROR_TEXTS, ScpiFailure } from './scpi-parameters.ts';

/** Longest line it takes. */
const LINE_LENGTH_MAX = 1024;
/** Program messages that wait for the instrument to be idle. */
const WAITING_MAX = 64;

/** What differs between simulated SCPI instruments. */
export interface ScpiBehaviour {
  readonly commands: readonly ScpiCommand[];
  /** Entries its error queue holds; one more is lost and leaves -350 as the last. */
  readonly errorsMax: number;
  /** True when a command has to wait until the instrument is idle again. */
  isHeldBack(unit: ProgramUnit): boolean;
}

/** A serial wire that takes its time. */
export interface SlowWire {
  readonly clock: Clock;
  readonly baudRate: number;
}

/** Start bit, eight bits of data, stop bit. */
const BITS_PER_BYTE = 10;

interface Message {
  readonly units: ProgramUnit[];
  readonly replies: string[];
}

/**
 * The digital side of a simulated SCPI instrument: it takes program messages from its end of a
 * link, executes their commands in order, and keeps an error queue. What it may not execute now
 * waits.
 */
export class ScpiInstrument {
  readonly #link: Link;
  readonly #plug: InstrumentPlug;
  readonly #commands: ScpiCommands;
  readonly #behaviour: ScpiBehaviour;
  readonly #encoder = new TextEncoder();
  #framer = newFramer();
  #waiting: Message[] = [];
  #errors: number[] = [];
  readonly #wire: SlowWire | undefined;
  /** When all that is on its way to the instrument has arrived. */
  #arrivedSecond = 0;
  #cancelReply: CancelTimer | undefined;

  /** @param wire how slow the wire is; at once without it */
  constructor(link: Link, behaviour: ScpiBehaviour, wire?: SlowWire) {
    this.#wire = wire;
    this.#link = link;
    this.#plug = new InstrumentPlug({
      link,
      hear: (bytes) => this.#hear(bytes),
      onPlugIn: () => {
        this.#framer = newFramer();
      },
    });
    this.#behaviour = behaviour;
    this.#commands = new ScpiCommands([...behaviour.commands, ...this.#ownCommands()]);
  }

  /** Aborts when the power goes; undefined without power. */
  get power(): AbortSignal | undefined {
    return this.#plug.power;
  }

  /** Errors that nobody has read. */
  get errors(): readonly number[] {
    return this.#errors;
  }

  /** Switches it on. Idempotent. */
  async start(): Promise<void> {
    if (this.#plug.power) return;
    this.#errors = [];
    this.#waiting = [];
    await this.#plug.switchOn();
  }

  /** Takes the power away. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#plug.cutPower()) return;
    this.#cancelReply?.();
    this.#cancelReply = undefined;
    await this.#link.close();
  }

  report(code: number): void {
    if (this.#errors.length < this.#behaviour.errorsMax) this.#errors.push(code);
    else this.#errors[this.#errors.length - 1] = -350;
  }

  /** Executes what has waited; to be called when the instrument has become idle. */
  resume(): void {
    for (;;) {
      const [message] = this.#waiting;
      if (!message || !this.#work(message)) return;
      this.#waiting.shift();
    }
  }

  #hear(bytes: Uint8Array): void {
    for (const line of this.#framer.push(bytes)) {
      if (!this.#wire) this.#receive(line);
      else this.#receiveSlowly(line, this.#wire);
    }
  }

  #receiveSlowly(line: string, wire: SlowWire): void {
    const { clock } = wire;
    const begunSecond = Math.max(clock.nowSecond(), this.#arrivedSecond);
    this.#arrivedSecond = begunSecond + transferSecond(line, wire);
    const { power } = this.#plug;
    clock.after(this.#arrivedSecond - clock.nowSecond(), () => {
      if (power && this.#plug.power === power) this.#receive(line);
    });
  }

  #receive(line: string): void {
    const message: Message = { units: [...this.#commands.parse(line)], replies: [] };
    if (message.units.length === 0) return;
    if (this.#cancelReply) {
      // What is still being sent is given up (2400 manual B-8).
      this.#cancelReply();
      this.#cancelReply = undefined;
      this.report(-410);
    }
    this.#take(message);
  }

  #take(message: Message): void {
    if (this.#waiting.length === 0) {
      if (!this.#work(message)) this.#waiting.push(message);
      return;
    }
    // An abort overtakes what waits: it is the only way to make an instrument listen.
    const [first] = message.units;
    if (first && !this.#behaviour.isHeldBack(first)) {
      message.units.shift();
      this.#execute(first, message);
      this.resume();
    }
    if (this.#waiting.length >= WAITING_MAX) this.report(-363);
    else {
      this.#waiting.push(message);
      this.resume();
    }
  }

  /** @returns whether all of the message is done */
  #work(message: Message): boolean {
    for (let unit = message.units[0]; unit; unit = message.units[0]) {
      if (this.#behaviour.isHeldBack(unit)) return false;
      message.units.shift();
      this.#execute(unit, message);
    }
    if (message.replies.length > 0) this.#send(message.replies.join(';'));
    return true;
  }

  #execute(unit: ProgramUnit, message: Message): void {
    try {
      const reply = unit.execute();
      if (reply !== undefined) message.replies.push(reply);
    } catch (error) {
      if (!(error instanceof ScpiFailure)) throw error;
      this.report(error.code);
    }
  }

  #ownCommands(): readonly ScpiCommand[] {
    return [
      {
        header: '*CLS',
        set: () => {
          this.#errors = [];
        },
      },
      { header: '*OPC', query: () => '1' },
      { header: ':SYSTem:ERRor[:NEXT]', query: () => this.#nextError() },
    ];
  }

  #nextError(): string {
    const code = this.#errors.shift() ?? 0;
    const text = SCPI_ERROR_TEXTS[code] ?? 'Error';
    return `${code},"${text}"`;
  }

  /** Without a host at the other end the bytes are lost, as on a real wire. */
  #send(line: string): void {
    const wire = this.#wire;
    const send = (): void => {
      this.#cancelReply = undefined;
      if (this.#link.isOpen) this.#link.write(this.#encoder.encode(`${line}\n`));
    };
    if (wire) this.#cancelReply = wire.clock.after(transferSecond(line, wire), send);
    else send();
  }
}

function transferSecond(line: string, { baudRate }: SlowWire): number {
  return ((line.length + 1) * BITS_PER_BYTE) / baudRate;
}

function newFramer(): LineFramer {
  return new LineFramer({ lengthMax: LINE_LENGTH_MAX });
}
