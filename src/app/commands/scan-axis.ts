import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  axisStrip,
  type ScanAxis,
  STRIP_OFFSETS_PIXEL,
  scanAxis,
} from '../../analysis/tomography-axis-scan.ts';
import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import { encodePng } from '../../formats/png.ts';
import { mapPicture } from '../../formats/preview.ts';
import { TomographyKernel } from '../../kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import type { Command, CommandLine } from '../command.ts';
import { openAnyScan } from '../open-scan.ts';
import type { Terminal } from '../terminal.ts';

export const scanAxisCommand: Command = {
  name: 'scan axis',
  summary: 'find the rotation axis of a scan, in four ways',
  usage: 'operando scan axis SOURCE [--row N | --rows A,B,...] [--preview FILE.png] [--json]',
  optionHelp: [
    ['SOURCE', 'a DXchange, NXtomo or .frames file, or a folder of TIFF images with angles.txt'],
    ['--row N', 'look at this detector row only, from 0'],
    [
      '--rows A,B,...',
      'look at these; default: five of the middle half. Three or more show a tilt',
    ],
    [
      '--preview FILE.png',
      'slices with the axis -2, -1, 0, 1 and 2 columns off, side by side: the sharpest is right',
    ],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando scan axis tooth.h5',
    'operando scan axis rod --row 67 --preview axis.png',
    'operando scan axis scan-0001.frames --rows 200,600,1000,1400,1800 --json',
  ],
  options: {
    row: { type: 'string' },
    rows: { type: 'string' },
    preview: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const [source, ...others] = line.words;
    if (source === undefined || others.length > 0) {
      throw new Fault('badInput', {
        where: 'operando scan axis',
        message: `${line.words.length} sources given; expected one file or folder`,
      });
    }
    const rows = rowsOf(line);
    const { preview } = line.options;
    if (typeof preview === 'string') checkFolder(preview);
    return findAxis(
      {
        source,
        rows,
        preview: typeof preview === 'string' ? preview : undefined,
        json: line.options.json === true,
      },
      terminal,
    );
  },
};

interface Request {
  readonly source: string;
  readonly rows: readonly number[] | undefined;
  readonly preview: string | undefined;
  readonly json: boolean;
}

async function findAxis(request: Request, terminal: Terminal): Promise<ExitCode> {
  const folder = await mkdtemp(join(tmpdir(), 'operando-axis-'));
  try {
    const scan = await openAnyScan(request.source, { folder, name: 'axis' });
    try {
      const kernel = new TomographyKernel(loadKernelModule('tomography'));
      const found = await scanAxis(kernel, scan, request.rows);
      if (request.preview !== undefined) {
        const strip = axisStrip(kernel, found, scan.columns);
        await writeFile(request.preview, encodePng(mapPicture(strip)));
      }
      if (request.json) terminal.out(`${JSON.stringify(asJson(found, request))}\n`);
      else terminal.out(describe(found, request));
      return EXIT_CODES.done;
    } finally {
      await scan.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function asJson({ axis, rows, tilt, viewsLost }: ScanAxis, { preview }: Request) {
  const { axisPixel, agreed, atRangeEdge, rangeWidened, reason, findings } = axis;
  return {
    axisPixel,
    agreed,
    atRangeEdge,
    rangeWidened,
    reason,
    findings: findings.map((finding) => ({
      finder: finding.finder,
      axisPixel: finding.axisPixel,
      atRangeEdge: finding.atRangeEdge,
    })),
    rows,
    tilt: tilt ?? null,
    viewsLost,
    preview: preview ?? null,
  };
}

function describe({ axis, rows, tilt, viewsLost }: ScanAxis, { preview }: Request): string {
  const doubt = axis.agreed ? '' : ' (uncertain: judge by the slices of --preview)';
  const perRow = rows.map(
    ({ row, axisPixel, agreed }) => `  row ${row}: ${axisPixel.toFixed(2)}${agreed ? '' : ' (?)'}`,
  );
  return [
    `rotation axis at column ${axis.axisPixel.toFixed(2)}${doubt}`,
    ...axis.findings.map(
      ({ finder, axisPixel, atRangeEdge }) =>
        `  ${finder}: ${axisPixel.toFixed(2)}${atRangeEdge ? ', at the edge of its range' : ''}`,
    ),
    `  ${axis.reason}`,
    ...(axis.rangeWidened ? ['  it was looked for beyond the middle half of the detector'] : []),
    ...(rows.length > 1 ? perRow : []),
    ...(tilt?.isSignificant
      ? [
          `  tilted: ${tilt.pixelPerRow.toExponential(2)} columns per row, ${(1000 * tilt.tiltRadian).toFixed(2)} mrad; level the stage`,
        ]
      : []),
    ...(viewsLost > 0 ? [`  ${viewsLost} views without light left out`] : []),
    ...(preview === undefined
      ? []
      : [`  ${preview}: slices ${STRIP_OFFSETS_PIXEL.join(', ')} columns off`]),
    '',
  ].join('\n');
}

function rowsOf(line: CommandLine): readonly number[] | undefined {
  const { row, rows } = line.options;
  if (row !== undefined && rows !== undefined) {
    const message = 'given together with --rows; expected one of them';
    throw new Fault('badInput', { where: '--row', message });
  }
  const where = row === undefined ? '--rows' : '--row';
  const text = row ?? rows;
  if (text === undefined) return undefined;
  const parts = String(text)
    .split(',')
    .map((part) => part.trim());
  const isOne = where === '--rows' || parts.length === 1;
  if (isOne && parts.every((part) => /^\d{1,6}$/.test(part))) {
    return Array.from(new Set(parts.map(Number)));
  }
  const expected = where === '--row' ? 'a detector row such as 67' : 'rows such as 200,600,1000';
  throw new Fault('badInput', {
    where,
    message: `"${text}" is not understood: expected ${expected}`,
  });
}

/** Said before the work, not after. */
function checkFolder(preview: string): void {
  const folder = dirname(resolve(preview));
  if (existsSync(folder)) return;
  const message = `the folder ${folder} is not there; make it first`;
  throw new Fault('badInput', { where: `--preview ${preview}`, message });
}
