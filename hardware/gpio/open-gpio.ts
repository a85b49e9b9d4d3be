import { asFault, Fault } from '../../src/domain/fault.ts';
import type { GpioAdapter } from './gpio-line.ts';
import { type LibgpiodOptions, openLibgpiod } from './libgpiod-adapter.ts';
import { type OnoffOptions, openOnoff } from './onoff-adapter.ts';

/** How a rig file can ask for the pins. */
export const GPIO_ADAPTERS = ['auto', 'onoff', 'libgpiod'] as const;
export type GpioChoice = (typeof GPIO_ADAPTERS)[number];

/**
 * Opens the way to the pins that the rig asks for; `auto` is onoff where it works, which has
 * edges without a gap, and the tools of libgpiod on a kernel without /sys/class/gpio.
 * @throws Fault instrumentMissing with everything that is missing
 */
export async function openGpio(
  choice: GpioChoice,
  options: OnoffOptions & LibgpiodOptions,
): Promise<GpioAdapter> {
  if (choice === 'onoff') return openOnoff(options);
  if (choice === 'libgpiod') return openLibgpiod(options);
  try {
    return await openOnoff(options);
  } catch (onoffError) {
    try {
      return await openLibgpiod(options);
    } catch (libgpiodError) {
      const faults = [
        asFault(onoffError, 'onoff', 'instrumentMissing'),
        asFault(libgpiodError, 'libgpiod', 'instrumentMissing'),
      ];
      throw new Fault(
        'instrumentMissing',
        faults.flatMap(({ problems }) => problems),
      );
    }
  }
}
