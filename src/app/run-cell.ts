import { parse } from 'yaml';
import { type Cell, cellSchema } from '../domain/cell.ts';
import { Fault } from '../domain/fault.ts';
import type { RunInfo } from '../domain/run-record.ts';
import { resolveUnknowns } from '../domain/unknowns.ts';

/** The cell file as a run has kept it. @throws Fault badInput with every problem */
export function cellOfRun({ sources, runId }: RunInfo): Cell {
  const parsed = cellSchema.safeParse(resolveUnknowns(parse(sources.cell)).value);
  if (parsed.success) return parsed.data;
  throw new Fault(
    'badInput',
    parsed.error.issues.map(({ path, message }) => ({
      where: `cell file of ${runId}: ${path.join('.')}`,
      message,
    })),
  );
}
