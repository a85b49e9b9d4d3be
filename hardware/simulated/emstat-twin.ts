import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { FrontEnd } from './emstat-twin-front-end.ts';
import { Interpreter } from './methodscript-interpreter.ts';
import {
  type Program,
  parseProgram,
  SCRIPT_LINES_MAX,
  ScriptFailure,
} from './methodscript-program.ts';

export interface EmStatTwinOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly terminals: CellTerminals;
  readonly seed: number;
}

const LINE_LENGTH_MAX = 255;
/** After it reported an error the instrument does not listen for this long. */
const DEAF_AFTER_ERROR_SECOND = 0.05;

const FIRMWARE_LINES = ['tes4_hr1500#Mar 12 2026 14:28:01', 'R*'];
const SERIAL_NUMBER = 'iES4HR20B0008';
const SCRIPT_VERSION = 'v01.09.00';
/** Script commands it has, as bit numbers: the maker's list, without what this twin cannot do. */
const SCRIPT_COMMAND_BITS = [
  1, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 19, 21, 24, 28, 30, 31, 32, 33, 34, 35, 36, 38, 39, 40, 42,
  65, 66, 67, 68, 70, 91,
];
const COMMANDS_WHILE_IDLE = new Set(['t', 'i', 'v', 'CM', 'e', 'l', 'r']);
const COMMANDS_WHILE_RUNNING = new Set(['Z', 'h', 'H', 'Y', 'R']);

interface Loading {
  readonly lines: string[];
  readonly runsAtOnce: boolean;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * A simulated EmStat4 HR with the simulated cell at its terminals. It speaks MethodSCRIPT on its
 * end of a link, refuses what the real instrument refuses, and like it goes on with a script when
 * the host is gone. Losing power (`stop`) opens the cell.
 */
export class EmStatTwin {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #terminals: CellTerminals;
  readonly #frontEnd: FrontEnd;
  readonly #encoder = new TextEncoder();
  #framer = newFramer();
  #power: AbortController | undefined;
  #unlisten: (() => void)[] = [];
  #loading: Loading | undefined;
  #program: Program | undefined;
  #running: Running | undefined;
  #deafUntilSecond = Number.NEGATIVE_INFINITY;

  constructor({ link, clock, terminals, seed }: EmStatTwinOptions) {
    this.#link = link;
    this.#clock = clock;
    this.#terminals = terminals;
    this.#frontEnd = new FrontEnd(terminals, clock, new Random(deriveSeed(seed, 'emstat noise')));
  }

  /** Switches the instrument on. Idempotent. */
  async start(): Promise<void> {
    if (this.#power) return;
    const power = new AbortController();
    this.#power = power;
    this.#unlisten = [
      this.#link.onData((bytes) => this.#hear(bytes)),
      this.#link.onClose(() => void this.#plugIn()),
    ];
    await this.#plugIn();
  }

  /** Takes the power away: whatever runs ends at once and the cell is open. Idempotent. */
  async stop(): Promise<void> {
    const power = this.#power;
    if (!power) return;
    this.#power = undefined;
    for (const unlisten of this.#unlisten) unlisten();
    power.abort(new Error('the power is gone'));
    await this.#running?.done;
    this.#loading = undefined;
    this.#program = undefined;
    this.#terminals.setOpen();
    await this.#link.close();
  }

  /** An instrument stays plugged in when the host closes its end. */
  async #plugIn(): Promise<void> {
    if (!this.#power || this.#link.isOpen) return;
    this.#framer = newFramer();
    this.#loading = undefined;
    await this.#link.open(this.#power.signal);
  }

  #hear(bytes: Uint8Array): void {
    if (this.#clock.nowSecond() < this.#deafUntilSecond) return;
    for (const line of this.#framer.push(bytes)) this.#take(line);
  }

  #take(line: string): void {
    if (this.#loading) this.#takeScriptLine(line, this.#loading);
    else if (line === '') return;
    else if (this.#running) this.#takeWhileRunning(line, this.#running);
    else this.#takeWhileIdle(line);
  }

  #takeWhileIdle(line: string): void {
    switch (line) {
      case 't':
        for (const text of FIRMWARE_LINES) this.#send(text);
        break;
      case 'i':
        this.#send(SERIAL_NUMBER);
        break;
      case 'v':
        this.#send(SCRIPT_VERSION);
        break;
      case 'CM':
        this.#send(`CM${capabilityHex()}`);
        break;
      case 'e':
      case 'l':
        this.#loading = { lines: [], runsAtOnce: line === 'e' };
        break;
      case 'r':
        if (this.#program) this.#startProgram(this.#program, 'r');
        else this.#refuse('r', '000C');
        break;
      default:
        this.#refuse(line.slice(0, 1), COMMANDS_WHILE_RUNNING.has(line) ? '0006' : '0003');
    }
  }

  #takeWhileRunning(line: string, running: Running): void {
    if (line === 'Z') {
      this.#send('Z');
      running.abort.abort(new Error('aborted by the host'));
    } else {
      this.#refuse(line.slice(0, 1), COMMANDS_WHILE_IDLE.has(line) ? '0006' : '0003');
    }
  }

  #takeScriptLine(line: string, loading: Loading): void {
    if (line !== '') {
      // One line beyond the limit is kept, so that the parser sees it and refuses the script.
      if (loading.lines.length <= SCRIPT_LINES_MAX) loading.lines.push(line);
      return;
    }
    this.#loading = undefined;
    const echo = loading.runsAtOnce ? 'e' : 'l';
    try {
      const program = parseProgram(loading.lines);
      this.#program = program;
      if (loading.runsAtOnce) this.#startProgram(program, echo);
      else this.#send(echo);
    } catch (error) {
      if (!(error instanceof ScriptFailure)) throw error;
      const column = error.column === undefined ? '' : `, Col ${error.column}`;
      this.#refuse(echo, `${error.code}: Line ${error.line}${column}`);
    }
  }

  #startProgram(program: Program, echo: string): void {
    const power = this.#power;
    if (!power) return;
    this.#send(echo);
    const abort = new AbortController();
    const interpreter = new Interpreter({
      frontEnd: this.#frontEnd,
      clock: this.#clock,
      send: (line) => {
        // The empty line is the end: a command that comes after it finds nothing running.
        if (line === '') this.#running = undefined;
        this.#send(line);
      },
    });
    const done = interpreter.run(program, abort.signal, power.signal).finally(() => {
      this.#running = undefined;
    });
    this.#running = { abort, done };
  }

  #refuse(echo: string, error: string): void {
    this.#send(`${echo}!${error}`);
    this.#deafUntilSecond = this.#clock.nowSecond() + DEAF_AFTER_ERROR_SECOND;
  }

  /** Without a host at the other end the bytes are lost, as on a real wire. */
  #send(line: string): void {
    if (this.#link.isOpen) this.#link.write(this.#encoder.encode(`${line}\n`));
  }
}

function newFramer(): LineFramer {
  return new LineFramer({ lengthMax: LINE_LENGTH_MAX, stripFlowControl: true });
}

/** 64 hexadecimal digits; bit n of the number stands for script command n. */
function capabilityHex(): string {
  const bits = SCRIPT_COMMAND_BITS.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
  return bits.toString(16).toUpperCase().padStart(64, '0');
}
