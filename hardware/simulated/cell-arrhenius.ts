const GAS_CONSTANT = 8.314_462_618; // J/(mol K), CODATA 2018, exact
export const ZERO_CELSIUS_KELVIN = 273.15;

/** k(T) / k(Tref) of a thermally activated process, k = A exp(-Ea / R T); Ea in J/mol. */
export function arrheniusFactor(
  activationEnergy: number,
  temperature: { readonly celsius: number; readonly referenceCelsius: number },
): number {
  const inverse =
    1 / (temperature.referenceCelsius + ZERO_CELSIUS_KELVIN) -
    1 / (temperature.celsius + ZERO_CELSIUS_KELVIN);
  return Math.exp((activationEnergy / GAS_CONSTANT) * inverse);
}
