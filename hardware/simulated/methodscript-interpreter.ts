import type { Clock } from '../../src/domain/clock.ts';
import { encodeVariable, STATUS } from '../potentiostats/methodscript-value.ts';
import { type FrontEnd, LIMITS, PGSTAT_MODE } from './emstat-twin-front-end.ts';
import { type Program, ScriptFailure, type Statement } from './methodscript-program.ts';
import { ScriptVariables } from './methodscript-variables.ts';

const RUN_ERROR = {
  badValue: '0007',
  badPotential: '000F',
  badFrequency: '0011',
  badAmplitude: '0012',
  openCircuitWithCellOn: '0014',
  modeUnsupported: '0021',
  invalidForMode: '0023',
  needsCellOn: '4027',
} as const;

const TECHNIQUE_ID = {
  meas_loop_ca: '0007',
  meas_loop_cp: '000A',
  meas_loop_ocp: '000B',
  meas_loop_eis: '000D',
  meas_loop_geis: '000E',
} as const;

const INTERVAL_SECOND_MIN = 1e-3;
const DURATION_SECOND_MAX = 1e8;
const POINTS_MAX = 10_000;
/** An impedance point takes this many periods, and never less than the least time. */
const PERIODS_PER_POINT = 3;
const POINT_SECOND_MIN = 0.05;
const PEAK_PER_RMS = Math.SQRT2;
const POTENTIAL_RANGE_INDEX = 6;
/** Floating-point slack when counting how many intervals fit into a run time. */
const INTERVAL_SLACK = 1e-9;

type Outcome = 'next' | 'break';

/**
 * Runs a parsed script on the clock. Every statement is bounded: there is no loop without
 * measurement, and every measurement has a last point.
 */
export class Interpreter {
  readonly #frontEnd: FrontEnd;
  readonly #clock: Clock;
  readonly #send: (line: string) => void;
  readonly #variables = new ScriptVariables();
  #package: string[] = [];
  #openLoops = 0;

  constructor(options: { frontEnd: FrontEnd; clock: Clock; send: (line: string) => void }) {
    this.#frontEnd = options.frontEnd;
    this.#clock = options.clock;
    this.#send = options.send;
  }

