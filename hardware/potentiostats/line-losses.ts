import type { Link } from '../../firmware-bridge/link.ts';

/** What is missing in the trace of a link that is recorded; nothing where all of it is there. */
export function traceLosses({ losses }: Link): { readonly unrecordedEntries?: number } {
  return losses && losses.entries > 0 ? { unrecordedEntries: losses.entries } : {};
}
