import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import { KEEP_DAYS, planThinning, type ThinningPlan, thin } from '../../store/run-thinning.ts';
import { textTable } from '../format-values.ts';
import type { Terminal } from '../terminal.ts';

const MEBIBYTE = 2 ** 20;
const KEEP_DAYS_MAX = 36_500;

export interface PruneCall {
  readonly outFolder: string;
  /** As the option was written; undefined where it was not. */
  readonly keepDays: string | undefined;
  /** Without it nothing is deleted. */
  readonly isConfirmed: boolean;
  readonly isJson: boolean;
  readonly nowUtcMs: number;
}

/**
 * Shows which raw frames can go, and takes them away when that is confirmed.
 * @throws Fault badInput for a number of days that is none, storage when the disk refuses
 */
export function pruneRuns(call: PruneCall, terminal: Terminal): ExitCode {
  const { outFolder, isConfirmed, isJson, nowUtcMs } = call;
  const plan = planThinning(outFolder, { nowUtcMs, keepDays: daysOf(call.keepDays) });
  const thinned = isConfirmed ? thin(plan, { nowUtcMs }) : undefined;
  if (isJson) {
    const { thinnable, kept } = plan;
    terminal.out(`${JSON.stringify({ thinnable, kept, thinned: thinned ?? null })}\n`);
    return EXIT_CODES.done;
  }
  terminal.out(describe(plan));
  if (thinned) {
    terminal.out(`${thinned.files} files, ${mebibytes(thinned.bytes)}, have been deleted.\n`);
  } else if (plan.thinnable.length > 0) {
    terminal.out('Nothing has been deleted: say --yes to do so. The volumes are kept.\n');
  }
  return EXIT_CODES.done;
}

function daysOf(text: string | undefined): number {
  if (text === undefined) return KEEP_DAYS;
  const days = Number(text);
  if (text.trim() !== '' && days >= 0 && days <= KEEP_DAYS_MAX) return days;
  throw new Fault('badInput', {
    where: '--keep-days',
    message: `"${text}": expected a number of days from 0 to ${KEEP_DAYS_MAX}`,
  });
}

function describe({ thinnable, kept }: ThinningPlan): string {
  const bytes = (files: readonly { readonly bytes: number }[]): number =>
    files.reduce((total, one) => total + one.bytes, 0);
  const rows = [
    ...thinnable.map(({ folder, files, because }) => [
      folder,
      String(files.length),
      mebibytes(bytes(files)),
      because === 'old' ? 'can go: old' : 'can go: everything was delivered',
    ]),
    ...kept.map((run) => [run.folder, '0', mebibytes(run.bytes), `stays: ${run.reason}`]),
  ];
  if (rows.length === 0) return 'no run here has raw frames\n';
  return textTable(['run', 'files', 'raw frames', ''], rows);
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}