  /**
   * Runs the script, then its `on_finished:` part, then sends the empty line.
   * @param abort ends the script as the command Z does; @param power ends everything at once
   */
  async run(program: Program, abort: AbortSignal, power: AbortSignal): Promise<void> {
    try {
      await this.#runAll(program.statements, AbortSignal.any([abort, power]));
    } catch (error) {
      if (error === power.reason) return;
      if (error === abort.reason) this.#closeLoops();
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

  #closeLoops(): void {
    for (; this.#openLoops > 0; this.#openLoops -= 1) this.#send('*');
  }

  #report(error: unknown): void {
    if (!(error instanceof ScriptFailure)) throw error;
    this.#openLoops = 0;
    this.#send(`!${error.code}: Line ${error.line}`);
  }

  async #runAll(statements: readonly Statement[], signal: AbortSignal): Promise<Outcome> {
    for (const statement of statements) {
      if ((await this.#runOne(statement, signal)) === 'break') return 'break';
    }
    return 'next';
  }

  async #runOne(statement: Statement, signal: AbortSignal): Promise<Outcome> {
    switch (statement.command) {
      case 'breakloop':
        return 'break';
      case 'if':
        return this.#variables.isTrue(statement) ? this.#runAll(statement.body, signal) : 'next';
      case 'wait':
        await this.#frontEnd.hold(this.#duration(statement, 0, 0), signal);
        return 'next';
      case 'meas':
        await this.#measureOnce(statement, signal);
        return 'next';
      case 'meas_loop_ocp':
      case 'meas_loop_ca':
      case 'meas_loop_cp':
        await this.#measureInTime(statement, statement.command, signal);
        return 'next';
      case 'meas_loop_eis':
      case 'meas_loop_geis':
        await this.#sweep(statement, statement.command, signal);
        return 'next';
      default:
        this.#runInstant(statement);
        return 'next';
    }
  }

  /** Commands that take no time. */
  #runInstant(statement: Statement): void {
    const [name = '', second = ''] = statement.words;
    switch (statement.command) {
      case 'store_var':
        this.#variables.store(
          name,
          statement.words[2] ?? '',
          this.#variables.valueOf(statement, 0),
        );
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
        this.#package.push(encodeVariable(this.#variables.read(name)));
        break;
      case 'pck_end':
        this.#send(`P${this.#package.join(';')}`);
        break;
      default:
        this.#drive(statement);
    }
  }

  /** Commands to the front end. Ranges and bandwidths do not change what this twin measures. */
  #drive(statement: Statement): void {
    switch (statement.command) {
      case 'set_pgstat_mode':
        this.#setMode(statement);
        break;
      case 'set_e':
        this.#frontEnd.setVoltage(this.#potential(statement, 0));
        break;
      case 'set_i':
        this.#frontEnd.setCurrent(this.#current(statement, 0));
        break;
      case 'cell_on':
        if (this.#frontEnd.isOff) this.#fail(RUN_ERROR.invalidForMode, statement);
        this.#frontEnd.cellOn();
        break;
      case 'cell_off':
        this.#frontEnd.cellOff();
        break;
      default:
        for (const [index] of statement.operands.entries())
          this.#variables.valueOf(statement, index);
    }
  }

  #setMode(statement: Statement): void {
    const mode = this.#variables.valueOf(statement, 0);
    const isKnown = Object.values(PGSTAT_MODE).some((one) => one === mode);
    if (!isKnown) this.#fail(RUN_ERROR.modeUnsupported, statement);
    this.#frontEnd.setMode(mode);
  }

  async #measureOnce(statement: Statement, signal: AbortSignal): Promise<void> {
    const [, name = '', type = ''] = statement.words;
    await this.#frontEnd.hold(this.#duration(statement, 0, INTERVAL_SECOND_MIN), signal);
    if (type === 'ab') this.#storeVoltage(name);
    else if (type === 'ba') this.#storeCurrent(name);
    else this.#fail(RUN_ERROR.badValue, statement);
  }

  async #measureInTime(
    statement: Statement,
    command: 'meas_loop_ocp' | 'meas_loop_ca' | 'meas_loop_cp',
    signal: AbortSignal,
  ): Promise<void> {
    this.#prepare(statement, command);
    const [voltageName = '', currentName = ''] = statement.words;
    const timeAt = command === 'meas_loop_ocp' ? 0 : 1;
    const intervalSecond = this.#duration(statement, timeAt, INTERVAL_SECOND_MIN);
    const runSecond = this.#duration(statement, timeAt + 1, 0);
    const startSecond = this.#clock.nowSecond();
    const pointCount = Math.floor(runSecond / intervalSecond + INTERVAL_SLACK);
    const until = (dueSecond: number) =>
      this.#frontEnd.hold(Math.max(0, dueSecond - this.#clock.nowSecond()), signal);
    this.#enterLoop(command);
    for (let point = 1; point <= pointCount; point += 1) {
      await until(startSecond + point * intervalSecond);
      this.#storeVoltage(voltageName);
      if (command !== 'meas_loop_ocp') this.#storeCurrent(currentName);
      if ((await this.#runAll(statement.body, signal)) === 'break') return this.#leaveLoop();
    }
    await until(startSecond + runSecond);
    this.#leaveLoop();
  }

  /** What must hold before a loop in time begins; sets its potential or current. */
  #prepare(statement: Statement, command: keyof typeof TECHNIQUE_ID): void {
    if (command === 'meas_loop_ocp') {
      if (this.#frontEnd.isCellOn) this.#fail(RUN_ERROR.openCircuitWithCellOn, statement);
      return;
    }
    const isGalvanostatic = command === 'meas_loop_cp';
    if (isGalvanostatic !== this.#frontEnd.isGalvanostat) {
      this.#fail(RUN_ERROR.invalidForMode, statement);
    }
    if (!this.#frontEnd.isCellOn) this.#fail(RUN_ERROR.needsCellOn, statement);
    if (isGalvanostatic) this.#frontEnd.setCurrent(this.#current(statement, 0));
    else this.#frontEnd.setVoltage(this.#potential(statement, 0));
  }

  async #sweep(
    statement: Statement,
    command: 'meas_loop_eis' | 'meas_loop_geis',
    signal: AbortSignal,
  ): Promise<void> {
    const { firstHertz, lastHertz, pointCount } = this.#prepareSweep(statement, command);
    const [frequencyName = '', realName = '', imaginaryName = ''] = statement.words;
    this.#enterLoop(command);
    for (let point = 0; point < pointCount; point += 1) {
      const share = pointCount === 1 ? 0 : point / (pointCount - 1);
      const frequencyHertz = firstHertz * (lastHertz / firstHertz) ** share;
      const pointSecond = Math.max(POINT_SECOND_MIN, PERIODS_PER_POINT / frequencyHertz);
      await this.#frontEnd.hold(pointSecond, signal);
      const { zRealOhm, zImagOhm } = this.#frontEnd.impedance(frequencyHertz);
      const current = { status: 0, rangeIndex: this.#frontEnd.currentRangeIndex() };
      const potential = { status: 0, rangeIndex: POTENTIAL_RANGE_INDEX };
      this.#variables.store(frequencyName, 'dc', frequencyHertz);
      this.#variables.set(realName, { type: 'cc', value: zRealOhm, ...current });
      this.#variables.set(imaginaryName, { type: 'cd', value: zImagOhm, ...potential });
      if ((await this.#runAll(statement.body, signal)) === 'break') break;
    }
    this.#leaveLoop();
  }

  #prepareSweep(statement: Statement, command: 'meas_loop_eis' | 'meas_loop_geis') {
    const isGalvanostatic = command === 'meas_loop_geis';
    if (isGalvanostatic !== this.#frontEnd.isGalvanostat) {
      this.#fail(RUN_ERROR.invalidForMode, statement);
    }
    if (!this.#frontEnd.isCellOn) this.#fail(RUN_ERROR.needsCellOn, statement);
    const amplitude = this.#variables.valueOf(statement, 0) * PEAK_PER_RMS;
    const firstHertz = this.#frequency(statement, 1);
    const lastHertz = this.#frequency(statement, 2);
    const pointCount = this.#variables.valueOf(statement, 3);
    if (!Number.isInteger(pointCount) || pointCount < 1 || pointCount > POINTS_MAX) {
      this.#fail(RUN_ERROR.badValue, statement);
    }
    const bias = isGalvanostatic ? this.#current(statement, 4) : this.#potential(statement, 4);
    const limit = isGalvanostatic ? LIMITS.currentAmpere : LIMITS.voltageVolt;
    const isAmplitudeGood = amplitude > 0 && Math.abs(bias) + amplitude <= limit * (1 + 1e-5);
    if (!isAmplitudeGood) this.#fail(RUN_ERROR.badAmplitude, statement);
    if (isGalvanostatic) this.#frontEnd.setCurrent(bias);
    else this.#frontEnd.setVoltage(bias);
    return { firstHertz, lastHertz, pointCount };
  }

  #enterLoop(command: keyof typeof TECHNIQUE_ID): void {
    this.#openLoops += 1;
    this.#send(`M${TECHNIQUE_ID[command]}`);
  }

  #leaveLoop(): void {
    this.#openLoops -= 1;
    this.#send('*');
  }

  #storeVoltage(name: string): void {
    const { value, isOverloaded } = this.#frontEnd.voltage();
    const status = isOverloaded ? STATUS.overload : 0;
    this.#variables.set(name, { type: 'ab', value, status, rangeIndex: POTENTIAL_RANGE_INDEX });
  }

  #storeCurrent(name: string): void {
    const { value, isOverloaded } = this.#frontEnd.current();
    const status = isOverloaded ? STATUS.overload : 0;
    const rangeIndex = this.#frontEnd.currentRangeIndex();
    this.#variables.set(name, { type: 'ba', value, status, rangeIndex });
  }

  #duration(statement: Statement, index: number, leastSecond: number): number {
    const seconds = this.#variables.valueOf(statement, index);
    const isGood = seconds >= leastSecond && seconds <= DURATION_SECOND_MAX;
    if (!isGood) this.#fail(RUN_ERROR.badValue, statement);
    return seconds;
  }

  #potential(statement: Statement, index: number): number {
    const voltageVolt = this.#variables.valueOf(statement, index);
    if (Math.abs(voltageVolt) > LIMITS.voltageVolt) this.#fail(RUN_ERROR.badPotential, statement);
    return voltageVolt;
  }

  #current(statement: Statement, index: number): number {
    const currentAmpere = this.#variables.valueOf(statement, index);
    if (Math.abs(currentAmpere) > LIMITS.currentAmpere) this.#fail(RUN_ERROR.badValue, statement);
    return currentAmpere;
  }

  #frequency(statement: Statement, index: number): number {
    const frequencyHertz = this.#variables.valueOf(statement, index);
    const isGood = frequencyHertz > 0 && frequencyHertz <= LIMITS.frequencyHertz;
    if (!isGood) this.#fail(RUN_ERROR.badFrequency, statement);
    return frequencyHertz;
  }

  #fail(code: string, statement: Statement): never {
    throw new ScriptFailure(code, { line: statement.line });
  }
}
