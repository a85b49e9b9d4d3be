import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_BUILD, REPOSITORY } from './repository.ts';

/** A C program of the benches as it is to be compiled. */
export interface NativeBuild {
  /** Of the program's file in build/bench. */
  readonly file: string;
  /** Folder of the sources below tests/bench/native; '' is that folder. */
  readonly folder: string;
  readonly sources: readonly string[];
  readonly flags: readonly string[];
  readonly libraries: readonly string[];
}

/** Why there is no native yardstick. */
export interface NativeAbsence {
  readonly reason: string;
}

const NATIVE = join(REPOSITORY, 'tests', 'bench', 'native');

/** Compiles a program into build/bench: its path, or why there is none. */
export function compileProgram(build: NativeBuild, compiler = 'cc'): string | NativeAbsence {
  mkdirSync(BENCH_BUILD, { recursive: true });
  const path = join(BENCH_BUILD, build.file);
  const words = [...build.flags, ...build.sources, ...build.libraries, '-lm', '-o', path];
  const cwd = join(NATIVE, build.folder);
  const { error, status, stderr } = spawnSync(compiler, words, { cwd, encoding: 'utf8' });
  if (error) return { reason: `no C compiler: ${compiler} cannot be run` };
  if (status !== 0) return { reason: `${compiler} ${words.join(' ')} failed: ${stderr.trim()}` };
  return path;
}

/** Whether the compiler finds a header: a library's development package is installed. */
export function hasHeader(header: string, compiler = 'cc'): boolean {
  const words = ['-E', '-x', 'c', '-o', '/dev/null', '-'];
  const input = `#include <${header}>\n`;
  return spawnSync(compiler, words, { input, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}
