import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ImpedanceProblem } from './impedance-problem.ts';
import type { CallTime, Contender } from './race.ts';
import { REPOSITORY } from './repository.ts';

/** Who makes the model that scipy fits: numpy written for this circuit, or the package. */
export const PYTHON_MODELS = [
  {
    model: 'numpy',
    name: 'scipy curve_fit',
    imports: 'scipy.optimize',
    lack: 'python3 has no scipy (Debian: apt-get install -y python3-scipy)',
  },
  {
    model: 'impedance.py',
    name: 'impedance.py',
    imports: 'impedance.models.circuits.fitting',
    lack: 'python3 has no impedance.py (python3 -m pip install impedance)',
  },
] as const;

export type PythonModel = (typeof PYTHON_MODELS)[number];

const SCRIPT = join(REPOSITORY, 'tests', 'bench', 'scipy_fit.py');
const TIMEOUT_MS = 120_000;
/** One thread, as everybody in the race has: small problems are only slowed down by more. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** One fit by Python, as often as it is asked for. */
export interface PythonWork {
  readonly python: string;
  readonly model: PythonModel;
  readonly problem: ImpedanceProblem;
  readonly start: readonly number[];
}

export interface PythonResult extends CallTime {
  readonly chiSquare: number;
  readonly version: string;
}

/** A Python that has what the model needs: $PYTHON, the user's, or the system's that apt serves. */
export function findPython(model: PythonModel): string | undefined {
  const pythons = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter((one) => !!one);
  return pythons.find(
    (python) =>
      python &&
      spawnSync(python, ['-c', `import ${model.imports}`], { stdio: 'ignore' }).status === 0,
  );
}

/** Fits so many times in a process of its own. @throws Error with what Python complains of */
export function runPython(work: PythonWork, calls: number): PythonResult {
  const { circuit, points } = work.problem;
  const request = {
    model: work.model.model,
    circuit: circuit.text,
    points: points.map((p) => [p.frequencyHertz, p.zRealOhm, p.zImagOhm]),
    start: work.start,
    calls,
  };
  const { error, status, stdout, stderr } = spawnSync(work.python, [SCRIPT], {
    input: JSON.stringify(request),
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    env: { ...process.env, ...ONE_THREAD },
  });
  if (error || status !== 0) {
    throw new Error(`${work.python} ${SCRIPT}: ${error?.message ?? stderr.trim()}`);
  }
  return JSON.parse(stdout) as PythonResult;
}

export function pythonContender(work: PythonWork): Contender {
  return { name: work.model.name, measure: (calls) => runPython(work, calls) };
}
