import { serveJobs } from '../analysis/executor.ts';
import { createLiveJobs, liveTransfer } from '../analysis/live-jobs.ts';
import { SystemClock } from '../domain/system-clock.ts';
import { loadKernelModule } from '../kernels/wasm-module.ts';
import { FileLiveScratchFactory } from '../store/live-scratch.ts';

// Entry of the live worker thread. It stands here because it joins analysis and store.
serveJobs(
  createLiveJobs({
    module: loadKernelModule('live'),
    scratches: new FileLiveScratchFactory(),
    clock: new SystemClock(),
  }),
  liveTransfer,
);
