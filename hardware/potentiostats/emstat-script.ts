import { Fault } from '../../src/domain/fault.ts';
import type { PotentiostatCapability } from '../../src/domain/instrument.ts';
import { type Sampling, samplingStretches } from '../../src/domain/sampling.ts';
import type {
  ConstantCurrent,
  ConstantVoltage,
  CyclicVoltammetry,
  ElectrochemicalTechnique,
  Impedance,
  OpenCircuit,
} from '../../src/domain/technique.ts';
import { techniqueProblems } from './emstat-limits.ts';
import { formatLiteral } from './methodscript-literal.ts';

/** Modes of `set_pgstat_mode`, MethodSCRIPT manual. */
const MODE = { lowSpeed: 2, highSpeed: 3, galvanostat: 6 } as const;
/** Bandwidth that suits a sampling interval of 1 s, after the maker's battery example. */
const BANDWIDTH_HERTZ_SECOND = 5.850535;
const BANDWIDTH_HERTZ_MAX = 200e3;
const PEAK_PER_RMS = Math.SQRT2;
/** Smallest current the autoranging of an EmStat4 HR starts from. */
const CURRENT_RANGE_AMPERE_MIN = 1e-9;

/**
 * The script that makes an EmStat4 HR run a technique. Every loop is bounded in time or points, and
 * every script ends with `on_finished: cell_off`, so the cell is opened even if the host is gone.
 *
 * @throws Fault instrumentUnable naming what the instrument cannot do
 */
export function scriptFor(
  technique: ElectrochemicalTechnique,
  capability: PotentiostatCapability,
  where: string,
): readonly string[] {
  const problems = techniqueProblems(technique, capability);
  if (problems.length > 0) {
    throw new Fault(
      'instrumentUnable',
      problems.map((message) => ({ where, message })),
    );
  }
  switch (technique.kind) {
    case 'openCircuit':
      return openCircuitScript(technique, capability);
    case 'constantCurrent':
      return constantCurrentScript(technique, capability);
    case 'constantVoltage':
      return constantVoltageScript(technique, capability);
    case 'cyclicVoltammetry':
      return voltammetryScript(technique, capability);
    case 'impedance':
      return technique.excitation.mode === 'galvanostatic'
        ? galvanostaticSweepScript(technique, technique.excitation, capability)
        : potentiostaticSweepScript(technique, technique.excitation, capability);
  }
}

function openCircuitScript(technique: OpenCircuit, capability: PotentiostatCapability): string[] {
  return [
    'var e',
    ...modeLines(MODE.highSpeed, BANDWIDTH_HERTZ_SECOND / shortestSecond(technique)),
    ...voltageRangeLines(capability),
    'cell_off',
    ...loopLines(technique, {
      command: 'meas_loop_ocp e',
      body: packageLines(['e']),
      limits: undefined,
    }),
    ...FINISH_LINES,
  ];
}

/**
 * The voltage window is checked by the instrument at every sample, so it may be overshot for one
 * sampling interval and no longer, whatever the host does.
 */
function constantCurrentScript(
  technique: ConstantCurrent,
  capability: PotentiostatCapability,
): string[] {
  const { currentAmpere } = technique;
  const current = formatLiteral(currentAmpere);
  return [
    'var e',
    'var i',
    ...modeLines(MODE.galvanostat, BANDWIDTH_HERTZ_SECOND / shortestSecond(technique)),
    ...voltageRangeLines(capability),
    `set_range db ${formatLiteral(Math.abs(currentAmpere))}`,
    `set_i ${current}`,
    'cell_on',
    ...loopLines(technique, {
      command: `meas_loop_cp e i ${current}`,
      body: packageLines(['e', 'i']),
      limits: {
        variable: 'e',
        most: formatLiteral(Math.min(technique.voltageVoltMax, capability.voltageVoltMax)),
        least: formatLiteral(Math.max(technique.voltageVoltMin, capability.voltageVoltMin)),
      },
    }),
    ...FINISH_LINES,
  ];
}

