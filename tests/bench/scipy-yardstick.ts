import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ImpedanceProblem } from './impedance-problem.ts';
import { findPythonWith, ONE_THREAD } from './python.ts';
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

/** A Python that has what the model needs. */
export function findPython(model: PythonModel): string | undefined {
  return findPythonWith(model.imports);
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
