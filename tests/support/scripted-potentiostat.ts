import { type Clock, sleep } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type {
  InstrumentInfo,
  Potentiostat,
  PotentiostatCapability,
  Reading,
} from '../../src/domain/instrument.ts';
import type {
  ConstantCurrent,
  ConstantVoltage,
  CyclicVoltammetry,
  ElectrochemicalTechnique,
  Impedance,
  LinearSweep,
  OpenCircuit,
} from '../../src/domain/technique.ts';
import { type CallLog, type Misbehaviour, misbehave } from './scripted-call.ts';

/** How the potentiostat and its cell behave. */
export interface PotentiostatScript {
  /** Resistance of the cell at a moment; 300 ohm without it. */
  resistanceOhm?: (timeSecond: number) => number;
  /** Of the cell without current, at a moment; 10 mV without it. */
  openCircuitVolt?: (timeSecond: number) => number;
  /** The share of the current it was asked for that really flows. */
  currentShare?: number;
  /** No reading between these moments, and then again. */
  pauses?: readonly (readonly [number, number])[];
  /** Added to every voltage. */
  noiseVolt?: () => number;
  /** Changes a reading before it is yielded. */
  alter?: (reading: Reading) => Reading;
  secondsPerPoint?: number;
  /** No reading after this moment. */
  silentAfterSecond?: number;
  /** The technique ends by itself at this moment. */
  endsAtSecond?: number;
  /** Fails at the nth reading of a technique. */
  failsAtReading?: { kind: ElectrochemicalTechnique['kind']; index: number };
  /** Ignores being told to end. */
  ignoresAbort?: boolean;
  connect?: Misbehaviour;
  cellOff?: Misbehaviour;
  disconnect?: Misbehaviour;
  /** Its port is gone between these moments, and must be connected anew after each. */
  losses?: readonly (readonly [number, number])[];
  /** Another instrument is plugged in from this moment on. */
  exchangedAtSecond?: number;
}

const OPEN_CIRCUIT_VOLT = 0.01;

/** Does what a test tells it, around one resistor. */
export class ScriptedPotentiostat implements Potentiostat {
  #isLost = false;
  readonly capability: PotentiostatCapability = {
    techniques: [
      'openCircuit',
      'constantCurrent',
      'constantVoltage',
      'cyclicVoltammetry',
      'linearSweep',
      'impedance',
    ],
    currentAmpereMax: 0.01,
    voltageVoltMin: -5,
    voltageVoltMax: 5,
    frequencyHertzMin: 0.01,
    frequencyHertzMax: 200_000,
    sampleEverySecondMin: 0.001,
    keepsVoltageLimits: 'both',
    accuracy: { voltageVolt: [], currentAmpere: [], source: 'a script of a test' },
  };
  readonly script: PotentiostatScript;
  readonly techniques: ElectrochemicalTechnique[] = [];
  readonly #clock: Clock;
  readonly #log: CallLog;

  constructor(clock: Clock, log: CallLog, script: PotentiostatScript = {}) {
    this.#clock = clock;
    this.#log = log;
    this.script = script;
  }

  get info(): InstrumentInfo {
    const isOther = this.#clock.nowSecond() >= (this.script.exchangedAtSecond ?? 1e9);
    const model = isOther ? 'Resistor Two' : 'Resistor One';
    return { id: 'pstat', model, provenance: 'simulated' };
  }

  async connect(): Promise<void> {
    this.#log.add('pstat connect');
    await misbehave(this.script.connect, 'pstat');
    if (this.#isGone()) {
      throw new Fault('instrumentMissing', { where: 'pstat', message: 'there is no such port' });
    }
    this.#isLost = false;
  }

