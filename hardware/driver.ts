import type { z } from 'zod';
import type { Cell } from '../src/domain/cell.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { Problem } from '../src/domain/fault.ts';
import type { Recordings } from '../src/domain/recordings.ts';
import type { FaultSchedule } from './simulated/faults.ts';
import type { SimulatedBench } from './simulated/simulated-bench.ts';

/** What a rig is opened with. */
export interface RigContext {
  readonly clock: Clock;
  readonly cell: Cell;
  readonly seed: number;
  /** Where recorded measurements come from; undefined when no data folder was given. */
  readonly recordings: Recordings | undefined;
}

/** What a driver builds its instrument from, besides its own options. */
export interface Workbench {
  readonly clock: Clock;
  readonly seed: number;
  /** What the rig file wants played on purpose; undefined when nothing. */
  readonly faults: FaultSchedule | undefined;
  /** @throws Error when no driver of the rig declared that it needs it */
  readonly bench: SimulatedBench;
  /** @throws Error when no driver of the rig declared that it needs it */
  readonly recordings: Recordings;
}

/** What must be there before a driver can build. */
export type DriverNeed = 'simulation' | 'recordings';

export interface Driver<T> {
  readonly needs: readonly DriverNeed[];
  /** Checks options as the rig file gives them, without building anything. */
  prepare(options: unknown, where: string): Prepared<T>;
}

/** A checked instrument: what is wrong with it, or how to build it. */
export interface Prepared<T> {
  readonly problems: readonly Problem[];
  /** @param id the instrument's name in the rig file */
  build(id: string, workbench: Workbench): Promise<T>;
}

/** A driver: the schema of its options and how it is built from them. */
export function driver<S extends z.ZodType, T>(
  needs: readonly DriverNeed[],
  schema: S,
  build: (id: string, options: z.output<S>, workbench: Workbench) => T | Promise<T>,
): Driver<T> {
  return {
    needs,
    prepare(options, where) {
      const parsed = schema.safeParse(options);
      return {
        problems: parsed.success ? [] : schemaProblems(parsed.error, where),
        build: async (id, workbench) => build(id, schema.parse(options), workbench),
      };
    },
  };
}

/** Every issue of a failed check, each with the path of its key below `where`. */
export function schemaProblems(error: z.ZodError, where: string): Problem[] {
  return error.issues.map((issue) => ({
    where: [where, ...issue.path.map(String)].join('.'),
    message: issue.message,
  }));
}
