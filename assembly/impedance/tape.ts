// The circuit as a post-order tape: entry i computes node i from its parameters or from earlier
// nodes, at all frequencies at once. The last entry is the whole circuit.

import * as code from './codes';
import { finiteLength, generalisedLength, transmissionLine } from './diffusion';
import {
  capacitor,
  constantPhase,
  inductor,
  modifiedInductor,
  resistor,
  warburg,
} from './elements';
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
import { gerischer, havriliakNegami, zarc } from './relaxation';
import { add, addReciprocal, fill, invert, multiplyComplex, squaredRatio } from './vector';

/** Computes Z of every node, and dZ/dtheta of the whole circuit when asked. */
export function evaluateAt(theta: usize, derivatives: bool): void {
  for (let p = 0; p < parameterCount; p++) {
    const t = get(theta, p);
    set(VALUE, p, get(IS_LOG, p) != 0 ? Math.exp(t) : t);
  }
  for (let entry = 0; entry < nodeCount; entry++) {
    const word = tapeWord(entry, 0);
    if (word < code.CODE_SERIES) element(entry, word, derivatives);
    else if (word == code.CODE_SERIES) series(entry);
    else parallel(entry, derivatives);
  }
}

function element(entry: i32, word: i32, derivatives: bool): void {
  const p = tapeWord(entry, 3);
  const z = node(entry);
  const v0 = get(VALUE, p);
  const v1 = get(VALUE, p + 1);
  const v2 = get(VALUE, p + 2);
  const v3 = get(VALUE, p + 3);
  switch (word) {
    case code.CODE_R:
      return resistor(z, v0, p, derivatives);
    case code.CODE_C:
      return capacitor(z, v0, p, derivatives);
    case code.CODE_L:
      return inductor(z, v0, p, derivatives);
    case code.CODE_CPE:
      return constantPhase(z, v0, v1, p, derivatives);
    case code.CODE_W:
      return warburg(z, v0, p, derivatives);
    case code.CODE_WO:
    case code.CODE_WS:
      return finiteLength(z, v0, v1, word == code.CODE_WO, p, derivatives);
    case code.CODE_LA:
      return modifiedInductor(z, v0, v1, p, derivatives);
    case code.CODE_WON:
    case code.CODE_WSN:
      return generalisedLength(z, v0, v1, v2, word == code.CODE_WON, p, derivatives);
    case code.CODE_G:
      return gerischer(z, v0, v1, p, derivatives);
    case code.CODE_HN:
      return havriliakNegami(z, v0, v1, v2, v3, p, derivatives);
    case code.CODE_ZARC:
      return zarc(z, v0, v1, v2, p, derivatives);
    case code.CODE_TLMB:
      return transmissionLine(z, v0, 0, v1, v2, p, derivatives);
    case code.CODE_TLMF:
      return transmissionLine(z, v0, 1.0 / v1, v2, v3, p, derivatives);
    default:
      unreachable();
  }
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
