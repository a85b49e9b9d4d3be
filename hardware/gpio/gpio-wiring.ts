import { Fault } from '../../src/domain/fault.ts';
import type { Guard, Scanner, Sensor, Spectrometer } from '../../src/domain/instrument.ts';
import {
  DetectorTrigger,
  type Triggered,
  triggeredScanner,
  triggeredSpectrometer,
} from '../detectors/detector-trigger.ts';
import { GpioInterlock } from './gpio-interlock.ts';
import { RunGuard } from './run-guard.ts';

interface Wired {
  readonly guard?: Guard;
  readonly scanner?: Scanner;
  readonly spectrometer?: Spectrometer;
}

/**
 * Connects the header's pins among `sensors` with what they belong to: interlocks join the guard,
 * triggers their detector. @returns the others as they were
 * @throws Fault badInput when a trigger's detector is not in the rig
 */
export function wireGpio(sensors: readonly Sensor[], parts: Wired): Wired {
  const interlocks = sensors.filter((sensor) => sensor instanceof GpioInterlock);
  const triggerOf = (triggered: Triggered): DetectorTrigger | undefined => {
    const found = sensors
      .filter((sensor) => sensor instanceof DetectorTrigger)
      .find(({ triggers }) => triggers === triggered);
    if (!found || parts[triggered]) return found;
    throw new Fault('badInput', {
      where: `instruments.sensors.${found.info.id}.options.triggers`,
      message: `this rig has no ${triggered}: expected one under instruments.${triggered}`,
    });
  };
  const { guard, scanner, spectrometer } = parts;
  const scannerTrigger = triggerOf('scanner');
  const spectrometerTrigger = triggerOf('spectrometer');
  return {
    ...parts,
    ...(interlocks.length > 0 && { guard: new RunGuard(guard, interlocks) }),
    ...(scanner && scannerTrigger && { scanner: triggeredScanner(scanner, scannerTrigger) }),
    ...(spectrometer &&
      spectrometerTrigger && {
        spectrometer: triggeredSpectrometer(spectrometer, spectrometerTrigger),
      }),
  };
}
