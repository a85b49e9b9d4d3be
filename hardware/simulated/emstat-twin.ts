import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import {
  DEVICES,
  type DeviceId,
  type MethodScriptDevice,
} from '../potentiostats/methodscript-devices.ts';
import { SIMULATED_MARK } from '../potentiostats/simulated-mark.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { FrontEnd } from './emstat-twin-front-end.ts';
import { type EchoStyle, EmStatTwinWire } from './emstat-twin-wire.ts';
import { InstrumentPlug } from './instrument-plug.ts';
import { capabilityHex, type Dialect } from './methodscript-commands.ts';
import { InjectedError, Interpreter } from './methodscript-interpreter.ts';
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
  /** An EmStat4 HR without it. */
  readonly device?: DeviceId | undefined;
  /** Whether the first line of output follows the echo of a script on its line: `eM0007`. */
  readonly echo?: EchoStyle | undefined;
  /** False for a firmware that does not know `eis_acdc`, whatever the model. */
  readonly tellsDirectPart?: boolean | undefined;
  /** Told of the general-purpose pins that are high, as a bit mask. */
  readonly onPins?: ((mask: number) => void) | undefined;
}

const LINE_LENGTH_MAX = 255;
/** After it reported an error the instrument does not listen for this long. */
const DEAF_AFTER_ERROR_SECOND = 0.05;
/** An instrument that wants a pace loses lines that come so soon after `e`, */
const START_DEAF_SECOND = 0.02;
/** takes one line in this time, */
const LINE_SECOND = 2e-3;
/** and keeps so many that it has not taken yet. */
const LINES_KEPT_MAX = 8;

const SCRIPT_VERSION = 'v01.09.00';
const COMMANDS_WHILE_IDLE = new Set(['t', 'i', 'v', 'm', 'CM', 'e', 'l', 'r']);
const COMMANDS_WHILE_RUNNING = new Set(['Z', 'h', 'H', 'Y', 'R']);

interface Loading {
  readonly lines: string[];
  readonly runsAtOnce: boolean;
  /** When lines may come. */
  readonly listensFromSecond: number;
  /** When the last of the lines kept so far has been taken. */
  takenAtSecond: number;
  hasLostLines: boolean;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * A simulated MethodSCRIPT instrument with the simulated cell at its terminals. It speaks on its
 * end of a link, refuses what the real instrument refuses, and like it goes on with a script when
 * the host is gone. Losing power (`stop`) opens the cell.
 */
export class EmStatTwin {
  readonly #link: Link;
  readonly #plug: InstrumentPlug;
  readonly #clock: Clock;
  readonly #terminals: CellTerminals;
  readonly #device: MethodScriptDevice;
  readonly #dialect: Dialect;
  readonly #frontEnd: FrontEnd;
  readonly #wire: EmStatTwinWire;
  readonly #onPins: (mask: number) => void;
  #framer = newFramer();
  #loading: Loading | undefined;
  #program: Program | undefined;
  #running: Running | undefined;
  #deafUntilSecond = Number.NEGATIVE_INFINITY;

  constructor(options: EmStatTwinOptions) {
    const { link, clock, terminals, seed, echo = 'own line' } = options;
    const device = DEVICES[options.device ?? 'es4_hr'];
    this.#link = link;
    this.#plug = new InstrumentPlug({ link, hear: (bytes) => this.#hear(bytes) });
    this.#clock = clock;
    this.#terminals = terminals;
    this.#device = device;
    this.#dialect = {
      isGalvanostat: device.galvanostat !== undefined,
      tellsDirectPart: options.tellsDirectPart ?? device.tellsDirectPart,
      tellsWaveforms: device.tellsWaveforms,
      closesAtOpenCircuit: device.closesAtOpenCircuit,
    };
    const random = new Random(deriveSeed(seed, 'emstat noise'));
    this.#frontEnd = new FrontEnd({ device, terminals, clock, random });
    this.#wire = new EmStatTwinWire({ link, echo, usesFlowControl: device.usesFlowControl });
    this.#onPins = options.onPins ?? (() => {});
  }

  /**
   * Ends the script that runs with an error of the instrument, such as 0032 (critical overload) or
   * 0080 (the counter electrode oscillates). @returns false when no script runs
   */
  injectError(code: string): boolean {
    const running = this.#running;
    running?.abort.abort(new InjectedError(code));
    return running !== undefined;
  }

