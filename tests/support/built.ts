import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository, and the program as `npm test` has built it. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = `${ROOT}dist/src/app/main.js`;

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface RunningProgram {
  readonly child: ChildProcess;
  /** Everything on stderr so far. */
  errors(): string;
  /** Resolves with the first match on stderr; rejects if the program ends without one. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

/** Starts `operando` with these words, no standard input, in the repository's folder. */
export function startOperando(
  words: readonly string[],
  options: { readonly cwd?: string; readonly environment?: NodeJS.ProcessEnv } = {},
): RunningProgram {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm test, or npm run build`);
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, output, errors }));
  });
  const seen = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(errors);
        if (!match) return;
        watchers.delete(look);
        resolve(match);
      };
      watchers.add(look);
      look();
      void ended.then(() => {
        look();
        reject(new Error(`ended without ${pattern} on stderr:\n${errors}`));
      });
    });
  return { child, errors: () => errors, seen, ended };
}

/** Runs `operando` to its end. */
export function operando(...words: string[]): Promise<Ended> {
  return startOperando(words).ended;
}

/** A module of the built program: worker threads need JavaScript, which only the build has. */
export async function builtModule<T>(path: string): Promise<T> {
  return (await import(/* @vite-ignore */ `${ROOT}dist/${path}`)) as T;
}
