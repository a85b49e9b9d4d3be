// Levenberg-Marquardt on theta with Marquardt scaling, Nielsen's damping (K. Madsen, H. B. Nielsen,
// O. Tingleff, Methods for non-linear least squares problems, 2004, section 3.2), bounds by an
// active set, and limited steps.
import {
  FACTOR,
  FREE,
  frequencyCount,
  GRADIENT,
  get,
  LOWER,
  NORMAL,
  parameterCount,
  SCALE,
  STEP,
  STEP_MAX,
  set,
  THETA,
  TRIAL,
  UPPER,
} from './memory';
import { addPrior, formNormal, priorSum, residualSum } from './normal';
import { evaluateAt } from './tape';

export const STATUS_CONVERGED: i32 = 0;
export const STATUS_ITERATION_LIMIT: i32 = 1;
export const STATUS_NOT_FINITE: i32 = 2;
/** No step of any length lowers the cost, though the gradient says that one should. */
export const STATUS_STALLED: i32 = 3;

const DAMPING_START: f64 = 1e-2;
const DAMPING_MIN: f64 = 1e-10;
const DAMPING_MAX: f64 = 1e10;
/** A column this small against the cost has no say; its scale stops here. */
const COLUMN_FLOOR: f64 = 1e-12;
/** Residuals of 1e-13 are rounding: nothing is left to gain. */
const COST_FLOOR_PER_POINT: f64 = 1e-26;

/** Keeps `refine` still along directions that the data do not determine. */
const REFINE_DAMPING: f64 = 1e-9;
const REFINE_ENOUGH: f64 = 1e-13;
const REFINE_TOO_FAR: f64 = 1e-2;
const REFINE_COST_SLACK: f64 = 1e-10;

export let cost: f64 = 0;
export let chiSquare: f64 = 0;
export let iterations: i32 = 0;

/** Evaluates at theta with derivatives; returns the data's part of the cost. */
export function linearise(theta: usize): f64 {
  evaluateAt(theta, true);
  return residualSum();
}

/** Improves THETA until two successive relative gains are below `tolerance`. */
export function minimise(iterationsMax: i32, tolerance: f64): i32 {
  const n = parameterCount;
  clamp(THETA);
  chiSquare = linearise(THETA);
  cost = chiSquare + priorSum(THETA);
  iterations = 0;
  if (!isFinite(cost)) return STATUS_NOT_FINITE;
  formNormal();
  addPrior(THETA);
  let damping = DAMPING_START;
  let growth: f64 = 2;
  let smallGains = 0;
  while (iterations < iterationsMax) {
    if (cost <= COST_FLOOR_PER_POINT * <f64>frequencyCount) return STATUS_CONVERGED;
    iterations++;
    chooseFree();
    if (factorise(damping)) {
      solve();
      const predicted = takeStep(damping);
      const trialChi = linearise(TRIAL);
      const trialCost = trialChi + priorSum(TRIAL);
      if (trialCost < cost) {
        const gain = (cost - trialCost) / cost;
        const quality =
          2.0 * min(1.0, (cost - trialCost) / max(predicted, f64.MIN_NORMAL_VALUE)) - 1.0;
        memory.copy(THETA, TRIAL, (<usize>n) << 3);
        chiSquare = trialChi;
        cost = trialCost;
        formNormal();
        addPrior(THETA);
        damping = max(DAMPING_MIN, damping * max(0.2, 1.0 - quality * quality * quality));
        growth = 2;
        smallGains = gain < tolerance ? smallGains + 1 : 0;
        if (smallGains >= 2) return STATUS_CONVERGED;
        continue;
      }
      if (predicted < 0.1 * tolerance * cost) return STATUS_CONVERGED;
    }
    damping *= growth;
    growth *= 2;
    if (damping > DAMPING_MAX) return STATUS_STALLED;
  }
  return STATUS_ITERATION_LIMIT;
}

/**
 * Up to `steps` nearly undamped steps from a minimum. The cost is flat there: it tells two thetas
 * apart only down to the root of its rounding, 1e-8, while the gradient leads much closer. So the
 * steps are taken without asking the cost for less, but not where it has grown.
 */
