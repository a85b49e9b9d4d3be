// The circuit as a post-order tape: entry i computes node i from its parameters or from earlier
// nodes, at all frequencies at once. The last entry is the whole circuit.

import { capacitor, constantPhase, finiteLength, inductor, resistor, warburg } from './elements';
import {
  bufferBytes,
  child,
  get,
  IS_LOG,
  jacobian,
  node,
  nodeCount,
  parameterCount,
  ratio,
  set,
  tapeWord,
  VALUE,
} from './memory';
import { add, addReciprocal, fill, invert, multiplyComplex, squaredRatio } from './vector';

// Codes of the first word of a tape entry; src/kernels/impedance-tape.ts writes the same.
const CODE_R: i32 = 0;
const CODE_C: i32 = 1;
const CODE_L: i32 = 2;
const CODE_CPE: i32 = 3;
const CODE_W: i32 = 4;
const CODE_WO: i32 = 5;
const CODE_WS: i32 = 6;
const CODE_SERIES: i32 = 7;

/** Computes Z of every node, and dZ/dtheta of the whole circuit when asked. */
export function evaluateAt(theta: usize, derivatives: bool): void {
  for (let p = 0; p < parameterCount; p++) {
    const t = get(theta, p);
    set(VALUE, p, get(IS_LOG, p) != 0 ? Math.exp(t) : t);
  }
  for (let entry = 0; entry < nodeCount; entry++) {
    const code = tapeWord(entry, 0);
    if (code < CODE_SERIES) element(entry, code, derivatives);
    else if (code == CODE_SERIES) series(entry);
    else parallel(entry, derivatives);
  }
}

function element(entry: i32, code: i32, derivatives: bool): void {
  const p = tapeWord(entry, 3);
  const z = node(entry);
  const value = get(VALUE, p);
  if (code == CODE_R) resistor(z, value, p, derivatives);
  else if (code == CODE_C) capacitor(z, value, p, derivatives);
  else if (code == CODE_L) inductor(z, value, p, derivatives);
  else if (code == CODE_CPE) constantPhase(z, value, get(VALUE, p + 1), p, derivatives);
  else if (code == CODE_W) warburg(z, value, p, derivatives);
  else finiteLength(z, value, get(VALUE, p + 1), code == CODE_WO, p, derivatives);
}

/** Z = sum of Z_i; the derivatives of the parts are those of the whole. */
function series(entry: i32): void {
  const first = tapeWord(entry, 1);
  const count = tapeWord(entry, 2);
  const z = node(entry);
  memory.copy(z, node(child(first)), 2 * bufferBytes);
  for (let i = 1; i < count; i++) add(z, node(child(first + i)), 2 * bufferBytes);
}

/** 1/Z = sum of 1/Z_i; dZ/dtheta = (Z/Z_i)^2 dZ_i/dtheta. */
function parallel(entry: i32, derivatives: bool): void {
  const first = tapeWord(entry, 1);
  const count = tapeWord(entry, 2);
  const z = node(entry);
  fill(z, 0, 2 * bufferBytes);
  for (let i = 0; i < count; i++) addReciprocal(z, node(child(first + i)), bufferBytes);
  invert(z, bufferBytes);
  if (!derivatives) return;
  for (let i = 0; i < count; i++) {
    const branch = child(first + i);
    squaredRatio(ratio(), z, node(branch), bufferBytes);
    const end = tapeWord(branch, 4);
    for (let p = tapeWord(branch, 3); p < end; p++) {
      multiplyComplex(jacobian(p), ratio(), bufferBytes);
    }
  }
}
