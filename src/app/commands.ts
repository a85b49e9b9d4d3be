import type { Command } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { eisArrheniusCommand } from './commands/eis-arrhenius.ts';
import { eisDrtCommand } from './commands/eis-drt.ts';
import { eisFitCommand } from './commands/eis-fit.ts';
import { eisKkCommand } from './commands/eis-kk.ts';
import { eisSimulateCommand } from './commands/eis-simulate.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { scanAxisCommand } from './commands/scan-axis.ts';
import { scanCompareCommand } from './commands/scan-compare.ts';
import { scanLiveCommand } from './commands/scan-live.ts';
import { scanReconstructCommand } from './commands/scan-reconstruct.ts';
import { scanSegmentCommand } from './commands/scan-segment.ts';

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
  scanAxisCommand,
  scanSegmentCommand,
  scanCompareCommand,
  scanLiveCommand,
];
