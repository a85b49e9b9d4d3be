import { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import type { EngineState } from '../domain/run-store.ts';

/** The runner's memory as the database holds it: one JSON text. */

const frame = z.object({
  at: z.int().min(0),
  pass: z.int().min(0),
  chosen: z.string().nullable().optional(),
});

/** Every key there is, so that none is left behind without a word. */
const schema = z.object({
  timeSecond: z.number(),
  walk: z.object({
    frames: z.array(frame),
    stepIndex: z.int().min(0),
    ends: z.record(z.string(), z.string()),
  }),
  isInStep: z.boolean(),
  stepElapsedSecond: z.number(),
  stepChargeCoulomb: z.number(),
  chargeCoulomb: z.number(),
  idCounts: z.record(z.string(), z.int().min(0)),
  shortLatched: z.boolean(),
  heaterTargetCelsius: z.number().nullable(),
  derived: z.record(z.string(), z.number()).optional(),
  titrationPulses: z.int().min(0).optional(),
  specimen: z.unknown().optional(),
} satisfies Record<keyof EngineState, z.ZodType>);

export function encodeState(state: EngineState): string {
  return JSON.stringify(state);
}

/** @throws Fault storage when the text is not a state of this software */
export function decodeState(text: string): EngineState {
  try {
    return schema.parse(JSON.parse(text)) as EngineState;
  } catch (error) {
    throw new Fault(
      'storage',
      {
        where: 'engine_state',
        message: 'the saved state of the run engine cannot be read, so the run cannot be resumed',
      },
      error,
    );
  }
}
