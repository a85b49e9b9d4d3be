import { exchange, type Reply, type Request } from '../../firmware-bridge/exchange.ts';
import { LineChannel, type LineWait } from '../../firmware-bridge/line-channel.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import { describeScriptError, parseScriptError, type ScriptError } from './methodscript-errors.ts';

/** Longest line an instrument sends. */
const LINE_LENGTH_MAX = 255;
const REPLY_TIMEOUT_SECOND = 2;
/** After Z a measurement may still finish the frequency it is at, and sends what it had queued. */
const ABORT_TIMEOUT_SECOND = 5;
/** The instrument ignores what comes within 50 ms after it reported an error. */
const PAUSE_AFTER_ERROR_SECOND = 0.15;

const CELL_OFF_SCRIPT: readonly string[] = ['cell_off'];

/**
 * A conversation with a MethodSCRIPT instrument: commands, scripts, abort. Conversations wait for
 * each other, because replies carry no number that would tell them apart.
 */
export class MethodScriptSession {
  readonly #place: string;
  readonly #clock: Clock;
  readonly #channel: LineChannel;
  #quietUntilSecond = 0;
  /** The end of the queue of conversations. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param options `place` is how faults name the instrument: "potentiostat cell-7". */
  constructor(options: { link: Link; clock: Clock; place: string; stripFlowControl: boolean }) {
    const { link, clock, place, stripFlowControl } = options;
    this.#place = place;
    this.#clock = clock;
    const framer = { lengthMax: LINE_LENGTH_MAX, stripFlowControl };
    this.#channel = new LineChannel({ link, clock, framer });
  }

  get place(): string {
    return this.#place;
  }

  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  /** Bytes received since the opening that are part of no line. */
  get discardedBytes(): number {
    return this.#channel.discardedBytes;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#channel.open(signal);
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  /**
   * Sends a command and returns what follows its echo.
   * @throws Fault timeout, instrumentLost, or instrumentReply when the instrument refuses it
   */
  ask(command: string, echo: string, signal: AbortSignal): Promise<string> {
    return this.#alone(async () => {
      const line = await this.#exchange(`${command}\n`, `the command ${command}`, echo, signal);
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
    return this.#alone(() => this.#start(script, signal));
  }

  /** The next line a running script sends, or the rest of a reply. */
  async nextLine(wait: LineWait): Promise<string> {
    const line = await this.#channel.next(wait);
    this.#noteError(line);
    return line;
  }

  /** Brings the instrument to idle, whatever it was doing. */
  synchronise(signal: AbortSignal): Promise<void> {
    return this.#alone(() => this.#synchronise(signal));
  }

  /** Opens the cell and waits for the confirmation. The instrument must be idle. */
  openCell(signal?: AbortSignal): Promise<void> {
    return this.#alone(() => this.#openCell(signal));
  }

  /** Stops whatever runs, then opens the cell and waits for the confirmation. */
  stopAndOpenCell(): Promise<void> {
    return this.#alone(async () => {
      await this.#synchronise();
      await this.#openCell();
    });
  }

  /** An error of the instrument as a fault, with its meaning and the line of the script. */
  refusal(error: ScriptError, script: readonly string[]): Fault {
    const command = error.line === undefined ? undefined : script[error.line - 1];
    const quoted = command === undefined ? '' : ` "${command}"`;
    const at = error.line === undefined ? '' : ` at line ${error.line}${quoted}`;
    const message = `it reported ${describeScriptError(error.code)}${at}`;
    return new Fault('instrumentReply', { where: this.#place, message });
  }

  async #start(script: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    const text = `e\n${script.join('\n')}\n\n`;
    const line = await this.#exchange(text, 'a script (e)', 'e', signal);
    const error = parseScriptError(line);
    if (error) throw this.refusal(error, script);
    return line.length > 1 ? line.slice(1) : undefined;
  }

  /** The empty line ends a script that was only half sent; Z stops one that runs. */
  async #synchronise(signal?: AbortSignal): Promise<void> {
    const title = 'the abort command (Z)';
    const { line, skipped } = await this.#converse(
      '\nZ\n',
      title,
      'Z',
      signal,
      ABORT_TIMEOUT_SECOND,
    );
    // An error means that nothing was running (0006). A script that ended by itself while the
    // command was under way, by a limit of its own, has sent its end before the reply. Otherwise
    // the rest of the script is drained.
    if (parseScriptError(line)) await this.#pauseAfterError(signal);
    else if (!skipped.includes('')) await this.#drainScript(ABORT_TIMEOUT_SECOND, signal);
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
    const deadlineSecond = this.#clock.nowSecond() + timeoutSecond;
    let error: ScriptError | undefined;
    for (;;) {
      const leftSecond = Math.max(0, deadlineSecond - this.#clock.nowSecond());
      const wait = { timeoutSecond: leftSecond, waitingFor: 'the end of the script' };
      const line = await this.nextLine(signal ? { ...wait, signal } : wait);
      if (line === '') return error;
      error = parseScriptError(line) ?? error;
    }
  }

  async #exchange(
    text: string,
    title: string,
    echo: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    return (await this.#converse(text, title, echo, signal, REPLY_TIMEOUT_SECOND)).line;
  }

  async #converse(
    text: string,
    title: string,
    echo: string,
    signal: AbortSignal | undefined,
    timeoutSecond: number,
  ): Promise<Reply> {
    await this.#pauseAfterError(signal);
    const isReply = (line: string): boolean => line.startsWith(echo);
    const request: Request = { text, title, isReply, timeoutSecond };
    const sent = signal ? { ...request, signal } : request;
    try {
      const reply = await exchange(this.#channel, this.#clock, sent);
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

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    // The failure is told to whoever asked; the next conversation only waits for the end.
    this.#last = done.catch(() => {});
    return done;
  }
}
