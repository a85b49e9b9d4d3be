import { CHANNELS, type Channel } from '../../src/domain/channel.ts';
import { type CancelTimer, type Clock, type ReleaseHold, sleep } from '../../src/domain/clock.ts';
import type { DetectorSpectrum } from '../../src/domain/detector-spectrum.ts';
import { Fault } from '../../src/domain/fault.ts';
import type {
  Heater,
  InstrumentInfo,
  Potentiostat,
  PotentiostatCapability,
  Reading,
  Scanner,
  Sensor,
  Spectrometer,
} from '../../src/domain/instrument.ts';
import type { RecordBody, RunRecord } from '../../src/domain/run-record.ts';
import type {
  EngineState,
  RunWriter,
  ScanSpool,
  ScanSpoolFactory,
} from '../../src/domain/run-store.ts';
import type { SampleSink } from '../../src/domain/sample.ts';
import type { Frame, ScanPlan } from '../../src/domain/scan.ts';
import type {
  ConstantCurrent,
  ConstantVoltage,
  CyclicVoltammetry,
  ElectrochemicalTechnique,
  Impedance,
  OpenCircuit,
} from '../../src/domain/technique.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';

/** Small instruments that do what a test tells them, on a virtual clock, around one resistor. */

/** A virtual clock that knows how many of its timers are still armed. */
export class CountingClock implements Clock {
  readonly #inner = new VirtualClock();
  #armed = 0;

  get armedTimers(): number {
    return this.#armed;
  }
  nowSecond(): number {
    return this.#inner.nowSecond();
  }
  utcMs(): number {
    return this.#inner.utcMs();
  }
  after(delaySecond: number, callback: () => void): CancelTimer {
    this.#armed += 1;
    let live = true;
    const disarm = (): void => {
      if (live) this.#armed -= 1;
      live = false;
    };
    const cancel = this.#inner.after(delaySecond, () => {
      disarm();
      callback();
    });
    return () => {
      disarm();
      cancel();
    };
  }
  hold(): ReleaseHold {
    return this.#inner.hold();
  }
  advance(seconds: number): Promise<void> {
    return this.#inner.advance(seconds);
  }
}

/** Advances the clock until the promise settles. @throws when it has not after `secondsMax` */
export async function advanceUntil<T>(
  clock: CountingClock,
  promise: Promise<T>,
  secondsMax = 100_000,
): Promise<T> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let at = 0; at <= secondsMax && !settled; at += 1) {
    await clock.advance(at === 0 ? 0 : 1);
  }
  if (!settled) throw new Error(`nothing has settled after ${secondsMax} simulated seconds`);
  return promise;
}

/** Uniform in [-1, 1), the same for the same seed (mulberry32). */
export function seededNoise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** How a call misbehaves: throws a fault, or never answers. */
export type Misbehaviour = 'throws' | 'hangs';

async function misbehave(how: Misbehaviour | undefined, where: string): Promise<void> {
  if (how === 'throws') {
    throw new Fault('instrumentReply', { where, message: 'scripted failure' });
  }
  if (how === 'hangs') await new Promise<never>(() => {});
}

/** What every scripted instrument writes its calls into, in order. */
export class CallLog {
  readonly lines: string[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  add(call: string): void {
    this.lines.push(`${Math.round(this.#clock.nowSecond() * 1000) / 1000} ${call}`);
  }
  /** The calls without their times. */
  get calls(): string[] {
    return this.lines.map((line) => line.slice(line.indexOf(' ') + 1));
  }
}

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
}

const OPEN_CIRCUIT_VOLT = 0.01;

