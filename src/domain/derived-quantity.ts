import { parsePhaseShare } from './absorption.ts';
import { type PeakQuantity, parsePeakQuantity } from './peak.ts';
import type { Comparison } from './recipe-values.ts';
import { type Dimension, parseQuantity, UNITS } from './units.ts';

/**
 * Numbers that nobody measures directly but a step may end on: analysis works them out while the
 * experiment goes on. Held in SI units.
 */
export interface DerivedValue {
  /** `fit.R2`, `lithium-volume`. */
  readonly name: string;
  readonly value: number;
  /** One standard deviation, where it is known. */
  readonly standardError?: number;
  /** What it was found from: a spectrum, a scan, a cycle. */
  readonly source: string;
}

const NAMED: Readonly<Record<string, Dimension>> = {
  'lithium-volume': 'volume',
  'volume-change': 'volume',
  'void-fraction': 'ratio',
  'largest-void': 'volume',
  'protrusion-length': 'length',
  'coulombic-efficiency': 'ratio',
  'cycle-charge': 'charge',
  'peak-position': 'photonEnergy',
};

/** Of a peak, whatever it is called: `peak-position`, `peak-area.inli-422`. */
const PEAKS: Readonly<Record<PeakQuantity, Dimension>> = {
  position: 'photonEnergy',
  width: 'photonEnergy',
  /** Counts per second of live time. */
  area: 'countRate',
  /** Of lattice planes, where the diffraction angle is known. */
  spacing: 'length',
};

/** What the letters of a fitted parameter say of its dimension: `fit.R1`, `fit.C1`. */
const FITTED = /^fit\.([A-Z][a-z]?)(\d+)$/;
const ELEMENTS: Readonly<Record<string, Dimension>> = { R: 'resistance', C: 'capacitance' };

/** The dimension of a derived quantity; undefined when there is none of this name. */
export function derivedDimension(name: string): Dimension | undefined {
  if (parsePhaseShare(name) !== undefined) return 'ratio';
  const peak = parsePeakQuantity(name);
  if (peak) return PEAKS[peak.quantity];
  const [, element] = FITTED.exec(name) ?? [];
  const table = element === undefined ? NAMED : ELEMENTS;
  const key = element ?? name;
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

export interface DerivedComparison extends Comparison {
  readonly name: string;
}

const TEXT = /^\s*([A-Za-z][A-Za-z0-9.-]*)\s*([<>])\s*(.+)$/;

/** Reads "fit.R2 > 500 Ω". @returns why not, when it cannot be read */
export function parseDerived(text: string): DerivedComparison | string {
  const [, name, sign, quantity = ''] = TEXT.exec(text) ?? [];
  if (name === undefined) {
    return `"${text}" is not understood: expected a name, < or > and a value, such as "fit.R2 > 500 Ω"`;
  }
  const dimension = derivedDimension(name);
  if (!dimension) {
    const names = [...Object.keys(NAMED), 'fit.R1', 'fit.C1'].join(', ');
    return `there is no derived quantity "${name}"; expected one of ${names} and the like`;
  }
  const value = parseQuantity(quantity, dimension);
  if (value === undefined) {
    return `"${quantity}" is no ${dimension}: expected one of the units ${Object.keys(UNITS[dimension]).join(', ')}`;
  }
  return { name, above: sign === '>', value };
}
