import type { Clock } from '../../src/domain/clock.ts';
import { STATUS } from '../potentiostats/methodscript-value.ts';
import type { FrontEnd } from './emstat-twin-front-end.ts';
import { measuredWaveform } from './emstat-twin-waveform.ts';
import {
  fail,
  INTERVAL_SECOND_MIN,
  RUN_ERROR,
  type ScriptArguments,
} from './methodscript-arguments.ts';
import type { Statement } from './methodscript-program.ts';
import type { ScriptScopes } from './methodscript-scopes.ts';
import type { ScriptVariables } from './methodscript-variables.ts';
import { cyclePotentials, sweepPotentials } from './voltammogram-potentials.ts';

const TECHNIQUE_ID = {
  meas_loop_lsv: '0000',
  meas_loop_cv: '0005',
  meas_loop_ca: '0007',
  meas_loop_cp: '000A',
  meas_loop_ocp: '000B',
  meas_loop_eis: '000D',
  meas_loop_geis: '000E',
} as const;
export type LoopCommand = keyof typeof TECHNIQUE_ID;

/** An impedance point takes this many periods, and never less than the least time. */
const PERIODS_PER_POINT = 3;
const POINT_SECOND_MIN = 0.05;
const PEAK_PER_RMS = Math.SQRT2;
const POTENTIAL_RANGE_INDEX = 6;
/** Floating-point slack when counting how many intervals fit into a run time. */
const INTERVAL_SLACK = 1e-9;
/** Literals are rounded by up to this share. */
const LITERAL_SLACK = 1e-5;

/** Passes of a loop without measurement at most; the real one goes on for ever. */
const PLAIN_PASSES_MAX = 100_000;
/** A package of a waveform takes the wire so long (24 characters of 10 bits at 921 600 Bd), */
const PASS_SECOND = 260e-6;
/** and so many of them pass at a time. */
const PASSES_AT_A_TIME = 64;

export type Outcome = 'next' | 'break';

export interface LoopsOptions {
  readonly frontEnd: FrontEnd;
  readonly clock: Clock;
  readonly variables: ScriptVariables;
  readonly scriptArguments: ScriptArguments;
  readonly scopes: ScriptScopes;
  /** Runs what stands between a loop and its `endloop`. */
  readonly runBody: (statement: Statement, signal: AbortSignal) => Promise<Outcome>;
}

/** True for commands that measure in a loop. */
export function isLoopCommand(command: string): command is LoopCommand {
  return Object.hasOwn(TECHNIQUE_ID, command);
}

/** The measuring loops of the script language. Each has a last point. */
export class MeasurementLoops {
  readonly #frontEnd: FrontEnd;
  readonly #clock: Clock;
  readonly #variables: ScriptVariables;
  readonly #arguments: ScriptArguments;
  readonly #scopes: ScriptScopes;
  readonly #runBody: LoopsOptions['runBody'];

  constructor(options: LoopsOptions) {
    this.#frontEnd = options.frontEnd;
    this.#clock = options.clock;
    this.#variables = options.variables;
    this.#arguments = options.scriptArguments;
    this.#scopes = options.scopes;
    this.#runBody = options.runBody;
  }

  async run(statement: Statement, command: LoopCommand, signal: AbortSignal): Promise<void> {
    switch (command) {
      case 'meas_loop_ocp':
      case 'meas_loop_ca':
      case 'meas_loop_cp':
        await this.#measureInTime(statement, command, signal);
        break;
      case 'meas_loop_cv':
        await this.#measureCycles(statement, signal);
        break;
      case 'meas_loop_lsv':
        await this.#measureSweep(statement, signal);
        break;
      default:
        await this.#measureImpedance(statement, command, signal);
    }
  }

