import { z } from 'zod';
import { closedObject } from '../domain/closed-object.ts';
import { Fault } from '../domain/fault.ts';
import { plainIssue } from '../domain/plain-issue.ts';
import { keyPath } from '../domain/unknowns.ts';

/** The JSON of an aurora-unicycler protocol; an empty text stands for a number not given. */

const number = z
  .union([z.number(), z.literal(''), z.null()])
  .optional()
  .transform((value) => (typeof value === 'number' ? value : undefined));

/** 0.5, "1/5", "C/3", "D/2": per hour, a discharge below 0. */
const rate = z
  .union([z.number(), z.string(), z.null()])
  .optional()
  .transform((value, context): number | undefined => {
    if (value === undefined || value === null || value === '') return undefined;
    const parsed = typeof value === 'number' ? value : parseRate(value);
    if (parsed !== undefined && Number.isFinite(parsed)) return parsed;
    context.addIssue({
      code: 'custom',
      message: `"${value}" is no C-rate: expected a number, "C/3" or "D/2"`,
    });
    return z.NEVER;
  });

const RATE = /^([CD]?)([+-]?\d*\.?\d*)([CD]?)(?:\/(\d+\.?\d*))?$/;

function parseRate(text: string): number | undefined {
  const [, before, times = '', after, hours] = RATE.exec(text.replaceAll(' ', '')) ?? [];
  const letter = before || after;
  if (times === '' && !letter) return undefined;
  const size = Number(times || 1) / Number(hours ?? 1);
  return letter === 'D' ? -size : size;
}

const id = z.string().nullish();

const openCircuit = closedObject({
  step: z.literal('open_circuit_voltage'),
  id,
  until_time_s: z.number().positive(),
});

const constantCurrent = closedObject({
  step: z.literal('constant_current'),
  id,
  rate_C: rate,
  current_mA: number,
  until_time_s: number,
  until_voltage_V: number,
})
  .refine(({ rate_C, current_mA }) => Boolean(rate_C) || Boolean(current_mA), {
    error: 'expected rate_C or current_mA, and not 0',
  })
  .refine(
    ({ until_time_s, until_voltage_V }) => Boolean(until_time_s) || Boolean(until_voltage_V),
    {
      error: 'expected until_time_s or until_voltage_V, and not 0',
    },
  );

const constantVoltage = closedObject({
  step: z.literal('constant_voltage'),
  id,
  voltage_V: z.number(),
  until_time_s: number,
  until_rate_C: rate,
  until_current_mA: number,
}).refine(
  ({ until_time_s, until_rate_C, until_current_mA }) =>
    [until_time_s, until_rate_C, until_current_mA].some(Boolean),
  { error: 'expected until_time_s, until_rate_C or until_current_mA, and not 0' },
);

const impedance = closedObject({
  step: z.literal('impedance_spectroscopy'),
  id,
  amplitude_V: number,
  amplitude_mA: number,
  start_frequency_Hz: z.number().positive(),
  end_frequency_Hz: z.number().positive(),
  points_per_decade: z.int().min(1).default(10),
  measures_per_point: z.int().min(1).default(1),
  drift_correction: z.boolean().nullish(),
}).refine(
  ({ amplitude_V, amplitude_mA }) => (amplitude_V === undefined) !== (amplitude_mA === undefined),
  {
    error: 'expected either amplitude_V or amplitude_mA',
  },
);

const loop = closedObject({
  step: z.literal('loop'),
  id,
  loop_to: z.union([z.int().min(1), z.string().min(1)]).default(1),
  cycle_count: z.int().min(1),
});

const tag = closedObject({ step: z.literal('tag'), id, tag: z.string().default('') });

const NAMES = [openCircuit, constantCurrent, constantVoltage, impedance, loop, tag].map(
  ({ shape }) => shape.step.value,
);

const protocol = closedObject({
  unicycler: z.record(z.string(), z.unknown()).optional(),
  sample: closedObject({ name: z.string().default('$NAME'), capacity_mAh: number }).prefault({}),
  record: closedObject({ current_mA: number, voltage_V: number, time_s: z.number().positive() }),
  safety: closedObject({
    max_voltage_V: number,
    min_voltage_V: number,
    max_current_mA: number,
    min_current_mA: number,
    max_capacity_mAh: number,
    delay_s: number,
  }).prefault({}),
  method: z
    .array(
      z.discriminatedUnion(
        'step',
        [openCircuit, constantCurrent, constantVoltage, impedance, loop, tag],
        { error: `expected a step, one of ${NAMES.join(', ')}` },
      ),
    )
    .min(1)
    .max(1000),
});

export type UnicyclerProtocol = z.output<typeof protocol>;
type AnyStep = UnicyclerProtocol['method'][number];
export type UnicyclerLoop = Extract<AnyStep, { step: 'loop' }>;
export type UnicyclerMeasurement = Exclude<AnyStep, { step: 'loop' } | { step: 'tag' }>;

/** @throws Fault badInput with every problem, each at its key */
export function unicyclerSchema(path: string, value: unknown): UnicyclerProtocol {
  const checked = protocol.safeParse(value, { error: plainIssue });
  if (checked.success) return checked.data;
  throw new Fault(
    'badInput',
    checked.error.issues.map((issue) => ({
      where: `${path}: ${keyPath(issue.path)}`,
      message: issue.message,
    })),
  );
}
