import { randomBytes } from 'node:crypto';

/** `20261121-120501-first-light-7f3a`: sorts by time, says what it is, never repeats. */
export function newRunId(utcMs: number, recipe: string): string {
  const stamp = new Date(utcMs).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${stamp}-${recipe}-${randomBytes(2).toString('hex')}`;
}
