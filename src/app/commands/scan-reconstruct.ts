import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { reconstructScan } from '../../analysis/reconstruct.ts';
import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import {
  type AxisSetting,
  RECONSTRUCTION_ALGORITHMS,
  type ReconstructionAlgorithm,
  type ReconstructionSummary,
} from '../../domain/scan.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { NxtomoVolumeWriter } from '../../formats/nxtomo-volume.ts';
import { readScan } from '../../formats/read-scan.ts';
import { TomographyKernel } from '../../kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import { type Command, required } from '../command.ts';
import { ProgressDisplay } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

export const scanReconstructCommand: Command = {
  name: 'scan reconstruct',
  summary: 'reconstruct a volume from a tomography scan',
  usage:
    'operando scan reconstruct SOURCE --out FILE.h5 [--algorithm gridding|fbp] [--axis auto|PX] [--json]',
  optionHelp: [
    ['SOURCE', 'a DXchange or NXtomo file, or a folder of TIFF images with angles.txt'],
    ['--out FILE.h5', 'the volume, float32 at /entry/data/data, attenuation per pixel'],
    ['--algorithm NAME', 'gridding (default, fast) or fbp (direct back-projection)'],
    ['--axis auto|PX', 'rotation axis: found (default), or its detector column'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando scan reconstruct tooth.h5 --out volume.h5',
    'operando scan reconstruct scans/rod --out rod.h5 --axis 85.7 --json',
  ],
  options: {
    out: { type: 'string' },
    algorithm: { type: 'string', default: 'gridding' },
    axis: { type: 'string', default: 'auto' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const output = required(scanReconstructCommand, line, 'out');
    const algorithm = algorithmOf(line.options.algorithm);
    const axis = axisOf(line.options.axis);
    const [source, ...others] = line.words;
    if (source === undefined || others.length > 0) {
      throw new Fault('badInput', {
        where: 'operando scan reconstruct',
        message: `${line.words.length} sources given; expected one file or folder`,
      });
    }
    return reconstruct(
      { source, output, algorithm, axis, json: line.options.json === true },
      terminal,
    );
  },
};

interface Request {
  readonly source: string;
  readonly output: string;
  readonly algorithm: ReconstructionAlgorithm;
  readonly axis: AxisSetting;
  readonly json: boolean;
}

async function reconstruct(request: Request, terminal: Terminal): Promise<ExitCode> {
  checkFolder(request.output);
  const scan = await readScan(request.source);
  const kernel = new TomographyKernel(loadKernelModule('tomography'));
  let fraction = 0;
  const progress = new ProgressDisplay(terminal, new SystemClock(), () => ({
    fraction,
    text: `reconstructing ${scan.rows} slices of ${scan.columns} × ${scan.columns}`,
  }));
  if (terminal.isInteractive) progress.start();
  const { volume, summary } = reconstructScan(kernel, scan, {
    algorithm: request.algorithm,
    axis: request.axis,
    onProgress: (done) => {
      fraction = done;
    },
  });
  await new NxtomoVolumeWriter().write(request.output, volume, summary);
  progress.stop();
  if (request.json) terminal.out(`${JSON.stringify(asJson(summary, request.output))}\n`);
  else terminal.out(describe(summary, request.output));
  return EXIT_CODES.done;
}

/** Said before minutes of work, not after. */
function checkFolder(output: string): void {
  const folder = dirname(resolve(output));
  if (existsSync(folder)) return;
  throw new Fault('badInput', {
    where: `--out ${output}`,
    message: `the folder ${folder} is not there; make it first`,
  });
}

function asJson(summary: ReconstructionSummary, output: string) {
  const { slices, rows, columns, views, axisPixel, axisAgreed, algorithm, durationMs } = summary;
  return { slices, rows, columns, views, axisPixel, axisAgreed, algorithm, durationMs, output };
}

function describe(summary: ReconstructionSummary, output: string): string {
  const doubt = summary.axisAgreed
    ? ''
    : ' (uncertain: the axis finders disagree; check the slice)';
  return [
    `${summary.slices} slices of ${summary.rows} × ${summary.columns} from ${summary.views} views`,
    `  rotation axis at column ${summary.axisPixel.toFixed(2)}${doubt}`,
    `  ${summary.algorithm}, ${(summary.durationMs / 1000).toFixed(2)} s`,
    `  ${output}`,
    '',
  ].join('\n');
}

function algorithmOf(text: unknown): ReconstructionAlgorithm {
  const found = RECONSTRUCTION_ALGORITHMS.find((name) => name === text);
  if (found) return found;
  throw new Fault('badInput', {
    where: '--algorithm',
    message: `"${text}" is not offered; expected ${RECONSTRUCTION_ALGORITHMS.join(' or ')}`,
  });
}

function axisOf(text: unknown): AxisSetting {
  if (text === 'auto') return 'auto';
  const pixel = Number(text);
  if (text !== '' && Number.isFinite(pixel)) return pixel;
  throw new Fault('badInput', {
    where: '--axis',
    message: `"${text}" is not understood: expected auto or a detector column such as 296.0`,
  });
}
