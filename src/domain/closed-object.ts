import { z } from 'zod';

/** A zod object that names the accepted keys when it meets one it does not know. */
export function closedObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${quoted(issue.keys)}; expected one of ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ');
}
