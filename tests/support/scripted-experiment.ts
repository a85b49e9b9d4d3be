import type { Bus } from '../../src/domain/bus.ts';
import type { CircuitFit, FitParameter } from '../../src/domain/circuit-fit.ts';
import type { EventCode, Severity } from '../../src/domain/run-record.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import type { SpectrumValidity } from '../../src/domain/spectrum-validity.ts';
import { circuitFit, fitParameter } from './circuit-fit.ts';
import type { MemoryRun, ScriptedControl } from './memory-run.ts';
import { ScriptedScan } from './scripted-scan.ts';

/**
 * A believable first run for tests of outlets: soak, rest, plating with an impedance sweep every
 * half hour, a scan, a short. The numbers are made up; only their shapes matter here.
 */

const SAMPLE_SECOND = 10;
const CURRENT_AMPERE = 6.28e-4;
const PLATING_FROM_SECOND = 2400;
const SWEEP_EVERY_SECOND = 1800;
const SWEEP_SECOND = 300;
const SWEEP_POINTS = 37;
const SCAN_FROM_SECOND = 8700;
const SCAN_SECOND = 600;
const SCAN_VIEWS = 90;
export const SHORT_SECOND = 11_400;

const STEPS = [
  { name: 'soak', technique: 'soak', fromSecond: 0 },
  { name: 'rest', technique: 'openCircuit', fromSecond: 1800 },
  { name: 'plate-1', technique: 'constantCurrent', fromSecond: PLATING_FROM_SECOND },
  { name: 'scan-1', technique: 'scan', fromSecond: SCAN_FROM_SECOND },
  { name: 'plate-2', technique: 'constantCurrent', fromSecond: SCAN_FROM_SECOND + SCAN_SECOND },
] as const;

export interface ScriptedExperimentOptions {
  readonly run: MemoryRun;
  readonly control: ScriptedControl;
  readonly bus: Bus;
  /** The verdict on the data of a finished spectrum; without it they were not tested. */
  readonly verdictOn?: (spectrumId: string) => SpectrumValidity | null;
  /** Running fits hold what their points do not determine near the spectrum before. */
  readonly hasPrior?: boolean;
}

export class ScriptedExperiment {
  readonly #run: MemoryRun;
  readonly #control: ScriptedControl;
  readonly #bus: Bus;
  readonly #verdictOn: (spectrumId: string) => SpectrumValidity | null;
  readonly #hasPrior: boolean;
  readonly #noise = makeNoise(20261121);
  #scan: ScriptedScan | undefined;
  #timeSecond = 0;
  #stepIndex = -1;
  #chargeCoulomb = 0;
  #viewsDone = 0;
  #sweepStartCoulomb = 0;

  constructor({
    run,
    control,
    bus,
    verdictOn = () => null,
    hasPrior = false,
  }: ScriptedExperimentOptions) {
    this.#run = run;
    this.#verdictOn = verdictOn;
    this.#hasPrior = hasPrior;
    this.#control = control;
    this.#bus = bus;
  }

