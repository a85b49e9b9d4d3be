// Weighted residuals, their sum of squares, and the normal equations J'J and J'r.
import {
  bufferBytes,
  GRADIENT,
  get,
  jacobian,
  measuredReal,
  NORMAL,
  node,
  nodeCount,
  PRIOR_MEAN,
  PRIOR_WEIGHT,
  parameterCount,
  residual,
  set,
  weight,
} from './memory';
import { dot, multiply, weightedDifference } from './vector';

/** Residuals of the evaluated circuit; returns the sum of their squares. */
export function residualSum(): f64 {
  const z = node(nodeCount - 1);
  const r = residual();
  weightedDifference(r, measuredReal(), z, weight(), 2 * bufferBytes);
  return dot(r, r, 2 * bufferBytes);
}

/** What the Gaussian prior on theta adds to the cost. */
export function priorSum(theta: usize): f64 {
  let sum: f64 = 0;
  for (let p = 0; p < parameterCount; p++) {
    const distance = get(theta, p) - get(PRIOR_MEAN, p);
    sum += get(PRIOR_WEIGHT, p) * distance * distance;
  }
  return sum;
}

/** Weights the Jacobian in place and forms the normal equations, without the prior. */
export function formNormal(): void {
  const n = parameterCount;
  for (let p = 0; p < n; p++) {
    const j = jacobian(p);
    multiply(j, weight(), 2 * bufferBytes);
    set(GRADIENT, p, dot(j, residual(), 2 * bufferBytes));
    for (let q = 0; q <= p; q++) {
      set(NORMAL, p * n + q, dot(j, jacobian(q), 2 * bufferBytes));
    }
  }
}

/** Adds the prior's pull at theta. */
export function addPrior(theta: usize): void {
  const n = parameterCount;
  for (let p = 0; p < n; p++) {
    const w = get(PRIOR_WEIGHT, p);
    set(NORMAL, p * n + p, get(NORMAL, p * n + p) + w);
    set(GRADIENT, p, get(GRADIENT, p) + w * (get(PRIOR_MEAN, p) - get(theta, p)));
  }
}
