import type { z } from 'zod';
import type { Cell } from '../src/domain/cell.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { Problem } from '../src/domain/fault.ts';
import type { Recordings } from '../src/domain/recordings.ts';
import type { Rig } from '../src/domain/rig.ts';
import type { SharedBoard } from './board/shared-board.ts';
import type { CellTerminals } from './simulated/cell-terminals.ts';
import type { FaultSchedule } from './simulated/faults.ts';
import type { SimulatedBench } from './simulated/simulated-bench.ts';

/** What a rig is opened with. */
export interface RigContext {
  readonly clock: Clock;
  readonly cell: Cell;
  readonly seed: number;
  /** Where recorded measurements come from; undefined when no data folder was given. */
  readonly recordings: Recordings | undefined;
  /** Told, before anything is measured, where the truth about a simulated rig is to be had. */
  readonly witness?: ((truth: PlantTruth) => void) | undefined;
}

/** What nobody on a rig can know: the true state of its simulated cell and oven, now. */
export interface PlantTruth {
  cellCelsius(): number;
  blockCelsius(): number;
  /** Share of full power that the heater was told. */
  dutyFraction(): number;
  /** What an instrument passes through the terminals. */
  terminalAmpere(): number;
  terminalVolt(): number;
  pressurePascal(): number;
  /** Of the simulated board; undefined where no lead of the cell goes through a relay. */
  isRelayClosed(): boolean | undefined;
}

/** What a driver builds its instrument from, besides its own options. */
export interface Workbench {
  readonly clock: Clock;
  readonly seed: number;
  /** What the rig file wants played on purpose; undefined when nothing. */
  readonly faults: FaultSchedule | undefined;
  /** @throws Error when no driver of the rig declared that it needs it */
  readonly bench: SimulatedBench;
  /** Of the cell, with what is played at them. @throws Error as `bench` does */
  readonly terminals: CellTerminals;
  /** Of the cell, with the gas that is played. @throws Error as `bench` does */
  readonly pressure: { pressurePascal(): number };
  /** @throws Error when no driver of the rig declared that it needs it */
  readonly recordings: Recordings;
  /** @throws Error when no driver of the rig declared that it needs it */
  readonly board: SharedBoard;
  /** Of the rig, by name. */
  readonly calibrations: Rig['calibrations'];
  /** Of the cell's electrodes. */
  readonly areaSquareMetre: number;
}

/** What must be there before a driver can build. */
export type DriverNeed = 'simulation' | 'recordings' | 'board';

export interface Driver<T> {
  readonly needs: readonly DriverNeed[];
  /** Of its options, for the published schema of a rig file. */
  readonly schema: z.ZodType;
  /** Checks options as the rig file gives them, without building anything. */
  prepare(options: unknown, where: string): Prepared<T>;
}

/** The drivers for one place of a rig, by the name a rig file gives them. */
export type Drivers<T> = Readonly<Record<string, Driver<T>>>;

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
    schema,
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
