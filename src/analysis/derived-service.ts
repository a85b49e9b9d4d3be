import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus, BusEvents } from '../domain/bus.ts';
import type { EfficiencyConvention } from '../domain/cell.ts';
import type { CircuitFit } from '../domain/circuit-fit.ts';
import type { DerivedValue } from '../domain/derived-quantity.ts';
import { peaksOfSpectrum } from './spectrum-derived.ts';

/** Steps that count as cycling: they pass a charge one way. */
const CYCLING = new Set([
  'constantCurrent',
  'constantVoltage',
  'constantCurrentConstantVoltage',
  'gitt',
]);
/** Less charge than this share of the half cycle before it is leakage. */
const CHARGE_SHARE_MIN = 1e-3;

/**
 * Turns what the experiment hears into numbers that a step may end on: the resistances and
 * capacitances of each final fit, the peaks of each detector spectrum, the charge of each half
 * cycle so far, and the coulombic efficiency of each cycle.
 */
export class DerivedService implements AnalysisService {
  readonly #bus: Bus;
  readonly #convention: EfficiencyConvention;
  #unsubscribe: (() => void)[] = [];
  /** Signed charge of the half cycle that goes on. */
  #current = 0;
  /** The steps of that half cycle, oldest first, as one source. */
  #source = '';
  /** Signed charge of the half cycle before it. */
  #before = 0;
  /** Why a peak that was asked for is not there, by the name of its position. */
  readonly #lostPeaks = new Map<string, string>();

  constructor(options: { readonly bus: Bus; readonly convention: EfficiencyConvention }) {
    this.#bus = options.bus;
    this.#convention = options.convention;
  }

  /**
   * Counts the steps that an earlier start of the software has ended, oldest first, so that the
   * cycle goes on where it was. Nothing is published.
   */
  recall(steps: readonly { readonly technique: string; readonly chargeCoulomb: number }[]): void {
    for (const { technique, chargeCoulomb } of steps) this.#count(technique, chargeCoulomb);
  }

  async start(): Promise<void> {
    if (this.#unsubscribe.length > 0) return;
    this.#unsubscribe = [
      this.#bus.on('fit', (event) => this.#onFit(event)),
      this.#bus.on('stepEnded', (event) => this.#onStepEnded(event)),
      this.#bus.on('detectorSpectrum', (event) => this.#onDetectorSpectrum(event)),
    ];
  }

  /** Nothing waits: each value is published while its cause is heard. */
  async drain(): Promise<void> {}

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  #onFit({ spectrumId, final, fit }: BusEvents['fit']): void {
    if (!final) return;
    for (const value of fittedValues(fit, spectrumId)) this.#bus.publish('derived', { value });
  }

  #onDetectorSpectrum(event: BusEvents['detectorSpectrum']): void {
    const { values, fitted, notDetermined } = peaksOfSpectrum(event);
    for (const value of values) this.#bus.publish('derived', { value });
    for (const name of fitted) this.#lostPeaks.delete(name);
    for (const { name, reason } of notDetermined) {
      // Said once, not for every spectrum until it is back.
      if (this.#lostPeaks.get(name) === reason) continue;
      this.#lostPeaks.set(name, reason);
      const message = `${name} is not determined: ${reason}`;
      this.#bus.publish('analysisFault', { where: event.spectrumId, message });
    }
  }

  #onStepEnded({ stepId, technique, chargeCoulomb }: BusEvents['stepEnded']): void {
    if (!this.#count(technique, chargeCoulomb)) return;
    this.#source = stepId;
    this.#publish('cycle-charge', Math.abs(this.#current));
    this.#publishEfficiency();
  }

  /** @returns false when the step is no part of cycling */
  #count(technique: string, chargeCoulomb: number): boolean {
    if (!CYCLING.has(technique) || chargeCoulomb === 0) return false;
    const known = Math.max(Math.abs(this.#current), Math.abs(this.#before));
    if (Math.abs(chargeCoulomb) <= CHARGE_SHARE_MIN * known) return false;
    if (Math.sign(chargeCoulomb) === Math.sign(this.#current)) {
      this.#current += chargeCoulomb;
    } else {
      this.#before = this.#current;
      this.#current = chargeCoulomb;
    }
    return true;
  }

  /** Known as soon as the second half cycle has begun, and final when it has ended. */
  #publishEfficiency(): void {
    const isSecond =
      this.#convention === 'dischargeOverCharge' ? this.#current < 0 : this.#current > 0;
    if (!isSecond || this.#before === 0) return;
    this.#publish('coulombic-efficiency', Math.abs(this.#current / this.#before));
  }

  #publish(name: string, value: number): void {
    this.#bus.publish('derived', { value: { name, value, source: this.#source } });
  }
}

/**
 * `fit.R1` and the like of a fit that determines them; `fit.C1` is the effective capacitance of
 * the arc of R1, C = (R^(1-n) Q)^(1/n), unless the circuit has a capacitor of that name.
 */
export function fittedValues(fit: CircuitFit, source: string): readonly DerivedValue[] {
  if (fit.status === 'failed') return [];
  const parameters = fit.parameters
    .filter(({ name, identifiable }) => identifiable && /^[RC]\d+$/.test(name))
    .map(({ name, value, standardError }) => ({
      name: `fit.${name}`,
      value,
      source,
      ...(standardError === null ? {} : { standardError }),
    }));
  const names = new Set(parameters.map(({ name }) => name));
  const arcs = fit.arcs
    .filter(
      ({ resistance, assignment }) => /^R\d+$/.test(resistance) && assignment !== 'unassigned',
    )
    .map(({ resistance, capacitanceFarad }) => ({
      name: `fit.${resistance.replace('R', 'C')}`,
      value: capacitanceFarad,
      source,
    }))
    .filter(({ name }) => !names.has(name));
  return [...parameters, ...arcs];
}
