// Weighted residuals, their sum of squares, and the normal equations J'J and J'r.

import { dot } from '../dot';
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
  SUMS,
  set,
  weight,
} from './memory';
import { dotFour, multiply, weightedDifference } from './vector';

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
  const bytes: usize = 2 * bufferBytes;
  for (let p = 0; p < n; p++) {
    const j = jacobian(p);
    multiply(j, weight(), bytes);
    for (let q = 0; q <= p + 1; q += 4) {
      dotFour(SUMS, j, factor(p, q), factor(p, q + 1), factor(p, q + 2), factor(p, q + 3), bytes);
      for (let i = q; i < q + 4 && i <= p; i++) set(NORMAL, p * n + i, get(SUMS, i - q));
      if (q + 4 > p + 1) set(GRADIENT, p, get(SUMS, p + 1 - q));
    }
  }
}

/** What column p is multiplied by in turn: the columns up to itself, then the residuals. */
function factor(p: i32, q: i32): usize {
  return q <= p ? jacobian(q) : residual();
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