/** The current is checked by the instrument at every sample, whatever the host does. */
function constantVoltageScript(
  technique: ConstantVoltage,
  capability: PotentiostatCapability,
): string[] {
  const { voltageVolt, currentAmpereMax } = technique;
  const voltage = formatLiteral(voltageVolt);
  return [
    'var e',
    'var i',
    ...modeLines(MODE.lowSpeed, BANDWIDTH_HERTZ_SECOND / shortestSecond(technique)),
    ...appliedRangeLines([voltageVolt]),
    ...currentRangeLines(capability),
    `set_e ${voltage}`,
    'cell_on',
    ...loopLines(technique, {
      command: `meas_loop_ca e i ${voltage}`,
      body: packageLines(['e', 'i']),
      limits: currentLimits(currentAmpereMax, capability),
    }),
    ...FINISH_LINES,
  ];
}

/** From the start to the first vertex, to the second, and back: once for each cycle. */
function voltammetryScript(
  technique: CyclicVoltammetry,
  capability: PotentiostatCapability,
): string[] {
  const { startVolt, verticesVolt, stepVolt, rateVoltPerSecond, cycles } = technique;
  const start = formatLiteral(startVolt);
  const vertices = verticesVolt.map((volt) => formatLiteral(volt)).join(' ');
  const sweep = `${formatLiteral(stepVolt)} ${formatLiteral(rateVoltPerSecond)}`;
  const repeated = cycles > 1 ? ` nscans(${cycles})` : '';
  return [
    'var e',
    'var i',
    ...modeLines(MODE.lowSpeed, (BANDWIDTH_HERTZ_SECOND * rateVoltPerSecond) / stepVolt),
    ...appliedRangeLines([startVolt, ...verticesVolt]),
    ...currentRangeLines(capability),
    `set_e ${start}`,
    'cell_on',
    `meas_loop_cv e i ${start} ${vertices} ${sweep}${repeated}`,
    ...packageLines(['e', 'i']),
    ...limitLines(currentLimits(technique.currentAmpereMax, capability)),
    'endloop',
    ...FINISH_LINES,
  ];
}

/** Begins in the largest range: what flows when the cell is closed is not known yet. */
function currentRangeLines({ currentAmpereMax }: PotentiostatCapability): string[] {
  const largest = formatLiteral(currentAmpereMax);
  const smallest = formatLiteral(CURRENT_RANGE_AMPERE_MIN);
  return [`set_range ba ${largest}`, `set_autoranging ba ${smallest} ${largest}`];
}

/** What a measured variable must stay within, as literals. */
interface LoopLimits {
  readonly variable: 'e' | 'i';
  readonly most: string;
  readonly least: string;
}

function currentLimits(currentAmpereMax: number, capability: PotentiostatCapability): LoopLimits {
  const limit = Math.min(currentAmpereMax, capability.currentAmpereMax);
  return { variable: 'i', most: formatLiteral(limit), least: formatLiteral(-limit) };
}

function limitLines({ variable, most, least }: LoopLimits): string[] {
  return [...breakLines(`${variable} > ${most}`), ...breakLines(`${variable} < ${least}`)];
}

function shortestSecond(sampling: Sampling): number {
  const { sampleEverySecond, durationSecond, edge } = sampling;
  return Math.min(sampleEverySecond, durationSecond, edge?.everySecond ?? sampleEverySecond);
}

/**
 * One loop after another, each with its own rhythm: the current or the voltage is not interrupted
 * between them. After a limit has ended one, none of the others begins.
 */
function loopLines(
  sampling: Sampling,
  loop: {
    readonly command: string;
    readonly body: readonly string[];
    readonly limits: LoopLimits | undefined;
  },
): string[] {
  const { command, body, limits } = loop;
  return samplingStretches(sampling).flatMap(({ everySecond, durationSecond }, at) => {
    const lines = [
      `${command} ${formatLiteral(everySecond)} ${formatLiteral(durationSecond)}`,
      ...body,
      ...(limits ? limitLines(limits) : []),
      'endloop',
    ];
    if (at === 0 || !limits) return lines;
    const { variable, most, least } = limits;
    return [`if ${variable} <= ${most}`, `if ${variable} >= ${least}`, ...lines, 'endif', 'endif'];
  });
}

