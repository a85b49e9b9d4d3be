import type { LiveSlice } from '../domain/scan.ts';
import { loadKernelModule } from '../kernels/wasm-module.ts';
import { serveJobs } from './executor.ts';
import { createTomographyJobs, type FinishedVolume } from './tomography-jobs.ts';

// Entry of the worker thread: pixels and voxels are handed over, not copied.
serveJobs(createTomographyJobs(loadKernelModule('tomography')), (result) => {
  const answer = result as LiveSlice | FinishedVolume | undefined;
  if (!answer) return [];
  const array = 'volume' in answer ? answer.volume.voxels : answer.pixels;
  return [array.buffer as ArrayBuffer];
});
