import type { LateCommand } from './command.ts';

/**
 * Every command there is, in the order the overview lists them. Each is loaded when it is chosen: a
 * start costs what its command needs, and only few need the rig's drivers or the network.
 */
export const COMMANDS: readonly LateCommand[] = [
  { name: 'run', load: async () => (await import('./commands/run.ts')).runCommand },
  { name: 'check', load: async () => (await import('./commands/check.ts')).checkCommand },
  { name: 'resume', load: async () => (await import('./commands/resume.ts')).resumeCommand },
  { name: 'runs', load: async () => (await import('./commands/runs.ts')).runsCommand },
  {
    name: 'heater tune',
    load: async () => (await import('./commands/heater-tune.ts')).heaterTuneCommand,
  },
  {
    name: 'board clear',
    load: async () => (await import('./commands/board-clear.ts')).boardClearCommand,
  },
  { name: 'alarms', load: async () => (await import('./commands/alarms.ts')).alarmsCommand },
  {
    name: 'recipe import',
    load: async () => (await import('./commands/recipe-import.ts')).recipeImportCommand,
  },
  { name: 'eis fit', load: async () => (await import('./commands/eis-fit.ts')).eisFitCommand },
  { name: 'eis kk', load: async () => (await import('./commands/eis-kk.ts')).eisKkCommand },
  { name: 'eis drt', load: async () => (await import('./commands/eis-drt.ts')).eisDrtCommand },
  {
    name: 'eis arrhenius',
    load: async () => (await import('./commands/eis-arrhenius.ts')).eisArrheniusCommand,
  },
  {
    name: 'eis simulate',
    load: async () => (await import('./commands/eis-simulate.ts')).eisSimulateCommand,
  },
  {
    name: 'scan reconstruct',
    load: async () => (await import('./commands/scan-reconstruct.ts')).scanReconstructCommand,
  },
  {
    name: 'scan axis',
    load: async () => (await import('./commands/scan-axis.ts')).scanAxisCommand,
  },
  {
    name: 'scan segment',
    load: async () => (await import('./commands/scan-segment.ts')).scanSegmentCommand,
  },
  {
    name: 'scan compare',
    load: async () => (await import('./commands/scan-compare.ts')).scanCompareCommand,
  },
  {
    name: 'scan live',
    load: async () => (await import('./commands/scan-live.ts')).scanLiveCommand,
  },
  {
    name: 'cycling summary',
    load: async () => (await import('./commands/cycling-summary.ts')).cyclingSummaryCommand,
  },
  {
    name: 'cycling gitt',
    load: async () => (await import('./commands/cycling-gitt.ts')).cyclingGittCommand,
  },
  {
    name: 'cycling dqdv',
    load: async () => (await import('./commands/cycling-dqdv.ts')).cyclingDqdvCommand,
  },
  {
    name: 'cycling voltammetry',
    load: async () => (await import('./commands/cycling-voltammetry.ts')).cyclingVoltammetryCommand,
  },
  {
    name: 'cycling arrhenius',
    load: async () => (await import('./commands/cycling-arrhenius.ts')).cyclingArrheniusCommand,
  },
  {
    name: 'scorecard',
    load: async () => (await import('./commands/scorecard.ts')).scorecardCommand,
  },
  // Before any that is named by its first word alone.
  {
    name: 'simulate board',
    load: async () => (await import('./commands/simulate-board.ts')).simulateBoardCommand,
  },
  { name: 'simulate', load: async () => (await import('./commands/simulate.ts')).simulateCommand },
  { name: 'doctor', load: async () => (await import('./commands/doctor.ts')).doctorCommand },
];
