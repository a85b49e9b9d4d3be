import { Fault } from '../../src/domain/fault.ts';
import { kernelNumberOf, SYSFS_ROOT } from './kernel-number.ts';

/** One pin of the computer's own header. */
export interface GpioLine {
  /** BCM number. */
  readonly bcm: number;
  read(): 0 | 1;
  write(value: 0 | 1): void;
  /** Gives the pin back to the kernel, as an input. Idempotent. */
  close(): void;
}

/** What is used of the package onoff; tests hand in their own. */
export interface OnoffPackage {
  readonly Gpio: new (
    kernelNumber: number,
    direction: GpioDirection,
  ) => {
    readSync(): 0 | 1;
    writeSync(value: 0 | 1): void;
    unexport(): void;
  };
}

/** `low` and `high` are outputs that start at that level, without a glitch. */
export type GpioDirection = 'in' | 'low' | 'high';

export interface GpioLineOptions {
  readonly bcm: number;
  readonly direction: GpioDirection;
  readonly sysfsRoot?: string;
  readonly loadOnoff?: () => Promise<OnoffPackage>;
}

/**
 * Opens a header pin by its BCM number. Not for anything safety depends on: a pin keeps its level
 * when the process dies.
 *
 * @throws Fault instrumentMissing when the optional package onoff, the chip or the right to use
 *   the pin is missing; badInput for a pin there is not
 */
export async function openGpioLine(options: GpioLineOptions): Promise<GpioLine> {
  const { bcm, direction, sysfsRoot = SYSFS_ROOT, loadOnoff = importOnoff } = options;
  const { Gpio } = await loadOnoff().catch((error: unknown) => {
    const message =
      'the optional package onoff is not usable: run "npm install onoff" on a machine with make, g++ and python3';
    throw new Fault('instrumentMissing', { where: `BCM ${bcm}`, message }, error);
  });
  const kernelNumber = await kernelNumberOf(bcm, sysfsRoot);
  try {
    return new OnoffLine(bcm, new Gpio(kernelNumber, direction));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the kernel did not give the pin (number ${kernelNumber}): ${reason}; is the user in the group gpio?`;
    throw new Fault('instrumentMissing', { where: `BCM ${bcm}`, message }, error);
  }
}

class OnoffLine implements GpioLine {
  readonly bcm: number;
  #gpio: InstanceType<OnoffPackage['Gpio']> | undefined;

  constructor(bcm: number, gpio: InstanceType<OnoffPackage['Gpio']>) {
    this.bcm = bcm;
    this.#gpio = gpio;
  }

  read(): 0 | 1 {
    return this.#open().readSync();
  }

  write(value: 0 | 1): void {
    this.#open().writeSync(value);
  }

  close(): void {
    this.#gpio?.unexport();
    this.#gpio = undefined;
  }

  #open(): InstanceType<OnoffPackage['Gpio']> {
    if (this.#gpio) return this.#gpio;
    throw new Fault('instrumentLost', { where: `BCM ${this.bcm}`, message: 'the pin is closed' });
  }
}

/** Loaded only when a pin is asked for: the package needs a compiler to install. */
async function importOnoff(): Promise<OnoffPackage> {
  return import('onoff');
}
