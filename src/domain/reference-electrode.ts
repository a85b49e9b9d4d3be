/**
 * Potentials of the reference electrodes of the field against Li/Li+, volt:
 * - Li-In, the two-phase In/InLi plateau: 0.62 V, Takada et al., Solid State Ionics 86-88 (1996)
 *   877; confirmed by Santhosha et al., Batteries & Supercaps 2 (2019) 524;
 * - LTO, the Li4Ti5O12/Li7Ti5O12 plateau: 1.55 V, Ohzuku et al., J. Electrochem. Soc. 142 (1995)
 *   1431;
 * - Na/Na+: 0.33 V, from the standard potentials -2.71 V and -3.04 V.
 */
const VERSUS_LITHIUM_VOLT: ReadonlyMap<string, number> = new Map([
  ['Li/Li+', 0],
  ['Li-In', 0.62],
  ['LTO', 1.55],
  ['Na/Na+', 0.33],
]);

const OTHER_SPELLINGS: Readonly<Record<string, string>> = {
  li: 'Li/Li+',
  'li+/li': 'Li/Li+',
  inli: 'Li-In',
  'in-li': 'Li-In',
  'in/inli': 'Li-In',
  liin: 'Li-In',
  li4ti5o12: 'LTO',
  na: 'Na/Na+',
  'na+/na': 'Na/Na+',
};

/** The references that potentials can be converted between. */
export const KNOWN_REFERENCES: readonly string[] = [...VERSUS_LITHIUM_VOLT.keys()];

/** "li/li⁺" and "Li+/Li" are one reference; a name that is not known stays as it is. */
function canonicalReference(name: string): string {
  const plain = name.trim().replaceAll('⁺', '+').replace(/[–—]/g, '-').replace(/\s+/g, ' ');
  const known = KNOWN_REFERENCES.find((one) => one.toLowerCase() === plain.toLowerCase());
  const lower = plain.toLowerCase();
  if (known !== undefined) return known;
  return (Object.hasOwn(OTHER_SPELLINGS, lower) ? OTHER_SPELLINGS[lower] : undefined) ?? plain;
}

/**
 * What must be added to a potential against `from` to have it against `to`, volt. Undefined when
 * they differ and the offset of one of them is not known.
 */
export function referenceOffsetVolt(from: string, to: string): number | undefined {
  const [one, other] = [canonicalReference(from), canonicalReference(to)];
  if (one.toLowerCase() === other.toLowerCase()) return 0;
  const fromVolt = VERSUS_LITHIUM_VOLT.get(one);
  const toVolt = VERSUS_LITHIUM_VOLT.get(other);
  return fromVolt === undefined || toVolt === undefined ? undefined : fromVolt - toVolt;
}

/** Sentence about a potential whose reference cannot be converted to that of the cell. */
export function unknownOffset(versus: string, reference: string): string {
  const known = KNOWN_REFERENCES.join(', ');
  return `is against ${versus}, the cell's reference is ${reference}, and offsets are known among ${known} only: write the voltage against ${reference}`;
}
