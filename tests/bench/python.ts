import { spawnSync } from 'node:child_process';

/** One thread, as everybody in a race has: small problems are only slowed down by more. */
export const ONE_THREAD = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
} as const;

/** A Python that imports a module: $PYTHON, the user's, or the system's that apt serves. */
export function findPythonWith(module: string): string | undefined {
  const pythons = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter((one) => !!one);
  return pythons.find(
    (python) =>
      python && spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0,
  );
}
