import { z } from 'zod';
import { closedObject } from '../src/domain/closed-object.ts';
import { type JsonSchema, publishedSchema } from '../src/domain/published-schema.ts';
import { rigSchema } from '../src/domain/rig.ts';
import { boardSchema, simulatedBoardSchema } from './board/board-options.ts';
import { REAL_BOARD, SIMULATED_BOARD } from './board/board-rig.ts';
import { RIG_DRIVERS } from './registry.ts';

type DriverTable = Readonly<Record<string, { readonly schema: z.ZodType }>>;

const BOARDS = {
  [REAL_BOARD]: { schema: boardSchema },
  [SIMULATED_BOARD]: { schema: simulatedBoardSchema },
};

/**
 * The JSON Schema of a rig file, with every driver and its options: what editors complete and
 * check. At run time the file is checked in two goes, first its shape and then by its drivers.
 */
export function rigDocument(): JsonSchema {
  const { potentiostat, sensor, heater, scanner, spectrometer } = RIG_DRIVERS;
  const { instruments } = rigSchema.shape;
  return publishedSchema(
    closedObject({
      ...rigSchema.shape,
      instruments: closedObject({
        ...instruments.shape,
        potentiostat: entryOf(potentiostat),
        sensors: z.record(z.string(), entryOf(sensor)).optional(),
        heater: entryOf(heater).optional(),
        scanner: entryOf(scanner).optional(),
        spectrometer: entryOf(spectrometer).optional(),
        board: entryOf(BOARDS).optional(),
      }),
    }),
    { unknowns: false },
  );
}

/** One of the drivers; the options may be left out where all of them may. */
function entryOf(drivers: DriverTable): z.ZodType {
  return z.union(
    Object.entries(drivers).map(([name, { schema }]) => {
      const options = schema.safeParse({}).success ? schema.optional() : schema;
      return closedObject({ driver: z.literal(name), options });
    }),
  );
}
