// Entry of the impedance worker thread.
import { ImpedanceKernel } from '../kernels/impedance-kernel.ts';
import { loadKernelModule } from '../kernels/wasm-module.ts';
import { serveJobs } from './executor.ts';
import { impedanceJobs } from './impedance-jobs.ts';

serveJobs(impedanceJobs(new ImpedanceKernel(loadKernelModule('impedance'))));
