import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILER_OPTIONS =
  '--ignoreConfig --noCheck --rootDir . --rewriteRelativeImportExtensions ' +
  '--target es2023 --module nodenext --skipLibCheck';

/**
 * A program beside the tests, compiled for the tests of a file so that it can be run and killed.
 * @returns runs it in a folder until it has told of `lines` lines, kills it, and gives every line
 */
export function killableProgram(
  name: string,
): (folder: string, lines: number) => Promise<readonly string[]> {
  // Inside node_modules, so that the built child finds its packages.
  const build = join(ROOT, 'node_modules', '.cache', `${name}-${process.pid}`);
  beforeAll(() => {
    mkdirSync(build, { recursive: true });
    writeFileSync(join(build, 'package.json'), '{"type":"module"}');
    const options = [...COMPILER_OPTIONS.split(' '), '--outDir', build];
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    execFileSync(compiler, [...options, `tests/store/${name}.ts`], { cwd: ROOT });
  });
  afterAll(() => rmSync(build, { recursive: true, force: true }));
  return async (folder, lines) => {
    const program = join(build, 'tests', 'store', `${name}.js`);
    const child = spawn(process.execPath, [program, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let told = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (told.split('\n').length > lines) child.kill('SIGKILL');
    });
    await closed;
    return told.split('\n').slice(0, -1);
  };
}
