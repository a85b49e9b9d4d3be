import type { PacedText, Reply } from '../../firmware-bridge/exchange.ts';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { Fault, type Problem } from '../../src/domain/fault.ts';
import { Conversation, type SessionOptions, type Wait } from './conversation.ts';
import { DEVICES, type LinePace } from './methodscript-devices.ts';
import {
  adviceFor,
  describeScriptError,
  parseScriptError,
  type ScriptError,
} from './methodscript-errors.ts';

/** Longest line an instrument sends. */
const LINE_LENGTH_MAX = 255;
const REPLY_TIMEOUT_SECOND = 2;
/** After Z a measurement may still finish the frequency it is at, and sends what it had queued. */
const ABORT_TIMEOUT_SECOND = 5;
/**
 * Z is told again when nothing answers it: a host that died in the middle of a line has left an
 * instrument that takes the first Z for a line of its script, and is deaf after it refused that.
 */
const ABORT_ATTEMPTS_MAX = 3;
const ABORT_REPLY_TIMEOUT_SECOND = 2;
/** After an error the empty line that ends a script need not come. */
const END_AFTER_ERROR_SECOND = 1;
/** The instrument ignores what comes within 50 ms after it reported an error. */
const PAUSE_AFTER_ERROR_SECOND = 0.15;

/** Until it is known who is there, the pace of the slowest. */
const PACE_UNTIL_KNOWN = DEVICES.espico.pace;

const CELL_OFF_SCRIPT: readonly string[] = ['cell_off'];

/** An error of the instrument, with what it said: callers branch on the code. */
export class ScriptRefusal extends Fault {
  readonly script: ScriptError;

  constructor(problem: Problem, script: ScriptError) {
    super('instrumentReply', problem);
    this.script = script;
  }
}

/** What is sent, in one piece or with pauses. */
interface Wording {
  readonly before?: readonly PacedText[];
  readonly text: string;
}

/**
 * A conversation with a MethodSCRIPT instrument: commands, scripts, abort.
 */
export class MethodScriptSession {
  readonly place: string;
  readonly conversation: Conversation;
  readonly #clock: Clock;
  #pace: LinePace | undefined = PACE_UNTIL_KNOWN;
  #quietUntilSecond = 0;

  constructor(options: SessionOptions) {
    this.place = options.place;
    this.#clock = options.clock;
    // Nobody else sends XON and XOFF, and an EmStat Pico may be there before it is known to be one.
    const framer = { lengthMax: LINE_LENGTH_MAX, stripFlowControl: true };
    this.conversation = new Conversation(options, framer);
  }

  /** How fast the lines of a script may come; at once when undefined. */
  setPace(pace: LinePace | undefined): void {
    this.#pace = pace;
  }

  /** Another one may be there than the last time. */
  forgetPace(): void {
    this.#pace = PACE_UNTIL_KNOWN;
  }

  /**
   * Sends a command and returns what follows its echo.
   * @throws Fault timeout, instrumentLost, or instrumentReply when the instrument refuses it
   */
  ask(command: string, echo: string, signal: AbortSignal): Promise<string> {
    return this.conversation.takeTurn(async () => {
      const wording = { text: `${command}\n` };
      const line = await this.#exchange(wording, `the command ${command}`, echo, signal);
      const error = parseScriptError(line);
      if (error) throw this.refusal(error, []);
      return line.slice(echo.length);
    });
  }

