/**
 * What a source does not say. Any value of a recipe or a cell may be written
 * `{ unknown: "voltage cut-offs are in the ESI", assume: "3.6 V" }`: the assumption takes its
 * place, and stays visible wherever the experiment is shown. Without `assume` it must be decided.
 */

/** A value that a person has assumed. */
export interface Assumption {
  /** Key path in the file: `steps[2].current`. */
  readonly path: string;
  /** Why it is not known. */
  readonly reason: string;
  /** What stands in its place, as it is written in the file. */
  readonly assume: string;
}

/** A value nobody has decided, or an unknown that is not written as one. */
export interface UnknownProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface ResolvedUnknowns {
  /** The document with every assumption in the place of its unknown. */
  readonly value: unknown;
  readonly assumptions: readonly Assumption[];
  readonly problems: readonly UnknownProblem[];
}

/** Nobody nests a recipe deeper; a document that does is refused by its schema at that place. */
const DEPTH_MAX = 64;

/** Puts the assumptions of a document in their places. */
export function resolveUnknowns(document: unknown): ResolvedUnknowns {
  const assumptions: Assumption[] = [];
  const problems: UnknownProblem[] = [];
  const value = resolveAt(document, [], { assumptions, problems });
  return { value, assumptions, problems };
}

interface Findings {
  readonly assumptions: Assumption[];
  readonly problems: UnknownProblem[];
}

function resolveAt(value: unknown, path: readonly PropertyKey[], findings: Findings): unknown {
  if (typeof value !== 'object' || value === null || path.length > DEPTH_MAX) return value;
  if (Array.isArray(value)) {
    return value.map((item, at) => resolveAt(item, [...path, at], findings));
  }
  if (Object.hasOwn(value, 'unknown')) return resolveOne(value, path, findings);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, resolveAt(inner, [...path, key], findings)]),
  );
}

function resolveOne(
  marked: object,
  path: readonly PropertyKey[],
  { assumptions, problems }: Findings,
): unknown {
  const { unknown: reason, assume, ...others } = marked as Record<string, unknown>;
  const surplus = Object.keys(others);
  if (surplus.length > 0) {
    const message = `unknown key "${surplus[0]}"; expected one of unknown, assume`;
    problems.push({ path: [...path, surplus[0] ?? ''], message });
  }
  if (typeof reason !== 'string' || reason.trim() === '') {
    const message = 'expected a sentence that says why it is not known, and where it may be found';
    problems.push({ path: [...path, 'unknown'], message });
    return assume;
  }
  if (assume === undefined || assume === null) {
    problems.push({
      path,
      message: `must be decided: ${reason}; add assume: with the value to take, or write the value itself`,
    });
    return UNDECIDED;
  }
  assumptions.push({ path: keyPath(path), reason, assume: textOf(assume) });
  return assume;
}

/** Stands where nothing was decided; what a schema says about it is beside the point. */
export const UNDECIDED = Symbol('undecided');

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `steps[2].during[0].from` */
export function keyPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) =>
      typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}
