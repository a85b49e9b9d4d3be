import type { CyclicVoltammetry, Impedance, LinearSweep } from '../../src/domain/technique.ts';
import {
  appliedCurrentRangeLines,
  currentRangeLines,
  modeLines,
  type ScriptSetting,
  scriptOf,
  voltageRangeLines,
} from './emstat-script-lines.ts';
import type { PotentialPlan } from './emstat-script-modes.ts';
import { potentialScript } from './emstat-script-potential.ts';
import { GALVANOSTAT_MODE } from './methodscript-devices.ts';
import { formatLiteral } from './methodscript-literal.ts';

const PEAK_PER_RMS = Math.SQRT2;
/** What `eis_acdc` fills: potential and current, alternating (rms) and direct. */
const DIRECT_PART_VARIABLES = ['eac', 'edc', 'iac', 'idc'];
/** Of them, those that are sent. */
const DIRECT_VARIABLES = ['edc', 'idc'];
const SWEEP_VARIABLES = ['f', 'r', 'j'];

/**
 * What the maker's example sends of each point of `eis_tdd`: potential and current at one moment a
 * package, in a loop of its own. How many there are (`n`) goes with the point, behind the sampling
 * frequency (`s`), so that a package that is lost on the way is missed.
 */
const WAVEFORM_PARTS = {
  variables: ['k', 'n', 's'],
  arrays: ['u', 'c'],
  option: ' eis_tdd(u c n s 0)',
  sent: ['s', 'n'],
  lines: [
    'store_var k 0i ja',
    'loop k < n',
    'pck_start',
    'pck_add u[k]',
    'pck_add c[k]',
    'pck_end',
    'add_var k 1i',
    'endloop',
  ],
} as const;
const NO_WAVEFORM = { variables: [], arrays: [], option: '', sent: [], lines: [] } as const;

/** From the start to the first vertex, to the second, and back: once for each cycle. */
export function voltammetryScript(
  technique: CyclicVoltammetry,
  setting: ScriptSetting,
  plan: PotentialPlan,
): string[] {
  const { startVolt, verticesVolt, cycles } = technique;
  const corners = [startVolt, ...verticesVolt].map(formatLiteral).join(' ');
  const repeated = cycles > 1 ? ` nscans(${cycles})` : '';
  return rampScript(technique, setting, plan, `meas_loop_cv e i ${corners} `, repeated);
}

/** From the start to the end, once. */
export function linearSweepScript(
  technique: LinearSweep,
  setting: ScriptSetting,
  plan: PotentialPlan,
): string[] {
  const corners = [technique.startVolt, technique.endVolt].map(formatLiteral).join(' ');
  return rampScript(technique, setting, plan, `meas_loop_lsv e i ${corners} `, '');
}

function rampScript(
  technique: CyclicVoltammetry | LinearSweep,
  setting: ScriptSetting,
  plan: PotentialPlan,
  command: string,
  options: string,
): string[] {
  const { startVolt, stepVolt, rateVoltPerSecond, currentAmpereMax } = technique;
  const ramp = `${formatLiteral(stepVolt)} ${formatLiteral(rateVoltPerSecond)}`;
  const loops = [`${command}${ramp}${options}`];
  return potentialScript({ startVolt, loops, currentAmpereMax }, setting, plan);
}

/** Impedance around a current, or around a potential. */
export function impedanceScript(technique: Impedance, setting: ScriptSetting): string[] {
  const { excitation } = technique;
  const loop =
    excitation.mode === 'galvanostatic'
      ? galvanostaticParts(technique, excitation, setting)
      : potentiostaticParts(technique, excitation, setting);
  const { asksDirectPart } = setting;
  const waveform = technique.waveforms ? WAVEFORM_PARTS : NO_WAVEFORM;
  return scriptOf(
    {
      variables: [
        ...SWEEP_VARIABLES,
        ...(asksDirectPart ? DIRECT_PART_VARIABLES : []),
        ...waveform.variables,
        ...loop.variables,
      ],
      arrays: waveform.arrays,
      preparation: loop.preparation,
      closing: loop.closing,
      loops: [
        `${loop.command}${waveform.option}${asksDirectPart ? ` eis_acdc(${DIRECT_PART_VARIABLES.join(' ')})` : ''}`,
      ],
      sent: [...SWEEP_VARIABLES, ...(asksDirectPart ? DIRECT_VARIABLES : []), ...waveform.sent],
      afterPackage: waveform.lines,
    },
    setting,
  );
}

interface SweepParts {
  readonly variables: readonly string[];
  readonly preparation: readonly string[];
  readonly closing: readonly string[];
  readonly command: string;
}

function galvanostaticParts(
  technique: Impedance,
  excitation: Extract<Impedance['excitation'], { mode: 'galvanostatic' }>,
  setting: ScriptSetting,
): SweepParts {
  const { amplitudeAmpereRms, biasAmpere } = excitation;
  const bias = formatLiteral(biasAmpere);
  const peakAmpere = Math.abs(biasAmpere) + amplitudeAmpereRms * PEAK_PER_RMS;
  const bandwidthHertzMax = setting.device.galvanostat?.bandwidthHertzMax ?? 0;
  const mode = { number: GALVANOSTAT_MODE, bandwidthHertzMax };
  return {
    variables: [],
    preparation: [
      ...modeLines(setting, mode, bandwidthHertzMax),
      ...voltageRangeLines(setting),
      ...appliedCurrentRangeLines(peakAmpere, setting),
      `set_i ${bias}`,
    ],
    closing: ['cell_on'],
    command: `meas_loop_geis f r j ${formatLiteral(amplitudeAmpereRms)} ${sweepArguments(technique)} ${bias}`,
  };
}

function potentiostaticParts(
  technique: Impedance,
  excitation: Extract<Impedance['excitation'], { mode: 'potentiostatic' }>,
  setting: ScriptSetting,
): SweepParts {
  const { impedanceMode } = setting.device;
  return {
    variables: ['e'],
    preparation: [
      ...modeLines(setting, impedanceMode, impedanceMode.bandwidthHertzMax),
      ...voltageRangeLines(setting),
      ...currentRangeLines(setting),
    ],
    closing: closingLines(excitation, setting),
    command: `meas_loop_eis f r j ${formatLiteral(excitation.amplitudeVoltRms)} ${sweepArguments(technique)} e`,
  };
}

/**
 * Closes the cell at the potential `e`. The open-circuit potential is measured by the instrument
 * just before; some close the cell at it themselves.
 */
function closingLines(
  { biasVolt, versusOpenCircuit }: Extract<Impedance['excitation'], { mode: 'potentiostatic' }>,
  { device }: ScriptSetting,
): string[] {
  const bias = formatLiteral(biasVolt);
  const closeAtE = ['set_range_minmax da e e', 'set_e e', 'cell_on'];
  if (!versusOpenCircuit) return [`store_var e ${bias} ab`, ...closeAtE];
  if (device.closesAtOpenCircuit) return ['cell_off', 'cell_on ocp(e)', `add_var e ${bias}`];
  return ['cell_off', 'meas 100m e ab', `add_var e ${bias}`, ...closeAtE];
}

/** Start frequency, end frequency, number of points counting both ends. */
function sweepArguments(technique: Impedance): string {
  const { frequencyHertzMax, frequencyHertzMin, pointCount } = technique;
  return `${formatLiteral(frequencyHertzMax)} ${formatLiteral(frequencyHertzMin)} ${pointCount}i`;
}
