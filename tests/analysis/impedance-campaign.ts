import { fitSpectrum } from '../../src/analysis/impedance-fit.ts';
import { type Circuit, parseCircuit } from '../../src/domain/circuit.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import type { ImpedanceKernel } from '../../src/kernels/impedance-kernel.ts';
import { readColumns, readGamry, readZPlot } from './impedance-data.ts';

/** A measured spectrum, a circuit, and the lowest chi-square that is known for them. */
export interface CampaignRow {
  readonly name: string;
  readonly circuit: Circuit;
  readonly points: readonly ImpedancePoint[];
  /** With modulus weights, over the points at or below the first capacitive one. */
  readonly chiSquare: number;
}

export interface CampaignResult {
  readonly name: string;
  /** Share of seeds that end within 1 % of the lowest chi-square, without any guess. */
  readonly hits: number;
  readonly medianMs: number;
  readonly lowest: number;
}

const A = 'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3';
const B = 'R0-p(R1,C1)-p(R2-Wo1,C2)';
const C = 'p(R1,CPE1)-p(R2,CPE2)-CPE3';
const D = 'R0-p(R1,C1)';
const E = 'R0-p(R1-W1,CPE1)';
const F = 'R0-p(R1,CPE1)-p(R2,CPE2)';

/** The spectra and circuits that other fitting packages were measured on. */
export function campaignRows(): readonly CampaignRow[] {
  const row = (
    name: string,
    circuit: string,
    points: readonly ImpedancePoint[],
    chiSquare: number,
  ): CampaignRow => ({
    name,
    circuit: parseCircuit(circuit),
    points: points.filter(({ zImagOhm }) => zImagOhm < 0),
    chiSquare,
  });
  const example = readColumns('exampleData.csv');
  const lithiumIon = readColumns('LIB_data.txt');
  return [
    row('exampleData B', B, example, 1.8388e-2),
    row('exampleData A', A, example, 5.443e-3),
    row('LIB_data A', A, lithiumIon, 1.334e-3),
    row('LIB_data B', B, lithiumIon, 1.835e-3),
    row('battery 64 A', A, readColumns('battery-cycling/spectrum-064.csv'), 2.795e-3),
    row('EISGALV A', A, readGamry('EISGALV_EISTest3.DTA'), 6.275e-4),
    row(
      'Example2b C',
      C,
      readColumns('Example2b.txt').filter(({ frequencyHertz }) => frequencyHertz >= 5),
      4.3111e-3,
    ),
    row('s04147-140 C', C, readColumns('s04147-140deg.txt'), 7.3323e-3),
    row('redox 25 E', E, readColumns('redox-sequence/spectrum-25.csv'), 1.812e-3),
    row('button cell F', F, readColumns('eis_button_sofc.csv'), 1.059e-2),
    row('dummy 3 D', D, readZPlot('Circuit3_EIS_1.z'), 3.079e-3),
    row('dummy 1 D', D, readZPlot('Circuit1_EIS_1.z'), 7.024e-4),
  ];
}

/** Global searches of one row, one per seed from 1. */
export function runCampaign(
  kernel: ImpedanceKernel,
  row: CampaignRow,
  seeds: number,
): CampaignResult {
  const fits = Array.from({ length: seeds }, (_, index) =>
    fitSpectrum(kernel, row.circuit, { points: row.points }, { seed: index + 1 }),
  );
  const times = fits.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const hits = fits.filter(({ chiSquare }) => chiSquare <= 1.01 * row.chiSquare).length;
  return {
    name: row.name,
    hits: hits / seeds,
    medianMs: times[seeds >> 1] ?? Number.NaN,
    lowest: Math.min(...fits.map(({ chiSquare }) => chiSquare)),
  };
}
