import { loadKernelModule } from '../kernels/wasm-module.ts';
import { serveJobs } from './executor.ts';
import { createSegmentJobs, type DepthTotals, type LabelResult } from './segment-jobs.ts';

// Entry of the worker thread: large arrays are handed over, not copied.
serveJobs(createSegmentJobs(loadKernelModule('volume')), (result) => {
  const answer = result as Float64Array | Uint8Array | LabelResult | DepthTotals | undefined;
  if (answer === undefined) return [];
  if (ArrayBuffer.isView(answer)) return [answer.buffer as ArrayBuffer];
  if ('reaches' in answer) return answer.reaches.map(({ buffer }) => buffer as ArrayBuffer);
  return answer.parts.flatMap(({ leading }) => (leading ? [leading.buffer as ArrayBuffer] : []));
});
