import { distributionOfRelaxationTimes } from '../../src/analysis/drt.ts';
import { fitSpectrum, thetaOf } from '../../src/analysis/impedance-fit.ts';
import { testKramersKronig } from '../../src/analysis/kramers-kronig.ts';
import type { CircuitFit } from '../../src/domain/circuit-fit.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { RelaxationKernel } from '../../src/kernels/relaxation-kernel.ts';
import { type KernelBuild, loadKernelModule } from '../../src/kernels/wasm-module.ts';
import type { Bench, BenchOptions, Figure, Target } from './bench.ts';
import {
  CIRCUIT_TEXT,
  type ImpedanceProblem,
  impedanceProblem,
  nearStart,
  warmStart,
} from './impedance-problem.ts';
import { COLD, fitWork, GLOBAL, type KernelWork, kernelWork, WARM } from './impedance-work.ts';
import {
  compileNative,
  NATIVE_BUILDS,
  type NativeProgram,
  nativeContender,
  runNative,
  writeNativeProblem,
} from './native-yardstick.ts';
import { type Contender, inProcess, race, ratioFigure, timeFigure } from './race.ts';
import { findPython, PYTHON_MODELS, pythonContender, runPython } from './scipy-yardstick.ts';

/** Two fits that differ by more than this in chi square have not done the same. */
export const CHI_SQUARE_AGREEMENT = 1e-6;
/** scipy stops where its own tolerance lets it. */
const PYTHON_AGREEMENT = 1e-3;
/** A scipy fit takes as long as hundreds of ours: a few rounds say enough. */
const PYTHON_ROUNDS_MAX = 5;

const KRAMERS_KRONIG = { sense: 'atMost', limit: 10 } as const;
const RELAXATION_TIMES = { sense: 'atMost', limit: 5 } as const;
const OF_NATIVE = { sense: 'atLeast', limit: 0.6 } as const;
const OF_SCIPY = { sense: 'atLeast', limit: 300 } as const;

const SIMD = 'WASM SIMD';
const SCALAR = 'WASM scalar';

/** The kernel against C, the service against scipy, and the tests of validity. */
export const IMPEDANCE_BENCH: Bench = {
  name: 'impedance',
  about: `fits of ${CIRCUIT_TEXT} (9 parameters) to 57 points, against C and scipy; Lin-KK, DRT`,
  async run(options) {
    const problem = impedanceProblem(options.seed);
    options.tell(`${problem.points.length} points: ${problem.source}`);
    const optimum = fitSpectrum(kernelOf('simd'), problem.circuit, problem);
    return [
      ...kernelFigures(problem, optimum, options),
      ...serviceFigures(problem, optimum, options),
      ...relaxationFigures(problem, options),
    ];
  },
};

function kernelOf(build: KernelBuild): ImpedanceKernel {
  return new ImpedanceKernel(loadKernelModule('impedance', build));
}

function loadedKernel(problem: ImpedanceProblem, build: KernelBuild): ImpedanceKernel {
  const kernel = kernelOf(build);
  kernel.load(problem.circuit, problem.spectrum);
  kernel.setLimits(problem.limits);
  return kernel;
}

/** The same work by both builds of the kernel and by each build of the C. */
function kernelFigures(
  problem: ImpedanceProblem,
  optimum: CircuitFit,
  options: BenchOptions,
): Figure[] {
  const values = optimum.parameters.map(({ value }) => value);
  const theta = (start: readonly number[]): Float64Array =>
    thetaOf(problem.circuit, start, 'start');
  const works = kernelWork(problem, {
    optimum: theta(values),
    near: theta(nearStart(problem.circuit, values)),
    warm: theta(warmStart(problem.circuit, values)),
  });
  const programs = options.yardsticks ? NATIVE_BUILDS.map((build) => compileNative(build)) : [];
  const absent = programs.flatMap((program) => ('reason' in program ? [program.reason] : []));
  const present = programs.flatMap((program) => ('reason' in program ? [] : [program]));
  const figures = works.flatMap((work) => workFigures(problem, work, present, options));
  const [reason] = absent;
  return reason ? [...figures, { kind: 'absent', name: 'ratio to C', reason }] : figures;
}

function workFigures(
  problem: ImpedanceProblem,
  work: KernelWork,
  programs: readonly NativeProgram[],
  options: BenchOptions,
): Figure[] {
  options.tell(`kernel: ${work.name}`);
  const [simd, scalar] = [loadedKernel(problem, 'simd'), loadedKernel(problem, 'scalar')];
  const ours = work.result(simd);
  const native = { task: work.task, problemFile: writeNativeProblem(problem, work) };
  const results = programs.map((program) => ({ program, ...runNative(program, native, 1) }));
  const agreeing = results.filter(({ chiSquare }) => agrees(chiSquare, ours.chiSquare));
  const contenders: Contender[] = [
    inProcess(SIMD, () => work.run(simd)),
    inProcess(SCALAR, () => work.run(scalar)),
    ...agreeing.map(({ program }) => nativeContender(program, native)),
  ];
  const times = race(contenders, options);
  const name = (who: string): string => `${work.name}: ${who}`;
  const steps = (count: number): string => (work.task === 'fit' ? `${count} iterations` : '');
  return [
    timeFigure(times, SIMD, {
      name: name(SIMD),
      ...(work.target && { target: work.target }),
      note: steps(ours.iterations),
    }),
    timeFigure(times, SCALAR, { name: name(SCALAR) }),
    ...results.flatMap(({ program, chiSquare, iterations }): Figure[] => {
      if (!agrees(chiSquare, ours.chiSquare)) {
        const reason = `chi square ${chiSquare}, ours ${ours.chiSquare}: not the same work`;
        return [{ kind: 'absent', name: name(program.name), reason }];
      }
      const about = { name: name(`speed of SIMD / ${program.name}`), target: OF_NATIVE };
      return [
        timeFigure(times, program.name, { name: name(program.name), note: steps(iterations) }),
        ratioFigure(times, { of: SIMD, over: program.name }, about),
      ];
    }),
  ];
}

