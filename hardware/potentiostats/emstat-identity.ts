import { Fault } from '../../src/domain/fault.ts';
import type { PotentiostatCapability } from '../../src/domain/instrument.ts';
import type { ElectrochemicalKind } from '../../src/domain/technique.ts';
import {
  DEVICES,
  type DeviceId,
  deviceFor,
  type MethodScriptDevice,
} from './methodscript-devices.ts';
import type { MethodScriptSession } from './methodscript-session.ts';

/** Who answers, and what it can do. */
export interface EmStatIdentity {
  readonly device: MethodScriptDevice;
  /** Model and serial number: "EmStat4 HR ES4HR20B0008". */
  readonly model: string;
  readonly serialNumber: string;
  /** Version of its firmware and of its script language: "1500", "01.09.00". */
  readonly firmware: string;
  readonly scriptVersion: string;
  readonly capability: PotentiostatCapability;
  /** Whether its script language has general-purpose pins. */
  readonly hasPins: boolean;
}

/** What the rig file says of the instrument, to be compared with what is found. */
export interface ExpectedDevice {
  readonly id?: DeviceId | undefined;
}

const RELEASE_TIMEOUT_SECOND = 2;
/** Bootloaders of the EmStat Pico and of the EmStat4. */
const BOOTLOADERS = ['espbl', 'es4_bl'];

/** Bits of the reply to CM that a technique needs: bit n is script command n. */
const NEEDED_COMMANDS: Readonly<
  Record<Exclude<ElectrochemicalKind, 'impedance'>, readonly bigint[]>
> = {
  /** meas_loop_ocp */
  openCircuit: [30n],
  /** meas_loop_cp, set_i */
  constantCurrent: [67n, 68n],
  /** set_e, meas_loop_ca */
  constantVoltage: [9n, 28n],
  /** set_e, meas_loop_cv */
  cyclicVoltammetry: [9n, 24n],
  /** set_e, meas_loop_lsv */
  linearSweep: [9n, 23n],
};
/** meas_loop_eis; set_i, meas_loop_geis */
const EXCITATION_COMMANDS = { potentiostatic: [31n], galvanostatic: [68n, 70n] } as const;
/** array, loop, meas_loop_eis */
const WAVEFORM_COMMANDS = [2n, 13n, 31n];
/** set_gpio_cfg, set_gpio */
const PIN_COMMANDS = [43n, 45n];

/**
 * Asks who is there (`t`), its serial number (`i`, of a multichannel instrument also `m`), the
 * version of its script language (`v`) and its script commands (`CM`).
 * @throws Fault instrumentUnable when it is not a device of the family, or not the expected one;
 *   timeout, instrumentReply
 */
export async function identifyEmStat(
  session: MethodScriptSession,
  expected: ExpectedDevice,
  signal: AbortSignal,
): Promise<EmStatIdentity> {
  const firmware = await session.ask('t', 't', signal);
  // The firmware reply has a second line, the release (`R*`).
  const timeoutSecond = RELEASE_TIMEOUT_SECOND;
  await session.nextLine({ timeoutSecond, waitingFor: 'the release line', signal });
  const device = checkDevice(firmware, expected, session.place);
  const serialNumber = await session.ask('i', 'i', signal);
  const frame = device.id.startsWith('mes') ? ` in ${await session.ask('m', 'm', signal)}` : '';
  const scriptVersion = await session.ask('v', 'v', signal);
  const commands = parseCapability(await session.ask('CM', 'C', signal), session.place);
  return {
    device,
    model: `${device.name} ${serialNumber}${frame}`,
    serialNumber,
    firmware: firmware.slice(device.id.length).split('#')[0] ?? '',
    scriptVersion,
    capability: capabilityOf(device, commands),
    hasPins: hasAll(commands, PIN_COMMANDS),
  };
}

/** What a device of this model can do when its script language has every command for it. */
export function fullCapability(device: MethodScriptDevice): PotentiostatCapability {
  const galvanostat = [67n, 68n, 70n];
  const potentiostat = [9n, 23n, 24n, 28n, 30n, 31n, ...WAVEFORM_COMMANDS];
  const all = [...potentiostat, ...(device.galvanostat ? galvanostat : [])];
  return capabilityOf(
    device,
    all.reduce((bits, bit) => bits | (1n << bit), 0n),
  );
}

function capabilityOf(device: MethodScriptDevice, commands: bigint): PotentiostatCapability {
  const kinds = Object.keys(NEEDED_COMMANDS) as (keyof typeof NEEDED_COMMANDS)[];
  const modes = Object.keys(EXCITATION_COMMANDS) as (keyof typeof EXCITATION_COMMANDS)[];
  const excitations = modes.filter((mode) => hasAll(commands, EXCITATION_COMMANDS[mode]));
  const tellsWaveforms = device.tellsWaveforms && hasAll(commands, WAVEFORM_COMMANDS);
  const direct = kinds.filter((kind) => hasAll(commands, NEEDED_COMMANDS[kind]));
  return {
    ...device.capability,
    techniques: [...direct, ...(excitations.length > 0 ? (['impedance'] as const) : [])],
    excitations,
    waveforms: tellsWaveforms ? (['potentiostatic'] as const) : [],
  };
}

function hasAll(commands: bigint, bits: readonly bigint[]): boolean {
  return bits.every((bit) => ((commands >> bit) & 1n) === 1n);
}

function checkDevice(firmware: string, { id }: ExpectedDevice, where: string): MethodScriptDevice {
  const device = deviceFor(firmware);
  if (device && (id === undefined || device.id === id)) return device;
  const asked = id === undefined ? 'a MethodSCRIPT potentiostat' : DEVICES[id].name;
  const found = device?.name ?? `an unknown device "${firmware.slice(0, 6)}"`;
  const message = BOOTLOADERS.some((bootloader) => firmware.startsWith(bootloader))
    ? `expected ${asked}, found an instrument in its bootloader: disconnect its power and connect it again`
    : `expected ${asked}, found ${found}: check the port and the model in the rig file`;
  throw new Fault('instrumentUnable', { where, message });
}

function parseCapability(text: string, where: string): bigint {
  const match = /^M?([0-9A-Fa-f]{64})$/.exec(text);
  if (match) return BigInt(`0x${match[1]}`);
  throw new Fault('instrumentReply', {
    where,
    message: `the reply to CM must be 64 hexadecimal digits, found "${text}"`,
  });
}
