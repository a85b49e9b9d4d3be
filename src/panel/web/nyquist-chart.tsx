import { useState } from 'preact/hooks';
import type { ImpedancePoint } from '../../domain/spectrum.ts';
import { dataFail } from './data-verdict.tsx';
import { formatNumber, formatQuantity } from './display.ts';
import { useElementWidth } from './element-size.ts';
import { type NyquistScale, nyquistScale, type PlotBox } from './nyquist-scale.ts';
import type { SpectrumView } from './run-model.ts';

export interface NyquistChartProps {
  readonly shown: SpectrumView;
  /** Drawn thin behind, to show where the cell comes from. */
  readonly others: readonly SpectrumView[];
}

const OTHERS_MAX = 12;
const MARGIN = { left: 58, right: 12, top: 12, bottom: 42 };

/** −Im Z against Re Z on equal axes, measured points and the fitted curve. */
export function NyquistChart({ shown, others }: NyquistChartProps) {
  const [place, width] = useElementWidth<HTMLDivElement>();
  const [near, setNear] = useState<ImpedancePoint | undefined>(undefined);
  const height = Math.round(Math.min(280, Math.max(200, width * 0.46)));
  const box: PlotBox = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(1, width - MARGIN.left - MARGIN.right),
    height: height - MARGIN.top - MARGIN.bottom,
  };
  const behind = others.slice(-OTHERS_MAX);
  const curve = shown.fit && shown.fit.status !== 'failed' ? shown.fit.curve : [];
  const doubtful = dataFail(shown.fit) ? ' doubtful' : '';
  const scale = nyquistScale(
    [...shown.points, ...curve, ...behind.flatMap((one) => one.points)],
    box,
  );
  return (
    <div class="nyquist" ref={place}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={describe(shown)}
          onPointerMove={(event) => {
            const frame = event.currentTarget.getBoundingClientRect();
            const at = { x: event.clientX - frame.left, y: event.clientY - frame.top };
            setNear(nearest(shown.points, scale, at));
          }}
          onPointerLeave={() => setNear(undefined)}
        >
          <Axes box={box} scale={scale} />
          {behind.map((one) => (
            <polyline key={one.spectrumId} class="other" points={path(one.points, scale)} />
          ))}
          <polyline class={`fit${doubtful}`} points={path(curve, scale)} />
          {shown.points.map((point) => (
            <circle
              key={point.frequencyHertz}
              class="measured"
              cx={scale.x(point.zRealOhm)}
              cy={scale.y(point.zImagOhm)}
              r={3}
            />
          ))}
          {near && (
            <circle class="near" cx={scale.x(near.zRealOhm)} cy={scale.y(near.zImagOhm)} r={6} />
          )}
        </svg>
      )}
      <p class="chart-key">
        <span class="key-measured" aria-hidden="true" /> measured
        <span class={`key-fit${doubtful}`} aria-hidden="true" /> fit
        {doubtful && ' (data fail)'}
        {behind.length > 0 && (
          <>
            <span class="key-other" aria-hidden="true" /> other spectra
          </>
        )}
        <output>{near && pointText(near)}</output>
      </p>
    </div>
  );
}

interface AxesProps {
  readonly box: PlotBox;
  readonly scale: NyquistScale;
}

function Axes({ box, scale }: AxesProps) {
  const bottom = box.top + box.height;
  const right = box.left + box.width;
  return (
    <g class="axes">
      {scale.xTicksOhm.map((ohm) => (
        <g key={ohm}>
          <line x1={scale.x(ohm)} x2={scale.x(ohm)} y1={box.top} y2={bottom} />
          <text x={scale.x(ohm)} y={bottom + 15} text-anchor="middle">
            {tickText(ohm)}
          </text>
        </g>
      ))}
      {scale.yTicksOhm.map((ohm) => (
        <g key={ohm}>
          <line x1={box.left} x2={right} y1={scale.y(-ohm)} y2={scale.y(-ohm)} />
          <text x={box.left - 7} y={scale.y(-ohm) + 4} text-anchor="end">
            {tickText(ohm)}
          </text>
        </g>
      ))}
      <text class="label" x={box.left + box.width / 2} y={bottom + 34} text-anchor="middle">
        Re Z / Ω
      </text>
      <text
        class="label"
        text-anchor="middle"
        transform={`translate(14 ${box.top + box.height / 2}) rotate(-90)`}
      >
        −Im Z / Ω
      </text>
    </g>
  );
}

type PlotPoint = Pick<ImpedancePoint, 'zRealOhm' | 'zImagOhm'>;

function path(points: readonly PlotPoint[], scale: NyquistScale): string {
  return points
    .map(
      ({ zRealOhm, zImagOhm }) => `${scale.x(zRealOhm).toFixed(1)},${scale.y(zImagOhm).toFixed(1)}`,
    )
    .join(' ');
}

interface Position {
  readonly x: number;
  readonly y: number;
}

function nearest(points: readonly ImpedancePoint[], scale: NyquistScale, at: Position) {
  let best: ImpedancePoint | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const distance = Math.hypot(scale.x(point.zRealOhm) - at.x, scale.y(point.zImagOhm) - at.y);
    if (distance < bestDistance) [best, bestDistance] = [point, distance];
  }
  return best;
}

function pointText({ frequencyHertz, zRealOhm, zImagOhm }: ImpedancePoint): string {
  const sign = zImagOhm < 0 ? '−' : '+';
  return `${formatQuantity(frequencyHertz, 'Hz', 3)}: ${formatNumber(zRealOhm)} ${sign} j ${formatNumber(Math.abs(zImagOhm))} Ω`;
}

function tickText(ohm: number): string {
  return String(Number(ohm.toPrecision(6))).replace('-', '−');
}

function describe({ number, points, fit }: SpectrumView): string {
  const fitted =
    fit && fit.status !== 'failed' ? ` with a fit of ${fit.circuit}` : ' without a fit';
  const doubt = dataFail(fit) ? '; the data fail their validity test' : '';
  return `Nyquist plot of spectrum ${number}: ${points.length} measured points${fitted}${doubt}`;
}
