import { createHash } from 'node:crypto';
import type { RunPlan } from './plan.ts';

/**
 * A short name of everything a plan says: a place in one plan means nothing in another. Newer
 * software may make another plan of the same recipe.
 */
export function planDigest(plan: RunPlan): string {
  return createHash('sha256').update(JSON.stringify(plan, plain)).digest('hex').slice(0, 16);
}

/** JSON has no maps, no infinity and no undefined; a plan has them. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return { map: [...value] };
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  return value;
}
