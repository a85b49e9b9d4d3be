/** What a command takes at one place. */
export type ArgumentKind =
  | 'newVariable'
  | 'newArray'
  | 'variable'
  /** A variable, or one element of an array: `u[k]`. */
  | 'element'
  | 'value'
  | 'type'
  | 'operator';

const LOOP_OUTPUTS = ['variable', 'variable'] as const;
const SWEEP = ['variable', 'variable', 'variable', 'value', 'value', 'value', 'value', 'value'];

/** Commands this instrument knows, with their arguments. The real one knows more. */
const COMMANDS = {
  var: ['newVariable'],
  array: ['newArray', 'value'],
  store_var: ['variable', 'value', 'type'],
  copy_var: ['variable', 'variable'],
  add_var: ['variable', 'value'],
  sub_var: ['variable', 'value'],
  mul_var: ['variable', 'value'],
  div_var: ['variable', 'value'],
  set_pgstat_chan: ['value'],
  set_pgstat_mode: ['value'],
  set_max_bandwidth: ['value'],
  set_acquisition_frac_autoadjust: ['value'],
  set_range: ['type', 'value'],
  set_range_minmax: ['type', 'value', 'value'],
  set_autoranging: ['type', 'value', 'value'],
  set_e: ['value'],
  set_i: ['value'],
  set_gpio_cfg: ['value', 'value'],
  set_gpio: ['value'],
  cell_on: [],
  cell_off: [],
  wait: ['value'],
  meas: ['value', 'variable', 'type'],
  meas_loop_ocp: ['variable', 'value', 'value'],
  meas_loop_ca: [...LOOP_OUTPUTS, 'value', 'value', 'value'],
  meas_loop_cp: [...LOOP_OUTPUTS, 'value', 'value', 'value'],
  meas_loop_lsv: [...LOOP_OUTPUTS, 'value', 'value', 'value', 'value'],
  meas_loop_cv: [...LOOP_OUTPUTS, 'value', 'value', 'value', 'value', 'value'],
  meas_loop_eis: SWEEP as ArgumentKind[],
  meas_loop_geis: SWEEP as ArgumentKind[],
  loop: ['value', 'operator', 'value'],
  endloop: [],
  breakloop: [],
  if: ['value', 'operator', 'value'],
  endif: [],
  pck_start: [],
  pck_add: ['element'],
  pck_end: [],
  'on_finished:': [],
} as const satisfies Record<string, readonly ArgumentKind[]>;

/** Every command of the script language that this twin knows. */
export type CommandName = keyof typeof COMMANDS;

/**
 * Commands as the reply to CM numbers them. Those of a galvanostat are apart: an EmStat Pico is
 * none.
 */
const COMMAND_BITS: Readonly<Record<Exclude<CommandName, 'on_finished:'>, number>> = {
  var: 1,
  array: 2,
  store_var: 3,
  copy_var: 4,
  add_var: 5,
  sub_var: 6,
  mul_var: 7,
  div_var: 8,
  set_e: 9,
  wait: 12,
  loop: 13,
  endloop: 14,
  breakloop: 15,
  if: 16,
  endif: 19,
  meas: 21,
  meas_loop_lsv: 23,
  meas_loop_cv: 24,
  meas_loop_ca: 28,
  meas_loop_ocp: 30,
  meas_loop_eis: 31,
  set_autoranging: 32,
  pck_start: 33,
  pck_add: 34,
  pck_end: 35,
  set_max_bandwidth: 36,
  cell_on: 38,
  cell_off: 39,
  set_pgstat_mode: 40,
  set_pgstat_chan: 42,
  set_gpio_cfg: 43,
  set_gpio: 45,
  set_range: 65,
  set_range_minmax: 66,
  meas_loop_cp: 67,
  set_i: 68,
  meas_loop_geis: 70,
  set_acquisition_frac_autoadjust: 91,
};
const GALVANOSTAT_COMMANDS: ReadonlySet<string> = new Set([
  'meas_loop_cp',
  'set_i',
  'meas_loop_geis',
]);

/** Which parts of the script language a device has. */
export interface Dialect {
  readonly isGalvanostat: boolean;
  /** `eis_acdc` of an impedance loop. */
  readonly tellsDirectPart: boolean;
  /** `eis_tdd` of a potentiostatic impedance loop. */
  readonly tellsWaveforms: boolean;
  /** `cell_on ocp(v)`. */
  readonly closesAtOpenCircuit: boolean;
}

/** The reply to CM: 64 hexadecimal digits; bit n of the number stands for script command n. */
export function capabilityHex({ isGalvanostat }: Dialect): string {
  const bits = Object.entries(COMMAND_BITS)
    .filter(([command]) => isGalvanostat || !GALVANOSTAT_COMMANDS.has(command))
    .reduce((sum, [, bit]) => sum | (1n << BigInt(bit)), 0n);
  return bits.toString(16).toUpperCase().padStart(64, '0');
}

type OptionKinds = readonly ('value' | 'variable' | 'array')[];
const DIRECT_PART: OptionKinds = ['variable', 'variable', 'variable', 'variable'];
/** Arrays of potential and current, their length, their sampling frequency, and a number. */
const WAVEFORM: OptionKinds = ['array', 'array', 'variable', 'variable', 'value'];

/** Options of a command, each with what stands in its parentheses. */
export function optionsOf(command: CommandName, dialect: Dialect): Record<string, OptionKinds> {
  if (command === 'meas_loop_cv') return { nscans: ['value'] };
  if (command === 'cell_on' && dialect.closesAtOpenCircuit) return { ocp: ['variable'] };
  const isSweep = command === 'meas_loop_eis' || command === 'meas_loop_geis';
  if (!isSweep) return {};
  return {
    ...(dialect.tellsDirectPart ? { eis_acdc: DIRECT_PART } : {}),
    ...(dialect.tellsWaveforms && command === 'meas_loop_eis' ? { eis_tdd: WAVEFORM } : {}),
  };
}
/** Commands that have options on some device: elsewhere one is an unknown option, no stray word. */
const COMMANDS_WITH_OPTIONS: ReadonlySet<string> = new Set([
  'meas_loop_cv',
  'meas_loop_eis',
  'meas_loop_geis',
  'cell_on',
]);

/** True for a command that a device of this dialect knows. */
export function isCommand(text: string, { isGalvanostat }: Dialect): text is CommandName {
  return Object.hasOwn(COMMANDS, text) && (isGalvanostat || !GALVANOSTAT_COMMANDS.has(text));
}

/** What a command takes, in order. */
export function argumentsOf(command: CommandName): readonly ArgumentKind[] {
  return COMMANDS[command];
}

/** True for commands that have options on some device. */
export function hasOptions(command: CommandName): boolean {
  return COMMANDS_WITH_OPTIONS.has(command);
}

/** True for commands that need an `endloop`. */
export function opensLoop(command: CommandName): boolean {
  return command === 'loop' || isLoop(command);
}

/** True for commands that measure in a loop. */
export function isLoop(command: CommandName): boolean {
  return command.startsWith('meas_loop_');
}
