import { type Clock, sleep } from '../../src/domain/clock.ts';
import type { DetectorAxis, DetectorSpectrum } from '../../src/domain/detector-spectrum.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { InstrumentInfo, Spectrometer } from '../../src/domain/instrument.ts';
import { Random } from '../../src/domain/random.ts';
import { poisson } from './poisson.ts';
import type { SpecimenSignal } from './specimen-signal.ts';
import type { Region, SimulatedSpectrometerSettings } from './spectrometer-regions.ts';
import { channelAxis, expectedRates } from './spectrum-model.ts';

/** The cell changes while it is counted: it is looked at so often, and every so many seconds. */
const LOOKS_MAX = 20;
const LOOK_EVERY_SECOND = 30;

/**
 * Counts over an energy axis what the simulated cell shows: peaks whose place and area follow its
 * state, over a background, with the noise of counting and the dead time of a detector.
 */
export class SimulatedSpectrometer implements Spectrometer {
  readonly info: InstrumentInfo;
  readonly regions: readonly string[];
  readonly channelsMax: number;
  readonly #settings: SimulatedSpectrometerSettings;
  readonly #signal: SpecimenSignal;
  readonly #clock: Clock;
  readonly #random: Random;
  #counting: AbortController | undefined;

  constructor(options: {
    readonly id: string;
    readonly settings: SimulatedSpectrometerSettings;
    readonly signal: SpecimenSignal;
    readonly clock: Clock;
    readonly seed: number;
  }) {
    const { id, settings } = options;
    this.info = { id, model: 'simulated spectrometer', provenance: 'simulated' };
    this.regions = Object.keys(settings.regions);
    this.channelsMax = Math.max(
      ...Object.values(settings.regions).map(({ axis }) => axis.channels),
    );
    this.#settings = settings;
    this.#signal = options.signal;
    this.#clock = options.clock;
    this.#random = new Random(options.seed);
  }

  axisOf(name: string): DetectorAxis | undefined {
    const { regions } = this.#settings;
    return Object.hasOwn(regions, name) ? regions[name]?.axis : undefined;
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
  }

  /** @throws Fault instrumentUnable for an unknown region or while it counts; instrumentLost */
  async measure(
    plan: { readonly region: string; readonly durationSecond: number },
    signal: AbortSignal,
  ): Promise<DetectorSpectrum> {
    signal.throwIfAborted();
    const region = this.#regionOf(plan);
    if (this.#counting) throw this.#unable('is already counting another region');
    const counting = new AbortController();
    this.#counting = counting;
    try {
      const stopped = AbortSignal.any([signal, counting.signal]);
      return await this.#count(region, plan, stopped);
    } finally {
      this.#counting = undefined;
    }
  }

  async stop(): Promise<void> {
    this.#counting?.abort(
      new Fault('instrumentLost', {
        where: `spectrometer ${this.info.id}`,
        message: 'was stopped before the region was counted',
      }),
    );
  }

  disconnect(): Promise<void> {
    return this.stop();
  }

  #regionOf(plan: { readonly region: string; readonly durationSecond: number }): Region {
    const { regions } = this.#settings;
    const region = Object.hasOwn(regions, plan.region) ? regions[plan.region] : undefined;
    if (!region) {
      throw this.#unable(`has no region "${plan.region}": expected ${this.regions.join(', ')}`);
    }
    if (plan.durationSecond > 0 && Number.isFinite(plan.durationSecond)) return region;
    throw this.#unable(`cannot count for ${plan.durationSecond} s: expected a time above 0 s`);
  }

  async #count(
    region: Region,
    { region: name, durationSecond }: { readonly region: string; readonly durationSecond: number },
    stopped: AbortSignal,
  ): Promise<DetectorSpectrum> {
    const { label, unit } = region.axis;
    const axis = channelAxis(region);
    const expected = new Float64Array(axis.length);
    let liveSecond = 0;
    const looks = Math.max(1, Math.min(LOOKS_MAX, Math.ceil(durationSecond / LOOK_EVERY_SECOND)));
    const startSecond = this.#clock.nowSecond();
    let rates = expectedRates(region, axis, this.#signal);
    for (let look = 1; look <= looks; look += 1) {
      const untilSecond = startSecond + (durationSecond * look) / looks - this.#clock.nowSecond();
      await sleep(this.#clock, Math.max(0, untilSecond), stopped);
      const later = expectedRates(region, axis, this.#signal);
      const mean = rates.map((rate, at) => (rate + (later[at] ?? 0)) / 2);
      const live = (durationSecond / looks) * this.#liveShare(mean);
      for (const [at, rate] of mean.entries()) expected[at] = (expected[at] ?? 0) + rate * live;
      liveSecond += live;
      rates = later;
    }
    const counts = expected.map((mean) => Math.round(poisson(this.#random, mean)));
    return { region: name, axis, axisLabel: label, axisUnit: unit, counts, liveSecond };
  }

  /** Of the real time, for a detector that is blind for a fixed time after each count. */
  #liveShare(rates: Float64Array): number {
    const perSecond = rates.reduce((sum, rate) => sum + rate, 0);
    return 1 / (1 + perSecond * this.#settings.deadTimeMicrosecond * 1e-6);
  }

  #unable(message: string): Fault {
    return new Fault('instrumentUnable', { where: `spectrometer ${this.info.id}`, message });
  }
}
