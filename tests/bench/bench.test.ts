import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fitSpectrum, thetaOf } from '../../src/analysis/impedance-fit.ts';
import { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { type Bench, type MeasuredFigure, verdictOf } from './bench.ts';
import { BENCHES } from './benches.ts';
import { benchCommand, runBench } from './command.ts';
import { FULL_SCAN_BENCH } from './full-scan.ts';
import { IMPEDANCE_BENCH } from './impedance.ts';
import { impedanceProblem, nearStart, warmStart } from './impedance-problem.ts';
import { kernelWork } from './impedance-work.ts';
import { measureProgram } from './measured-program.ts';
import { compileNative, NATIVE_BUILDS, runNative, writeNativeProblem } from './native-yardstick.ts';
import { race } from './race.ts';
import { formatReport } from './report.ts';
import { spreadOf } from './spread.ts';
import { tomographyBench } from './tomography.ts';

/** So little that nothing is learnt of speed, and all of it is run. */
const TINY = {
  rounds: 2,
  batchMs: 1,
  seed: 1,
  yardsticks: false,
  scan: { phase: false },
  tell: () => undefined,
};

/** A slice that takes no time. */
const TINY_SLICE = {
  columns: 64,
  views: 90,
  secondsMax: 1,
  rmseMax: 1,
  ssimMin: 0,
  directRmseMax: 1,
};

const TINY_STEPS = {
  livePixels: 64,
  liveBinning: 2,
  iterativeColumns: 32,
  iterativeViews: 12,
  volumeColumns: 64,
};

/** What the command says and its exit code. */
async function call(...words: string[]) {
  const said = { output: '', errors: '' };
  const code = await benchCommand(words, {
    print: (text) => {
      said.output += text;
    },
    tell: (text) => {
      said.errors += text;
    },
  });
  return { code, ...said };
}

/** A figure of milliseconds, but for what the test says of it. */
function figure(given: Partial<MeasuredFigure>): MeasuredFigure {
  const wall = spreadOf([1, 2, 3]);
  return {
    kind: 'measured',
    name: 'fit',
    unit: 'ms',
    wall,
    cpu: null,
    target: null,
    note: '',
    ...given,
  };
}

describe('the bench command', () => {
  it('lists every bench when no name is given', async () => {
    const { code, output } = await call();
    expect(code).toBe(0);
    for (const { name } of BENCHES) expect(output).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it.each([
    [['nonsense'], 'there is no bench "nonsense"'],
    [['impedance', '--rounds', '0'], '--rounds 0: expected a whole number above 0'],
    [['impedance', '--batch-ms', 'x'], '--batch-ms x: expected a whole number above 0'],
    [['full-scan', '--rows', '0'], '--rows 0: expected a whole number above 0'],
    [['full-scan', '--views', '1.5'], '--views 1.5: expected a whole number above 0'],
    [['--wrong'], "'--wrong'"],
  ])('refuses %j and says why', async (words, reason) => {
    const { code, output, errors } = await call(...words);
    expect(code).toBe(2);
    expect(output).toBe('');
    expect(errors).toContain(reason);
  });
});

describe('a bench', () => {
  const slices: readonly Bench[] = [IMPEDANCE_BENCH, tomographyBench([TINY_SLICE], TINY_STEPS)];

  it.each(
    slices.map((bench) => [bench.name, bench] as const),
  )('%s gives positive numbers with all that surrounds them', async (name, bench) => {
    const report = await runBench(bench, TINY);
    expect(report).toMatchObject({ bench: name, seed: 1, rounds: 2, batchMs: 1 });
    expect(report.machine.node).toBe(process.versions.node);
    expect(report.figures.length).toBeGreaterThan(2);
    for (const one of report.figures) {
      expect(one, one.name).toMatchObject({ kind: 'measured' });
      if (one.kind !== 'measured') continue;
      expect(one.wall.median, one.name).toBeGreaterThan(0);
      expect(one.wall.min).toBeLessThanOrEqual(one.wall.median);
      expect(one.wall.max).toBeGreaterThanOrEqual(one.wall.median);
    }
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    for (const one of report.figures) expect(formatReport(report)).toContain(one.name);
  });
});

describe('the full-scan bench', () => {
  it('says what disk it lacks instead of beginning', async () => {
    const scan = { rows: 100_000, columns: 16_384, views: 200_000, phase: false };
    const { figures } = await runBench(FULL_SCAN_BENCH, { ...TINY, scan });
    expect(figures).toHaveLength(1);
    expect(figures[0]).toMatchObject({ kind: 'absent', name: 'full scan' });
    expect(figures[0]?.kind === 'absent' && figures[0].reason).toMatch(/\d+ MB of disk are needed/);
  });

  it('is another report with the phase filter than without', () => {
    const name = (phase: boolean) => FULL_SCAN_BENCH.variant?.({ ...TINY, scan: { phase } });
    expect([name(false), name(true)]).toEqual(['', '-phase']);
  });
});

describe('a program that is measured', () => {
  it('tells its memory, its transfers and what it prints', async () => {
    const measured = await measureProgram(['--help']);
    expect(measured.output).toContain('operando');
    expect(measured.wallMs).toBeGreaterThan(0);
    expect(measured.cpuMs).toBeGreaterThan(0);
    // Node alone takes tens of megabytes.
    expect(measured.rssMaxBytes).toBeGreaterThan(20e6);
    expect(measured.rssMaxBytes).toBeLessThan(500e6);
  });

  it('is not taken for done when it fails', async () => {
    await expect(measureProgram(['no-such-command'])).rejects.toThrow(
      /exit 2[\s\S]*no-such-command/,
    );
  });
});

describe('a figure', () => {
  it('is the median of its rounds', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, n: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4, n: 4 });
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it('reaches or misses its target on the right side, by wall and by CPU time', () => {
    const atMost = { sense: 'atMost', limit: 2 } as const;
    const atLeast = { sense: 'atLeast', limit: 2.1 } as const;
    expect(verdictOf(figure({}))).toBeNull();
    expect(verdictOf(figure({ target: atMost }))).toEqual({ wall: true, cpu: null });
    expect(verdictOf(figure({ target: atLeast, cpu: spreadOf([5]) }))).toEqual({
      wall: false,
      cpu: true,
    });
  });

  it('comes from contenders that take turns, each as often as the others', () => {
    const turns: string[] = [];
    const contender = (name: string) => ({
      name,
      measure: (calls: number) => {
        turns.push(name);
        return { wallMs: 1 / calls, cpuMs: 1 / calls };
      },
    });
    const times = race([contender('a'), contender('b')], { rounds: 3, batchMs: 1 });
    expect(turns.slice(-6).join('')).toBe('abbaab');
    expect([...times.values()].map((rounds) => rounds.length)).toEqual([3, 3]);
  });
});

describeWithCompiler('the native yardstick', () => {
  const problem = impedanceProblem(1);
  const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
  const optimum = fitSpectrum(kernel, problem.circuit, problem);
  const values = optimum.parameters.map(({ value }) => value);
  const theta = (start: readonly number[]) => thetaOf(problem.circuit, start, 'start');
  const works = kernelWork(problem, {
    optimum: theta(values),
    near: theta(nearStart(problem.circuit, values)),
    warm: theta(warmStart(problem.circuit, values)),
  });

  it.each(
    NATIVE_BUILDS.map((build) => [build.name, build] as const),
  )('built by %s reaches the chi square of the kernel', (_name, build) => {
    const program = compileNative(build);
    if ('reason' in program) throw new Error(program.reason);
    kernel.load(problem.circuit, problem.spectrum);
    kernel.setLimits(problem.limits);
    for (const work of works) {
      const problemFile = writeNativeProblem(problem, { ...work, name: `test ${work.name}` });
      const native = runNative(program, { task: work.task, problemFile }, 1);
      const ours = work.result(kernel);
      expect(Math.abs(native.chiSquare / ours.chiSquare - 1), work.name).toBeLessThan(1e-6);
      expect(native.wallMs).toBeGreaterThan(0);
    }
  });

  it('says that there is no compiler where there is none', () => {
    expect(compileNative(NATIVE_BUILDS[0], 'no-such-compiler')).toEqual({
      reason: 'no C compiler: no-such-compiler cannot be run',
    });
  });

  it('complains of a problem that it cannot read', () => {
    const program = compileNative(NATIVE_BUILDS[0]);
    if ('reason' in program) throw new Error(program.reason);
    const work = { task: 'fit', problemFile: '/no/such/file' } as const;
    expect(() => runNative(program, work, 1)).toThrow('cannot open the problem');
  });
});

/** Required in CI; elsewhere skipped, by name, where there is no C compiler. */
function describeWithCompiler(name: string, body: () => void): void {
  if (spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0) {
    describe(name, body);
  } else if (process.env.CI) {
    throw new Error(`${name}: a C compiler is required in CI (apt-get install -y gcc libc6-dev)`);
  } else {
    describe.skip(`${name} (skipped: cc is not installed)`, body);
  }
}
