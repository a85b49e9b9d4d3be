import type { DeviceId } from '../../../hardware/potentiostats/methodscript-devices.ts';

const EVERY_COMMAND = 'F'.repeat(64);

/** What an instrument that is idle answers to a driver that connects, literally. */
export function connectingAnswers(
  device: DeviceId | string = 'es4_hr',
  commands = EVERY_COMMAND,
): Record<string, string> {
  return {
    '\nZ\n': 'Z!0006\n',
    't\n': `t${device}1500#Mar 12 2026 14:28:01\nR*\n`,
    'i\n': 'iES4HR20B0008\n',
    'm\n': 'mMES4HR20B0001\n',
    'v\n': 'v01.09.00\n',
    'CM\n': `CM${commands}\n`,
    'e\ncell_off\n\n': 'e\n\n',
  };
}