  /** A loop without measurement. The cell is held meanwhile, as long as it takes to send. */
  async runPlain(statement: Statement, signal: AbortSignal): Promise<void> {
    this.#scopes.enterPlainLoop();
    for (let pass = 1; this.#variables.isTrue(statement); pass += 1) {
      signal.throwIfAborted();
      if (pass > PLAIN_PASSES_MAX) fail(RUN_ERROR.badValue, statement);
      if ((await this.#runBody(statement, signal)) === 'break') break;
      if (pass % PASSES_AT_A_TIME !== 0) continue;
      await this.#frontEnd.hold(PASSES_AT_A_TIME * PASS_SECOND, signal);
    }
    this.#scopes.leave();
  }

  async measureOnce(statement: Statement, signal: AbortSignal): Promise<void> {
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
    this.#scopes.enterLoop(TECHNIQUE_ID[command]);
    for (let point = 1; point <= pointCount; point += 1) {
      await until(startSecond + point * intervalSecond);
      if (command === 'meas_loop_ca') this.#storeApplied(voltageName);
      else this.#storeVoltage(voltageName);
      if (command !== 'meas_loop_ocp') this.#storeCurrent(currentName);
      if ((await this.#runBody(statement, signal)) === 'break') return this.#scopes.leave();
    }
    await until(startSecond + runSecond);
    this.#scopes.leave();
  }

  async #measureSweep(statement: Statement, signal: AbortSignal): Promise<void> {
    this.#prepare(statement, 'meas_loop_lsv');
    const at = (index: number) => this.#arguments.potential(statement, index);
    const [startVolt, endVolt] = [at(0), at(1)];
    const stepVolt = this.#arguments.positive(statement, 2);
    const intervalSecond = this.#stepSecond(statement, stepVolt, 3);
    this.#scopes.enterLoop(TECHNIQUE_ID.meas_loop_lsv);
    const potentials = sweepPotentials(startVolt, endVolt, stepVolt);
    await this.#measurePotentials(statement, potentials, intervalSecond, signal);
    this.#scopes.leave();
  }

  async #measureCycles(statement: Statement, signal: AbortSignal): Promise<void> {
    this.#prepare(statement, 'meas_loop_cv');
    const at = (index: number) => this.#arguments.potential(statement, index);
    const stepVolt = this.#arguments.positive(statement, 3);
    const sweep = { startVolt: at(0), verticesVolt: [at(1), at(2)] as const, stepVolt };
    const intervalSecond = this.#stepSecond(statement, stepVolt, 4);
    const scans = this.#variables.optionOf(statement, 'nscans', 1);
    const cycles = this.#arguments.count(statement, scans);
    this.#scopes.enterLoop(TECHNIQUE_ID.meas_loop_cv);
    let outcome: Outcome = 'next';
    for (let cycle = 0; cycle < cycles && outcome === 'next'; cycle += 1) {
      if (cycles > 1) this.#scopes.enterCycle(cycle);
      const potentials = cyclePotentials(sweep, cycle === 0);
      outcome = await this.#measurePotentials(statement, potentials, intervalSecond, signal);
      if (cycles > 1) this.#scopes.leave();
    }
    this.#scopes.leave();
  }

  /** One point per step of the potential, measured at the end of the time the step lasts. */
  async #measurePotentials(
    statement: Statement,
    potentials: Iterable<number>,
    intervalSecond: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const [voltageName = '', currentName = ''] = statement.words;
    for (const volt of potentials) {
      this.#frontEnd.setVoltage(volt);
      await this.#frontEnd.hold(intervalSecond, signal);
      this.#storeApplied(voltageName);
      this.#storeCurrent(currentName);
      if ((await this.#runBody(statement, signal)) === 'break') return 'break';
    }
    return 'next';
  }

  /** @param rateAt index of the scan rate among the numbers of the statement */
  #stepSecond(statement: Statement, stepVolt: number, rateAt: number): number {
    const intervalSecond = stepVolt / this.#arguments.positive(statement, rateAt);
    if (intervalSecond < INTERVAL_SECOND_MIN) fail(RUN_ERROR.badValue, statement);
    return intervalSecond;
  }

  /** What must hold before a loop begins; sets its first potential or current. */
  #prepare(statement: Statement, command: LoopCommand): void {
    if (command === 'meas_loop_ocp') {
      if (this.#frontEnd.isCellOn) fail(RUN_ERROR.openCircuitWithCellOn, statement);
      return;
    }
    const isGalvanostatic = command === 'meas_loop_cp';
    this.#requireMode(statement, isGalvanostatic);
    if (isGalvanostatic) this.#frontEnd.setCurrent(this.#arguments.current(statement, 0));
    else this.#frontEnd.setVoltage(this.#arguments.potential(statement, 0));
  }

  #requireMode(statement: Statement, isGalvanostatic: boolean): void {
    if (isGalvanostatic !== this.#frontEnd.isGalvanostat) {
      fail(RUN_ERROR.invalidForMode, statement);
    }
    if (!this.#frontEnd.isCellOn) fail(RUN_ERROR.needsCellOn, statement);
  }

  async #measureImpedance(
    statement: Statement,
    command: 'meas_loop_eis' | 'meas_loop_geis',
    signal: AbortSignal,
  ): Promise<void> {
    const sweep = this.#prepareSweep(statement, command === 'meas_loop_geis');
    const { firstHertz, lastHertz, pointCount, amplitudeRms } = sweep;
    const [frequencyName = '', realName = '', imaginaryName = ''] = statement.words;
    this.#scopes.enterLoop(TECHNIQUE_ID[command]);
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
      this.#storeParts(statement, amplitudeRms, Math.hypot(zRealOhm, zImagOhm));
      this.#storeWaveform(statement, frequencyHertz, amplitudeRms);
      if ((await this.#runBody(statement, signal)) === 'break') break;
    }
    this.#scopes.leave();
  }

  #prepareSweep(statement: Statement, isGalvanostatic: boolean) {
    this.#requireMode(statement, isGalvanostatic);
    if (!isGalvanostatic && !this.#frontEnd.isImpedanceMode) {
      fail(RUN_ERROR.invalidForMode, statement);
    }
    const amplitudeRms = this.#variables.valueOf(statement, 0);
    const firstHertz = this.#arguments.frequency(statement, 1);
    const lastHertz = this.#arguments.frequency(statement, 2);
    const pointCount = this.#arguments.count(statement, this.#variables.valueOf(statement, 3));
    const bias = isGalvanostatic
      ? this.#arguments.current(statement, 4)
      : this.#arguments.potential(statement, 4);
    if (!this.#isAmplitudeGood(amplitudeRms, bias, isGalvanostatic)) {
      fail(RUN_ERROR.badAmplitude, statement);
    }
    if (isGalvanostatic) this.#frontEnd.setCurrent(bias);
    else this.#frontEnd.setVoltage(bias);
    return { firstHertz, lastHertz, pointCount, amplitudeRms };
  }

  #isAmplitudeGood(amplitudeRms: number, bias: number, isGalvanostatic: boolean): boolean {
    const { capability, amplitudeVoltRmsMax } = this.#frontEnd.device;
    const peak = amplitudeRms * PEAK_PER_RMS;
    if (!(amplitudeRms > 0)) return false;
    if (isGalvanostatic) {
      return Math.abs(bias) + peak <= capability.currentAmpereMax * (1 + LITERAL_SLACK);
    }
    const { least, most } = this.#frontEnd.potentialLimits;
    const slack = LITERAL_SLACK * Math.max(Math.abs(least), Math.abs(most));
    const isInside = bias - peak >= least - slack && bias + peak <= most + slack;
    return isInside && amplitudeRms <= amplitudeVoltRmsMax * (1 + LITERAL_SLACK);
  }

