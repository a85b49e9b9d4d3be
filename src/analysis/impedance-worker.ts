// Entry of the impedance worker thread.
import { ImpedanceKernel } from '../kernels/impedance-kernel.ts';
import { LockInKernel } from '../kernels/lock-in-kernel.ts';
import { RelaxationKernel } from '../kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../kernels/wasm-module.ts';
import { serveJobs } from './executor.ts';
import { impedanceJobs } from './impedance-jobs.ts';
import { assessSpectrum } from './spectrum-validity.ts';
import { checkWaveform, withWaveforms } from './waveform-check.ts';

const relaxation = new RelaxationKernel(loadKernelModule('relaxation'));
const lockIn = new LockInKernel(loadKernelModule('lock-in'));

serveJobs(
  impedanceJobs(new ImpedanceKernel(loadKernelModule('impedance')), ({ points, waveforms = [] }) =>
    withWaveforms(
      assessSpectrum(relaxation, { points }),
      waveforms.map((one) => checkWaveform(lockIn, one)),
    ),
  ),
);
