import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { balanceOf, type ChargePassed, chargeOf } from '../../analysis/lithium-volume.ts';
import { type CompareOptions, compareVolumes } from '../../analysis/volume-change.ts';
import { DifferenceVolume } from '../../analysis/volume-difference.ts';
import { type VoxelSizeEvidence, voxelSizeDoubts } from '../../analysis/voxel-size-doubt.ts';
import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import type { VolumeSource } from '../../domain/volume.ts';
import { differencePicture } from '../../formats/difference-picture.ts';
import { writeDifference } from '../../formats/difference-volume.ts';
import { openVolume } from '../../formats/open-volume.ts';
import { encodePng } from '../../formats/png.ts';
import { RegistrationKernel } from '../../kernels/registration-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import { type Command, type CommandLine, numberOption } from '../command.ts';
import { ProgressDisplay } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { comparisonJson, describeComparison } from './scan-compare-report.ts';

const UM_PER_MM = 1000;

export const scanCompareCommand: Command = {
  name: 'scan compare',
  summary: 'how much a phase grew between two volumes, against the charge that passed',
  usage:
    'operando scan compare BEFORE.h5 AFTER.h5 [--voxel-size UM] [--charge COULOMB | --charge-mah MAH] [--molar-volume UM3_PER_MOL] [--threshold auto|VALUE] [options]',
  optionHelp: [
    ['BEFORE.h5 AFTER.h5', 'two volumes of one sample; see operando scan reconstruct'],
    ['--voxel-size UM', 'side of a voxel in micrometre; without it volumes are in voxels'],
    ['--field-of-view MM', 'what all columns see: a voxel size more than 5 % off is told'],
    ['--pitch UM,MAGNIFICATION', 'pixels of the camera: a voxel size more than 5 % off is told'],
    ['--charge COULOMB', 'charge between the scans, for the volume by Faraday’s law'],
    ['--charge-mah MAH', 'the same in milliampere-hours'],
    ['--molar-volume UM3_PER_MOL', 'of the lithium taken up; default: lithium metal, 1.30e13'],
    ['--threshold auto|VALUE', 'between the phases: found (default, Otsu), or attenuation 1/pixel'],
    ['--register on|off', 'find how the sample moved between the scans; default: on'],
    ['--slices FIRST-LAST', 'only these slices; default: all'],
    ['--radius VOXELS', 'only what lies within this radius of the middle; default: the disc'],
    ['--preview FILE.png', 'three orthogonal slices of the difference: red grew, blue shrank'],
    ['--difference OUT.h5', 'the difference as a volume, 1 where a voxel changed its phase'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando scan compare charged-0.h5 charged-1.h5 --voxel-size 2.5',
    'operando scan compare before.h5 after.h5 --voxel-size 2.5 --charge 0.556 --molar-volume 11.8e12 --json',
    'operando scan compare before.h5 after.h5 --slices 100-600 --preview growth.png',
  ],
  options: {
    'voxel-size': { type: 'string' },
    'field-of-view': { type: 'string' },
    pitch: { type: 'string' },
    charge: { type: 'string' },
    'charge-mah': { type: 'string' },
    'molar-volume': { type: 'string' },
    threshold: { type: 'string', default: 'auto' },
    register: { type: 'string', default: 'on' },
    slices: { type: 'string' },
    radius: { type: 'string' },
    preview: { type: 'string' },
    difference: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const [before, after, ...others] = line.words;
    if (before === undefined || after === undefined || others.length > 0) {
      const message = `${line.words.length} volumes given; expected the one before and the one after`;
      throw new Fault('badInput', { where: 'operando scan compare', message });
    }
    const request = requestOf(line);
    const first = await openVolume(before);
    try {
      const second = await openVolume(after);
      try {
        return await compare(first, second, request, terminal);
      } finally {
        await second.close();
      }
    } finally {
      await first.close();
    }
  },
};

interface Request {
  readonly options: CompareOptions;
  readonly evidence: VoxelSizeEvidence;
  readonly charge: ChargePassed | undefined;
  readonly preview: string | undefined;
  readonly difference: string | undefined;
  readonly json: boolean;
}

async function compare(
  before: VolumeSource,
  after: VolumeSource,
  request: Request,
  terminal: Terminal,
): Promise<ExitCode> {
  const kernel = new RegistrationKernel(loadKernelModule('registration'));
  const { voxelSizeUm } = request.options;
  let fraction = 0;
  const progress = new ProgressDisplay(terminal, new SystemClock(), () => ({
    fraction,
    text: `comparing ${before.slices} slices of ${before.rows} × ${before.columns}`,
  }));
  if (terminal.isInteractive) progress.start();
  try {
    const onProgress = (done: number): void => {
      fraction = done;
    };
    const options = { ...request.options, onProgress };
    const { change, motion } = await compareVolumes(kernel, before, after, options);
    const difference = new DifferenceVolume(kernel, { before, after, change, motion });
    if (request.preview !== undefined) {
      const picture = differencePicture(await difference.middlePlanes());
      await writeFile(request.preview, encodePng(picture));
    }
    if (request.difference !== undefined) await writeDifference(request.difference, difference);
    const warnings =
      voxelSizeUm === undefined
        ? []
        : voxelSizeDoubts(voxelSizeUm, before.columns, request.evidence);
    const report = {
      before: before.where,
      after: after.where,
      change,
      warnings,
      ...(request.charge ? { balance: balanceOf(change.grey, request.charge) } : {}),
    };
    progress.stop();
    if (request.json) terminal.out(`${JSON.stringify(comparisonJson(report))}\n`);
    else terminal.out(describeComparison(report));
    return EXIT_CODES.done;
  } finally {
    progress.stop();
  }
}

function requestOf(line: CommandLine): Request {
  const voxelSizeUm = numberOption(line, 'voxel-size', { min: 1e-3, max: 1e5 });
  const charge = chargePassed(line);
  if (charge && voxelSizeUm === undefined) {
    throw new Fault('badInput', {
      where: '--voxel-size',
      message: 'is missing: a charge can only be compared with a volume in cubic micrometre',
    });
  }
  const threshold = thresholdOf(line);
  const radiusVoxel = numberOption(line, 'radius', { min: 1, max: 1e5 });
  return {
    options: {
      ...(voxelSizeUm === undefined ? {} : { voxelSizeUm }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(radiusVoxel === undefined ? {} : { radiusVoxel }),
      ...slicesOf(line),
      registers: registersOf(line),
    },
    evidence: evidenceOf(line),
    charge,
    preview: outputOf(line, 'preview'),
    difference: outputOf(line, 'difference'),
    json: line.options.json === true,
  };
}

function chargePassed(line: CommandLine): ChargePassed | undefined {
  const limits = { min: -1e9, max: 1e9 };
  const coulomb = numberOption(line, 'charge', limits);
  const milliampereHour = numberOption(line, 'charge-mah', limits);
  const molarVolumeUm3PerMol = numberOption(line, 'molar-volume', { min: 1e9, max: 1e16 });
  if (coulomb !== undefined && milliampereHour !== undefined) {
    const message = 'and --charge say the same; give one of them';
    throw new Fault('badInput', { where: '--charge-mah', message });
  }
  const chargeCoulomb =
    coulomb ?? (milliampereHour === undefined ? undefined : chargeOf(milliampereHour));
  if (chargeCoulomb === undefined) {
    if (molarVolumeUm3PerMol === undefined) return undefined;
    const message = 'needs a charge, such as --charge 0.556';
    throw new Fault('badInput', { where: '--molar-volume', message });
  }
  if (chargeCoulomb === 0) {
    throw new Fault('badInput', { where: '--charge', message: '0; expected a charge that passed' });
  }
  return { chargeCoulomb, ...(molarVolumeUm3PerMol === undefined ? {} : { molarVolumeUm3PerMol }) };
}

function thresholdOf(line: CommandLine): number | undefined {
  if (line.options.threshold === 'auto') return undefined;
  return numberOption(line, 'threshold', { min: -1e6, max: 1e6 });
}

function registersOf(line: CommandLine): boolean {
  const text = line.options.register;
  if (text === 'on' || text === 'off') return text === 'on';
  throw new Fault('badInput', { where: '--register', message: `"${text}"; expected on or off` });
}

function slicesOf(line: CommandLine): Pick<CompareOptions, 'firstSlice' | 'slices'> {
  const text = line.options.slices;
  if (text === undefined) return {};
  const [first, last] = /^(\d+)-(\d+)$/.exec(String(text))?.slice(1).map(Number) ?? [];
  if (first !== undefined && last !== undefined && last > first) {
    return { firstSlice: first, slices: last - first + 1 };
  }
  throw new Fault('badInput', {
    where: '--slices',
    message: `"${text}" is not understood: expected the first and the last slice, such as 100-600`,
  });
}

function evidenceOf(line: CommandLine): VoxelSizeEvidence {
  const fieldOfViewMm = numberOption(line, 'field-of-view', { min: 1e-3, max: 1e4 });
  const text = line.options.pitch;
  const [pitchUm, magnification, ...rest] =
    text === undefined
      ? []
      : String(text)
          .split(',')
          .map((part) => Number(part.trim() || 'none'));
  const isPair = pitchUm !== undefined && magnification !== undefined && rest.length === 0;
  if (text !== undefined && !(isPair && pitchUm > 0 && magnification > 0)) {
    throw new Fault('badInput', {
      where: '--pitch',
      message: `"${text}" is not understood: expected micrometre and magnification, such as 11,4.4`,
    });
  }
  return {
    ...(fieldOfViewMm === undefined ? {} : { fieldOfViewUm: fieldOfViewMm * UM_PER_MM }),
    ...(isPair ? { pitchOverMagnificationUm: pitchUm / magnification } : {}),
  };
}

/** Where to write, in a folder that is there: said before minutes of work, not after. */
function outputOf(line: CommandLine, option: string): string | undefined {
  const path = line.options[option];
  if (typeof path !== 'string') return undefined;
  const folder = dirname(resolve(path));
  if (existsSync(folder)) return path;
  throw new Fault('badInput', {
    where: `--${option} ${path}`,
    message: `the folder ${folder} is not there; make it first`,
  });
}