  /** `eis_acdc(e_ac e_dc i_ac i_dc)`: what lay at the cell while the point was measured. */
  #storeParts(statement: Statement, amplitudeRms: number, modulusOhm: number): void {
    const names = statement.optionNames.get('eis_acdc');
    if (!names) return;
    const [voltAc = '', voltDc = '', ampereAc = '', ampereDc = ''] = names;
    const isGalvanostatic = this.#frontEnd.isGalvanostat;
    this.#variables.store(voltAc, 'ch', isGalvanostatic ? amplitudeRms * modulusOhm : amplitudeRms);
    this.#variables.store(
      ampereAc,
      'cj',
      isGalvanostatic ? amplitudeRms : amplitudeRms / modulusOhm,
    );
    this.#storeVoltage(voltDc, 'ci');
    this.#storeCurrent(ampereDc, 'ck');
  }

  /** `eis_tdd(potentials currents count rate 0)`: the samples that the point was made from. */
  #storeWaveform(statement: Statement, frequencyHertz: number, amplitudeRms: number): void {
    const names = statement.optionNames.get('eis_tdd');
    if (!names) return;
    const [potentials = '', currents = '', count = '', rate = ''] = names;
    const capacity = Math.min(
      ...[potentials, currents].map((one) => this.#variables.capacityOf(one)),
    );
    const waveform = measuredWaveform(this.#frontEnd, { frequencyHertz, amplitudeRms, capacity });
    this.#variables.fillArray(potentials, 'ce', waveform.potentialVolt);
    this.#variables.fillArray(currents, 'cf', waveform.currentAmpere);
    this.#variables.store(count, 'ja', waveform.potentialVolt.length);
    this.#variables.store(rate, 'cg', waveform.samplingHertz);
  }

  /** Loops at constant or swept potential send what they apply, without status or range. */
  #storeApplied(name: string): void {
    this.#variables.store(name, 'da', this.#frontEnd.appliedVolt);
  }

  #storeVoltage(name: string, type = 'ab'): void {
    const { value, isOverloaded } = this.#frontEnd.voltage();
    const status = isOverloaded ? STATUS.overload : 0;
    this.#variables.set(name, { type, value, status, rangeIndex: POTENTIAL_RANGE_INDEX });
  }

  #storeCurrent(name: string, type = 'ba'): void {
    const { value, isOverloaded, isUnderloaded, rangeIndex } = this.#frontEnd.current();
    const status = isOverloaded ? STATUS.overload : isUnderloaded ? STATUS.underload : 0;
    this.#variables.set(name, { type, value, status, rangeIndex });
  }
}
