import { Fault } from '../../src/domain/fault.ts';
import type { ElectrochemicalKind } from '../../src/domain/technique.ts';
import type { MethodScriptSession } from './methodscript-session.ts';

/** Who answers, and what it can do. */
export interface EmStatIdentity {
  /** Model and serial number: "EmStat4 HR ES4HR20B0008". */
  readonly model: string;
  readonly techniques: readonly ElectrochemicalKind[];
}

const RELEASE_TIMEOUT_SECOND = 2;

/** Six characters after the `t` of the firmware reply, MethodSCRIPT manual, "Communication". */
const DEVICE_NAMES: Readonly<Record<string, string>> = {
  espico: 'EmStat Pico',
  senswb: 'Sensit Wearable',
  es4_hr: 'EmStat4 HR',
  es4_lr: 'EmStat4 LR',
  mes4hr: 'MultiEmStat4 HR',
  mes4lr: 'MultiEmStat4 LR',
  nexus1: 'Nexus',
};
const SUPPORTED_DEVICE = 'es4_hr';
const BOOTLOADER_DEVICE = 'espbl';

/** Bits of the reply to CM that a technique needs: bit n is script command n. */
const NEEDED_COMMANDS: Readonly<Record<ElectrochemicalKind, readonly bigint[]>> = {
  /** meas_loop_ocp */
  openCircuit: [30n],
  /** meas_loop_cp, set_i */
  constantCurrent: [67n, 68n],
  /** set_e, meas_loop_ca */
  constantVoltage: [9n, 28n],
  /** set_e, meas_loop_cv */
  cyclicVoltammetry: [9n, 24n],
  /** meas_loop_eis, meas_loop_geis */
  impedance: [31n, 70n],
};

/**
 * Asks who is there (`t`), its serial number (`i`) and its script commands (`CM`).
 * @throws Fault instrumentUnable when it is not an EmStat4 HR; timeout, instrumentReply
 */
export async function identifyEmStat(
  session: MethodScriptSession,
  signal: AbortSignal,
): Promise<EmStatIdentity> {
  checkDevice(await session.ask('t', 't', signal), session.place);
  // The firmware reply has a second line, the release (`R*`).
  const timeoutSecond = RELEASE_TIMEOUT_SECOND;
  await session.nextLine({ timeoutSecond, waitingFor: 'the release line', signal });
  const serialNumber = await session.ask('i', 'i', signal);
  const commands = parseCapability(await session.ask('CM', 'C', signal), session.place);
  const kinds = Object.keys(NEEDED_COMMANDS) as ElectrochemicalKind[];
  return {
    model: `${DEVICE_NAMES[SUPPORTED_DEVICE]} ${serialNumber}`,
    techniques: kinds.filter((kind) =>
      NEEDED_COMMANDS[kind].every((bit) => ((commands >> bit) & 1n) === 1n),
    ),
  };
}

function checkDevice(firmware: string, where: string): void {
  if (firmware.startsWith(SUPPORTED_DEVICE)) return;
  const id = firmware.slice(0, 6);
  const name = DEVICE_NAMES[id] ?? `an unknown device "${id}"`;
  const message = firmware.startsWith(BOOTLOADER_DEVICE)
    ? 'the instrument is in its bootloader: disconnect its power and connect it again'
    : `expected an EmStat4 HR, found ${name}: check the port in the rig file`;
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
