// Entry of the impedance worker thread.
import { ImpedanceKernel } from '../kernels/impedance-kernel.ts';
import { RelaxationKernel } from '../kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../kernels/wasm-module.ts';
import { serveJobs } from './executor.ts';
import { impedanceJobs } from './impedance-jobs.ts';
import { assessSpectrum } from './spectrum-validity.ts';

const relaxation = new RelaxationKernel(loadKernelModule('relaxation'));

serveJobs(
  impedanceJobs(new ImpedanceKernel(loadKernelModule('impedance')), (spectrum) =>
    assessSpectrum(relaxation, spectrum),
  ),
);
