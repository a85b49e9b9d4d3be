import { describe, expect, test } from 'vitest';
import { type Executor, inlineExecutor } from '../../src/analysis/executor.ts';
import { fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import {
  type AssessRequest,
  type FitRequest,
  type ImpedanceJobs,
  impedanceJobs,
} from '../../src/analysis/impedance-jobs.ts';
import { ImpedanceService, SPECTRA_OPEN_MAX } from '../../src/analysis/impedance-service.ts';
import { assessSpectrum } from '../../src/analysis/spectrum-validity.ts';
import { Bus, type BusEvents } from '../../src/domain/bus.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { twinImpedance } from '../../src/kernels/impedance-twin.ts';
import { RelaxationKernel } from '../../src/kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { driftingSpectrum, spectrumValidity } from '../support/circuit-fit.ts';
import { describeWithData } from '../support/shared-data.ts';
import { BATTERY_CYCLING, REDOX_SEQUENCE, readColumns } from './impedance-data.ts';

const TWO_ARCS = 'R0-p(R1,CPE1)-p(R2,CPE2)';
const kernel = new ImpedanceKernel(loadKernelModule('impedance'));

/** The jobs, with data that pass their test: what the service does with the verdict counts here. */
const jobs: ImpedanceJobs = impedanceJobs(kernel, () => spectrumValidity());

/** 45 points from 200 kHz to 0.1 Hz with 0.3 % noise of a fixed pattern. */
function sweep(values: readonly number[], pattern = 0): ImpedancePoint[] {
  const circuit = parseCircuit(TWO_ARCS);
  return Array.from({ length: 45 }, (_, k) => {
    const frequencyHertz = 200e3 * (0.1 / 200e3) ** (k / 44);
    const z = twinImpedance(circuit, values, frequencyHertz);
    const size = 0.003 * Math.hypot(z.re, z.im);
    return {
      frequencyHertz,
      zRealOhm: z.re + size * Math.sin(12.9898 * k + pattern),
      zImagOhm: z.im + size * Math.sin(78.233 * k + 1.7 * pattern),
    };
  });
}

const TRUTH = [120, 300, 2e-8, 0.95, 900, 1.2e-5, 0.85];

interface Heard {
  readonly fits: BusEvents['fit'][];
  readonly faults: BusEvents['analysisFault'][];
  readonly dropped: BusEvents['dropped'][];
}

function listen(bus: Bus): Heard {
  const heard: Heard = { fits: [], faults: [], dropped: [] };
  bus.on('fit', (event) => heard.fits.push(event));
  bus.on('analysisFault', (event) => heard.faults.push(event));
  bus.on('dropped', (event) => heard.dropped.push(event));
  return heard;
}

/** Answers a call only when told to, so that points can arrive meanwhile. */
class GatedExecutor implements Executor<ImpedanceJobs> {
  readonly requests: FitRequest[] = [];
  readonly #gates: (() => void)[] = [];
  readonly #inner = inlineExecutor(jobs);
  closed = 0;

  async call(job: string, request: FitRequest): Promise<never> {
    if (job !== 'fit') return spectrumValidity() as never;
    this.requests.push(request);
    await new Promise<void>((resolve) => this.#gates.push(resolve));
    return (await this.#inner.call('fit', request)) as never;
  }

  open(): void {
    this.#gates.shift()?.();
  }

  async close(): Promise<void> {
    this.closed += 1;
    while (this.#gates.length > 0) this.open();
  }
}

async function rig(executor: Executor<ImpedanceJobs> = inlineExecutor(jobs)) {
  const bus = new Bus((name, error) => {
    throw new Error(`listener of ${name} failed`, { cause: error });
  });
  const clock = new VirtualClock();
  const service = new ImpedanceService({ bus, clock, executor });
  const heard = listen(bus);
  await service.start();
  return { bus, clock, service, heard };
}

/** Arms the clock to deliver a spectrum, one point a second. */
function deliver(
  at: { bus: Bus; clock: VirtualClock },
  spectrumId: string,
  circuit: string | undefined,
  points: readonly ImpedancePoint[],
): void {
  const { bus, clock } = at;
  bus.publish('spectrumStarted', { spectrumId, circuit });
  points.forEach((point, k) => {
    clock.after(k + 1, () => bus.publish('spectrumPoint', { spectrumId, point }));
  });
  clock.after(points.length + 1, () =>
    bus.publish('spectrumEnded', { spectrumId, complete: true }),
  );
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('impedance service', () => {
  test('refits at every point once there are enough, and once more at the end', async () => {
    const { bus, clock, service, heard } = await rig();
    const points = sweep(TRUTH);
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, points);
    await clock.advance(100);
    await service.drain();
    expect(heard.faults).toEqual([]);
    expect(heard.dropped).toEqual([]);
    // 7 parameters take 4 points: fits at points 4 to 45, and the final one.
    expect(heard.fits.map(({ fit }) => fit.points)).toEqual([
      ...Array.from({ length: 42 }, (_, k) => k + 4),
      45,
    ]);
    expect(heard.fits.map(({ final }) => final)).toEqual([...Array(42).fill(false), true]);
    const direct = fitSpectrum(kernel, parseCircuit(TWO_ARCS), { points });
    expect(heard.fits.at(-1)?.fit.chiSquare).toBeCloseTo(direct.chiSquare, 9);
    expect(heard.fits.at(-1)?.fit.status).toBe('converged');
    await service.stop();
  });

  test('follows a cell that changes from spectrum to spectrum and then shorts', async () => {
    const { bus, clock, service, heard } = await rig();
    const truths = [1, 0.9, 0.8, 0.75, 0.6, 0.1].map((share) =>
      TRUTH.map((value, p) => (p === 4 || p === 1 ? value * share : value)),
    );
    for (const [i, truth] of truths.entries()) {
      deliver({ bus, clock }, `eis-${i}`, TWO_ARCS, sweep(truth, i));
      await clock.advance(100);
    }
    await service.drain();
    expect(heard.faults).toEqual([]);
    const finals = heard.fits.filter(({ final }) => final);
    expect(finals).toHaveLength(truths.length);
    finals.forEach(({ fit }, i) => {
      expect(fit.status).toBe('converged');
      fit.parameters.forEach((parameter, p) => {
        const distance = Math.abs(parameter.value - (truths[i]?.[p] ?? 0));
        expect(distance).toBeLessThan(5 * (parameter.standardError ?? 0));
      });
    });
    await service.stop();
  });

  test('simulated time waits while a fit is in flight', async () => {
    const executor = new GatedExecutor();
    const { bus, clock, service, heard } = await rig(executor);
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, sweep(TRUTH).slice(0, 5));
    let arrived = false;
    const advance = clock.advance(100).then(() => {
      arrived = true;
    });
    for (let i = 0; i < 40; i++) await turn();
    expect(executor.requests).toHaveLength(1);
    expect(clock.nowSecond()).toBe(4);
    expect(arrived).toBe(false);
    for (let i = 0; i < 40; i++) {
      executor.open();
      await turn();
    }
    await advance;
    expect(heard.fits.map(({ final }) => final)).toEqual([false, false, true]);
    await service.stop();
  });

  test('when points come faster than fits, interim fits are left out and counted', async () => {
    const executor = new GatedExecutor();
    const { bus, service, heard } = await rig(executor);
    const spectrumId = 'eis-1';
    bus.publish('spectrumStarted', { spectrumId, circuit: TWO_ARCS });
    const points = sweep(TRUTH).slice(0, 12);
    for (const point of points.slice(0, 8)) bus.publish('spectrumPoint', { spectrumId, point });
    executor.open();
    await turn();
    for (const point of points.slice(8)) bus.publish('spectrumPoint', { spectrumId, point });
    bus.publish('spectrumEnded', { spectrumId, complete: true });
    const drained = service.drain();
    for (let i = 0; i < 10; i++) {
      executor.open();
      await turn();
    }
    await drained;
    // Points 4 (at once), 8 (5 to 7 left out), and all twelve at the end (9 to 12 left out).
    expect(heard.fits.map(({ fit, final }) => [fit.points, final])).toEqual([
      [4, false],
      [8, false],
      [12, true],
    ]);
    expect(heard.dropped).toEqual([
      { what: 'interim fits of eis-1', count: 3 },
      { what: 'interim fits of eis-1', count: 4 },
    ]);
    await service.stop();
  });

  test('the previous final fit of the same circuit is prior and reference of the next', async () => {
    const requests: FitRequest[] = [];
    const { bus, clock, service, heard } = await rig(
      inlineExecutor({
        ...jobs,
        fit: (request) => {
          requests.push(request);
          return jobs.fit(request);
        },
      }),
    );
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, sweep(TRUTH));
    await clock.advance(100);
    expect(requests.every(({ options }) => options.priorValues === undefined)).toBe(true);
    const first = heard.fits.at(-1)?.fit.parameters.map(({ value }) => value);
    requests.length = 0;
    deliver({ bus, clock }, 'eis-2', TWO_ARCS, sweep(TRUTH, 3));
    deliver({ bus, clock }, 'other', 'R0-p(R1,CPE1)', sweep(TRUTH, 4));
    await clock.advance(100);
    const interims = requests.filter(({ circuit }) => circuit === TWO_ARCS);
    const final = interims.pop();
    expect(interims.every(({ options }) => `${options.priorValues}` === `${first}`)).toBe(true);
    expect(final?.options.priorValues).toBeUndefined();
    expect(final?.options.reference).toBeUndefined();
    expect(final?.options.starts).toHaveLength(2);
    const others = requests.filter(({ circuit }) => circuit !== TWO_ARCS);
    expect(others.every(({ options }) => options.priorValues === undefined)).toBe(true);
    await service.stop();
  });

  test('a spectrum that names no circuit is left alone, and so are points of no spectrum', async () => {
    const { bus, clock, service, heard } = await rig();
    deliver({ bus, clock }, 'eis-1', undefined, sweep(TRUTH));
    for (const point of sweep(TRUTH)) {
      bus.publish('spectrumPoint', { spectrumId: 'never-started', point });
    }
    bus.publish('spectrumEnded', { spectrumId: 'never-started', complete: true });
    await clock.advance(100);
    await service.drain();
    expect(heard).toEqual({ fits: [], faults: [], dropped: [] });
    await service.stop();
  });

  test('a circuit that cannot be read is published as a fault with its position', async () => {
    const { bus, clock, service, heard } = await rig();
    deliver({ bus, clock }, 'eis-1', 'R0-p(R1,X1)', sweep(TRUTH));
    await clock.advance(100);
    expect(heard.fits).toEqual([]);
    expect(heard.faults).toHaveLength(1);
    expect(heard.faults[0]?.where).toBe('fit of spectrum eis-1');
    expect(heard.faults[0]?.message).toContain('position 9');
    await service.stop();
  });

  test('a bad point fails its spectrum, once while measuring and once at the end, no other', async () => {
    const { bus, clock, service, heard } = await rig();
    const bad = sweep(TRUTH).map((point, k) =>
      k === 10 ? { ...point, zRealOhm: Number.NaN } : point,
    );
    deliver({ bus, clock }, 'bad', TWO_ARCS, bad);
    await clock.advance(100);
    expect(heard.faults).toHaveLength(2);
    expect(heard.faults[0]?.message).toContain('point 11');
    expect(heard.fits.every(({ final }) => !final)).toBe(true);
    deliver({ bus, clock }, 'good', TWO_ARCS, sweep(TRUTH));
    await clock.advance(100);
    expect(heard.faults).toHaveLength(2);
    expect(heard.fits.at(-1)).toMatchObject({ spectrumId: 'good', final: true });
    expect(heard.dropped).toEqual([]);
    await service.stop();
  });

  test('an executor that breaks is published and does not stop the service', async () => {
    let calls = 0;
    const { bus, clock, service, heard } = await rig(
      inlineExecutor({
        ...jobs,
        fit: (request) => {
          calls += 1;
          if (calls === 1) throw new Fault('analysis', { where: 'worker', message: 'it ended' });
          return jobs.fit(request);
        },
      }),
    );
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, sweep(TRUTH));
    await clock.advance(100);
    expect(heard.faults).toHaveLength(1);
    expect(heard.fits.map(({ final }) => final)).toEqual([true]);
    await service.stop();
  });

  test('a spectrum cut short is fitted as far as it came, but is no prior for the next', async () => {
    const { bus, service, heard } = await rig();
    const points = sweep(TRUTH);
    bus.publish('spectrumStarted', { spectrumId: 'cut', circuit: TWO_ARCS });
    for (const point of points.slice(0, 20)) {
      bus.publish('spectrumPoint', { spectrumId: 'cut', point });
    }
    bus.publish('spectrumEnded', { spectrumId: 'cut', complete: false });
    await service.drain();
    expect(heard.fits.at(-1)).toMatchObject({ final: true, fit: { points: 20 } });
    bus.publish('spectrumStarted', { spectrumId: 'short', circuit: TWO_ARCS });
    bus.publish('spectrumEnded', { spectrumId: 'short', complete: false });
    await service.drain();
    expect(heard.faults.map(({ where }) => where)).toEqual(['fit of spectrum short']);
    expect(heard.faults[0]?.message).toContain('0 usable points');
    await service.stop();
  });

  test('more open spectra than it can hold: the oldest is given up and counted', async () => {
    const { bus, service, heard } = await rig();
    for (let i = 0; i <= SPECTRA_OPEN_MAX; i++) {
      bus.publish('spectrumStarted', { spectrumId: `eis-${i}`, circuit: TWO_ARCS });
    }
    expect(heard.dropped).toEqual([{ what: 'fit of spectrum eis-0', count: 1 }]);
    await service.stop();
  });

  test('tests the data once, at the end, and the final fit carries the verdict', async () => {
    const assessed: number[] = [];
    const { bus, clock, service, heard } = await rig(
      inlineExecutor({
        ...jobs,
        assess: ({ points }) => {
          assessed.push(points.length);
          return driftingSpectrum();
        },
      }),
    );
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, sweep(TRUTH));
    await clock.advance(100);
    expect(assessed).toEqual([45]);
    const [final, ...interims] = heard.fits.toReversed();
    expect(final).toMatchObject({ final: true, fit: { validity: driftingSpectrum() } });
    expect(interims).toHaveLength(42);
    for (const { fit } of interims) {
      expect(fit.validity).toBeNull();
      expect(fit.diagnostics).toBeNull();
    }
    await service.stop();
  });

  test('gives the samples behind the points to the test of the data, with their points', async () => {
    const requests: AssessRequest[] = [];
    const { bus, clock, service } = await rig(
      inlineExecutor({
        ...jobs,
        assess: (request) => {
          requests.push(request);
          return spectrumValidity();
        },
      }),
    );
    const waveform = {
      samplingHertz: 10,
      potentialVolt: Float64Array.of(1, 2),
      currentAmpere: Float64Array.of(3, 4),
    };
    const points = sweep(TRUTH);
    for (const [spectrumId, has] of [
      ['eis-1', true],
      ['eis-2', false],
    ] as const) {
      bus.publish('spectrumStarted', { spectrumId, circuit: TWO_ARCS });
      for (const [at, point] of points.entries()) {
        bus.publish('spectrumPoint', {
          spectrumId,
          point,
          ...(has && at > 42 ? { waveform } : {}),
        });
      }
      bus.publish('spectrumEnded', { spectrumId, complete: true });
      await clock.advance(100);
    }
    expect(requests.map(({ waveforms }) => waveforms)).toEqual([
      points.slice(43).map((point) => ({ point, waveform })),
      undefined,
    ]);
    await service.stop();
  });

  test('says which parameters the spectrum before still holds, fewer with each point, none at the end', async () => {
    const { bus, clock, service, heard } = await rig();
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, sweep(TRUTH));
    await clock.advance(100);
    const held = (fit: BusEvents['fit']['fit']): string[] =>
      fit.parameters.flatMap(({ name, priorDominated }) => (priorDominated ? [name] : []));
    expect(heard.fits.flatMap(({ fit }) => held(fit))).toEqual([]);
    heard.fits.length = 0;
    deliver({ bus, clock }, 'eis-2', TWO_ARCS, sweep(TRUTH, 2));
    await clock.advance(100);
    const counts = heard.fits.map(({ fit }) => held(fit).length);
    // High frequencies come first: the slow arc is the last to be seen.
    const [atFirst] = heard.fits.map(({ fit }) => held(fit));
    expect(atFirst).toEqual(expect.arrayContaining(['R2', 'CPE2.Q', 'CPE2.n']));
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts.at(-1)).toBe(0);
    expect(heard.fits.at(-1)?.fit.diagnostics?.correlated).toHaveLength(7);
    expect(heard.fits.at(-2)?.fit.diagnostics).toBeNull();
    await service.stop();
  });

  test('a cell that changes by 8 % while its low frequencies are measured fails, a steady one passes', async () => {
    const relaxation = new RelaxationKernel(loadKernelModule('relaxation'));
    const { bus, clock, service, heard } = await rig(
      inlineExecutor(impedanceJobs(kernel, (spectrum) => assessSpectrum(relaxation, spectrum))),
    );
    const steady = sweep(TRUTH);
    const drifting = steady.map((point, k) => {
      const share = 1 + 0.08 * Math.max(0, (k - 30) / 14);
      const { frequencyHertz, zRealOhm, zImagOhm } = point;
      return { frequencyHertz, zRealOhm: zRealOhm * share, zImagOhm: zImagOhm * share };
    });
    deliver({ bus, clock }, 'steady', TWO_ARCS, steady);
    await clock.advance(100);
    deliver({ bus, clock }, 'drifting', TWO_ARCS, drifting);
    await clock.advance(100);
    expect(heard.faults).toEqual([]);
    const finals = heard.fits.filter(({ final }) => final);
    expect(finals.map(({ fit }) => fit.validity?.verdict)).toEqual(['pass', 'fail']);
    expect(finals[1]?.fit.validity?.reasons.length).toBeGreaterThan(0);
    await service.stop();
  });

  test('data that cannot be tested are fitted all the same, and the reason is published', async () => {
    const { bus, clock, service, heard } = await rig(
      inlineExecutor({
        ...jobs,
        assess: () => {
          throw new Fault('badInput', { where: 'spectrum', message: 'too few points' });
        },
      }),
    );
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, sweep(TRUTH));
    await clock.advance(100);
    expect(heard.faults).toEqual([
      { where: 'validity of spectrum eis-1', message: 'spectrum: too few points' },
    ]);
    expect(heard.fits.at(-1)).toMatchObject({ final: true, fit: { validity: null } });
    await service.stop();
  });

  test('a spectrum that cannot be fitted is not tested either', async () => {
    let assessed = 0;
    const { bus, clock, service, heard } = await rig(
      inlineExecutor({
        ...jobs,
        assess: () => {
          assessed += 1;
          return spectrumValidity();
        },
      }),
    );
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, sweep(TRUTH).slice(0, 3));
    await clock.advance(100);
    expect(heard.faults).toHaveLength(1);
    expect(assessed).toBe(0);
    await service.stop();
  });

  test('stop is idempotent, releases the clock, and nothing is heard afterwards', async () => {
    const executor = new GatedExecutor();
    const { bus, clock, service, heard } = await rig(executor);
    await service.start();
    deliver({ bus, clock }, 'eis-1', TWO_ARCS, sweep(TRUTH));
    const advance = clock.advance(20);
    for (let i = 0; i < 20; i++) await turn();
    expect(executor.requests).toHaveLength(1);
    const stopped = service.stop();
    executor.open();
    await stopped;
    await service.stop();
    await advance;
    expect(clock.nowSecond()).toBe(20);
    expect(executor.requests).toHaveLength(1);
    expect(heard.fits.length).toBeLessThanOrEqual(1);
  });
});