  /**
   * Loads a script and starts it.
   * @returns a first line of output that came glued to the echo, if there was one
   * @throws Fault instrumentReply naming the script line the instrument does not accept
   */
  start(script: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    return this.conversation.takeTurn(() => this.#start(script, signal));
  }

  /** The next line a running script sends, or the rest of a reply. */
  async nextLine(wait: Wait): Promise<string> {
    const line = await this.conversation.next(wait);
    this.#noteError(line);
    return line;
  }

  /** Brings the instrument to idle, whatever it was doing. */
  synchronise(signal: AbortSignal): Promise<void> {
    return this.conversation.takeTurn(() => this.#synchronise(signal));
  }

  /** Opens the cell and waits for the confirmation. The instrument must be idle. */
  openCell(signal?: AbortSignal): Promise<void> {
    return this.conversation.takeTurn(() => this.#openCell(signal));
  }

  /** Stops whatever runs, then opens the cell and waits for the confirmation. */
  stopAndOpenCell(): Promise<void> {
    return this.conversation.takeTurn(async () => {
      await this.#synchronise();
      await this.#openCell();
    });
  }

  /** An error of the instrument as a fault, with its meaning and the line of the script. */
  refusal(error: ScriptError, script: readonly string[]): ScriptRefusal {
    const command = error.line === undefined ? undefined : script[error.line - 1];
    const quoted = command === undefined ? '' : ` "${command}"`;
    const at = error.line === undefined ? '' : ` at line ${error.line}${quoted}`;
    const advice = adviceFor(error.code);
    const message = `it reported ${describeScriptError(error.code)}${at}${advice ? `: ${advice}` : ''}`;
    return new ScriptRefusal({ where: this.place, message }, error);
  }

  async #start(script: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    const line = await this.#exchange(this.#paced(script), 'a script (e)', 'e', signal);
    const error = parseScriptError(line);
    if (error) throw this.refusal(error, script);
    return line.length > 1 ? line.slice(1) : undefined;
  }

  /** A script as it is sent: in one piece, or line by line. The empty line ends it. */
  #paced(script: readonly string[]): Wording {
    const pace = this.#pace;
    if (!pace) return { text: `e\n${script.join('\n')}\n\n` };
    const { startSecond, lineSecond } = pace;
    const lines = script.map((line) => ({ text: `${line}\n`, pauseSecond: lineSecond }));
    return { before: [{ text: 'e\n', pauseSecond: startSecond }, ...lines], text: '\n' };
  }

  /** The empty line ends a script that was only half sent; Z stops one that runs. */
  async #synchronise(signal?: AbortSignal): Promise<void> {
    const { line, skipped } = await this.#abortScript(signal);
    // An error means that nothing was running (0006). A script that ended by itself while the
    // command was under way, by a limit of its own, has sent its end before the reply. Otherwise
    // the rest of the script is drained.
    if (parseScriptError(line)) await this.#pauseAfterError(signal);
    else if (!skipped.includes('')) await this.#drainScript(ABORT_TIMEOUT_SECOND, signal);
  }

  async #abortScript(signal?: AbortSignal): Promise<Reply> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const title = 'the abort command (Z)';
        return await this.#converse(
          { text: '\nZ\n' },
          title,
          'Z',
          signal,
          ABORT_REPLY_TIMEOUT_SECOND,
        );
      } catch (error) {
        const isSilent = error instanceof Fault && error.code === 'timeout';
        if (!isSilent || attempt === ABORT_ATTEMPTS_MAX) throw error;
        // What was not answered may have been refused, which makes the instrument deaf.
        this.#keepQuiet();
      }
    }
  }

  async #openCell(signal?: AbortSignal): Promise<void> {
    await this.#start(CELL_OFF_SCRIPT, signal);
    const error = await this.#drainScript(REPLY_TIMEOUT_SECOND, signal);
    if (error) throw this.refusal(error, CELL_OFF_SCRIPT);
  }

  /** Reads up to the empty line that ends a script. @returns the last error on the way */
  async #drainScript(
    timeoutSecond: number,
    signal?: AbortSignal,
  ): Promise<ScriptError | undefined> {
    let deadlineSecond = this.#clock.nowSecond() + timeoutSecond;
    let error: ScriptError | undefined;
    for (;;) {
      const leftSecond = Math.max(0, deadlineSecond - this.#clock.nowSecond());
      const wait = { timeoutSecond: leftSecond, waitingFor: 'the end of the script', signal };
      try {
        const line = await this.nextLine(wait);
        if (line === '') return error;
        const found = parseScriptError(line);
        if (!found) continue;
        error = found;
        deadlineSecond = Math.min(deadlineSecond, this.#clock.nowSecond() + END_AFTER_ERROR_SECOND);
      } catch (reason) {
        if (error && reason instanceof Fault && reason.code === 'timeout') return error;
        throw reason;
      }
    }
  }

  async #exchange(
    wording: Wording,
    title: string,
    echo: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    return (await this.#converse(wording, title, echo, signal, REPLY_TIMEOUT_SECOND)).line;
  }

  async #converse(
    wording: Wording,
    title: string,
    echo: string,
    signal: AbortSignal | undefined,
    timeoutSecond: number,
  ): Promise<Reply> {
    await this.#pauseAfterError(signal);
    const isReply = (line: string): boolean => line.startsWith(echo);
    const question = { ...wording, title, isReply, timeoutSecond, signal };
    try {
      const reply = await this.conversation.exchange(question);
      this.#noteError(reply.line);
      return reply;
    } catch (error) {
      // The reply nobody waited for may be an error on its way, and make the instrument deaf.
      if (signal?.aborted) this.#keepQuiet();
      throw error;
    }
  }

  #noteError(line: string): void {
    if (parseScriptError(line)) this.#keepQuiet();
  }

  #keepQuiet(): void {
    this.#quietUntilSecond = this.#clock.nowSecond() + PAUSE_AFTER_ERROR_SECOND;
  }

  async #pauseAfterError(signal?: AbortSignal): Promise<void> {
    const leftSecond = this.#quietUntilSecond - this.#clock.nowSecond();
    if (leftSecond > 0) await sleep(this.#clock, leftSecond, signal);
  }
}
