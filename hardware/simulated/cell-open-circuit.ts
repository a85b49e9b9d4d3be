import { Curve } from './cell-curve.ts';
import type { InsertionSimulation } from './cell-parameters.ts';

type OpenCircuitParameters = InsertionSimulation['openCircuit'];

/** Points on the curve that reactions make: 2 mV apart over a window of 1 V. */
const REACTION_POINTS = 501;
/** Points closer than this in state of charge are left out: rounding could reverse them. */
const CHARGE_STEP_MIN = 1e-9;

/** Voltage of the cell at rest over its state of charge, at the reference temperature. */
export class OpenCircuit {
  readonly #curve: Curve;
  readonly #slopeBeyondEnds: number;

  constructor(parameters: OpenCircuitParameters) {
    this.#curve = new Curve(parameters.points ?? pointsOfReactions(parameters));
    this.#slopeBeyondEnds = parameters.slopeBeyondEnds;
  }

  voltageVolt(stateOfCharge: number): number {
    const inside = Math.min(1, Math.max(0, stateOfCharge));
    return this.#curve.value(inside) + this.#slopeBeyondEnds * (stateOfCharge - inside);
  }

  /** dU/dx in V per unit of state of charge. */
  slopeVolt(stateOfCharge: number): number {
    if (stateOfCharge < 0 || stateOfCharge > 1) return this.#slopeBeyondEnds;
    return this.#curve.slope(stateOfCharge);
  }
}

/** soc(U) = Σ share / (1 + exp((U0 - U) / width)), scaled so that it goes from 0 to 1. */
function pointsOfReactions(parameters: OpenCircuitParameters): (readonly [number, number])[] {
  const { reactions = [], empty = 0, full = 1 } = parameters;
  const filled = (volt: number): number =>
    reactions.reduce(
      (sum, { share, potential, width }) =>
        sum + share / (1 + Math.exp((potential - volt) / width)),
      0,
    );
  const atEmpty = filled(empty);
  const range = filled(full) - atEmpty;
  const points: (readonly [number, number])[] = [[0, empty]];
  let newest = 0;
  for (let at = 1; at < REACTION_POINTS - 1; at += 1) {
    const volt = empty + ((full - empty) * at) / (REACTION_POINTS - 1);
    const stateOfCharge = (filled(volt) - atEmpty) / range;
    if (stateOfCharge - newest < CHARGE_STEP_MIN || 1 - stateOfCharge < CHARGE_STEP_MIN) continue;
    points.push([stateOfCharge, volt]);
    newest = stateOfCharge;
  }
  return [...points, [1, full]];
}
