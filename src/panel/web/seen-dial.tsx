import type { PictureHeader } from '../protocol.ts';

const RADIUS = 30;
/** Room for the stroke around the half circle. */
const MARGIN = 5;

/** The half turn as half a circle, with the directions this scan has seen drawn in. */
export function SeenDial({ header }: { readonly header: PictureHeader }) {
  const { seen, coverageFraction } = header;
  const percent = Math.floor(100 * coverageFraction);
  return (
    <svg
      class="seen-dial"
      viewBox={`0 0 ${2 * (RADIUS + MARGIN)} ${RADIUS + 2 * MARGIN}`}
      role="img"
      aria-label={`${percent} % of the half turn seen in this scan`}
    >
      <path class="dial-all" d={arc(0, Math.PI)} />
      {seen.map(({ fromRadian, toRadian }) => (
        <path key={fromRadian} class="dial-seen" d={arc(fromRadian, toRadian)} />
      ))}
      <text x={RADIUS + MARGIN} y={RADIUS + MARGIN - 2}>
        {percent} %
      </text>
    </svg>
  );
}

/** From the right over the top to the left. */
function arc(fromRadian: number, toRadian: number): string {
  return `M ${point(fromRadian)} A ${RADIUS} ${RADIUS} 0 0 0 ${point(toRadian)}`;
}

function point(radian: number): string {
  const x = RADIUS + MARGIN + RADIUS * Math.cos(radian);
  const y = RADIUS + MARGIN - RADIUS * Math.sin(radian);
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}
