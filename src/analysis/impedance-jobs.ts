import { parseCircuit } from '../domain/circuit.ts';
import type { CircuitFit } from '../domain/circuit-fit.ts';
import type { ImpedancePoint, Spectrum } from '../domain/spectrum.ts';
import type { SpectrumValidity } from '../domain/spectrum-validity.ts';
import type { ImpedanceKernel } from '../kernels/impedance-kernel.ts';
import { type FitOptions, fitSpectrum } from './impedance-fit.ts';
import type { PointWithWaveform } from './waveform-check.ts';

export interface FitRequest {
  readonly circuit: string;
  readonly points: readonly ImpedancePoint[];
  readonly options: FitOptions;
}

/** Points, with the samples behind them where they were measured. */
export interface AssessRequest extends Spectrum {
  readonly waveforms?: readonly PointWithWaveform[];
}

/** What an impedance worker does; a type alias, so that it can stand as a table of jobs. */
export type ImpedanceJobs = {
  /** @throws Fault circuitSyntax, badInput, capacity */
  readonly fit: (request: FitRequest) => CircuitFit;
  /** Whether the points are an impedance at all. @throws Fault badInput, capacity */
  readonly assess: (request: AssessRequest) => SpectrumValidity;
};

/**
 * The jobs on one kernel. Each carries all it needs: none depends on the one before.
 * @param assess the test of the data, on a kernel of its own.
 */
export function impedanceJobs(
  kernel: ImpedanceKernel,
  assess: (request: AssessRequest) => SpectrumValidity,
): ImpedanceJobs {
  return {
    fit: ({ circuit, points, options }) =>
      fitSpectrum(kernel, parseCircuit(circuit), { points }, options),
    assess,
  };
}
