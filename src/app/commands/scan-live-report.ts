import type { Problem } from '../../domain/fault.ts';
import type { LiveSlice } from '../../domain/scan.ts';

/** What is printed of one scan. */
export interface LiveReport {
  readonly source: string;
  readonly mode: LiveSlice['mode'] | undefined;
  readonly views: number;
  readonly viewsUsed: number;
  readonly viewsLost: number;
  readonly viewsRepeated: number;
  readonly viewsTakenOut: number;
  readonly weightsCorrected: number;
  readonly axisPixel: number;
  readonly axisAgreed: boolean;
  readonly binning: number | undefined;
  /** A detector pixel at the sample; null when it was not given. */
  readonly pixelSizeUm: number | null;
  readonly viewsPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly picturesSkipped: number;
  readonly problems: readonly Problem[];
  readonly images: readonly string[];
  readonly durationMs: number;
}

/** The same for people. */
export function describeLive(report: LiveReport): string {
  const { source, views, viewsUsed, axisPixel, axisAgreed, latencyMs, images } = report;
  const left = [
    [report.viewsLost, 'without light'],
    [report.viewsRepeated, 'repeated'],
  ] as const;
  const lines = [
    `${source}: ${viewsUsed} of ${views} views${left.map(([count, what]) => (count > 0 ? `, ${count} ${what}` : '')).join('')}`,
    `  ${report.mode === 'difference' ? 'each view replaced one of the scan before' : 'slices filled view by view'}, pixels of ${report.binning ?? 1} x ${report.binning ?? 1}`,
    `  axis ${axisPixel.toFixed(2)}${axisAgreed ? '' : ' (the finders do not agree: check it)'}`,
    `  ${report.viewsPerSecond.toFixed(1)} views/s, pictures ${latencyMs.p50.toFixed(1)} ms after their frame (p99 ${latencyMs.p99.toFixed(1)} ms), ${report.picturesSkipped} skipped`,
    ...report.problems.map(({ where, message }) => `  ${where}: ${message}`),
    ...images.slice(-4).map((file) => `  ${file}`),
  ];
  return `${lines.join('\n')}\n`;
}
