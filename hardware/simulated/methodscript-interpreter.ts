import type { Clock } from '../../src/domain/clock.ts';
import { encodeVariable } from '../potentiostats/methodscript-value.ts';
import type { FrontEnd } from './emstat-twin-front-end.ts';
import { fail, RUN_ERROR, ScriptArguments } from './methodscript-arguments.ts';
import { isLoopCommand, MeasurementLoops, type Outcome } from './methodscript-loops.ts';
import { type Program, ScriptFailure, type Statement } from './methodscript-program.ts';
import { ScriptScopes } from './methodscript-scopes.ts';
import { ScriptVariables } from './methodscript-variables.ts';

/** Ends a running script with an error of the instrument, as if it had come upon it itself. */
export class InjectedError extends Error {
  /** Four hexadecimal digits. */
  readonly code: string;

  constructor(code: string) {
    super(`the instrument is to report ${code}`);
    this.name = 'InjectedError';
    this.code = code;
  }
}

export interface InterpreterOptions {
  readonly frontEnd: FrontEnd;
  readonly clock: Clock;
  readonly send: (line: string) => void;
  /** Told of the general-purpose pins that are high, as a bit mask, when they change. */
  readonly onPins: (mask: number) => void;
}

/**
 * Runs a parsed script on the clock. Every statement is bounded: every measurement has a last
 * point, and a loop without measurement a last pass.
 */
export class Interpreter {
  readonly #frontEnd: FrontEnd;
  readonly #send: (line: string) => void;
  readonly #onPins: (mask: number) => void;
  readonly #variables = new ScriptVariables();
  readonly #arguments: ScriptArguments;
  readonly #scopes: ScriptScopes;
  readonly #loops: MeasurementLoops;
  #package: string[] = [];
  #outputPins = 0;
  /** Of the statement that runs: an injected error names it. */
  #line = 1;

