import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** A serial port under a name that stays its own, and the device it is now. */
export interface SerialPortName {
  /** "/dev/serial/by-id/usb-PalmSens_EmStat4_HR_ES4HR20B0008-if00". */
  readonly path: string;
  /** "/dev/ttyACM0": depends on the order of plugging. */
  readonly device: string;
}

/** In the order of preference: by-path names the socket, for adapters without a serial number. */
export const STABLE_FOLDERS: readonly string[] = ['/dev/serial/by-id', '/dev/serial/by-path'];
/** More entries than a controller has ports: the rest is left out. */
const PORTS_MAX = 256;
const PLUG_ORDER_NAME = /^\/dev\/(ttyUSB|ttyACM|cu\.usb)/;

/**
 * Serial ports by the names that udev keeps for them. The list is read from the file system,
 * because `SerialPort.list()` starts udevadm and fails where there is none.
 * @param folders where the names are; a folder that is not there has none
 */
export function listSerialPorts(
  folders: readonly string[] = STABLE_FOLDERS,
): readonly SerialPortName[] {
  return folders.flatMap(portsIn).slice(0, PORTS_MAX);
}

/** True for a name that the kernel hands out in the order of plugging: /dev/ttyUSB0. */
export function dependsOnPlugOrder(path: string): boolean {
  return PLUG_ORDER_NAME.test(path);
}

/** The name that stays the port's own, where it has one. */
export function stablePathOf(
  device: string,
  folders: readonly string[] = STABLE_FOLDERS,
): string | undefined {
  return listSerialPorts(folders).find((port) => port.device === device)?.path;
}

function portsIn(folder: string): SerialPortName[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const device = targetOf(path);
    return device === undefined ? [] : [{ path, device }];
  });
}

/** udev makes the folder with the first port and takes it away with the last. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined for a link whose port was unplugged between listing and looking. */
function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
