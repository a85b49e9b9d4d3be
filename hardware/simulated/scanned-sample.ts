import { Fault } from '../../src/domain/fault.ts';
import { particleSolids } from './particle-phantom.ts';
import type { Solid } from './phantom-solids.ts';
import type { SpecimenSignal } from './specimen-signal.ts';

/** What the simulated scanner has in its beam. */
export interface ScannedSample {
  /** The cell in its tube, in the beam of all energies. */
  cell(): readonly Solid[];
  /**
   * A particle of its active material, at one photon energy.
   * @throws Fault instrumentUnable when the cell has no iron, which is all this sample knows
   */
  particle(energyJoule: number, radiusMetre: number): readonly Solid[];
}

export function scannedSample(options: {
  readonly cell: () => readonly Solid[];
  readonly signal: SpecimenSignal;
}): ScannedSample {
  const { cell, signal } = options;
  return {
    cell,
    particle: (energyJoule, radiusMetre) => {
      const pyrite = signal('FeS2');
      const iron = pyrite + signal('Fe');
      if (iron > 0) {
        return particleSolids({ radiusMetre, pyriteShare: pyrite / iron, energyJoule });
      }
      throw new Fault('instrumentUnable', {
        where: 'scanner',
        message:
          'a scan at a photon energy shows a particle of FeS2 and Fe: expected these phases in the ' +
          'simulation section of the cell file',
      });
    },
  };
}
