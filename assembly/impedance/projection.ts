// Amplitude projection: every block of the outermost series is proportional to its amplitude, so
// for given shapes the best amplitudes are a small non-negative linear least-squares problem.

import { dot } from '../dot';
import { CODE_SERIES } from './codes';
import {
  BLOCK_AMPLITUDE,
  BLOCK_GRAM,
  BLOCK_RIGHT,
  bufferBytes,
  child,
  get,
  IMPEDANCE_POWER,
  IS_LOG,
  LOWER,
  measuredReal,
  node,
  nodeCount,
  set,
  THETA,
  tapeWord,
  UPPER,
  weight,
} from './memory';
import { multiply } from './vector';

const SWEEPS: i32 = 60;
/** A block the data want absent keeps this share, so that its logarithm stays finite. */
const AMPLITUDE_MIN: f64 = 1e-4;

/** Scales the blocks of the evaluated circuit to the data and folds the factors into theta. */
export function projectAmplitudes(): void {
  const root = nodeCount - 1;
  const isSeries = tapeWord(root, 0) == CODE_SERIES;
  const count = isSeries ? tapeWord(root, 2) : 1;
  for (let a = 0; a < count; a++) weightBlock(blockNode(a, isSeries));
  formBlockSystem(count, isSeries);
  solveNonNegative(count, isSeries);
  for (let a = 0; a < count; a++) {
    const block = blockNode(a, isSeries);
    if (isPinned(block)) continue;
    const shift = Math.log(get(BLOCK_AMPLITUDE, a));
    for (let p = tapeWord(block, 3); p < tapeWord(block, 4); p++) {
      if (get(IS_LOG, p) != 0) set(THETA, p, get(THETA, p) + get(IMPEDANCE_POWER, p) * shift);
    }
  }
}

/** A block with a fixed parameter that its impedance scales with keeps its amplitude. */
function isPinned(block: i32): bool {
  for (let p = tapeWord(block, 3); p < tapeWord(block, 4); p++) {
    if (get(IMPEDANCE_POWER, p) != 0 && get(LOWER, p) >= get(UPPER, p)) return true;
  }
  return false;
}

function blockNode(index: i32, isSeries: bool): i32 {
  const root = nodeCount - 1;
  return isSeries ? child(tapeWord(root, 1) + index) : root;
}

function weightBlock(block: i32): void {
  multiply(node(block), weight(), 2 * bufferBytes);
}

/** Gram matrix of the weighted blocks; then the blocks are weighted once more, for (W W x)'z. */
function formBlockSystem(count: i32, isSeries: bool): void {
  for (let a = 0; a < count; a++) {
    const x = node(blockNode(a, isSeries));
    for (let b = 0; b <= a; b++) {
      const value = dot(x, node(blockNode(b, isSeries)), 2 * bufferBytes);
      set(BLOCK_GRAM, a * count + b, value);
      set(BLOCK_GRAM, b * count + a, value);
    }
  }
  for (let a = 0; a < count; a++) {
    const block = blockNode(a, isSeries);
    weightBlock(block);
    set(BLOCK_RIGHT, a, dot(node(block), measuredReal(), 2 * bufferBytes));
    set(BLOCK_AMPLITUDE, a, 1);
  }
}

/** Coordinate descent; exact enough for a start, and it cannot fail. */
function solveNonNegative(count: i32, isSeries: bool): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let a = 0; a < count; a++) {
      if (isPinned(blockNode(a, isSeries))) continue;
      let right = get(BLOCK_RIGHT, a);
      for (let b = 0; b < count; b++) {
        if (b != a) right -= get(BLOCK_GRAM, a * count + b) * get(BLOCK_AMPLITUDE, b);
      }
      const diagonal = get(BLOCK_GRAM, a * count + a);
      const amplitude = diagonal > 0 ? right / diagonal : 1.0;
      const isUsable = isFinite(amplitude) && amplitude > AMPLITUDE_MIN;
      set(BLOCK_AMPLITUDE, a, isUsable ? amplitude : AMPLITUDE_MIN);
    }
  }
}
