/** Floating-point slack when counting how many steps fit between two potentials. */
const STEP_SLACK = 1e-9;

export interface VoltammogramSweep {
  readonly startVolt: number;
  readonly verticesVolt: readonly [number, number];
  readonly stepVolt: number;
}

/**
 * The potentials of one cycle in order: the start, to the first vertex, to the second, and back to
 * the start, each turning point once. Later cycles begin with the first step, since the start is
 * where the one before has ended. So an EmStat Pico does it: 197 points from 0 V by 10.2 mV to
 * ∓0.5 V and back.
 */
export function* cyclePotentials(sweep: VoltammogramSweep, isFirst: boolean): Generator<number> {
  const { startVolt, verticesVolt, stepVolt } = sweep;
  if (isFirst) yield startVolt;
  let from = startVolt;
  for (const to of [...verticesVolt, startVolt]) {
    yield* leg(from, to, stepVolt);
    from = to;
  }
}

/** The potentials of one linear sweep in order, both ends included. */
export function* sweepPotentials(
  startVolt: number,
  endVolt: number,
  stepVolt: number,
): Generator<number> {
  yield startVolt;
  yield* leg(startVolt, endVolt, stepVolt);
}

/** From one potential to another without the first. */
function* leg(from: number, to: number, stepVolt: number): Generator<number> {
  const steps = Math.ceil(Math.abs(to - from) / stepVolt - STEP_SLACK);
  const direction = Math.sign(to - from);
  for (let step = 1; step < steps; step += 1) yield from + direction * step * stepVolt;
  if (steps > 0) yield to;
}
