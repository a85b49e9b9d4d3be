import { z } from 'zod';
import { QUANTITY_MARK } from './units.ts';

/** A JSON Schema document. */
export type JsonSchema = Record<string, unknown>;

const UNKNOWN = 'unknown';

/** `{ unknown: "voltage cut-offs are in the ESI", assume: "3.6 V" }`. */
const UNKNOWN_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'A value the source does not give: why, and what is assumed in its place.',
  properties: {
    unknown: { type: 'string', minLength: 1, description: 'Why it is not known.' },
    assume: { description: 'What stands in its place, written as the value itself would be.' },
  },
  required: ['unknown'],
  additionalProperties: false,
};

/**
 * The JSON Schema that editors complete and check a file with, from the schema that checks it at
 * run time.
 * @param options.unknowns whether a quantity may be written as an unknown
 */
export function publishedSchema(
  schema: z.ZodType,
  options: { readonly unknowns: boolean },
): JsonSchema {
  const document: JsonSchema = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'throw',
    reused: 'ref',
    override: ({ jsonSchema }) => {
      const isQuantity = jsonSchema[QUANTITY_MARK] !== undefined;
      delete jsonSchema[QUANTITY_MARK];
      const isNumber = jsonSchema.type === 'integer' || jsonSchema.type === 'number';
      if (options.unknowns && (isQuantity || isNumber)) allowUnknown(jsonSchema);
    },
  });
  if (!options.unknowns) return document;
  return { ...document, $defs: { ...(document.$defs ?? {}), [UNKNOWN]: UNKNOWN_SCHEMA } };
}

/** Either what stood there, or an unknown. */
function allowUnknown(jsonSchema: JsonSchema): void {
  const { description: _, default: __, ...given } = jsonSchema;
  for (const key of Object.keys(given)) delete jsonSchema[key];
  jsonSchema.anyOf = [given, { $ref: `#/$defs/${UNKNOWN}` }];
}
