import type { PotentiostatCapability } from '../../src/domain/instrument.ts';
import { type Sampling, samplingStretches } from '../../src/domain/sampling.ts';
import { WAVEFORM_SAMPLES_MAX } from '../../src/domain/waveform.ts';
import { currentSpan, type MethodScriptDevice, type PgstatMode } from './methodscript-devices.ts';
import { formatLiteral } from './methodscript-literal.ts';

/** A general-purpose pin that tells other apparatus, such as a camera, when something is measured. */
export interface TriggerLine {
  /** Number of the pin, from 0. */
  readonly pin: number;
  /** A pulse at each point, or high from the closing of the cell to its opening. */
  readonly at: 'point' | 'measurement';
}

/** For whom a script is written. */
export interface ScriptSetting {
  readonly device: MethodScriptDevice;
  readonly capability: PotentiostatCapability;
  /** Value of `set_pgstat_chan`. */
  readonly channel: number;
  readonly trigger?: TriggerLine | undefined;
  /** Whether impedance is to tell the direct potential and current too: `eis_acdc`. */
  readonly asksDirectPart: boolean;
}

/** What a measuring loop is made of; the lines of its options are the technique's. */
export interface LoopParts {
  readonly variables: readonly string[];
  /** Each has room for the samples of one waveform. */
  readonly arrays?: readonly string[];
  /** Ranges and start value, before the cell is closed. */
  readonly preparation: readonly string[];
  /** How the cell is closed; none for open circuit. */
  readonly closing: readonly string[];
  /** Commands of the loops: one after another, the cell is not opened between them. */
  readonly loops: readonly string[];
  /** Variables of each package. */
  readonly sent: readonly string[];
  /** What else is sent of each point, after its package. */
  readonly afterPackage?: readonly string[];
  /** On-device limits, looked at after each point. */
  readonly limits?: LoopLimits;
}

/** What a measured variable must stay within, as literals. */
export interface LoopLimits {
  readonly variable: string;
  readonly most: string;
  readonly least: string;
}

/**
 * A whole script: variables, ranges, the loop, and `on_finished:`, which runs after Z and after
 * errors too and is why every script ends with it.
 */
export function scriptOf(parts: LoopParts, { trigger }: ScriptSetting): string[] {
  const high = trigger ? [`set_gpio ${2 ** trigger.pin}i`] : [];
  const low = trigger ? ['set_gpio 0i'] : [];
  const isPulsed = trigger?.at === 'point';
  const body = [
    ...(isPulsed ? high : []),
    'pck_start',
    ...parts.sent.map((name) => `pck_add ${name}`),
    'pck_end',
    ...(isPulsed ? low : []),
    ...(parts.afterPackage ?? []),
    ...limitLines(parts.limits),
  ];
  return [
    ...parts.variables.map((name) => `var ${name}`),
    ...(parts.arrays ?? []).map((name) => `array ${name} ${WAVEFORM_SAMPLES_MAX}`),
    ...(trigger ? [`set_gpio_cfg 0b${(2 ** trigger.pin).toString(2)} 1`, ...low] : []),
    ...parts.preparation,
    ...parts.closing,
    ...(isPulsed ? [] : high),
    ...parts.loops.flatMap((loop, at) =>
      whileWithin(at === 0 ? undefined : parts.limits, [loop, ...body, 'endloop']),
    ),
    'on_finished:',
    'cell_off',
    ...low,
  ];
}

/** One loop for each rhythm of a technique that goes on in time. */
export function loopsOf(sampling: Sampling, command: string): string[] {
  return samplingStretches(sampling).map(
    ({ everySecond, durationSecond }) =>
      `${command} ${formatLiteral(everySecond)} ${formatLiteral(durationSecond)}`,
  );
}

/** Of the readings of a technique that goes on in time. */
export function shortestSecond({ sampleEverySecond, durationSecond, edge }: Sampling): number {
  return Math.min(sampleEverySecond, durationSecond, edge?.everySecond ?? sampleEverySecond);
}

/** After a limit has ended one loop, none of the others begins. */
function whileWithin(limits: LoopLimits | undefined, lines: readonly string[]): readonly string[] {
  if (!limits) return lines;
  const { variable, most, least } = limits;
  return [`if ${variable} <= ${most}`, `if ${variable} >= ${least}`, ...lines, 'endif', 'endif'];
}

/** Channel, mode and bandwidth: always the first, because a change of mode resets the others. */
export function modeLines(
  { channel }: ScriptSetting,
  mode: Pick<PgstatMode, 'number' | 'bandwidthHertzMax'>,
  bandwidthHertz: number,
): string[] {
  return [
    `set_pgstat_chan ${channel}`,
    `set_pgstat_mode ${mode.number}`,
    `set_max_bandwidth ${formatLiteral(Math.min(bandwidthHertz, mode.bandwidthHertzMax))}`,
    'set_acquisition_frac_autoadjust 50',
  ];
}

/** One fixed range: a change of range in the middle of a charge would be a step in the voltage. */
export function voltageRangeLines({ device }: ScriptSetting): string[] {
  const range = formatLiteral(device.voltageRangeVolt);
  return [`set_range ab ${range}`, `set_autoranging ab ${range} ${range}`];
}

/** Begins in the largest range: what flows when the cell is closed is not known yet. */
export function currentRangeLines({ device }: ScriptSetting): string[] {
  const { least, most } = currentSpan(device);
  const largest = formatLiteral(most);
  return [`set_range ba ${largest}`, `set_autoranging ba ${formatLiteral(least)} ${largest}`];
}

/** The range a galvanostat applies its current in; it must not change under way. */
export function appliedCurrentRangeLines(peakAmpere: number, { device }: ScriptSetting): string[] {
  const range = formatLiteral(Math.max(Math.abs(peakAmpere), currentSpan(device).least));
  return [`set_range db ${range}`, `set_autoranging db ${range} ${range}`];
}

/** Tells which potentials will be applied: an EmStat Pico lays its dynamic window over them. */
export function appliedRangeLines(volts: readonly number[]): string[] {
  return [
    `set_range_minmax da ${formatLiteral(Math.min(...volts))} ${formatLiteral(Math.max(...volts))}`,
  ];
}

/** Ends the loop at the first point beyond a limit. */
function limitLines(limits: LoopLimits | undefined): string[] {
  if (!limits) return [];
  const { variable, most, least } = limits;
  return [`${variable} > ${most}`, `${variable} < ${least}`].flatMap((condition) => [
    `if ${condition}`,
    'breakloop',
    'endif',
  ]);
}

/** The current is checked by the instrument at every point, whatever the host does. */
export function currentLimits(currentAmpereMax: number, { capability }: ScriptSetting): LoopLimits {
  const limit = Math.min(currentAmpereMax, capability.currentAmpereMax);
  return { variable: 'i', most: formatLiteral(limit), least: formatLiteral(-limit) };
}