/** Fits as callers ask for them, with everything that comes with a result. */
function serviceFigures(
  problem: ImpedanceProblem,
  optimum: CircuitFit,
  options: BenchOptions,
): Figure[] {
  options.tell('fits as the service makes them');
  const kernel = kernelOf('simd');
  const { circuit } = problem;
  const values = optimum.parameters.map(({ value }) => value);
  // With the optimum as the reference a start that leads there is trusted, and no search follows.
  const reference = { values, chiSquarePerPoint: optimum.chiSquare / problem.points.length };
  const from = (start: readonly number[], diagnostics: boolean) => (): CircuitFit =>
    fitSpectrum(kernel, circuit, problem, { starts: [start], reference, diagnostics });
  const near = nearStart(circuit, values);
  const warm = warmStart(circuit, values);
  const contenders = [
    inProcess('near', from(near, false)),
    inProcess('near, all', from(near, true)),
    inProcess('warm', from(warm, false)),
    inProcess('warm, all', from(warm, true)),
    inProcess('no guess', () => fitSpectrum(kernel, circuit, problem)),
  ];
  const times = race(contenders, options);
  const figure = (who: string, name: string, target: Target, note = ''): Figure =>
    timeFigure(times, who, { name: `service, ${name}`, target, note });
  return [
    figure('near', 'near start', COLD, 'fitSpectrum with standard errors and the fitted curve'),
    figure('near, all', 'near start, diagnostics', COLD),
    figure('warm', 'warm (5 % off)', WARM),
    figure('warm, all', 'warm (5 % off), diagnostics', WARM),
    figure('no guess', 'no guess, diagnostics', GLOBAL, 'rounds of 12 starts until confirmed'),
    ...pythonFigures(
      problem,
      { start: near, chiSquare: optimum.chiSquare, fit: from(near, false) },
      options,
    ),
  ];
}

/**
 * The same start by scipy, against the service's fit, which like scipy's ends in standard errors,
 * and against the kernel's alone.
 */
function pythonFigures(
  problem: ImpedanceProblem,
  work: {
    readonly start: readonly number[];
    readonly chiSquare: number;
    readonly fit: () => unknown;
  },
  options: BenchOptions,
): Figure[] {
  if (!options.yardsticks) return [];
  const kernel = loadedKernel(problem, 'simd');
  const fit = fitWork('fit', thetaOf(problem.circuit, work.start, 'start'), COLD);
  return PYTHON_MODELS.flatMap((model): Figure[] => {
    const name = `${model.name}, near start`;
    const python = findPython(model);
    if (!python) return [{ kind: 'absent', name, reason: model.lack }];
    options.tell(model.name);
    const call = { python, model, problem, start: work.start };
    const { version, chiSquare } = runPython(call, 1);
    const contenders = [
      inProcess('service', work.fit),
      inProcess('kernel', () => fit.run(kernel)),
      pythonContender(call),
    ];
    const rounds = Math.min(options.rounds, PYTHON_ROUNDS_MAX);
    const times = race(contenders, { ...options, rounds });
    const quality = chiSquare / work.chiSquare;
    const end = quality <= 1 + PYTHON_AGREEMENT ? 'the same' : `${quality.toFixed(3)} times our`;
    const note = `${python}, ${version}; ends at ${end} chi square`;
    const ratio = (of: string): Figure =>
      ratioFigure(
        times,
        { of, over: model.name },
        {
          name: `near start, speed of ${of} / ${model.name}`,
          target: OF_SCIPY,
        },
      );
    return [timeFigure(times, model.name, { name, note }), ratio('service'), ratio('kernel')];
  });
}

/** Tests of validity and distributions of relaxation times, by both builds of the kernel. */
function relaxationFigures(problem: ImpedanceProblem, options: BenchOptions): Figure[] {
  options.tell('Lin-KK and distribution of relaxation times');
  const builds = [
    { name: SIMD, kernel: new RelaxationKernel(loadKernelModule('relaxation', 'simd')) },
    { name: SCALAR, kernel: new RelaxationKernel(loadKernelModule('relaxation', 'scalar')) },
  ];
  const test = race(
    builds.map(({ name, kernel }) => inProcess(name, () => testKramersKronig(kernel, problem))),
    options,
  );
  const drt = race(
    builds.flatMap(({ name, kernel }) => {
      const previous = distributionOfRelaxationTimes(kernel, problem);
      return [
        inProcess(name, () => distributionOfRelaxationTimes(kernel, problem)),
        inProcess(`${name}, warm`, () =>
          distributionOfRelaxationTimes(kernel, problem, { previous }),
        ),
      ];
    }),
    options,
  );
  return [
    timeFigure(test, SIMD, { name: `Lin-KK: ${SIMD}`, target: KRAMERS_KRONIG }),
    timeFigure(test, SCALAR, { name: `Lin-KK: ${SCALAR}` }),
    timeFigure(drt, SIMD, {
      name: `DRT: ${SIMD}`,
      target: RELAXATION_TIMES,
      note: 'lambda by GCV',
    }),
    timeFigure(drt, SCALAR, { name: `DRT: ${SCALAR}` }),
    timeFigure(drt, `${SIMD}, warm`, { name: `DRT after a similar spectrum: ${SIMD}` }),
  ];
}

/** True when two searches have reached the same minimum. */
export function agrees(a: number, b: number): boolean {
  return Math.abs(a - b) <= CHI_SQUARE_AGREEMENT * Math.min(a, b);
}
