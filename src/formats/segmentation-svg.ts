import type { PorosityBin, Segmentation } from '../domain/segmentation.ts';
import { line, marker, polyline, svgDocument, textAt } from './svg-elements.ts';
import { FIT_COLOUR, SECOND_COLOUR, WARNING_COLOUR } from './svg-palette.ts';
import { drawPanel, type Panel } from './svg-panel.ts';
import { linearScale, type Scale } from './svg-scale.ts';

const WIDTH = 880;
const HEIGHT = 380;
const BOX = { top: 50, width: 330, height: 260 };
const METRE_TO_MICROMETRE = 1e6;
const PERCENT = 100;

/** Grey values with the threshold and Otsu's curve, and beside them porosity against depth. */
export function segmentationSvg(segmentation: Segmentation): string {
  const size = { width: WIDTH, height: HEIGHT, title: `Segmentation of ${segmentation.where}` };
  return svgDocument(size, [greyPanel(segmentation), porosityPanel(segmentation)]);
}

function greyPanel({ threshold }: Segmentation): string {
  const { histogram, curve, valuePerPixel, sigmaPerPixel } = threshold;
  const { counts, offsetPerPixel, stepPerPixel } = histogram;
  const used = counts.flatMap((count, bin) => (count > 0 ? [bin] : []));
  const low = offsetPerPixel + (used[0] ?? 0) * stepPerPixel;
  const high = offsetPerPixel + ((used.at(-1) ?? counts.length - 1) + 1) * stepPerPixel;
  const most = Math.max(1, ...counts);
  const left = 70;
  const x = linearScale({ low, high, lowPixel: left, highPixel: left + BOX.width }, 5);
  const y = upwards(0, 1.05);
  const panel: Panel = {
    name: 'grey-values',
    box: { ...BOX, left },
    x,
    y,
    xTitle: 'attenuation (1/pixel)',
    yTitle: 'share of the peak; Otsu criterion',
  };
  const greyAt = (bin: number) => offsetPerPixel + bin * stepPerPixel;
  const at = (bin: number, value: number) => ({ x: x.toPixel(greyAt(bin)), y: y.toPixel(value) });
  const edge = (value: number, colour: string, width: number) =>
    line(
      { x: x.toPixel(value), y: BOX.top },
      { x: x.toPixel(value), y: BOX.top + BOX.height },
      colour,
      width,
    );
  return [
    textAt({ x: left, y: 34 }, 'Grey values and threshold', { weight: 'bold' }),
    drawPanel(panel, [
      polyline(
        counts.map((count, bin) => at(bin + 0.5, count / most)),
        FIT_COLOUR,
      ),
      polyline(
        curve.map((value, bin) => at(bin, value)),
        SECOND_COLOUR,
      ),
      edge(valuePerPixel, WARNING_COLOUR, 1.5),
      edge(valuePerPixel - sigmaPerPixel, WARNING_COLOUR, 0.5),
      edge(valuePerPixel + sigmaPerPixel, WARNING_COLOUR, 0.5),
    ]),
  ].join('\n');
}

function porosityPanel({ porosity, voxelSizeMetre }: Segmentation): string {
  const scale = voxelSizeMetre === null ? 1 : voxelSizeMetre * METRE_TO_MICROMETRE;
  const depthOf = (bin: PorosityBin) => 0.5 * (bin.depthFromVoxel + bin.depthToVoxel) * scale;
  const deepest = Math.max(scale, ...porosity.map(({ depthToVoxel }) => depthToVoxel * scale));
  const highest = Math.max(
    1e-4,
    ...porosity.map((bin) => Math.max(bin.thresholdHigh, bin.fraction + bin.countingSigma)),
  );
  const left = 510;
  const x = linearScale({ low: 0, high: deepest, lowPixel: left, highPixel: left + BOX.width }, 6);
  const y = upwards(0, 1.1 * PERCENT * highest);
  const panel: Panel = {
    name: 'porosity',
    box: { ...BOX, left },
    x,
    y,
    xTitle: voxelSizeMetre === null ? 'depth (voxel)' : 'depth (µm)',
    yTitle: 'porosity (vol %)',
  };
  return [
    textAt({ x: left, y: 34 }, 'Porosity behind the interface', { weight: 'bold' }),
    drawPanel(
      panel,
      porosity.flatMap((bin) => pointOf(bin, x.toPixel(depthOf(bin)), y)),
    ),
  ].join('\n');
}

/** The value with its counting error, and beside it what the threshold makes of it. */
function pointOf(bin: PorosityBin, x: number, y: Scale): string[] {
  const pixel = (fraction: number) => y.toPixel(PERCENT * Math.max(0, fraction));
  const bar = (at: number, low: number, high: number, colour: string) =>
    line({ x: at, y: pixel(low) }, { x: at, y: pixel(high) }, colour);
  const { fraction, countingSigma, thresholdLow, thresholdHigh } = bin;
  return [
    bar(x, fraction - countingSigma, fraction + countingSigma, FIT_COLOUR),
    bar(x + 2, thresholdLow, thresholdHigh, SECOND_COLOUR),
    marker({ x, y: pixel(fraction) }, { colour: FIT_COLOUR }),
  ];
}

function upwards(low: number, high: number): Scale {
  return linearScale({ low, high, lowPixel: BOX.top + BOX.height, highPixel: BOX.top }, 5);
}
