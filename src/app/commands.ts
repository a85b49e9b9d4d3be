import type { Command } from './command.ts';
import { alarmsCommand } from './commands/alarms.ts';
import { boardClearCommand } from './commands/board-clear.ts';
import { checkCommand } from './commands/check.ts';
import { cyclingArrheniusCommand } from './commands/cycling-arrhenius.ts';
import { cyclingDqdvCommand } from './commands/cycling-dqdv.ts';
import { cyclingGittCommand } from './commands/cycling-gitt.ts';
import { cyclingSummaryCommand } from './commands/cycling-summary.ts';
import { cyclingVoltammetryCommand } from './commands/cycling-voltammetry.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eisArrheniusCommand } from './commands/eis-arrhenius.ts';
import { eisDrtCommand } from './commands/eis-drt.ts';
import { eisFitCommand } from './commands/eis-fit.ts';
import { eisKkCommand } from './commands/eis-kk.ts';
import { eisSimulateCommand } from './commands/eis-simulate.ts';
import { heaterTuneCommand } from './commands/heater-tune.ts';
import { recipeImportCommand } from './commands/recipe-import.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { scanAxisCommand } from './commands/scan-axis.ts';
import { scanCompareCommand } from './commands/scan-compare.ts';
import { scanLiveCommand } from './commands/scan-live.ts';
import { scanReconstructCommand } from './commands/scan-reconstruct.ts';
import { scanSegmentCommand } from './commands/scan-segment.ts';
import { scorecardCommand } from './commands/scorecard.ts';
import { simulateCommand } from './commands/simulate.ts';
import { simulateBoardCommand } from './commands/simulate-board.ts';

/** Every command there is, in the order the overview lists them. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  checkCommand,
  resumeCommand,
  runsCommand,
  heaterTuneCommand,
  boardClearCommand,
  alarmsCommand,
  recipeImportCommand,
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
  cyclingSummaryCommand,
  cyclingGittCommand,
  cyclingDqdvCommand,
  cyclingVoltammetryCommand,
  cyclingArrheniusCommand,
  scorecardCommand,
  // Before any that is named by its first word alone.
  simulateBoardCommand,
  simulateCommand,
  doctorCommand,
];