function galvanostaticSweepScript(
  technique: Impedance,
  excitation: Extract<Impedance['excitation'], { mode: 'galvanostatic' }>,
  capability: PotentiostatCapability,
): string[] {
  const { amplitudeAmpereRms, biasAmpere } = excitation;
  const bias = formatLiteral(biasAmpere);
  const peakAmpere = Math.abs(biasAmpere) + amplitudeAmpereRms * PEAK_PER_RMS;
  return [
    ...SWEEP_VARIABLE_LINES,
    ...modeLines(MODE.galvanostat, BANDWIDTH_HERTZ_MAX),
    ...voltageRangeLines(capability),
    `set_range db ${formatLiteral(peakAmpere)}`,
    `set_i ${bias}`,
    'cell_on',
    `meas_loop_geis f r j ${formatLiteral(amplitudeAmpereRms)} ${sweepArguments(technique)} ${bias}`,
    ...packageLines(['f', 'r', 'j']),
    'endloop',
    ...FINISH_LINES,
  ];
}

function potentiostaticSweepScript(
  technique: Impedance,
  excitation: Extract<Impedance['excitation'], { mode: 'potentiostatic' }>,
  capability: PotentiostatCapability,
): string[] {
  const { amplitudeVoltRms, biasVolt, versusOpenCircuit } = excitation;
  const bias = formatLiteral(biasVolt);
  const amplitude = formatLiteral(amplitudeVoltRms);
  return [
    ...SWEEP_VARIABLE_LINES,
    'var e',
    ...modeLines(MODE.highSpeed, BANDWIDTH_HERTZ_MAX),
    ...voltageRangeLines(capability),
    ...currentRangeLines(capability),
    // The open-circuit potential is measured by the instrument just before the cell is closed.
    ...(versusOpenCircuit
      ? ['cell_off', 'meas 100m e ab', `add_var e ${bias}`]
      : [`store_var e ${bias} ab`]),
    'set_e e',
    'cell_on',
    `meas_loop_eis f r j ${amplitude} ${sweepArguments(technique)} e`,
    ...packageLines(['f', 'r', 'j']),
    'endloop',
    ...FINISH_LINES,
  ];
}

const SWEEP_VARIABLE_LINES = ['var f', 'var r', 'var j'];
/** Run after Z and after errors too, which is why every script ends with it. */
const FINISH_LINES = ['on_finished:', 'cell_off'];

/** Start frequency, end frequency, number of points counting both ends. */
function sweepArguments(technique: Impedance): string {
  const { frequencyHertzMax, frequencyHertzMin, pointCount } = technique;
  return `${formatLiteral(frequencyHertzMax)} ${formatLiteral(frequencyHertzMin)} ${pointCount}i`;
}

function modeLines(mode: number, bandwidthHertz: number): string[] {
  return [
    'set_pgstat_chan 0',
    `set_pgstat_mode ${mode}`,
    // Must follow every change of mode, or the instrument keeps its default bandwidth.
    `set_max_bandwidth ${formatLiteral(Math.min(bandwidthHertz, BANDWIDTH_HERTZ_MAX))}`,
    'set_acquisition_frac_autoadjust 50',
  ];
}

function voltageRangeLines({ voltageVoltMin, voltageVoltMax }: PotentiostatCapability): string[] {
  const span = `${formatLiteral(voltageVoltMin)} ${formatLiteral(voltageVoltMax)}`;
  return [`set_range_minmax ab ${span}`, `set_autoranging ab ${span}`];
}

/** Tells which potentials will be applied; only instruments with a narrow output need it. */
function appliedRangeLines(volts: readonly number[]): string[] {
  return [
    `set_range_minmax da ${formatLiteral(Math.min(...volts))} ${formatLiteral(Math.max(...volts))}`,
  ];
}

function packageLines(variables: readonly string[]): string[] {
  return ['pck_start', ...variables.map((name) => `pck_add ${name}`), 'pck_end'];
}

function breakLines(condition: string): string[] {
  return [`if ${condition}`, 'breakloop', 'endif'];
}
