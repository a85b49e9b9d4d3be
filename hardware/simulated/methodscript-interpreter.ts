import type { Clock } from '../../src/domain/clock.ts';
import { encodeVariable, STATUS } from '../potentiostats/methodscript-value.ts';
import { type FrontEnd, LIMITS, PGSTAT_MODE } from './emstat-twin-front-end.ts';
import { fail, INTERVAL_SECOND_MIN, RUN_ERROR, ScriptArguments } from './methodscript-arguments.ts';
import { type Program, ScriptFailure, type Statement } from './methodscript-program.ts';
import { ScriptVariables } from './methodscript-variables.ts';
import { cyclePotentials } from './voltammogram-potentials.ts';

const TECHNIQUE_ID = {
  meas_loop_cv: '0005',
  meas_loop_ca: '0007',
  meas_loop_cp: '000A',
  meas_loop_ocp: '000B',
  meas_loop_eis: '000D',
  meas_loop_geis: '000E',
} as const;

/** An impedance point takes this many periods, and never less than the least time. */
const PERIODS_PER_POINT = 3;
const POINT_SECOND_MIN = 0.05;
const PEAK_PER_RMS = Math.SQRT2;
const POTENTIAL_RANGE_INDEX = 6;
/** Floating-point slack when counting how many intervals fit into a run time. */
const INTERVAL_SLACK = 1e-9;