export class ScriptedPotentiostat implements Potentiostat {
  readonly info: InstrumentInfo = { id: 'pstat', model: 'Resistor One', provenance: 'simulated' };
  readonly capability: PotentiostatCapability = {
    techniques: [
      'openCircuit',
      'constantCurrent',
      'constantVoltage',
      'cyclicVoltammetry',
      'impedance',
    ],
    currentAmpereMax: 0.01,
    voltageVoltMin: -5,
    voltageVoltMax: 5,
    frequencyHertzMin: 0.01,
    frequencyHertzMax: 200_000,
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

  async connect(): Promise<void> {
    this.#log.add('pstat connect');
    await misbehave(this.script.connect, 'pstat');
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
            : this.#hold(technique, heeded);
      for await (const reading of readings) {
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
    let volt = startVolt;
    for (const target of [...turns, startVolt]) {
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
    await misbehave(this.script.cellOff, 'pstat');
  }

  async disconnect(): Promise<void> {
    this.#log.add('pstat disconnect');
    await misbehave(this.script.disconnect, 'pstat');
  }
}

/** An oven that heats by a fixed rate towards its target. */
export class ScriptedOven {
  temperatureCelsius = 20;
  targetCelsius: number | undefined;
  readonly kelvinPerSecond: number;

  constructor(kelvinPerSecond = 0.1) {
    this.kelvinPerSecond = kelvinPerSecond;
  }
  pass(seconds: number): void {
    const offKelvin = (this.targetCelsius ?? this.temperatureCelsius) - this.temperatureCelsius;
    const stepKelvin = Math.min(Math.abs(offKelvin), this.kelvinPerSecond * seconds);
    this.temperatureCelsius += Math.sign(offKelvin) * stepKelvin;
  }
}

export interface SensorScript {
  everySecond?: number;
  /** Replaces what the oven says. */
  value?: (timeSecond: number, ovenCelsius: number) => number;
  silentAfterSecond?: number;
  connect?: Misbehaviour;
  disconnect?: Misbehaviour;
}

/** Tells the stack pressure of a test every two seconds; undefined tells nothing. */
export class ScriptedPressure implements Sensor {
  readonly info: InstrumentInfo = { id: 'press', model: 'Hard Squeeze', provenance: 'simulated' };
  readonly channels: readonly Channel[] = [CHANNELS.pressure];
  readonly #clock: Clock;
  readonly #value: (timeSecond: number) => number | undefined;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock, value: (timeSecond: number) => number | undefined) {
    this.#clock = clock;
    this.#value = value;
  }

  async connect(_signal: AbortSignal, sink: SampleSink): Promise<void> {
    const push = (): void => {
      const timeSecond = this.#clock.nowSecond();
      this.#cancel = this.#clock.after(2, push);
      const value = this.#value(timeSecond);
      if (value === undefined) return;
      const quality = Number.isNaN(value) ? 'bad' : 'good';
      sink({ channel: CHANNELS.pressure.name, timeSecond, value, quality });
    };
    push();
  }

  async disconnect(): Promise<void> {
    this.#cancel?.();
  }
}

export interface SpectrometerScript {
  /** Counts longer than it was asked to. */
  overtimeSecond?: number;
  measure?: Misbehaviour;
}

export class ScriptedSpectrometer implements Spectrometer {
  readonly info: InstrumentInfo = { id: 'edx', model: 'Ring Counter', provenance: 'simulated' };
  readonly regions = ['edxrd', 'S 2p'];
  readonly #clock: Clock;
  readonly #log: CallLog;
  readonly #script: SpectrometerScript;

  constructor(clock: Clock, log: CallLog, script: SpectrometerScript = {}) {
    this.#clock = clock;
    this.#log = log;
    this.#script = script;
  }
  async connect(): Promise<void> {
    this.#log.add('edx connect');
  }
  async measure(
    { region, durationSecond }: { readonly region: string; readonly durationSecond: number },
    signal: AbortSignal,
  ): Promise<DetectorSpectrum> {
    this.#log.add(`edx ${region}`);
    await misbehave(this.#script.measure, 'edx');
    await sleep(this.#clock, durationSecond + (this.#script.overtimeSecond ?? 0), signal);
    return {
      region,
      axis: Float64Array.of(20, 40, 60),
      axisLabel: 'photon energy',
      axisUnit: 'keV',
      counts: Float64Array.of(5, 9, 4),
      liveSecond: durationSecond,
    };
  }
  async stop(): Promise<void> {
    this.#log.add('edx stop');
  }
  async disconnect(): Promise<void> {
    this.#log.add('edx disconnect');
  }
}

export class ScriptedSensor implements Sensor {
  readonly info: InstrumentInfo = { id: 'thermo', model: 'Oven Eye', provenance: 'simulated' };
  readonly channels: readonly Channel[] = [CHANNELS.temperature];
  readonly #clock: Clock;
  readonly #log: CallLog;
  readonly #oven: ScriptedOven;
  readonly #script: SensorScript;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock, log: CallLog, oven: ScriptedOven, script: SensorScript = {}) {
    this.#clock = clock;
    this.#log = log;
    this.#oven = oven;
    this.#script = script;
  }

  async connect(_signal: AbortSignal, sink: SampleSink): Promise<void> {
    this.#log.add('thermo connect');
    await misbehave(this.#script.connect, 'thermo');
    const everySecond = this.#script.everySecond ?? 5;
    const push = (): void => {
      const timeSecond = this.#clock.nowSecond();
      this.#oven.pass(everySecond);
      this.#cancel = this.#clock.after(everySecond, push);
      if (timeSecond >= (this.#script.silentAfterSecond ?? Number.POSITIVE_INFINITY)) return;
      const { temperatureCelsius } = this.#oven;
      const value = this.#script.value?.(timeSecond, temperatureCelsius) ?? temperatureCelsius;
      sink({ channel: CHANNELS.temperature.name, timeSecond, value, quality: 'good' });
    };
    push();
  }

  async disconnect(): Promise<void> {
    this.#log.add('thermo disconnect');
    this.#cancel?.();
    await misbehave(this.#script.disconnect, 'thermo');
  }
}

export interface HeaterScript {
  connect?: Misbehaviour;
  setTarget?: Misbehaviour;
  off?: Misbehaviour;
  disconnect?: Misbehaviour;
}

export class ScriptedHeater implements Heater {
  readonly info: InstrumentInfo = { id: 'heater', model: 'Warm One', provenance: 'simulated' };
  readonly channels: readonly Channel[] = [CHANNELS.heaterDuty];
  readonly temperatureCelsiusMax = 120;
  readonly #log: CallLog;
  readonly #oven: ScriptedOven;
  readonly #script: HeaterScript;

  constructor(log: CallLog, oven: ScriptedOven, script: HeaterScript = {}) {
    this.#log = log;
    this.#oven = oven;
    this.#script = script;
  }
  async connect(): Promise<void> {
    this.#log.add('heater connect');
    await misbehave(this.#script.connect, 'heater');
  }
  async setTarget(temperatureCelsius: number): Promise<void> {
    this.#log.add(`heater setTarget ${temperatureCelsius}`);
    await misbehave(this.#script.setTarget, 'heater');
    this.#oven.targetCelsius = temperatureCelsius;
  }
  async off(): Promise<void> {
    this.#log.add('heater off');
    await misbehave(this.#script.off, 'heater');
    this.#oven.targetCelsius = undefined;
  }
  async disconnect(): Promise<void> {
    this.#log.add('heater disconnect');
    await misbehave(this.#script.disconnect, 'heater');
  }
}

export interface ScannerScript {
  /** Fails before the nth projection. */
  failsAtView?: number;
  /** Slower, or faster, than it was asked to be. */
  secondsPerView?: number;
  connect?: Misbehaviour;
  stop?: Misbehaviour;
  disconnect?: Misbehaviour;
}

export class ScriptedScanner implements Scanner {
  readonly info: InstrumentInfo = { id: 'ct', model: 'Shadow Box', provenance: 'simulated' };
  readonly rows = 2;
  readonly columns = 4;
  readonly viewsMax = 1000;
  readonly plans: ScanPlan[] = [];
  readonly #clock: Clock;
  readonly #log: CallLog;
  readonly #script: ScannerScript;

  constructor(clock: Clock, log: CallLog, script: ScannerScript = {}) {
    this.#clock = clock;
    this.#log = log;
    this.#script = script;
  }
  async connect(): Promise<void> {
    this.#log.add('ct connect');
    await misbehave(this.#script.connect, 'ct');
  }
  async *scan(plan: ScanPlan, signal: AbortSignal): AsyncGenerator<Frame> {
    this.#log.add(`ct scan ${plan.scanId}`);
    this.plans.push(plan);
    try {
      yield this.#frame(plan, 'flat', 0);
      for (let index = 0; index < plan.views; index += 1) {
        const asked = plan.durationSecond / plan.views;
        await sleep(this.#clock, this.#script.secondsPerView ?? asked, signal);
        if (index === this.#script.failsAtView) await misbehave('throws', 'ct');
        yield this.#frame(plan, 'projection', index);
      }
    } finally {
      this.#log.add(`ct scan ${plan.scanId} ended`);
    }
  }
  #frame(plan: ScanPlan, kind: Frame['kind'], index: number): Frame {
    return {
      scanId: plan.scanId,
      kind,
      index,
      angleRadian: kind === 'flat' ? 0 : (plan.spanRadian * index) / plan.views,
      timeSecond: this.#clock.nowSecond(),
      rows: this.rows,
      columns: this.columns,
      pixels: new Uint16Array(this.rows * this.columns).fill(1000),
    };
  }
  async stop(): Promise<void> {
    this.#log.add('ct stop');
    await misbehave(this.#script.stop, 'ct');
  }
  async disconnect(): Promise<void> {
    this.#log.add('ct disconnect');
    await misbehave(this.#script.disconnect, 'ct');
  }
}

/** A run database in memory that can be told to fail. */
export class MemoryWriter implements RunWriter {
  readonly records: RunRecord[] = [];
  readonly states: { readonly timeSecond: number; readonly state: EngineState }[] = [];
  readonly #clock: Clock;
  readonly utcLabels: { readonly fromSecond: number; readonly utcAtZeroMs: number }[] = [];
  #prepare: () => void = () => {};
  #committed = 0;
  commits = 0;
  finished: string | undefined;
  /** Fails from this record on. */
  failsAtRecord = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  append(timeSecond: number, body: RecordBody): number {
    if (this.records.length >= this.failsAtRecord) {
      throw new Fault('storage', { where: 'run.db', message: 'the disk is full' });
    }
    const sequence = this.records.length + 1;
    this.records.push({ sequence, timeSecond, boot: 0, body });
    return sequence;
  }
  saveState(state: EngineState): void {
    this.states.push({ timeSecond: this.#clock.nowSecond(), state });
  }
  commit(): void {
    this.#prepare();
    this.commits += 1;
    this.#committed = this.records.length;
  }
  beforeCommit(prepare: () => void): void {
    this.#prepare = prepare;
  }
  committedSequence(): number {
    return this.#committed;
  }
  labelUtc(fromSecond: number, utcAtZeroMs: number): void {
    this.utcLabels.push({ fromSecond, utcAtZeroMs });
  }
  finish(status: string): void {
    this.finished = status;
  }
  /** The records of one kind. */
  of<K extends RecordBody['kind']>(kind: K) {
    return this.records.flatMap(({ timeSecond, body }) =>
      body.kind === kind
        ? [{ timeSecond, ...(body as Extract<RecordBody, { readonly kind: K }>) }]
        : [],
    );
  }
  samplesOf(channel: string) {
    return this.of('sample').filter((sample) => sample.channel === channel);
  }
}

export class MemorySpools implements ScanSpoolFactory {
  readonly frames = new Map<string, Frame[]>();
  /** Fails when a scan has so many frames. */
  failsAtFrame = Number.POSITIVE_INFINITY;

  open(scanId: string): ScanSpool {
    const frames: Frame[] = [];
    this.frames.set(scanId, frames);
    return {
      add: (frame) => {
        if (frames.length >= this.failsAtFrame) {
          throw new Fault('storage', { where: scanId, message: 'the disk is full' });
        }
        frames.push(frame);
      },
      finish: () => `${scanId}.frames`,
    };
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
