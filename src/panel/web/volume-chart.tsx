import { formatNumber, niceStep } from './display.ts';
import { useElementWidth } from './element-size.ts';
import type { VolumeView } from './run-model.ts';

const HEIGHT = 170;
const MARGIN = { left: 58, right: 12, top: 10, bottom: 38 };
const TICKS = 4;
const MILLION_UM3 = 1e12;
const COULOMB_PER_AMPERE_HOUR = 3600;

interface ChartPoint {
  readonly number: number;
  readonly chargeAmpereHour: number;
  readonly lithiumMillionUm3: number;
  readonly errorMillionUm3: number;
  readonly electrochemicalMillionUm3: number;
}

/** Lithium that is seen and lithium that the charge makes, against the charge. */
export function VolumeChart({ volumes }: { readonly volumes: readonly VolumeView[] }) {
  const [place, width] = useElementWidth<HTMLDivElement>();
  const points = volumes.flatMap(pointOf);
  const x = scaleOf(points.map(({ chargeAmpereHour }) => chargeAmpereHour));
  const y = scaleOf(
    points.flatMap(({ lithiumMillionUm3, errorMillionUm3, electrochemicalMillionUm3 }) => [
      lithiumMillionUm3 - errorMillionUm3,
      lithiumMillionUm3 + errorMillionUm3,
      electrochemicalMillionUm3,
    ]),
  );
  const right = Math.max(MARGIN.left + 1, width - MARGIN.right);
  const bottom = HEIGHT - MARGIN.bottom;
  const atX = (value: number) => MARGIN.left + x.share(value) * (right - MARGIN.left);
  const atY = (value: number) => bottom - y.share(value) * (bottom - MARGIN.top);
  return (
    <div class="nyquist" ref={place}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={describe(points)}>
          <g class="axes">
            {x.ticks.map((tick) => (
              <g key={tick}>
                <line x1={atX(tick)} x2={atX(tick)} y1={MARGIN.top} y2={bottom} />
                <text x={atX(tick)} y={bottom + 15} text-anchor="middle">
                  {formatNumber(tick * 1000, 3)}
                </text>
              </g>
            ))}
            {y.ticks.map((tick) => (
              <g key={tick}>
                <line x1={MARGIN.left} x2={right} y1={atY(tick)} y2={atY(tick)} />
                <text x={MARGIN.left - 7} y={atY(tick) + 4} text-anchor="end">
                  {formatNumber(tick, 3)}
                </text>
              </g>
            ))}
            <text class="label" x={(MARGIN.left + right) / 2} y={bottom + 32} text-anchor="middle">
              Charge since / mAh
            </text>
          </g>
          <polyline
            class="other"
            points={points
              .map((one) => `${atX(one.chargeAmpereHour)},${atY(one.electrochemicalMillionUm3)}`)
              .join(' ')}
          />
          {points.map((one) => (
            <g key={one.number}>
              <line
                class="fit"
                x1={atX(one.chargeAmpereHour)}
                x2={atX(one.chargeAmpereHour)}
                y1={atY(one.lithiumMillionUm3 - one.errorMillionUm3)}
                y2={atY(one.lithiumMillionUm3 + one.errorMillionUm3)}
              />
              <circle
                class="measured"
                cx={atX(one.chargeAmpereHour)}
                cy={atY(one.lithiumMillionUm3)}
                r={3}
              />
            </g>
          ))}
        </svg>
      )}
      <p class="chart-key">
        <span class="key-measured" aria-hidden="true" /> lithium seen / 10⁶ µm³
        <span class="key-other" aria-hidden="true" /> by charge
      </p>
    </div>
  );
}

function pointOf({ number, change }: VolumeView): ChartPoint[] {
  if (!change?.lithium) return [];
  return [
    {
      number,
      chargeAmpereHour: change.chargeCoulomb / COULOMB_PER_AMPERE_HOUR,
      lithiumMillionUm3: change.lithium.value * MILLION_UM3,
      errorMillionUm3: (change.lithium.standardError ?? 0) * MILLION_UM3,
      electrochemicalMillionUm3: change.electrochemicalCubicMetre * MILLION_UM3,
    },
  ];
}

/** From 0, or below it where a value is, to the greatest. */
function scaleOf(values: readonly number[]) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const span = high - low || 1;
  const step = niceStep(span, TICKS);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return {
    share: (value: number) => (value - low) / span,
    ticks: Array.from({ length: Math.max(0, count) }, (_, at) => (first + at) * step),
  };
}

function describe(points: readonly ChartPoint[]): string {
  const newest = points.at(-1);
  const seen = newest ? formatNumber(newest.lithiumMillionUm3, 3) : '0';
  const made = newest ? formatNumber(newest.electrochemicalMillionUm3, 3) : '0';
  return `Lithium against charge in ${points.length} volumes; newest: ${seen} million µm³ seen, ${made} by charge`;
}
