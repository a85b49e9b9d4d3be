import { inlineExecutor, serveJobs } from '../analysis/executor.ts';
import { createSegmentJobs } from '../analysis/segment-jobs.ts';
import { createVolumeResultsJobs } from '../analysis/volume-results-jobs.ts';
import { openVolume } from '../formats/open-volume.ts';
import { RegistrationKernel } from '../kernels/registration-kernel.ts';
import { loadKernelModule } from '../kernels/wasm-module.ts';

// Entry of the worker thread that looks into volumes. It stands here because it joins analysis and
// the files of volumes.
serveJobs(
  createVolumeResultsJobs({
    open: openVolume,
    segmenter: inlineExecutor(createSegmentJobs(loadKernelModule('volume'))),
    kernel: new RegistrationKernel(loadKernelModule('registration')),
  }),
);