  #isGone(): boolean {
    const now = this.#clock.nowSecond();
    return this.script.losses?.some(([from, to]) => now >= from && now < to) ?? false;
  }

  #checkLink(): void {
    if (this.#isGone()) this.#isLost = true;
    if (!this.#isLost) return;
    throw new Fault('instrumentLost', { where: 'pstat', message: 'the port has gone' });
  }

  async *measure(
    technique: ElectrochemicalTechnique,
    signal: AbortSignal,
  ): AsyncGenerator<Reading> {
    this.#log.add(`pstat ${technique.kind}`);
    this.techniques.push(technique);
    const heeded = this.script.ignoresAbort ? new AbortController().signal : signal;
    try {
      let index = 0;
      const readings =
        technique.kind === 'impedance'
          ? this.#sweep(technique, heeded)
          : technique.kind === 'cyclicVoltammetry'
            ? this.#voltammogram(technique, heeded)
            : technique.kind === 'linearSweep'
              ? this.#sweepLinearly(technique, heeded)
              : this.#hold(technique, heeded);
      this.#checkLink();
      for await (const reading of readings) {
        this.#checkLink();
        const failing = this.script.failsAtReading;
        if (failing?.kind === technique.kind && failing.index === index) {
          await misbehave('throws', 'pstat');
        }
        index += 1;
        yield this.script.alter?.(reading) ?? reading;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#log.add(`pstat ${technique.kind} ended`);
    }
  }

  async *#hold(
    technique: OpenCircuit | ConstantCurrent | ConstantVoltage,
    signal: AbortSignal,
  ): AsyncGenerator<Reading> {
    const startSecond = this.#clock.nowSecond();
    for (let at = 1; at * technique.sampleEverySecond <= technique.durationSecond + 1e-9; at += 1) {
      const dueSecond = startSecond + at * technique.sampleEverySecond;
      await sleep(this.#clock, dueSecond - this.#clock.nowSecond(), signal);
      const timeSecond = this.#clock.nowSecond();
      if (timeSecond >= (this.script.endsAtSecond ?? Number.POSITIVE_INFINITY)) return;
      if (timeSecond >= (this.script.silentAfterSecond ?? Number.POSITIVE_INFINITY)) {
        await sleep(this.#clock, 1e6, signal);
      }
      if (this.script.pauses?.some(([from, to]) => timeSecond > from && timeSecond < to)) continue;
      const ohm = this.script.resistanceOhm?.(timeSecond) ?? 300;
      const currentAmpere = currentThrough(technique, ohm) * (this.script.currentShare ?? 1);
      const openCircuitVolt = this.script.openCircuitVolt?.(timeSecond) ?? OPEN_CIRCUIT_VOLT;
      const voltageVolt = openCircuitVolt + currentAmpere * ohm + (this.script.noiseVolt?.() ?? 0);
      yield { kind: 'electrical', timeSecond, voltageVolt, currentAmpere, quality: 'good' };
    }
    const left = startSecond + technique.durationSecond - this.#clock.nowSecond();
    if (left > 0) await sleep(this.#clock, left, signal);
  }

  /** Through the resistor, point by point. */
  async *#voltammogram(technique: CyclicVoltammetry, signal: AbortSignal): AsyncGenerator<Reading> {
    const { startVolt, verticesVolt, stepVolt, rateVoltPerSecond, cycles } = technique;
    const turns = Array.from({ length: cycles }, () => verticesVolt).flat();
    yield* this.#ramps([startVolt, ...turns, startVolt], { stepVolt, rateVoltPerSecond }, signal);
  }

  #sweepLinearly(technique: LinearSweep, signal: AbortSignal): AsyncGenerator<Reading> {
    return this.#ramps([technique.startVolt, technique.endVolt], technique, signal);
  }

  async *#ramps(
    corners: readonly number[],
    { stepVolt, rateVoltPerSecond }: Pick<LinearSweep, 'stepVolt' | 'rateVoltPerSecond'>,
    signal: AbortSignal,
  ): AsyncGenerator<Reading> {
    let [volt = 0] = corners;
    for (const target of corners.slice(1)) {
      while (volt !== target) {
        await sleep(this.#clock, stepVolt / rateVoltPerSecond, signal);
        const left = target - volt;
        volt = Math.abs(left) <= stepVolt ? target : volt + Math.sign(left) * stepVolt;
        yield {
          kind: 'electrical',
          timeSecond: this.#clock.nowSecond(),
          voltageVolt: volt,
          currentAmpere: (volt - OPEN_CIRCUIT_VOLT) / 300,
          quality: 'good',
        };
      }
    }
  }

  async *#sweep(technique: Impedance, signal: AbortSignal): AsyncGenerator<Reading> {
    const { frequencyHertzMax, frequencyHertzMin, pointCount } = technique;
    for (let at = 0; at < pointCount; at += 1) {
      await sleep(this.#clock, this.script.secondsPerPoint ?? 2, signal);
      const frequencyHertz =
        frequencyHertzMax *
        (frequencyHertzMin / frequencyHertzMax) ** (at / Math.max(1, pointCount - 1));
      const zRealOhm = this.script.resistanceOhm?.(this.#clock.nowSecond()) ?? 300;
      const point = { frequencyHertz, zRealOhm, zImagOhm: -1 };
      yield {
        kind: 'impedancePoint',
        timeSecond: this.#clock.nowSecond(),
        point,
        quality: 'good',
      };
    }
  }

  async cellOff(): Promise<void> {
    this.#log.add('pstat cellOff');
    this.#checkLink();
    await misbehave(this.script.cellOff, 'pstat');
  }

  async disconnect(): Promise<void> {
    this.#log.add('pstat disconnect');
    await misbehave(this.script.disconnect, 'pstat');
  }
}

/** A resistor has one answer to a current and one to a voltage. */
function currentThrough(
  technique: OpenCircuit | ConstantCurrent | ConstantVoltage,
  ohm: number,
): number {
  switch (technique.kind) {
    case 'openCircuit':
      return 0;
    case 'constantCurrent':
      return technique.currentAmpere;
    case 'constantVoltage':
      return (technique.voltageVolt - OPEN_CIRCUIT_VOLT) / ohm;
    default:
      return technique satisfies never;
  }
}
