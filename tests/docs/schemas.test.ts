import { describe, expect, it } from 'vitest';
import { rigDocument } from '../../hardware/rig-schema.ts';
import { calibrationSchema } from '../../src/domain/calibration.ts';
import { cellSchema } from '../../src/domain/cell.ts';
import { publishedSchema } from '../../src/domain/published-schema.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';

/**
 * Editors complete and check YAML with these. They are written from the zod schemas, which also
 * check the files at run time: `npx vitest run tests/docs -u` writes them anew.
 */
describe('the published JSON Schemas', () => {
  it.each([
    ['recipe', () => publishedSchema(recipeSchema, { unknowns: true })],
    ['cell', () => publishedSchema(cellSchema, { unknowns: true })],
    ['rig', rigDocument],
    ['calibration', () => publishedSchema(calibrationSchema, { unknowns: false })],
  ])('%s.schema.json is what the program checks', async (name, documentOf) => {
    const document = documentOf();
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(
      `../../docs/schemas/${name}.schema.json`,
    );
  });
});