  /** Plays on to `timeSecond`, with a commit for every sample; ends the run at the short. */
  playTo(timeSecond: number): void {
    const endSecond = Math.min(timeSecond, SHORT_SECOND);
    while (this.#timeSecond < endSecond && this.#run.status() === 'running') {
      this.#playMoment(this.#timeSecond);
      this.#run.commit();
      this.#timeSecond += SAMPLE_SECOND;
    }
    if (this.#timeSecond >= SHORT_SECOND && this.#run.status() === 'running') this.#endInShort();
  }

  #playMoment(t: number): void {
    this.#enterStep(t);
    const plating = t >= PLATING_FROM_SECOND && !isScanning(t);
    const sweepAt = (t - PLATING_FROM_SECOND) % SWEEP_EVERY_SECOND;
    const sweeping = plating && t < SHORT_SECOND - SWEEP_SECOND && sweepAt < SWEEP_SECOND;
    if (sweeping) this.#playSweep(t, sweepAt);
    if (isScanning(t)) this.#playScan(t);
    const current = plating && !sweeping ? CURRENT_AMPERE : 0;
    this.#chargeCoulomb += current * SAMPLE_SECOND;
    if (!sweeping) this.#sample(t, 'voltage_volt', this.#voltageVolt(t, current));
    if (!sweeping) this.#sample(t, 'current_ampere', current * (1 + 4e-4 * this.#noise()));
    this.#sample(t, 'net_capacity_ah', this.#chargeCoulomb / 3600);
    const rise = 1 - Math.exp(-t / 320) * Math.cos(t / 500);
    this.#sample(t, 'surface_temperature_celsius', 22 + 38 * rise + 0.06 * this.#noise());
    this.#sample(t, 'applied_pressure_pa', 5e6 * (1 + 0.02 * rise) + 4e3 * this.#noise());
    this.#sample(t, 'heater_duty_fraction', Math.min(1, 0.24 + 0.9 * Math.exp(-t / 300)));
    this.#control.currentProgress = {
      ...this.#control.currentProgress,
      elapsedSecond: t,
      chargeCoulomb: this.#chargeCoulomb,
    };
  }

  #voltageVolt(t: number, current: number): number {
    const growth = current > 0 ? 3e-6 * (t - PLATING_FROM_SECOND) : 0;
    return current * (92 + growth * 8e5 * current) + growth + 2e-4 * this.#noise();
  }

  #enterStep(t: number): void {
    const index = STEPS.findLastIndex((step) => t >= step.fromSecond);
    const step = STEPS[index];
    if (index === this.#stepIndex || !step) return;
    this.#endStep(t, 'duration');
    if (index === 0) this.#event(t, 'runStarted', 'info', 'Run started');
    this.#stepIndex = index;
    this.#run.append(t, this.#stepRecord(index, 'started'));
    this.#event(t, 'stepStarted', 'info', `Step ${index + 1}: ${step.name} (${step.technique})`);
    if (index === 0) this.#event(t, 'setPoint', 'info', 'Heater set to 60 °C');
    if (index === 2) {
      this.#event(t, 'note', 'warning', 'Voltage rose by 12 mV within 10 s; check the contacts');
    }
    this.#control.currentProgress = {
      ...this.#control.currentProgress,
      stepIndex: index,
      stepCount: STEPS.length,
      stepName: step.name,
      technique: step.technique,
    };
  }

  #endStep(t: number, endedBy: string): void {
    if (this.#stepIndex < 0) return;
    this.#run.append(t, { ...this.#stepRecord(this.#stepIndex, 'ended'), endedBy });
    this.#event(t, 'stepEnded', 'info', `Step ${this.#stepIndex + 1} ended: ${endedBy}`);
  }

  #stepRecord(index: number, state: 'started' | 'ended') {
    const step = STEPS[index] ?? STEPS[0];
    const { name, technique } = step;
    const stepId = `step-${index + 1}`;
    const chargeCoulomb = this.#chargeCoulomb;
    return { kind: 'step', stepId, name, technique, state, chargeCoulomb } as const;
  }

  #playSweep(t: number, sweepAt: number): void {
    const spectrumId = `spectrum-${Math.floor((t - PLATING_FROM_SECOND) / SWEEP_EVERY_SECOND) + 1}`;
    if (sweepAt === 0) this.#sweepStartCoulomb = this.#chargeCoulomb;
    const from = Math.floor((sweepAt / SWEEP_SECOND) * SWEEP_POINTS);
    const to = Math.floor(((sweepAt + SAMPLE_SECOND) / SWEEP_SECOND) * SWEEP_POINTS);
    const growth = (t - PLATING_FROM_SECOND) / 9000;
    for (let index = from; index < to; index++) {
      const point = this.#impedance(index, growth, 4e-3);
      const body = { kind: 'spectrumPoint', spectrumId, index, point, quality: 'good' } as const;
      this.#run.append(t, body);
    }
    const final = to === SWEEP_POINTS;
    if (to > 8) {
      const validity = final ? this.#verdictOn(spectrumId) : null;
      const fit = { ...this.#fit(to, growth), validity };
      this.#run.append(t, { kind: 'fit', spectrumId, final, fit });
      if (validity?.verdict === 'fail') {
        const reason = validity.reasons.join(' ');
        this.#event(t, 'note', 'warning', `The data of ${spectrumId} fail: ${reason}`);
      }
    }
    if (!final) return;
    this.#run.append(t, {
      kind: 'spectrum',
      spectrumId,
      pointCount: SWEEP_POINTS,
      startSecond: t - SWEEP_SECOND + SAMPLE_SECOND,
      stopSecond: t,
      startChargeCoulomb: this.#sweepStartCoulomb,
      stopChargeCoulomb: this.#chargeCoulomb,
      complete: true,
    });
  }

  /** R0-p(R1,CPE1)-p(R2,CPE2), 200 kHz down to 0.2 Hz. */
  #impedance(index: number, growth: number, noise: number): ImpedancePoint {
    const frequencyHertz = 2e5 * 1e-6 ** (index / (SWEEP_POINTS - 1));
    const first = arc(frequencyHertz, 31 + 4 * growth, 5e-6, 0.92);
    const second = arc(frequencyHertz, 22 + 26 * growth, 2e-3, 0.86);
    const zRealOhm = 38.5 + first.real + second.real;
    const zImagOhm = first.imag + second.imag;
    return {
      frequencyHertz,
      zRealOhm: zRealOhm * (1 + noise * this.#noise()),
      zImagOhm: zImagOhm * (1 + 2 * noise * this.#noise()),
    };
  }

  #fit(points: number, growth: number): CircuitFit {
    const known = points > 24;
    const curve = Array.from({ length: points }, (_, index) => this.#impedance(index, growth, 0));
    const parameters: FitParameter[] = [
      parameter('R0', 'Ω', 38.5 + 0.02 * this.#noise(), 0.11),
      parameter('R1', 'Ω', 31 + 4 * growth + 0.1 * this.#noise(), 0.34),
      parameter('CPE1.Q', 'S·s^n', 5e-6, 2e-7),
      parameter('CPE1.n', '1', 0.92, 0.004),
      {
        ...parameter('R2', 'Ω', 22 + 26 * growth + 0.2 * this.#noise(), known ? 0.62 : null),
        priorDominated: this.#hasPrior && !known,
      },
      parameter('CPE2.Q', 'S·s^n', 2e-3, known ? 1e-4 : null),
      parameter('CPE2.n', '1', 0.86, known ? 0.011 : null),
    ];
    return circuitFit({
      circuit: 'R0-p(R1,CPE1)-p(R2,CPE2)',
      points,
      status: known ? 'converged' : 'notIdentifiable',
      chiSquare: 9.2e-4,
      rmsPercent: 0.47,
      parameters,
      curve: curve.map(({ zRealOhm, zImagOhm }) => ({ zRealOhm, zImagOhm })),
      durationMs: 3.4,
    });
  }

  #playScan(t: number): void {
    const scanId = 'scan-1';
    this.#scan ??= new ScriptedScan(scanId, SCAN_VIEWS);
    const done = ((t - SCAN_FROM_SECOND + SAMPLE_SECOND) / SCAN_SECOND) * SCAN_VIEWS;
    while (this.#viewsDone < done) {
      this.#viewsDone += 1;
      for (const slice of this.#scan.addView()) this.#bus.publish('liveSlice', { slice });
    }
    if (this.#viewsDone < SCAN_VIEWS) return;
    this.#run.append(t, {
      kind: 'scan',
      scanId,
      views: SCAN_VIEWS,
      startSecond: SCAN_FROM_SECOND,
      stopSecond: t,
      startChargeCoulomb: this.#chargeCoulomb,
      stopChargeCoulomb: this.#chargeCoulomb,
      complete: true,
      framesFile: 'scan-1.frames',
    });
  }

  #endInShort(): void {
    const t = this.#timeSecond;
    const message = 'Cell short: voltage fell by 96 % within 2 s';
    this.#event(t, 'cellShort', 'alarm', message);
    this.#endStep(t, 'event: short');
    this.#event(t, 'safeState', 'info', 'Safe state confirmed: cell off, heater off');
    this.#event(t, 'runEnded', 'info', 'Run ended: done');
    this.#run.finish('done');
  }

  #sample(t: number, channel: string, value: number): void {
    this.#run.append(t, { kind: 'sample', channel, value, quality: 'good' });
  }

  #event(t: number, code: EventCode, severity: Severity, message: string): void {
    this.#run.append(t, { kind: 'event', code, severity, message, details: {} });
  }
}

function isScanning(t: number): boolean {
  return t >= SCAN_FROM_SECOND && t < SCAN_FROM_SECOND + SCAN_SECOND;
}

function parameter(
  name: string,
  unit: string,
  value: number,
  standardError: number | null,
): FitParameter {
  return fitParameter({ name, unit, value, standardError });
}

/** Impedance of R parallel to a constant phase element, Q in S·s^n. */
function arc(frequencyHertz: number, resistanceOhm: number, q: number, n: number) {
  const magnitude = resistanceOhm * q * (2 * Math.PI * frequencyHertz) ** n;
  const real = 1 + magnitude * Math.cos((n * Math.PI) / 2);
  const imag = magnitude * Math.sin((n * Math.PI) / 2);
  const square = real * real + imag * imag;
  return { real: (resistanceOhm * real) / square, imag: (-resistanceOhm * imag) / square };
}

/** Noise between -1 and 1 from a linear congruential generator (Numerical Recipes constants). */
function makeNoise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
