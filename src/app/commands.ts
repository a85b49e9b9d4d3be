import type { Command } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { eisArrheniusCommand } from './commands/eis-arrhenius.ts';
import { eisDrtCommand } from './commands/eis-drt.ts';
import { eisFitCommand } from './commands/eis-fit.ts';
import { eisKkCommand } from './commands/eis-kk.ts';
import { eisSimulateCommand } from './commands/eis-simulate.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { scanReconstructCommand } from './commands/scan-reconstruct.ts';

/** Every command there is, in the order the overview lists them. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  checkCommand,
  runsCommand,
  eisFitCommand,
  eisKkCommand,
  eisDrtCommand,
  eisArrheniusCommand,
  eisSimulateCommand,
  scanReconstructCommand,
];
