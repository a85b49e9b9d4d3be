import { badFile } from './file-access.ts';

/** Where a quantity stands in a row, and what turns its number into our unit and sign. */
export interface ImpedanceColumn {
  readonly index: number;
  readonly factor: number;
}

/** The columns of an impedance table whose rows have `count` fields. */
export interface ImpedanceColumns {
  readonly frequency: ImpedanceColumn;
  readonly real: ImpedanceColumn;
  readonly imaginary: ImpedanceColumn;
  /** Standard errors of the two parts; one column may serve both. */
  readonly errors?: { readonly real: ImpedanceColumn; readonly imaginary: ImpedanceColumn };
  readonly count: number;
}

/** A table without a header: frequency in Hz, then real and imaginary part in ohm. */
export const HEADERLESS_COLUMNS: ImpedanceColumns = {
  frequency: { index: 0, factor: 1 },
  real: { index: 1, factor: 1 },
  imaginary: { index: 2, factor: 1 },
  count: 3,
};

type Role = 'frequency' | 'real' | 'imaginary' | ErrorRole;
type ErrorRole = 'error' | 'real error' | 'imaginary error';

/** Spellings without blanks, dots, underscores and capitals. */
const SPELLINGS: Readonly<Record<Role, readonly string[]>> = {
  frequency: ['frequency', 'freq', 'f'],
  real: [
    ...['realimpedance', 'impedancereal', 're(z)', 'rez', 'zre', 'zreal', 'zr', 'zmeasr'],
    ...["z'", "zs'", "z'(a)", 'zprime', 'real', 're'],
  ],
  imaginary: [
    ...['imaginaryimpedance', 'impedanceimaginary', 'im(z)', 'imz', 'zim', 'zimag', 'zimg'],
    ...['zimaginary', 'zi', 'zmeasi', "z''", "zs''", "z''(b)", 'zdoubleprime', 'imaginary', 'imag'],
    'im',
  ],
  error: ['sigma', 'σ', 'sigmaz', 'σz', 'zerr', 'zerror', 'standarderror'],
  'real error': [
    ...[
      'zerrr',
      'zerrreal',
      'zerrre',
      'sigmareal',
      'sigmare',
      'sigma(re)',
      'sigmar',
      'sigmazre',
      'sigmazreal',
    ],
    ...['σre', "sigmaz'", "σz'", 'standarderrorreal', 'realstandarderror'],
  ],
  'imaginary error': [
    ...[
      'zerri',
      'zerrimag',
      'zerrim',
      'sigmaimag',
      'sigmaim',
      'sigma(im)',
      'sigmai',
      'sigmazim',
      'sigmazimag',
    ],
    ...['σim', "sigmaz''", "σz''", 'standarderrorimaginary', 'imaginarystandarderror'],
  ],
};

const ROLES = Object.keys(SPELLINGS) as readonly Role[];

/** Longer texts are no column titles. */
const TITLE_LENGTH_MAX = 100;

const HERTZ = /^([mkKM]?)(?:hz|hertz)$/i;
const OHM = /^([mkKM]?)(?:ohms?|Ω)$/i;

/** The prefix is the one place where capitals matter: mOhm is not MOhm. */
const PREFIX_FACTORS: Readonly<Record<string, number>> = { '': 1, m: 1e-3, k: 1e3, K: 1e3, M: 1e6 };

/**
 * Finds frequency, real and imaginary part among column titles such as `freq/Hz`, `Re(Z)/Ohm`,
 * `-Im(Z)/Ohm`, `zmeasR`, `Zs'' [Ohms]`, `imaginary_impedance_ohm`, and standard errors of both
 * parts where there are any: `zerrR` and `zerrI`, or `sigma`. A minus before the imaginary part is
 * undone here, once.
 * @returns undefined when the titles do not name all three
 * @throws Fault fileFormat when two columns play one part, or a unit is not a frequency or ohm
 */
