import { isOverdue } from '../domain/calibration.ts';
import type { Rig } from '../domain/rig.ts';

/** One sentence for each calibration of a rig whose comparison should have been repeated by now. */
export function overdueCalibrations({ calibrations = {} }: Rig, utcMs: number): readonly string[] {
  return Object.entries(calibrations)
    .filter(([, one]) => isOverdue(one, utcMs))
    .map(
      ([name, { date, due }]) =>
        `calibration ${name} of ${date} was due again on ${due}: its uncertainty no longer holds`,
    );
}
