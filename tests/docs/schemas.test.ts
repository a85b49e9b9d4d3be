import { describe, expect, it } from 'vitest';
import { cellSchema } from '../../src/domain/cell.ts';
import { publishedSchema } from '../../src/domain/published-schema.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';
import { rigSchema } from '../../src/domain/rig.ts';

/**
 * Editors complete and check YAML with these. They are written from the zod schemas, which also
 * check the files at run time: `npx vitest run tests/docs -u` writes them anew.
 */
describe('the published JSON Schemas', () => {
  it.each([
    ['recipe', recipeSchema, true],
    ['cell', cellSchema, true],
    ['rig', rigSchema, false],
  ])('%s.schema.json is what the program checks', async (name, schema, unknowns) => {
    const document = publishedSchema(schema, { unknowns });
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(
      `../../docs/schemas/${name}.schema.json`,
    );
  });
});