export function findColumns(
  titles: readonly string[],
  where: string,
): ImpedanceColumns | undefined {
  const found = titles.flatMap((title, index) => readTitle(title, index));
  const has = (role: Role): boolean => found.some((title) => title.role === role);
  // All three must be named before a unit or a doubled part is worth complaining about.
  if (!has('frequency') || !has('real') || !has('imaginary')) return undefined;
  const errors = errorColumns(found, where);
  return {
    frequency: columnOf(found, 'frequency', where),
    real: columnOf(found, 'real', where),
    imaginary: columnOf(found, 'imaginary', where),
    ...(errors && { errors }),
    count: titles.length,
  };
}

/** A sigma in another unit is a conductivity, and is left aside as any other column is. */
function errorColumns(found: readonly Title[], where: string): ImpedanceColumns['errors'] {
  const inOhm = found.filter(({ unit }) => unit === undefined || OHM.test(unit));
  const has = (role: ErrorRole): boolean => inOhm.some((title) => title.role === role);
  if (has('real error') && has('imaginary error')) {
    return {
      real: columnOf(inOhm, 'real error', where),
      imaginary: columnOf(inOhm, 'imaginary error', where),
    };
  }
  if (!has('error')) return undefined;
  const both = columnOf(inOhm, 'error', where);
  return { real: both, imaginary: both };
}

function columnOf(found: readonly Title[], role: Role, where: string): ImpedanceColumn {
  const [first, ...others] = found.filter((title) => title.role === role);
  if (!first || others.length > 0) {
    const texts = found.filter((title) => title.role === role).map(({ text }) => `"${text}"`);
    throw badFile(where, `${texts.join(' and ')} all read as the ${role} column; expected one`);
  }
  return { index: first.index, factor: first.sign * unitFactor(first, where) };
}

interface Title {
  readonly text: string;
  readonly index: number;
  readonly role: Role;
  readonly sign: 1 | -1;
  readonly unit: string | undefined;
}

/** The title in a list; empty when it names no part of impedance. */
function readTitle(raw: string, index: number): Title[] {
  if (raw.length > TITLE_LENGTH_MAX) return [];
  // NFKC makes the two characters of ohm one, and a double prime two primes.
  const text = raw.normalize('NFKC').trim();
  for (const { name, unit } of nameAndUnit(text.replace(/[′’´`]/g, "'").replaceAll('"', "''"))) {
    const plain = name
      .toLowerCase()
      .replaceAll('−', '-')
      .replace(/[\s_.]/g, '');
    for (const role of ROLES) {
      if (SPELLINGS[role].includes(plain)) return [{ text, index, role, sign: 1, unit }];
    }
    if (SPELLINGS.imaginary.includes(plain.replace(/^(?:-|minus|negative|neg)/, ''))) {
      return [{ text, index, role: 'imaginary', sign: -1, unit }];
    }
  }
  return [];
}

/** The ways to cut a title: whole, `name/unit`, `name (unit)` or `name [unit]`, `name_unit`. */
function* nameAndUnit(text: string): Generator<{ name: string; unit: string | undefined }> {
  yield { name: text, unit: undefined };
  for (const shape of UNIT_SHAPES) {
    const [, name, unit] = shape.exec(text) ?? [];
    if (name !== undefined && unit !== undefined) yield { name, unit };
  }
}

const UNIT_SHAPES = [
  /^(.+?)\s*\/\s*(.+)$/,
  /^(.+?)\s*[[(]\s*([^\])]+?)\s*[\])]$/,
  // An underscore joins words too: what follows must be a unit.
  /^(.+)_([mkM]?(?:hz|hertz|ohms?))$/i,
];

function unitFactor(title: Title, where: string): number {
  if (title.unit === undefined) return 1;
  const [, prefix] = (title.role === 'frequency' ? HERTZ : OHM).exec(title.unit) ?? [];
  // All in small letters "mhz" may be mHz or MHz: nine decades apart, and both are used.
  const isClear = prefix !== undefined && title.unit !== 'mhz';
  const factor = isClear ? PREFIX_FACTORS[prefix] : undefined;
  if (factor === undefined) {
    const expected = title.role === 'frequency' ? 'Hz, kHz, mHz or MHz' : 'ohm, mOhm, kOhm or MOhm';
    throw badFile(where, `the ${title.role} column is in "${title.unit}"; expected ${expected}`);
  }
  return factor;
}