export function refine(steps: i32): void {
  const n = parameterCount;
  for (let i = 0; i < steps; i++) {
    chooseFree();
    if (!factorise(REFINE_DAMPING)) return;
    solve();
    takeStep(REFINE_DAMPING);
    let moved: f64 = 0;
    for (let p = 0; p < n; p++) moved = max(moved, abs(get(TRIAL, p) - get(THETA, p)));
    if (!(moved > REFINE_ENOUGH && moved < REFINE_TOO_FAR)) return;
    const trialChi = linearise(TRIAL);
    const trialCost = trialChi + priorSum(TRIAL);
    if (!(trialCost <= cost * (1.0 + REFINE_COST_SLACK))) return;
    memory.copy(THETA, TRIAL, (<usize>n) << 3);
    chiSquare = trialChi;
    cost = trialCost;
    formNormal();
    addPrior(THETA);
  }
}

/** Moves theta within its bounds. */
export function clamp(theta: usize): void {
  for (let p = 0; p < parameterCount; p++) {
    set(theta, p, min(max(get(theta, p), get(LOWER, p)), get(UPPER, p)));
  }
}

/** Holds a parameter that is fixed, or sits at a bound and is pushed outward. */
function chooseFree(): void {
  const n = parameterCount;
  for (let p = 0; p < n; p++) {
    const t = get(THETA, p);
    const g = get(GRADIENT, p);
    const fixed = get(LOWER, p) >= get(UPPER, p);
    const held = fixed || (t >= get(UPPER, p) && g > 0) || (t <= get(LOWER, p) && g < 0);
    set(FREE, p, held ? 0 : 1);
    set(SCALE, p, 1.0 / Math.sqrt(max(get(NORMAL, p * n + p), COLUMN_FLOOR * cost)));
  }
}

/** Cholesky factor of the scaled, damped normal matrix. False when it is not positive definite. */
function factorise(damping: f64): bool {
  const n = parameterCount;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum: f64 = 0;
      if (i == j) {
        const own = get(NORMAL, i * n + i) * get(SCALE, i) * get(SCALE, i);
        sum = get(FREE, i) != 0 ? own + damping : 1.0;
      } else if (get(FREE, i) != 0 && get(FREE, j) != 0) {
        sum = get(NORMAL, i * n + j) * get(SCALE, i) * get(SCALE, j);
      }
      for (let k = 0; k < j; k++) sum -= get(FACTOR, i * n + k) * get(FACTOR, j * n + k);
      if (i == j) {
        if (!(sum > 0)) return false;
        set(FACTOR, i * n + i, Math.sqrt(sum));
      } else {
        set(FACTOR, i * n + j, sum / get(FACTOR, j * n + j));
      }
    }
  }
  return true;
}

/** Solves for the scaled step in STEP. */
function solve(): void {
  const n = parameterCount;
  for (let i = 0; i < n; i++) {
    let sum = get(FREE, i) != 0 ? get(GRADIENT, i) * get(SCALE, i) : 0.0;
    for (let k = 0; k < i; k++) sum -= get(FACTOR, i * n + k) * get(STEP, k);
    set(STEP, i, sum / get(FACTOR, i * n + i));
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = get(STEP, i);
    for (let k = i + 1; k < n; k++) sum -= get(FACTOR, k * n + i) * get(STEP, k);
    set(STEP, i, sum / get(FACTOR, i * n + i));
  }
}

/**
 * Writes TRIAL = THETA + the step, shortened so that no parameter moves beyond its limit, and
 * returns the gain the linear model predicts: 2 s g'd - s^2 (g'd - damping d'd), d scaled.
 */
function takeStep(damping: f64): f64 {
  const n = parameterCount;
  let share: f64 = 1;
  let gd: f64 = 0;
  let dd: f64 = 0;
  for (let p = 0; p < n; p++) {
    const d = get(STEP, p);
    if (get(FREE, p) != 0) {
      gd += get(GRADIENT, p) * get(SCALE, p) * d;
      dd += d * d;
    }
    const moved = abs(d * get(SCALE, p));
    if (moved * share > get(STEP_MAX, p)) share = get(STEP_MAX, p) / moved;
  }
  for (let p = 0; p < n; p++) {
    set(TRIAL, p, get(THETA, p) + share * get(STEP, p) * get(SCALE, p));
  }
  clamp(TRIAL);
  return 2.0 * share * gd - share * share * (gd - damping * dd);
}
