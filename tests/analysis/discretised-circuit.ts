import type { Phasor } from '../../src/kernels/lock-in-triangle.ts';

/** R + RC + RC…: one resistance in series with any number of parallel R-C pairs. */
export interface DiscreteCircuit {
  readonly seriesOhm: number;
  readonly pairs: readonly { readonly ohm: number; readonly farad: number }[];
}

/**
 * Voltage of the circuit under a current that is held between samples: the exact recursion
 * v_C[k+1] = a v_C[k] + R (1 - a) i[k], a = exp(-Δt / RC). Capacitors start empty.
 */
export function heldResponse(
  circuit: DiscreteCircuit,
  current: Float64Array,
  sampleRateHertz: number,
): Float64Array {
  const decays = circuit.pairs.map(({ ohm, farad }) =>
    Math.exp(-1 / (sampleRateHertz * ohm * farad)),
  );
  const stored = circuit.pairs.map(() => 0);
  return current.map((ampere) => {
    const volt = circuit.seriesOhm * ampere + stored.reduce((a, b) => a + b, 0);
    for (const [p, { ohm }] of circuit.pairs.entries()) {
      const a = decays[p] ?? 0;
      stored[p] = a * (stored[p] ?? 0) + ohm * (1 - a) * ampere;
    }
    return volt;
  });
}

/** What the recursion amounts to at one frequency: R + Σ R_p (1 - a) / (e^{jωΔt} - a). */
export function heldImpedance(
  circuit: DiscreteCircuit,
  frequencyHertz: number,
  sampleRateHertz: number,
): Phasor {
  const angle = (2 * Math.PI * frequencyHertz) / sampleRateHertz;
  let re = circuit.seriesOhm;
  let im = 0;
  for (const { ohm, farad } of circuit.pairs) {
    const a = Math.exp(-1 / (sampleRateHertz * ohm * farad));
    const [x, y] = [Math.cos(angle) - a, Math.sin(angle)];
    const size = (ohm * (1 - a)) / (x * x + y * y);
    re += size * x;
    im -= size * y;
  }
  return { re, im };
}

export const ONE_ARC: DiscreteCircuit = { seriesOhm: 12, pairs: [{ ohm: 30, farad: 1e-3 }] };
export const TWO_ARCS: DiscreteCircuit = {
  seriesOhm: 12,
  pairs: [
    { ohm: 30, farad: 1e-4 },
    { ohm: 55, farad: 4e-3 },
  ],
};
