import { loadKernelModule } from '../kernels/wasm-module.ts';
import { serveJobs } from './executor.ts';
import { createVolumeJobs } from './volume-jobs.ts';

// Entry of a volume worker thread. Pixels and voxels are in shared memory.
serveJobs(
  createVolumeJobs({
    tomography: () => loadKernelModule('tomography'),
    iterative: () => loadKernelModule('iterative'),
  }),
);
