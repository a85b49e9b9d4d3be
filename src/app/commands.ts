import type { Command } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { eisFitCommand } from './commands/eis-fit.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { scanReconstructCommand } from './commands/scan-reconstruct.ts';

/** Every command there is, in the order the overview lists them. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  checkCommand,
  runsCommand,
  eisFitCommand,
  scanReconstructCommand,
];
