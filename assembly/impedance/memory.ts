// Static memory of the impedance kernel: named maxima, fixed tables, and a work region of buffers
// whose spacing follows the number of frequencies. Nothing is ever allocated.

export const FREQUENCIES_MAX: i32 = 1024;
export const PARAMETERS_MAX: i32 = 24;
/** 16 elements and at most 15 series and parallel nodes that join them. */
export const NODES_MAX: i32 = 32;
export const CHILDREN_MAX: i32 = 32;

/** Words of one tape entry: code, first child, child count, first parameter, end parameter. */
export const TAPE_WORDS: i32 = 5;

// Tables of one f64 per parameter.
export const THETA = memory.data(24 * 8, 16);
export const LOWER = memory.data(24 * 8, 16);
export const UPPER = memory.data(24 * 8, 16);
export const STEP_MAX = memory.data(24 * 8, 16);
/** 1 where theta is the logarithm of the parameter, 0 where it is the parameter. */
export const IS_LOG = memory.data(24 * 8, 16);
/** Power of the parameter its block's impedance is proportional to: 1, -1 or 0. */
export const IMPEDANCE_POWER = memory.data(24 * 8, 16);
export const PRIOR_MEAN = memory.data(24 * 8, 16);
export const PRIOR_WEIGHT = memory.data(24 * 8, 16);
/** Parameters in their own units; four more, so that an element may read past the last. */
export const VALUE = memory.data(28 * 8, 16);
export const GRADIENT = memory.data(24 * 8, 16);
export const STEP = memory.data(24 * 8, 16);
export const TRIAL = memory.data(24 * 8, 16);
export const SCALE = memory.data(24 * 8, 16);
/** 1 where the parameter moves in this step, 0 where it is held at a bound. */
export const FREE = memory.data(24 * 8, 16);

/** Four sums that are formed together. */
export const SUMS = memory.data(4 * 8, 16);

// Matrices, row-major with `parameterCount` columns; only the lower triangle is kept.
export const NORMAL = memory.data(24 * 24 * 8, 16);
export const FACTOR = memory.data(24 * 24 * 8, 16);

// Amplitude projection: Gram matrix, right-hand side and amplitudes of at most NODES_MAX blocks.
export const BLOCK_GRAM = memory.data(32 * 32 * 8, 16);
export const BLOCK_RIGHT = memory.data(32 * 8, 16);
export const BLOCK_AMPLITUDE = memory.data(32 * 8, 16);

export const TAPE = memory.data(32 * 5 * 4, 16);
export const CHILDREN = memory.data(32 * 4, 16);

// Pairs of buffers in the work region; the two halves of a pair lie end to end.
const PAIR_OMEGA: i32 = 0; // angular frequency, its logarithm
const PAIR_ROOT: i32 = 1; // omega^-1/2, spare
const PAIR_MEASURED: i32 = 2; // real and imaginary part of the measured impedance
const PAIR_RATIO: i32 = 3; // (Z / Z_i)^2 of one branch of a parallel node
const PAIR_RESIDUAL: i32 = 4; // weighted residual
const PAIR_WEIGHT: i32 = 5; // of the real and of the imaginary residual
const PAIR_NODES: i32 = 6; // impedance of every node
const PAIR_JACOBIAN: i32 = 6 + 32; // dZ/dtheta of every parameter
const PAIRS: i32 = 6 + 32 + 24;
/** Keeps equal indices of different buffers out of the same cache set. */
const PAIR_GAP_BYTES: i32 = 16;

const WORK = memory.data(62 * (2 * 1024 * 8 + 16), 16);
assert(PAIRS == 62);

export let frequencyCount: i32 = 0;
export let nodeCount: i32 = 0;
export let parameterCount: i32 = 0;
/** Bytes of one buffer: the frequencies rounded up to a whole SIMD vector. */
export let bufferBytes: usize = 0;
let pairBytes: usize = 0;

export function setLayout(frequencies: i32, nodes: i32, parameters: i32): void {
  frequencyCount = frequencies;
  nodeCount = nodes;
  parameterCount = parameters;
  bufferBytes = <usize>(((frequencies + 1) & ~1) << 3);
  pairBytes = 2 * bufferBytes + PAIR_GAP_BYTES;
}

function pair(index: i32): usize {
  return WORK + <usize>index * pairBytes;
}

export function omega(): usize {
  return pair(PAIR_OMEGA);
}
export function lnOmega(): usize {
  return pair(PAIR_OMEGA) + bufferBytes;
}
export function inverseRootOmega(): usize {
  return pair(PAIR_ROOT);
}
/** Weights of the real residuals; those of the imaginary ones follow after bufferBytes. */
export function weight(): usize {
  return pair(PAIR_WEIGHT);
}
export function measuredReal(): usize {
  return pair(PAIR_MEASURED);
}
export function measuredImag(): usize {
  return pair(PAIR_MEASURED) + bufferBytes;
}
export function ratio(): usize {
  return pair(PAIR_RATIO);
}
export function residual(): usize {
  return pair(PAIR_RESIDUAL);
}
/** Real parts of a node's impedance; the imaginary parts follow after bufferBytes. */
export function node(index: i32): usize {
  return pair(PAIR_NODES + index);
}
/** Real parts of dZ/dtheta; the imaginary parts follow after bufferBytes. */
export function jacobian(parameter: i32): usize {
  return pair(PAIR_JACOBIAN + parameter);
}

export function get(table: usize, index: i32): f64 {
  return load<f64>(table + ((<usize>index) << 3));
}

export function set(table: usize, index: i32, value: f64): void {
  store<f64>(table + ((<usize>index) << 3), value);
}

export function tapeWord(entry: i32, word: i32): i32 {
  return load<i32>(TAPE + ((<usize>(entry * TAPE_WORDS + word)) << 2));
}

export function child(index: i32): i32 {
  return load<i32>(CHILDREN + ((<usize>index) << 2));
}
