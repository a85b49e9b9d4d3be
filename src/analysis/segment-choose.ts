import { Fault } from '../domain/fault.ts';
import type {
  ElectrodePhase,
  InterfaceSurface,
  SegmentationSeries,
  SegmentationThreshold,
} from '../domain/segmentation.ts';
import type { GreyGrid } from './segment-grid.ts';
import { onGrid, otsuSplit, otsuThreeClasses, thresholdSigmaBins } from './segment-threshold.ts';

/** A threshold as the kernel uses it, and as it is reported. */
export interface CodeThreshold {
  /** First bright code. */
  readonly code: number;
  /** Codes below are voids, with three classes and a bright electrode. */
  readonly voidCode: number | undefined;
  /** How many codes the threshold is moved by for its standard error; 0: not at all. */
  readonly sigmaCodes: number;
  readonly threshold: SegmentationThreshold;
  readonly series: SegmentationSeries;
}

/** Below this the two classes are hardly apart, and Otsu's threshold cuts through one of them. */
const SEPARABILITY_MIN = 0.65;
/** Drift of a series that is worth a remark, in standard errors. */
const DRIFT_SIGMAS = 3;
const OUTLIERS_MAX = 0.3;

/**
 * The threshold of a volume. In a series it is that of the first scan, so that volumes can be
 * subtracted; the grey values of all scans are kept beside it.
 * @param request.histograms one for each slab; empty when they are not known yet
 * @throws Fault badInput for a threshold outside the volume's grey values
 */
export function chooseThreshold(request: {
  readonly grid: GreyGrid;
  readonly histograms: readonly Float64Array[];
  readonly setting: 'auto' | number;
  readonly series: SegmentationSeries | undefined;
  readonly classes: 2 | 3;
  readonly phase: ElectrodePhase;
}): CodeThreshold {
  const { grid, histograms, setting, series, classes, phase } = request;
  const counts = new Float64Array(grid.bins);
  for (const slab of histograms) {
    for (let k = 0; k < counts.length; k++) counts[k] = (counts[k] ?? 0) + (slab[k] ?? 0);
  }
  const known = counts.some((count) => count > 0);
  const split = known ? otsuSplit(counts) : undefined;
  const three = classes === 3 && split ? otsuThreeClasses(counts) : undefined;
  const greyAt = (code: number) => grid.offsetPerPixel + code * grid.stepPerPixel;
  const codeOf = (value: number) => Math.round((value - grid.offsetPerPixel) / grid.stepPerPixel);
  const found = three ? three[phase === 'dark' ? 0 : 1] : (split?.bin ?? 0);
  const given = setting === 'auto' ? series?.threshold.valuePerPixel : setting;
  const code = given === undefined ? found : codeOf(given);
  if (!(code > 0 && code < grid.bins)) {
    throw new Fault('badInput', {
      where: 'threshold',
      message: `${given} lies outside the grey values of the volume, ${greyAt(0).toPrecision(4)} to ${greyAt(grid.bins).toPrecision(4)} per pixel`,
    });
  }
  const origin = given === undefined ? 'otsu' : setting === 'auto' ? 'series' : 'given';
  const sigmaPerPixel =
    origin === 'given'
      ? 0
      : origin === 'series'
        ? (series?.threshold.sigmaPerPixel ?? 0)
        : thresholdSigmaBins(histograms) * grid.stepPerPixel;
  const voidBelow =
    phase === 'bright' && classes === 3
      ? (series?.threshold.voidBelowPerPixel ?? (three ? greyAt(three[0]) : null))
      : null;
  const threshold = {
    origin,
    valuePerPixel: greyAt(code),
    sigmaPerPixel,
    voidBelowPerPixel: voidBelow,
    separability: split?.separability ?? 0,
    curve: Array.from(split?.curve ?? []),
    histogram: {
      offsetPerPixel: grid.offsetPerPixel,
      stepPerPixel: grid.stepPerPixel,
      counts: Array.from(counts),
    },
  } as const;
  return {
    code,
    voidCode: voidBelow === null ? undefined : codeOf(voidBelow),
    sigmaCodes: sigmaPerPixel > 0 ? Math.max(1, Math.round(sigmaPerPixel / grid.stepPerPixel)) : 0,
    threshold,
    series: accumulated(series, threshold, grid),
  };
}

/** The series with this scan's grey values, and its first scan's threshold. */
function accumulated(
  series: SegmentationSeries | undefined,
  threshold: SegmentationThreshold,
  grid: GreyGrid,
): SegmentationSeries {
  if (!series) return { scans: 1, threshold };
  const before = onGrid(series.threshold.histogram, grid);
  const counts = Float64Array.from(threshold.histogram.counts, (n, k) => n + (before[k] ?? 0));
  if (!counts.some((count) => count > 0)) return series;
  const { curve, separability } = otsuSplit(counts);
  return {
    scans: series.scans + 1,
    threshold: {
      ...series.threshold,
      separability,
      curve: Array.from(curve),
      histogram: { ...threshold.histogram, counts: Array.from(counts) },
    },
  };
}

/** What a reader of the result should know. */
export function remarksOn(found: {
  readonly threshold: SegmentationThreshold;
  readonly series: SegmentationSeries | undefined;
  readonly surface: InterfaceSurface | undefined;
  readonly electrodeVoxels: number | undefined;
}): string[] {
  const { threshold, surface, electrodeVoxels } = found;
  const { histogram, curve, valuePerPixel, sigmaPerPixel } = threshold;
  const remarks: string[] = [];
  if (threshold.separability < SEPARABILITY_MIN) {
    const percent = Math.round(100 * threshold.separability);
    remarks.push(
      `only ${percent} % of the variance of the grey values lies between the two classes: they overlap, or one of them is rare; give the threshold of a scan with both`,
    );
  }
  const peak = curve.indexOf(Math.max(...curve));
  const own = histogram.offsetPerPixel + peak * histogram.stepPerPixel;
  const drift = Math.abs(own - valuePerPixel);
  if (threshold.origin === 'series' && drift > DRIFT_SIGMAS * sigmaPerPixel) {
    remarks.push(
      `by itself this scan would be parted at ${own.toPrecision(4)} per pixel, ${(drift / sigmaPerPixel).toFixed(1)} standard errors from the series: grey values have drifted, or a phase has come or gone`,
    );
  }
  if (electrodeVoxels === 0) {
    remarks.push('nothing at the face of the electrode is of its phase: check face and phase');
  }
  if (surface && surface.outlierFraction > OUTLIERS_MAX) {
    const percent = Math.round(100 * surface.outlierFraction);
    remarks.push(`${percent} % of the boundary does not lie on the fitted interface`);
  }
  return remarks;
}
