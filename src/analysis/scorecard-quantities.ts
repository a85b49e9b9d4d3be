/** Formulas that hold a run against a paper. */

const FARADAY = 96_485.332_12; // C/mol, CODATA 2018, exact
/** Molar mass over density of lithium: 6.94 g/mol, 0.534 g/cm³. */
const LITHIUM_MOLAR_VOLUME = 6.94e-6 / 0.534; // m³/mol

/** V/A = j t M / (F ρ): thickness in m of dense lithium made by a charge per area in C/m². */
export function lithiumThicknessMetre(chargeDensity: number): number {
  return (chargeDensity / FARADAY) * LITHIUM_MOLAR_VOLUME;
}

/** (I t / F) Δv: volume in m³ that a charge makes with so much volume for each mole of electrons. */
export function chargeVolumeCubicMetre(
  chargeCoulomb: number,
  molarVolumeCubicMetre: number,
): number {
  return (Math.abs(chargeCoulomb) / FARADAY) * molarVolumeCubicMetre;
}

/** One product of a decomposition reaction. */
export interface ReactionProduct {
  /** Moles of it for each mole of reaction. */
  readonly moles: number;
  readonly molarMassKilogram: number;
  readonly densityKilogramPerCubicMetre: number;
  /** Whether it conducts both electrons and ions. */
  readonly conducts: boolean;
}

/** Volume share that conducts: a continuous path needs more than about 15 % (percolation). */
export function conductingShare(products: readonly ReactionProduct[]): number {
  const volumes = products.map(
    ({ moles, molarMassKilogram, densityKilogramPerCubicMetre }) =>
      (moles * molarMassKilogram) / densityKilogramPerCubicMetre,
  );
  const total = volumes.reduce((sum, volume) => sum + volume, 0);
  const conducting = volumes.reduce(
    (sum, volume, at) => sum + (products[at]?.conducts ? volume : 0),
    0,
  );
  return conducting / total;
}
