import { type Clock, sleep } from '../../src/domain/clock.ts';
import type { DetectorSpectrum } from '../../src/domain/detector-spectrum.ts';
import type { InstrumentInfo, Scanner, Spectrometer } from '../../src/domain/instrument.ts';
import type { Frame, ScanPlan } from '../../src/domain/scan.ts';
import { type CallLog, type Misbehaviour, misbehave } from './scripted-call.ts';

/** How the spectrometer behaves. */
export interface SpectrometerScript {
  /** Counts longer than it was asked to. */
  overtimeSecond?: number;
  measure?: Misbehaviour;
  /** What it counts when it is done at this moment; the same few counts without it. */
  counted?: (timeSecond: number) => DetectorSpectrum;
}

/** Counts what its script says, whatever it is asked for. */
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
    const counted = this.#script.counted?.(this.#clock.nowSecond());
    if (counted) return { ...counted, region };
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

/** How the scanner behaves. */
export interface ScannerScript {
  /** Fails before the nth projection. */
  failsAtView?: number;
  /** Slower, or faster, than it was asked to be. */
  secondsPerView?: number;
  connect?: Misbehaviour;
  stop?: Misbehaviour;
  disconnect?: Misbehaviour;
}

/** Sends flat frames of one grey. */
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
