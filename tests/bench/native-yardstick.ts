import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CircuitNode } from '../../src/domain/circuit.ts';
import type { ImpedanceProblem } from './impedance-problem.ts';
import { compileProgram, type NativeAbsence } from './native-program.ts';
import type { CallTime, Contender } from './race.ts';
import { BENCH_BUILD, REPOSITORY } from './repository.ts';

/**
 * How the C is compiled: for the processor family, whose vectors are as wide as those of WASM
 * (128 bit on x86-64), for this very processor, and without care for the order of operations.
 */
export const NATIVE_BUILDS = [
  { name: 'C -O3', flags: ['-O3'] },
  { name: 'C -O3 -march=native', flags: ['-O3', '-march=native'] },
  { name: 'C -O3 -march=native -ffast-math', flags: ['-O3', '-march=native', '-ffast-math'] },
] as const;

/**
 * In every build: the whole program optimised at once, as WASM is, and what compilers want to be
 * told before they use vectors. None of these changes a finite result.
 */
const COMMON_FLAGS = [
  '-std=c11',
  '-flto',
  '-fopenmp-simd',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-ffinite-math-only',
  '-fno-signed-zeros',
] as const;

const SOURCES = join(REPOSITORY, 'tests', 'bench', 'native');
const TIMEOUT_MS = 120_000;

/** pass: residual, Jacobian and J'J at the first start; fit: from it; search: from all. */
export type NativeTask = 'pass' | 'fit' | 'search';

export interface NativeEffort {
  readonly iterationsMax: number;
  readonly tolerance: number;
}

/** One piece of work for the yardstick, written to a file it reads. */
export interface NativeWork {
  readonly task: NativeTask;
  readonly problemFile: string;
}

/** What the yardstick says of itself. */
export interface NativeResult extends CallTime {
  readonly chiSquare: number;
  readonly iterations: number;
}

export interface NativeProgram {
  readonly name: string;
  readonly path: string;
}

/** Compiles the yardstick with one set of flags into build/bench. */
export function compileNative(
  build: { readonly name: string; readonly flags: readonly string[] },
  compiler = 'cc',
): NativeProgram | NativeAbsence {
  const path = compileProgram(
    {
      file: `impedance-yardstick${build.flags.join('')}`,
      folder: '',
      sources: readdirSync(SOURCES).filter((name) => name.endsWith('.c')),
      flags: [...COMMON_FLAGS, ...build.flags],
      libraries: [],
    },
    compiler,
  );
  return typeof path === 'string' ? { name: build.name, path } : path;
}

/** Writes a problem with its starts, in theta, to a file of that name in build/bench. */
export function writeNativeProblem(
  problem: ImpedanceProblem,
  work: {
    readonly name: string;
    readonly starts: readonly ArrayLike<number>[];
    readonly effort: NativeEffort;
  },
): string {
  const { circuit, spectrum, limits } = problem;
  const { frequencyHertz, zRealOhm, zImagOhm, weightPerOhm } = spectrum;
  const points = [...frequencyHertz.keys()].map((k) =>
    [frequencyHertz, zRealOhm, zImagOhm, weightPerOhm].map((values) => values[k]).join(' '),
  );
  const tape = tapeLines(circuit.root);
  const parameters = circuit.parameters.map(({ scale, impedancePower }, p) =>
    [
      scale === 'log' ? 1 : 0,
      impedancePower,
      limits.lower[p],
      limits.upper[p],
      limits.stepMax[p],
    ].join(' '),
  );
  const lines = [
    points.length,
    ...points,
    tape.length,
    ...tape,
    parameters.length,
    ...parameters,
    `${work.effort.iterationsMax} ${work.effort.tolerance}`,
    work.starts.length,
    ...work.starts.map((start) => Array.from(start).join(' ')),
  ];
  mkdirSync(BENCH_BUILD, { recursive: true });
  const file = join(BENCH_BUILD, `${work.name}.problem`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Does the work so many times in a process of its own. @throws Error with what it complains of */
export function runNative(program: NativeProgram, work: NativeWork, calls: number): NativeResult {
  const words = [work.problemFile, work.task, String(calls)];
  const { error, status, stdout, stderr } = spawnSync(program.path, words, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  if (error || status !== 0) {
    throw new Error(`${program.path} ${words.join(' ')}: ${error?.message ?? stderr.trim()}`);
  }
  return JSON.parse(stdout) as NativeResult;
}

export function nativeContender(program: NativeProgram, work: NativeWork): Contender {
  return { name: program.name, measure: (calls) => runNative(program, work, calls) };
}

/** The circuit in post-order, one node a line: kind, parameter range, children. */
function tapeLines(root: CircuitNode): string[] {
  const lines: string[] = [];
  const visit = (node: CircuitNode): number => {
    const children = node.kind === 'element' ? [] : node.children.map(visit);
    const kind = node.kind === 'element' ? node.element : node.kind;
    const range = [node.parameterFirst, node.parameterEnd];
    lines.push([kind, ...range, children.length, ...children].join(' '));
    return lines.length - 1;
  };
  visit(root);
  return lines;
}
