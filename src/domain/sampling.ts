/** How often a technique is sampled: evenly, or finely at first, where everything changes fast. */

/** The rhythm right after the current is switched on, off or over. */
export interface SamplingEdge {
  /** Between the first readings. */
  readonly everySecond: number;
  /** The edge is over then, and the usual rhythm begins. */
  readonly durationSecond: number;
}

/** A technique that goes on in time, with the rhythm of its readings. */
export interface Sampling {
  readonly sampleEverySecond: number;
  readonly durationSecond: number;
  readonly edge?: SamplingEdge | undefined;
}

/** A part of a technique with one rhythm. */
export interface SamplingStretch {
  readonly everySecond: number;
  readonly durationSecond: number;
}

/**
 * After so many readings the next rhythm is so many times slower: diffusion goes as √t and the
 * arcs of a spectrum as exponentials, so that readings even in log t see all of them alike.
 */
const EDGE_READINGS = 10;
/** Rounding of sums of times, as a share of an interval. */
const SAME_SHARE = 1e-6;

/**
 * The parts of a technique, in order; together they last as long as it does. Without an edge there
 * is one. With one a last reading stands at the very end: the next switch is measured against it.
 */
export function samplingStretches(sampling: Sampling): readonly SamplingStretch[] {
  const { sampleEverySecond, durationSecond, edge } = sampling;
  const stretches = edge ? edgeStretches(sampling, edge) : [];
  const passedSecond = stretches.reduce((sum, one) => sum + one.durationSecond, 0);
  const leftSecond = durationSecond - passedSecond;
  const slackSecond = SAME_SHARE * sampleEverySecond;
  if (leftSecond <= slackSecond) return stretches;
  const everySecond = Math.min(sampleEverySecond, leftSecond);
  const wholeSecond = everySecond * Math.floor(leftSecond / everySecond + SAME_SHARE);
  const tailSecond = leftSecond - wholeSecond;
  if (!edge || tailSecond < edge.everySecond) {
    return [...stretches, { everySecond, durationSecond: leftSecond }];
  }
  return [
    ...stretches,
    { everySecond, durationSecond: wholeSecond },
    { everySecond: tailSecond, durationSecond: tailSecond },
  ];
}

function edgeStretches(sampling: Sampling, edge: SamplingEdge): SamplingStretch[] {
  const stretches: SamplingStretch[] = [];
  const endSecond = Math.min(edge.durationSecond, sampling.durationSecond);
  let everySecond = edge.everySecond;
  let atSecond = 0;
  while (everySecond < sampling.sampleEverySecond) {
    // To the moment at which the rhythm has lasted ten of its intervals.
    const untilSecond = Math.min(EDGE_READINGS * everySecond, endSecond);
    const readings = Math.floor((untilSecond - atSecond) / everySecond + SAME_SHARE);
    if (readings < 1) break;
    stretches.push({ everySecond, durationSecond: readings * everySecond });
    atSecond += readings * everySecond;
    everySecond *= EDGE_READINGS;
  }
  return stretches;
}

/** How many readings a technique gives when it is not ended early. */
export function readingsOf(sampling: Sampling): number {
  return samplingStretches(sampling).reduce(
    (sum, { everySecond, durationSecond }) =>
      sum + Math.floor(durationSecond / everySecond + SAME_SHARE),
    0,
  );
}
