import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Channel } from '../../domain/channel.ts';
import { displayUnit, formatNumber, timeSteps, timeUnit } from './display.ts';
import { useElementWidth } from './element-size.ts';
import { linePath } from './line-path.ts';
import type { StepMark } from './run-model.ts';
import type { SeriesBuffer } from './series-buffer.ts';
import { type Theme, useTheme } from './theme.ts';

export interface TimeWindow {
  readonly startSecond: number;
  readonly stopSecond: number;
}

export interface TimeStripProps {
  readonly channel: Channel;
  readonly series: SeriesBuffer;
  readonly steps: readonly StepMark[];
  /** What the x axis shows. */
  readonly window: TimeWindow;
  readonly colourIndex: number;
  readonly heightPixel: number;
  /** The lowest strip of a card carries the time axis. */
  readonly withTimeAxis: boolean;
  /** Names of the steps beside their marks. */
  readonly withStepNames: boolean;
  readonly onZoom: (window: TimeWindow | undefined) => void;
  /** Told where the shared cursor stands; undefined when it has left. */
  readonly onCursor: (timeSecond: number | undefined) => void;
  readonly version: number;
}

/** All strips share one cursor. */
const SYNC_KEY = 'run-time';
const AXIS_WIDTH = 74;
const TIME_AXIS_HEIGHT = 44;
/** Whole pixels: uPlot scales them for the screen and reads no fractions. */
const FONT = '11px system-ui, sans-serif';

/** One channel against time. */
export function TimeStrip(props: TimeStripProps) {
  const { channel, series, window: view, heightPixel, version, colourIndex } = props;
  const [place, width] = useElementWidth<HTMLDivElement>();
  const chart = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const theme = useTheme();
  const unit = displayUnit(channel.unit, largest(series));

  useEffect(() => {
    if (!place.current || width === 0) return;
    const options = chartOptions(() => latest.current, theme, unit.symbol);
    const made = new uPlot(
      { ...options, width, height: heightPixel },
      chartData(series, unit.factor),
      place.current,
    );
    chart.current = made;
    return () => made.destroy();
  }, [width, heightPixel, theme, unit.symbol, series, colourIndex]);

  useEffect(() => {
    chart.current?.setData(chartData(series, unit.factor));
  }, [version, view.startSecond, view.stopSecond]);

  return <div class="strip" ref={place} role="img" aria-label={describe(props)} />;
}

/** "Voltage from 0.012 to 0.098 V over the time shown, newest 0.058 V" */
function describe({ channel, series }: TimeStripProps): string {
  const values = series.values.filter((value) => value !== null);
  if (values.length === 0) return `${channel.label}: no values yet`;
  const { symbol, factor } = displayUnit(channel.unit, largest(series));
  const text = (value: number): string => formatNumber(value / factor, 3);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return `${channel.label} against time, from ${text(low)} to ${text(high)} ${symbol}, newest ${text(series.newestValue ?? 0)} ${symbol}`;
}

function largest(series: SeriesBuffer): number {
  let size = 0;
  for (const value of series.values) size = Math.max(size, Math.abs(value ?? 0));
  return size;
}

function chartData(series: SeriesBuffer, factor: number): uPlot.AlignedData {
  return [
    [...series.times],
    series.values.map((value) => (value === null ? null : value / factor)),
  ];
}

function chartOptions(
  latest: () => TimeStripProps,
  theme: Theme,
  unit: string,
): Omit<uPlot.Options, 'width' | 'height'> {
  const { channel, colourIndex, withTimeAxis } = latest();
  const view = (): TimeWindow => latest().window;
  const colour = theme.series[colourIndex % theme.series.length] ?? theme.ink;
  return {
    padding: [8, 12, withTimeAxis ? 0 : 4, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: () => [view().startSecond, view().stopSecond] },
      y: { range: (_, low, high) => paddedRange(low, high) },
    },
    series: [{}, { stroke: colour, width: 1.5, points: { show: false }, paths: linePath }],
    axes: [timeAxis(theme, view, withTimeAxis), valueAxis(theme, channel.label, unit)],
    cursor: {
      sync: { key: SYNC_KEY, scales: ['x', null] },
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 6, fill: colour },
      bind: { dblclick: () => () => showAll(latest().onZoom) },
    },
    hooks: {
      setCursor: [(chart) => latest().onCursor(cursorSecond(chart))],
      setSelect: [(chart) => zoomToSelection(chart, latest().onZoom)],
      drawAxes: [(chart) => drawSteps(chart, latest(), theme)],
    },
  };
}

/** Tells the chart, by null, that nothing is left for it to do. */
function showAll(onZoom: TimeStripProps['onZoom']): null {
  onZoom(undefined);
  return null;
}

function cursorSecond(chart: uPlot): number | undefined {
  const left = chart.cursor.left ?? -1;
  return left < 0 ? undefined : chart.posToVal(left, 'x');
}

function paddedRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const span = high - low || Math.abs(high) * 0.1 || 1;
  return [low - 0.08 * span, high + 0.08 * span];
}

function timeAxis(theme: Theme, view: () => TimeWindow, shown: boolean): uPlot.Axis {
  const unit = () => timeUnit(view().stopSecond - view().startSecond);
  const common = { stroke: theme.muted, font: FONT, incrs: () => timeSteps(unit()), space: 56 };
  const grid = { stroke: theme.grid, width: 1 };
  if (!shown) return { ...common, grid, ticks: { show: false }, size: 0, values: () => [] };
  return {
    ...common,
    grid,
    ticks: { stroke: theme.grid, width: 1, size: 4 },
    size: TIME_AXIS_HEIGHT - 18,
    label: () => `Elapsed time / ${unit().symbol}`,
    labelFont: FONT,
    labelSize: 18,
    values: (_, splits) => splits.map((second) => formatTick(second / unit().second)),
  } as uPlot.Axis;
}

function valueAxis(theme: Theme, label: string, unit: string): uPlot.Axis {
  return {
    stroke: theme.muted,
    font: FONT,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { stroke: theme.grid, width: 1, size: 4 },
    size: AXIS_WIDTH - 20,
    space: 26,
    label: `${label} / ${unit}`,
    labelFont: FONT,
    labelSize: 20,
    labelGap: 2,
    values: (_, splits) => splits.map(formatTick),
  };
}

/** Without the zeros that only fill up. */
function formatTick(value: number): string {
  return String(Number(value.toPrecision(6))).replace('-', '−');
}

function zoomToSelection(chart: uPlot, onZoom: TimeStripProps['onZoom']): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  onZoom({
    startSecond: chart.posToVal(left, 'x'),
    stopSecond: chart.posToVal(left + width, 'x'),
  });
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** A dotted line where each step began. */
function drawSteps(chart: uPlot, props: TimeStripProps, theme: Theme): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = theme.muted;
  ctx.fillStyle = theme.muted;
  ctx.lineWidth = scale;
  ctx.setLineDash([2 * scale, 3 * scale]);
  ctx.font = `${10 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  let freeFrom = Number.NEGATIVE_INFINITY;
  for (const { timeSecond, name } of props.steps) {
    const x = Math.round(chart.valToPos(timeSecond, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.globalAlpha = 0.55;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const textWidth = ctx.measureText(name).width + 8 * scale;
    const fits = x > freeFrom && x + textWidth < bbox.left + bbox.width;
    if (!props.withStepNames || !fits) continue;
    ctx.globalAlpha = 1;
    ctx.fillText(name, x + 3 * scale, bbox.top + 2 * scale);
    freeFrom = x + textWidth;
  }
  ctx.restore();
}
