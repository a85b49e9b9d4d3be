import type { Battery } from './cell-battery.ts';
import type { Followed, Following } from './cell-common-parameters.ts';
import { Curve } from './cell-curve.ts';
import type { PlatedElectrode } from './cell-lithium.ts';
import type { CellSimulation } from './cell-parameters.ts';

/** Molar mass over density of lithium metal: 6.94 g/mol, 0.534 g/cm³. */
const LITHIUM_MOLAR_VOLUME = 6.94e-6 / 0.534; // m³/mol
const FARADAY = 96_485.332_12; // C/mol
const MAH_PER_SQUARE_CENTIMETRE = 3.6e4; // C/m²

/** Thickness in m of dense lithium that a charge per area (C/m²) makes: V/A = Q M / (F ρ). */
export function lithiumThicknessMetre(chargeDensity: number): number {
  return (chargeDensity / FARADAY) * LITHIUM_MOLAR_VOLUME;
}

/** What the cell looks like inside, for a detector and a pressure gauge. */
export interface CellInterior {
  /** Net charge per area on the plated electrode, C/m²; negative when it was stripped. */
  readonly platedCharge: number;
  /** Dense thickness of that lithium, m. */
  readonly platedThicknessMetre: number;
  /** Share of the electrolyte's thickness that lithium has crossed, 0 to 1. */
  readonly filamentFraction: number;
  readonly shorted: boolean;
}

/** All there is to see, in cells of any kind. */
export interface CellContents extends CellInterior {
  /** Mean of the active material, 0 empty to 1 full; 0 in a symmetric cell. */
  readonly stateOfCharge: number;
  /** At its surface, ahead of the mean while current flows. */
  readonly surfaceStateOfCharge: number;
  /** Equivalent full cycles done. */
  readonly cycles: number;
  /** The plated lithium that is still metal, C/m². */
  readonly metallicCharge: number;
  /** Volume the cell has gained since it was made, m³. */
  readonly expansionCubicMetre: number;
  /** Length of what an electrode pushes into the electrolyte, m. */
  readonly protrusionMetre: number;
  /** Shares of the phases of the cell file, by name, 0 to 1. */
  readonly phases: Readonly<Record<string, number>>;
  /** Edges of their unit cells, m; `c` is that of `a` in a cubic one. */
  readonly lattices: Readonly<Record<string, { readonly a: number; readonly c: number }>>;
  /** Of the surface that emits photoelectrons, V. */
  readonly surfacePotentialVolt: number;
}

/** Shows the inside of a cell as its file describes it. */
export class CellView {
  readonly #cell: CellSimulation;
  readonly #protrusion: Curve | undefined;
  readonly #phases: readonly (readonly [name: string, share: FollowedCurve])[];
  readonly #lattices: readonly (readonly [name: string, a: FollowedCurve, c: FollowedCurve])[];
  readonly #surfacePotential: FollowedCurve;

  constructor(cell: CellSimulation) {
    this.#cell = cell;
    if (cell.kind === 'insertion' && cell.protrusion) this.#protrusion = new Curve(cell.protrusion);
    this.#phases = Object.entries(cell.phases).map(([name, share]) => [
      name,
      new FollowedCurve(share),
    ]);
    this.#lattices = Object.entries(cell.lattices).map(([name, { a, c = a }]) => [
      name,
      new FollowedCurve(a),
      new FollowedCurve(c),
    ]);
    this.#surfacePotential = new FollowedCurve(cell.surfacePotential);
  }

  contents(lithium: PlatedElectrode, battery: Battery | undefined): CellContents {
    const { platedCharge, metallicCharge, growth } = lithium.state;
    const stateOfCharge = battery?.stateOfCharge ?? 0;
    const cycles = battery?.cycles ?? 0;
    const places = {
      stateOfCharge,
      cycles,
      platedCharge: platedCharge / MAH_PER_SQUARE_CENTIMETRE,
      metallicCharge: metallicCharge / MAH_PER_SQUARE_CENTIMETRE,
    };
    const filamentMetre = lithium.filamentFraction * this.#cell.electrolyte.thickness;
    return {
      platedCharge,
      platedThicknessMetre: lithiumThicknessMetre(platedCharge),
      filamentFraction: lithium.filamentFraction,
      shorted: growth.shorted,
      stateOfCharge,
      surfaceStateOfCharge: battery?.surfaceStateOfCharge ?? 0,
      cycles,
      metallicCharge,
      expansionCubicMetre: this.#expansionCubicMetre(battery),
      protrusionMetre: this.#protrusion?.value(cycles) ?? filamentMetre,
      phases: Object.fromEntries(this.#phases.map(([name, share]) => [name, share.at(places)])),
      lattices: Object.fromEntries(
        this.#lattices.map(([name, a, c]) => [name, { a: a.at(places), c: c.at(places) }]),
      ),
      surfacePotentialVolt: this.#surfacePotential.at(places),
    };
  }

  pressurePascal(lithium: PlatedElectrode, battery: Battery | undefined, celsius: number): number {
    const { stack } = this.#cell;
    return (
      stack.pressure +
      stack.pressurePerCelsius * (celsius - stack.pressureTemperature) +
      stack.pressureRiseAtShort * lithium.filamentFraction +
      stack.pressureRiseAtFull * (battery?.stateOfCharge ?? 0)
    );
  }

  /** Sun 2018: ΔV = (I t / F) Δv, for the charge that is stored. */
  #expansionCubicMetre(battery: Battery | undefined): number {
    if (this.#cell.kind !== 'insertion' || !battery) return 0;
    return (battery.storedCoulomb / FARADAY) * this.#cell.expansion;
  }
}

/** A quantity of the cell file that may follow the state of the cell. */
class FollowedCurve {
  readonly #value: number | { readonly follows: Followed; readonly curve: Curve };

  constructor(given: Following) {
    this.#value =
      typeof given === 'number'
        ? given
        : { follows: given.follows, curve: new Curve(given.points) };
  }

  at(places: Readonly<Record<Followed, number>>): number {
    if (typeof this.#value === 'number') return this.#value;
    return this.#value.curve.value(places[this.#value.follows]);
  }
}