describeWithData('impedance service on measured sequences', () => {
  test.each([
    ['battery, three constant phase elements', 'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3', BATTERY_CYCLING],
    ['battery, two arcs', TWO_ARCS, BATTERY_CYCLING],
    ['redox electrolyte', 'R0-p(R1-W1,CPE1)', REDOX_SEQUENCE],
  ])('%s: arrival point by point ends at the full-fit optimum', async (_name, text, files) => {
    const { bus, service, heard } = await rig();
    const circuit = parseCircuit(text);
    const ratios: number[] = [];
    for (const file of files) {
      const points = readColumns(file).toSorted((a, b) => b.frequencyHertz - a.frequencyHertz);
      bus.publish('spectrumStarted', { spectrumId: file, circuit: text });
      for (const point of points) {
        bus.publish('spectrumPoint', { spectrumId: file, point });
        await service.drain();
      }
      bus.publish('spectrumEnded', { spectrumId: file, complete: true });
      await service.drain();
      const final = heard.fits.at(-1);
      const optimum = fitSpectrum(kernel, circuit, { points }, { seed: 11 });
      expect(final?.final).toBe(true);
      ratios.push((final?.fit.chiSquare ?? Number.NaN) / optimum.chiSquare);
    }
    expect(heard.faults).toEqual([]);
    expect(heard.dropped).toEqual([]);
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1.0005);
    await service.stop();
  });
});