/** What ends a measurement loop, and a cycle of a voltammogram within it. */
const SCOPE_END = { loop: '*', cycle: '-' } as const;

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
  readonly #arguments = new ScriptArguments(this.#variables);
  /** Ends of the scopes that are open, innermost last. */
  readonly #scopeEnds: string[] = [];
  #package: string[] = [];

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
    while (this.#scopeEnds.length > 0) this.#leaveScope();
  }

  #report(error: unknown): void {
    if (!(error instanceof ScriptFailure)) throw error;
    this.#scopeEnds.length = 0;
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
        await this.#frontEnd.hold(this.#arguments.duration(statement, 0, 0), signal);
        return 'next';
      case 'meas':
        await this.#measureOnce(statement, signal);
        return 'next';
      case 'meas_loop_ocp':
      case 'meas_loop_ca':
      case 'meas_loop_cp':
        await this.#measureInTime(statement, statement.command, signal);
        return 'next';
      case 'meas_loop_cv':
        await this.#sweepPotential(statement, signal);
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
        this.#frontEnd.setVoltage(this.#arguments.potential(statement, 0));
        break;
      case 'set_i':
        this.#frontEnd.setCurrent(this.#arguments.current(statement, 0));
        break;
      case 'cell_on':
        if (this.#frontEnd.isOff) fail(RUN_ERROR.invalidForMode, statement);
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
    if (!isKnown) fail(RUN_ERROR.modeUnsupported, statement);
    this.#frontEnd.setMode(mode);
  }

  async #measureOnce(statement: Statement, signal: AbortSignal): Promise<void> {
    const [, name = '', type = ''] = statement.words;
    await this.#frontEnd.hold(this.#arguments.duration(statement, 0, INTERVAL_SECOND_MIN), signal);
    if (type === 'ab') this.#storeVoltage(name);
    else if (type === 'ba') this.#storeCurrent(name);
    else fail(RUN_ERROR.badValue, statement);
  }

  async #measureInTime(
    statement: Statement,
    command: 'meas_loop_ocp' | 'meas_loop_ca' | 'meas_loop_cp',
    signal: AbortSignal,
  ): Promise<void> {
    this.#prepare(statement, command);
    const [voltageName = '', currentName = ''] = statement.words;
    const timeAt = command === 'meas_loop_ocp' ? 0 : 1;
    const intervalSecond = this.#arguments.duration(statement, timeAt, INTERVAL_SECOND_MIN);
    const runSecond = this.#arguments.duration(statement, timeAt + 1, 0);
    const startSecond = this.#clock.nowSecond();
    const pointCount = Math.floor(runSecond / intervalSecond + INTERVAL_SLACK);
    const until = (dueSecond: number) =>
      this.#frontEnd.hold(Math.max(0, dueSecond - this.#clock.nowSecond()), signal);
    this.#enterLoop(command);
    for (let point = 1; point <= pointCount; point += 1) {
      await until(startSecond + point * intervalSecond);
      if (command === 'meas_loop_ca') this.#storeApplied(voltageName);
      else this.#storeVoltage(voltageName);
      if (command !== 'meas_loop_ocp') this.#storeCurrent(currentName);
      if ((await this.#runAll(statement.body, signal)) === 'break') return this.#leaveScope();
    }
    await until(startSecond + runSecond);
    this.#leaveScope();
  }

  /** One point per step of the potential, measured at the end of the time the step lasts. */
  async #sweepPotential(statement: Statement, signal: AbortSignal): Promise<void> {
    this.#prepare(statement, 'meas_loop_cv');
    const [voltageName = '', currentName = ''] = statement.words;
    const at = (index: number) => this.#arguments.potential(statement, index);
    const stepVolt = this.#arguments.positive(statement, 3);
    const sweep = { startVolt: at(0), verticesVolt: [at(1), at(2)] as const, stepVolt };
    const intervalSecond = stepVolt / this.#arguments.positive(statement, 4);
    if (intervalSecond < INTERVAL_SECOND_MIN) fail(RUN_ERROR.badValue, statement);
    const scans = this.#variables.optionOf(statement, 'nscans', 1);
    const cycles = this.#arguments.count(statement, scans);
    this.#enterLoop('meas_loop_cv');
    let outcome: Outcome = 'next';
    for (let cycle = 0; cycle < cycles && outcome === 'next'; cycle += 1) {
      if (cycles > 1) this.#enterCycle(cycle);
      for (const volt of cyclePotentials(sweep, cycle === 0)) {
        this.#frontEnd.setVoltage(volt);
        await this.#frontEnd.hold(intervalSecond, signal);
        this.#storeApplied(voltageName);
        this.#storeCurrent(currentName);
        outcome = await this.#runAll(statement.body, signal);
        if (outcome === 'break') break;
      }
      if (cycles > 1) this.#leaveScope();
    }
    this.#leaveScope();
  }

  /** What must hold before a loop in time begins; sets its potential or current. */
  #prepare(statement: Statement, command: keyof typeof TECHNIQUE_ID): void {
    if (command === 'meas_loop_ocp') {
      if (this.#frontEnd.isCellOn) fail(RUN_ERROR.openCircuitWithCellOn, statement);
      return;
    }
    const isGalvanostatic = command === 'meas_loop_cp';
    if (isGalvanostatic !== this.#frontEnd.isGalvanostat) {
      fail(RUN_ERROR.invalidForMode, statement);
    }
    if (!this.#frontEnd.isCellOn) fail(RUN_ERROR.needsCellOn, statement);
    if (isGalvanostatic) this.#frontEnd.setCurrent(this.#arguments.current(statement, 0));
    else this.#frontEnd.setVoltage(this.#arguments.potential(statement, 0));
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
    this.#leaveScope();
  }

  #prepareSweep(statement: Statement, command: 'meas_loop_eis' | 'meas_loop_geis') {
    const isGalvanostatic = command === 'meas_loop_geis';
    if (isGalvanostatic !== this.#frontEnd.isGalvanostat) {
      fail(RUN_ERROR.invalidForMode, statement);
    }
    if (!this.#frontEnd.isCellOn) fail(RUN_ERROR.needsCellOn, statement);
    const amplitude = this.#variables.valueOf(statement, 0) * PEAK_PER_RMS;
    const firstHertz = this.#arguments.frequency(statement, 1);
    const lastHertz = this.#arguments.frequency(statement, 2);
    const pointCount = this.#arguments.count(statement, this.#variables.valueOf(statement, 3));
    const bias = isGalvanostatic
      ? this.#arguments.current(statement, 4)
      : this.#arguments.potential(statement, 4);
    const limit = isGalvanostatic ? LIMITS.currentAmpere : LIMITS.voltageVolt;
    const isAmplitudeGood = amplitude > 0 && Math.abs(bias) + amplitude <= limit * (1 + 1e-5);
    if (!isAmplitudeGood) fail(RUN_ERROR.badAmplitude, statement);
    if (isGalvanostatic) this.#frontEnd.setCurrent(bias);
    else this.#frontEnd.setVoltage(bias);
    return { firstHertz, lastHertz, pointCount };
  }

  #enterLoop(command: keyof typeof TECHNIQUE_ID): void {
    this.#scopeEnds.push(SCOPE_END.loop);
    this.#send(`M${TECHNIQUE_ID[command]}`);
  }

  #enterCycle(index: number): void {
    this.#scopeEnds.push(SCOPE_END.cycle);
    this.#send(`C${index.toString(16).toUpperCase().padStart(4, '0')}`);
  }

  #leaveScope(): void {
    const end = this.#scopeEnds.pop();
    if (end !== undefined) this.#send(end);
  }

  /** Loops at constant or swept potential send what they apply, without status or range. */
  #storeApplied(name: string): void {
    this.#variables.store(name, 'da', this.#frontEnd.appliedVolt);
  }

  #storeVoltage(name: string): void {
    const { value, isOverloaded } = this.#frontEnd.voltage();
    const status = isOverloaded ? STATUS.overload : 0;
    this.#variables.set(name, { type: 'ab', value, status, rangeIndex: POTENTIAL_RANGE_INDEX });
  }

  #storeCurrent(name: string): void {
    const { value, isOverloaded, isUnderloaded } = this.#frontEnd.current();
    const status = isOverloaded ? STATUS.overload : isUnderloaded ? STATUS.underload : 0;
    const rangeIndex = this.#frontEnd.currentRangeIndex();
    this.#variables.set(name, { type: 'ba', value, status, rangeIndex });
  }
}
