// What a bundle of rows is beyond the detector.
import { continueRows as fillBeyond } from '../edges';
import * as m from './memory';

/** Fills the samples of a bundle behind the detector's columns, up to `size`. */
export function continueRows(bundle: usize, plane: usize, size: i32, blend: usize): void {
  fillBeyond(bundle, plane, <usize>m.columns, <usize>size, blend, m.extendsEdges != 0);
}