  /** Switches the instrument on. Idempotent. */
  start(): Promise<void> {
    return this.#plug.switchOn();
  }

  /** Takes the power away: whatever runs ends at once and the cell is open. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#plug.cutPower()) return;
    await this.#running?.done;
    this.#framer = newFramer();
    this.#loading = undefined;
    this.#program = undefined;
    this.#terminals.setOpen();
    await this.#link.close();
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
        this.#send(`t${this.#device.id}1500#Mar 12 2026 14:28:01`);
        this.#send('R*');
        break;
      case 'i':
        this.#send(`i${serialNumber(this.#device)}`);
        break;
      case 'm':
        if (this.#device.id.startsWith('mes')) this.#send(`m${serialNumber(this.#device)}M`);
        else this.#refuse('m', '0003');
        break;
      case 'v':
        this.#send(SCRIPT_VERSION);
        break;
      case 'CM':
        this.#send(`CM${capabilityHex(this.#dialect)}`);
        break;
      case 'e':
      case 'l':
        this.#loading = this.#beginLoading(line === 'e');
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

  #beginLoading(runsAtOnce: boolean): Loading {
    const nowSecond = this.#clock.nowSecond();
    const listensFromSecond = this.#device.pace ? nowSecond + START_DEAF_SECOND : nowSecond;
    return {
      lines: [],
      runsAtOnce,
      listensFromSecond,
      takenAtSecond: nowSecond,
      hasLostLines: false,
    };
  }

  #takeScriptLine(line: string, loading: Loading): void {
    if (line !== '') {
      if (this.#isTooSoon(loading)) loading.hasLostLines = true;
      // One line beyond the limit is kept, so that the parser sees it and refuses the script.
      else if (loading.lines.length <= SCRIPT_LINES_MAX) loading.lines.push(line);
      return;
    }
    this.#loading = undefined;
    const echo = loading.runsAtOnce ? 'e' : 'l';
    try {
      // What is left of a script whose lines were lost begins in the middle of a word.
      if (loading.hasLostLines) throw new ScriptFailure('4001', { line: 1, column: 1 });
      const program = parseProgram(loading.lines, this.#dialect);
      this.#program = program;
      if (loading.runsAtOnce) this.#startProgram(program, echo);
      else this.#send(echo);
    } catch (error) {
      if (!(error instanceof ScriptFailure)) throw error;
      const column = error.column === undefined ? '' : `, Col ${error.column}`;
      this.#refuse(echo, `${error.code}: Line ${error.line}${column}`);
    }
  }

  /** True for a line that an instrument with a pace cannot take any more. */
  #isTooSoon(loading: Loading): boolean {
    if (!this.#device.pace) return false;
    const nowSecond = this.#clock.nowSecond();
    if (nowSecond < loading.listensFromSecond) return true;
    const busyUntilSecond = Math.max(loading.takenAtSecond, nowSecond);
    if (busyUntilSecond - nowSecond > LINES_KEPT_MAX * LINE_SECOND) return true;
    loading.takenAtSecond = busyUntilSecond + LINE_SECOND;
    return false;
  }

  #startProgram(program: Program, echo: string): void {
    const { power } = this.#plug;
    if (!power) return;
    this.#wire.echoScript(echo);
    const abort = new AbortController();
    const interpreter = new Interpreter({
      frontEnd: this.#frontEnd,
      clock: this.#clock,
      send: (line) => {
        // The empty line is the end: a command that comes after it finds nothing running.
        if (line === '') this.#running = undefined;
        this.#send(line);
      },
      onPins: this.#onPins,
    });
    const done = interpreter.run(program, abort.signal, power).finally(() => {
      this.#running = undefined;
    });
    this.#running = { abort, done };
  }

  #refuse(echo: string, error: string): void {
    this.#send(`${echo}!${error}`);
    this.#deafUntilSecond = this.#clock.nowSecond() + DEAF_AFTER_ERROR_SECOND;
  }

  #send(line: string): void {
    this.#wire.send(line);
  }
}

function newFramer(): LineFramer {
  return new LineFramer({ lengthMax: LINE_LENGTH_MAX, stripFlowControl: true });
}

/** In the maker's style, "ES4HR20B0008", with the mark of a simulated one. */
function serialNumber({ id }: MethodScriptDevice): string {
  return `${SIMULATED_MARK}${id.toUpperCase().replace('_', '')}20B0008`;
}
