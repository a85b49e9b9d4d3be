import { describe, expect, it } from 'vitest';
import { openRig } from '../../hardware/registry.ts';
import { inlineExecutor } from '../../src/analysis/executor.ts';
import { impedanceJobs } from '../../src/analysis/impedance-jobs.ts';
import { ImpedanceService } from '../../src/analysis/impedance-service.ts';
import { assessSpectrum } from '../../src/analysis/spectrum-validity.ts';
import { checkWaveform, withWaveforms } from '../../src/analysis/waveform-check.ts';
import type { AnalysisService } from '../../src/domain/analysis-service.ts';
import { Bus, type BusEvents } from '../../src/domain/bus.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import { rigSchema } from '../../src/domain/rig.ts';
import type { WaveformSpoolFactory } from '../../src/domain/run-store.ts';
import type { ImpedanceWaveform } from '../../src/domain/waveform.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { LockInKernel } from '../../src/kernels/lock-in-kernel.ts';
import { RelaxationKernel } from '../../src/kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner } from '../../src/run/runner.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { memoryRunInfo } from '../support/memory-run.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';
import { recipeOf } from '../support/scripted-run.ts';
import { readCell } from './simulated/support.ts';

const CELL = readCell('li-li3ps4-li-25c');
const SAFETY = `
  voltage: { min: "-1 V", max: "1 V" }
  current: { max: "5 mA" }`;
const SWEEP =
  'technique: impedance, from: "10 kHz", to: "1 Hz", pointsPerDecade: 2, amplitude: "10 mV"';

interface Kept {
  readonly pointIndex: number;
  readonly frequencyHertz: number;
  readonly waveform: ImpedanceWaveform;
}

/** Keeps waveforms in memory; fails when one spectrum has so many. */
class MemoryWaveforms implements WaveformSpoolFactory {
  readonly kept = new Map<string, Kept[]>();
  readonly finished: string[] = [];
  readonly #failsAt: number;
  readonly #refusal: string | undefined;

  constructor({
    failsAt = Number.POSITIVE_INFINITY,
    refusal,
  }: { failsAt?: number; refusal?: string } = {}) {
    this.#failsAt = failsAt;
    this.#refusal = refusal;
  }

  refusal(): string | undefined {
    return this.#refusal;
  }

  open(spectrumId: string) {
    const kept: Kept[] = [];
    this.kept.set(spectrumId, kept);
    return {
      name: `${spectrumId}.waveforms.csv`,
      add: (pointIndex: number, frequencyHertz: number, waveform: ImpedanceWaveform) => {
        if (kept.length >= this.#failsAt) {
          throw new Fault('storage', { where: spectrumId, message: 'the disk is full' });
        }
        kept.push({ pointIndex, frequencyHertz, waveform });
      },
      finish: () => void this.finished.push(spectrumId),
    };
  }
}

async function prepared(steps: string, driver = 'emstat4-simulated') {
  const clock = new CountingClock();
  const rig = rigSchema.parse({
    rig: 'test',
    title: 'Test',
    instruments: { potentiostat: { driver } },
  });
  const instruments = await openRig(rig, { clock, cell: CELL, seed: 1, recordings: undefined });
  const plan = () => planRun(recipeOf(steps, SAFETY), CELL, instruments, []);
  return { clock, instruments, plan };
}

async function runOf(
  steps: string,
  waveforms: WaveformSpoolFactory | undefined,
  onPoint: (event: BusEvents['spectrumPoint'], runner: Runner) => void = () => {},
  analysisOf: (partners: { bus: Bus; clock: Clock }) => AnalysisService[] = () => [],
) {
  const { clock, instruments, plan } = await prepared(steps);
  const bus = new Bus((name, error) => {
    throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
  });
  const writer = new MemoryWriter(clock);
  const analyses = analysisOf({ bus, clock });
  for (const service of analyses) await service.start();
  const runner = new Runner({
    plan: plan(),
    instruments,
    clock,
    bus,
    writer,
    spools: new MemorySpools(),
    ...(waveforms ? { waveforms } : {}),
    info: memoryRunInfo(),
    analyses,
  });
  const heard: BusEvents['spectrumPoint'][] = [];
  bus.on('spectrumPoint', (event) => {
    heard.push(event);
    onPoint(event, runner);
  });
  const outcome = await advanceUntil(clock, runner.run());
  const dropped = writer.of('event').filter(({ code }) => code === 'dropped');
  for (const service of analyses) await service.stop();
  return { outcome, writer, heard, dropped };
}

const WITH = `
  - { name: eis, ${SWEEP}, waveforms: true }`;
const WITHOUT = `
  - { name: eis, ${SWEEP} }`;

