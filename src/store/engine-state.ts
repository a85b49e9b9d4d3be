import { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import { CELL_EVENTS } from '../domain/recipe-conditions.ts';
import type {
  AcquisitionMemory,
  EngineState,
  StepMemory,
  SuspensionMemory,
} from '../domain/run-store.ts';

/** The runner's memory as the database holds it: one JSON text. */

const frame = z.object({
  at: z.int().min(0),
  pass: z.int().min(0),
  chosen: z.string().nullable().optional(),
});

/** Of the text below. Version 1 had none and nothing of `step`, `suspension` and what is open. */
const VERSION = 2;

const conditions = z.record(z.string(), z.number());

const acquisition = z.object({
  index: z.int().min(0),
  isFirst: z.boolean(),
  isWanted: z.boolean(),
  isTaking: z.boolean(),
  partsDone: z.int().min(0),
  answeredParts: z.int().min(0),
  takenSecond: z.number(),
  takenVolt: z.number().optional(),
  faster: conditions.optional(),
} satisfies Record<keyof AcquisitionMemory, z.ZodType>);

const step = z.object({
  conditions: conditions.optional(),
  metIndex: z.int().min(0).optional(),
  derived: z.record(z.string(), z.number()).optional(),
  events: z.array(z.enum(CELL_EVENTS)).optional(),
  holdsVoltage: z.boolean().optional(),
  acquisitions: z.array(acquisition).optional(),
  partsDone: z.int().min(0).optional(),
  pulseSecond: z.number().optional(),
  dwelledSecond: z.number().optional(),
} satisfies Record<keyof StepMemory, z.ZodType>);

const suspension = z.object({
  count: z.int().min(0),
  pastSecond: z.number(),
  now: z.object({ channel: z.string(), lengthSecond: z.number() }).optional(),
} satisfies Record<keyof SuspensionMemory, z.ZodType>);

const begun = { startSecond: z.number(), startChargeCoulomb: z.number() };
const openMeasurement = z.discriminatedUnion('kind', [
  z.object({
    ...begun,
    kind: z.literal('spectrum'),
    spectrumId: z.string(),
    pointCount: z.int().min(0),
  }),
  z.object({
    ...begun,
    kind: z.literal('scan'),
    scanId: z.string(),
    views: z.int().min(0),
    framesFile: z.string(),
  }),
  z.object({
    ...begun,
    kind: z.literal('detectorSpectrum'),
    spectrumId: z.string(),
    region: z.string(),
  }),
  z.object({
    ...begun,
    kind: z.literal('phase'),
    step: z.string(),
    phase: z.string(),
    number: z.int().min(1),
    currentAmpere: z.number().nullable(),
  }),
]);

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
  step: step.optional(),
  suspension: suspension.optional(),
  openMeasurements: z.array(openMeasurement).optional(),
  specimen: z.unknown().optional(),
} satisfies Record<keyof EngineState, z.ZodType>);

export function encodeState(state: EngineState): string {
  return JSON.stringify({ version: VERSION, ...state });
}

/** @throws Fault storage when the text is not a state of this software, or of a newer one */
export function decodeState(text: string): EngineState {
  let version: number;
  try {
    const json: unknown = JSON.parse(text);
    ({ version } = z.object({ version: z.int().default(1) }).parse(json));
    if (version <= VERSION) return schema.parse(json) as EngineState;
  } catch (error) {
    throw unreadable('cannot be read, so the run cannot be resumed', error);
  }
  throw unreadable(
    `has version ${version}, and this software reads up to ${VERSION}: resume the run with the software that has begun it`,
  );
}

function unreadable(what: string, cause?: unknown): Fault {
  const problem = {
    where: 'engine_state',
    message: `the saved state of the run engine ${what}`,
  };
  return new Fault('storage', problem, cause);
}