  constructor({ frontEnd, clock, send, onPins }: InterpreterOptions) {
    this.#frontEnd = frontEnd;
    this.#send = send;
    this.#onPins = onPins;
    this.#arguments = new ScriptArguments(this.#variables, frontEnd);
    this.#scopes = new ScriptScopes(send);
    this.#loops = new MeasurementLoops({
      frontEnd,
      clock,
      variables: this.#variables,
      scriptArguments: this.#arguments,
      scopes: this.#scopes,
      runBody: (statement, signal) => this.#runBody(statement, signal),
    });
  }

  /**
   * Runs the script, then its `on_finished:` part, then sends the empty line.
   * @param abort ends the script as the command Z does, or with an InjectedError
   * @param power ends everything at once
   */
  async run(program: Program, abort: AbortSignal, power: AbortSignal): Promise<void> {
    try {
      await this.#runAll(program.statements, AbortSignal.any([abort, power]));
    } catch (error) {
      if (error === power.reason) return;
      if (error instanceof InjectedError) this.#reportAt(error.code, this.#line);
      else if (error === abort.reason) this.#scopes.leaveAll();
      else this.#report(error);
    }
    try {
      await this.#runAll(program.onFinished, power);
    } catch (error) {
      if (error === power.reason) return;
      this.#report(error);
    }
    this.#send('');
  }

  #report(error: unknown): void {
    if (!(error instanceof ScriptFailure)) throw error;
    this.#reportAt(error.code, error.line);
  }

  #reportAt(code: string, line: number): void {
    this.#scopes.drop();
    this.#send(`!${code}: Line ${line}`);
  }

  async #runBody(statement: Statement, signal: AbortSignal): Promise<Outcome> {
    const outcome = await this.#runAll(statement.body, signal);
    this.#line = statement.line;
    return outcome;
  }

  async #runAll(statements: readonly Statement[], signal: AbortSignal): Promise<Outcome> {
    for (const statement of statements) {
      if ((await this.#runOne(statement, signal)) === 'break') return 'break';
    }
    return 'next';
  }

  async #runOne(statement: Statement, signal: AbortSignal): Promise<Outcome> {
    const { command } = statement;
    this.#line = statement.line;
    if (command === 'breakloop') return 'break';
    if (command === 'if') {
      return this.#variables.isTrue(statement) ? this.#runAll(statement.body, signal) : 'next';
    }
    if (command === 'loop') await this.#loops.runPlain(statement, signal);
    else if (isLoopCommand(command)) await this.#loops.run(statement, command, signal);
    else if (command === 'meas') await this.#loops.measureOnce(statement, signal);
    else if (command === 'wait') {
      await this.#frontEnd.hold(this.#arguments.duration(statement, 0, 0), signal);
    } else this.#runInstant(statement);
    return 'next';
  }

  /** Commands that take no time. */
  #runInstant(statement: Statement): void {
    const [name = '', second = '', third = ''] = statement.words;
    switch (statement.command) {
      case 'store_var':
        this.#variables.store(name, third, this.#variables.valueOf(statement, 0));
        break;
      case 'array':
        this.#variables.makeArray(statement);
        break;
      case 'copy_var':
        this.#variables.set(second, this.#variables.read(name));
        break;
      case 'add_var':
      case 'sub_var':
      case 'mul_var':
      case 'div_var':
        this.#variables.calculate(statement);
        break;
      case 'pck_start':
        this.#package = [];
        break;
      case 'pck_add':
        this.#package.push(encodeVariable(this.#variables.readElement(name, statement)));
        break;
      case 'pck_end':
        this.#send(`P${this.#package.join(';')}`);
        break;
      default:
        this.#drive(statement);
    }
  }

  /** Commands to the front end. Fixed ranges and bandwidths do not change what this twin measures. */
  #drive(statement: Statement): void {
    switch (statement.command) {
      case 'set_pgstat_chan':
        this.#setChannel(statement);
        break;
      case 'set_pgstat_mode':
        if (!this.#frontEnd.setMode(this.#variables.valueOf(statement, 0))) {
          fail(RUN_ERROR.modeUnsupported, statement);
        }
        break;
      case 'set_range_minmax':
        this.#setPotentialSpan(statement);
        break;
      case 'set_e':
        this.#frontEnd.setVoltage(this.#arguments.potential(statement, 0));
        break;
      case 'set_i':
        this.#frontEnd.setCurrent(this.#arguments.current(statement, 0));
        break;
      case 'cell_on':
        this.#closeCell(statement);
        break;
      case 'cell_off':
        this.#frontEnd.cellOff();
        break;
      case 'set_gpio_cfg':
        this.#outputPins = this.#variables.valueOf(statement, 0);
        break;
      case 'set_gpio':
        this.#onPins(this.#variables.valueOf(statement, 0) & this.#outputPins);
        break;
      default:
        for (const [index] of statement.operands.entries())
          this.#variables.valueOf(statement, index);
    }
  }

  #setChannel(statement: Statement): void {
    const channel = this.#variables.valueOf(statement, 0);
    const { channelCount } = this.#frontEnd.device;
    const isThere = Number.isInteger(channel) && channel >= 0 && channel < channelCount;
    if (!isThere) fail(RUN_ERROR.noChannel, statement);
  }

  #setPotentialSpan(statement: Statement): void {
    const least = this.#variables.valueOf(statement, 0);
    const most = this.#variables.valueOf(statement, 1);
    const isApplied = statement.words[0] === 'da';
    if (least > most) fail(RUN_ERROR.badValue, statement);
    if (isApplied && !this.#frontEnd.setPotentialSpan(least, most)) {
      fail(RUN_ERROR.badPotential, statement);
    }
  }

  /** `cell_on ocp(v)` measures the open-circuit potential into v and closes the cell at it. */
  #closeCell(statement: Statement): void {
    if (this.#frontEnd.isOff) fail(RUN_ERROR.invalidForMode, statement);
    const [name] = statement.optionNames.get('ocp') ?? [];
    if (name !== undefined) {
      const { value } = this.#frontEnd.voltage();
      this.#variables.store(name, 'ab', value);
      this.#frontEnd.setVoltage(value);
    }
    this.#frontEnd.cellOn();
  }
}