describe('a run whose recipe asks for waveforms', () => {
  it('keeps one for each point of each spectrum, and tells analysis of it', async () => {
    const waveforms = new MemoryWaveforms();
    const beside = `
  - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "5 min" }] }, during: [{ ${SWEEP}, waveforms: true, every: "3 min" }] }`;
    const { outcome, writer, heard, dropped } = await runOf(beside, waveforms);
    expect(outcome.status, outcome.message).toBe('done');
    expect([...waveforms.kept.keys()]).toEqual(['spectrum-001', 'spectrum-002']);
    expect(waveforms.finished).toEqual(['spectrum-001', 'spectrum-002']);
    expect(waveforms.kept.get('spectrum-002')?.map(({ pointIndex }) => pointIndex)).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8],
    ]);
    const points = writer.of('spectrumPoint');
    expect(points).toHaveLength(18);
    expect(points.every((point) => !('waveform' in point))).toBe(true);
    const all = [...waveforms.kept.values()].flat();
    expect(all.map(({ frequencyHertz }) => frequencyHertz)).toEqual(
      points.map(({ point }) => point.frequencyHertz),
    );
    expect(heard.map(({ waveform }) => waveform)).toEqual(all.map(({ waveform }) => waveform));
    expect(dropped).toEqual([]);
  });

  it('keeps and tells none when it does not ask', async () => {
    const waveforms = new MemoryWaveforms();
    const { outcome, heard } = await runOf(WITHOUT, waveforms);
    expect(outcome.status).toBe('done');
    expect(waveforms.kept.size).toBe(0);
    expect(heard.some((event) => 'waveform' in event)).toBe(false);
  });

  it.each([
    ['fills in the middle', { failsAt: 4 }, 5, 'the disk is full'],
    ['has no room', { refusal: 'only 3 MiB are free' }, 9, 'only 3 MiB are free'],
  ])('goes on with its points when the disk %s, and counts what is not kept', async (_, script, count, why) => {
    const { outcome, writer, dropped } = await runOf(WITH, new MemoryWaveforms(script));
    expect(outcome.status).toBe('done');
    expect(writer.of('spectrum').at(-1)).toMatchObject({ complete: true, pointCount: 9 });
    expect(dropped).toHaveLength(1);
    expect(dropped[0]?.message).toContain(`${count} waveforms of spectrum-001 are not kept`);
    expect(dropped[0]?.message).toContain(why);
    expect(dropped[0]?.details).toMatchObject({ what: 'waveform', count });
  });

  it('counts them where nobody keeps them', async () => {
    const { dropped } = await runOf(WITH, undefined);
    expect(dropped[0]?.details).toMatchObject({ what: 'waveform', count: 9 });
  });

  it('that is stopped in the middle of a sweep keeps what was whole, and ends', async () => {
    const waveforms = new MemoryWaveforms();
    const { outcome, writer } = await runOf(WITH, waveforms, (_, runner) => {
      if (waveforms.kept.get('spectrum-001')?.length === 3) void runner.stop('test');
    });
    expect(outcome.status).toBe('stopped');
    expect(writer.of('spectrum').at(-1)).toMatchObject({ complete: false, pointCount: 3 });
    expect(waveforms.kept.get('spectrum-001')).toHaveLength(3);
    expect(waveforms.finished).toEqual(['spectrum-001']);
  });
});

describe('a run that fits its spectra', () => {
  const FITTED = WITH.replace('pointsPerDecade: 2', 'pointsPerDecade: 4, fit: "R0-p(R1,CPE1)"');

  function impedance({ bus, clock }: { bus: Bus; clock: Clock }): AnalysisService[] {
    const relaxation = new RelaxationKernel(loadKernelModule('relaxation'));
    const lockIn = new LockInKernel(loadKernelModule('lock-in'));
    const jobs = impedanceJobs(
      new ImpedanceKernel(loadKernelModule('impedance')),
      ({ points, waveforms = [] }) =>
        withWaveforms(
          assessSpectrum(relaxation, { points }),
          waveforms.map((one) => checkWaveform(lockIn, one)),
        ),
    );
    return [new ImpedanceService({ bus, clock, executor: inlineExecutor(jobs) })];
  }

  it('has the impedance of each waveform in its verdict, as the instrument tells it', async () => {
    const { outcome, writer } = await runOf(FITTED, new MemoryWaveforms(), () => {}, impedance);
    expect(outcome.status, outcome.message).toBe('done');
    const final = writer.of('fit').find((fit) => fit.final);
    const findings = final?.fit.validity?.waveforms ?? [];
    expect(findings).toHaveLength(17);
    for (const { disagreementPercent, distortionPercent } of findings) {
      // The instrument's limit of error of |Z|, and its phase of 1 degree.
      expect(disagreementPercent).toBeLessThan(1);
      expect(distortionPercent).toBeLessThan(1);
    }
    expect(final?.fit.validity?.reasons.join()).not.toContain('not linear');
  });
});

describe('the plan of such a run', () => {
  it('counts them, and more time', async () => {
    const { plan } = await prepared(WITH);
    const without = (await prepared(WITHOUT)).plan();
    expect(plan().estimates).toMatchObject({ spectrumPoints: 9, waveforms: 9 });
    expect(without.estimates).toMatchObject({ spectrumPoints: 9, waveforms: 0 });
    expect(plan().longestSecond).toBeGreaterThan(without.longestSecond);
  });

  it.each([
    ['keithley-2450-simulated', WITH, 'impedance'],
    [
      'emstat4-simulated',
      WITH.replace('10 mV', '10 µA').replace('waveforms', 'mode: galvanostatic, waveforms'),
      'does not tell the waveforms of galvanostatic impedance: expected potentiostatic',
    ],
  ])('is refused by name on %s', async (driver, steps, message) => {
    const { plan } = await prepared(steps, driver);
    const fault = await caughtFault(plan);
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain(message);
  });
});
