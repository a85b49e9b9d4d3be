import type { CellContents } from './cell-interior.ts';

/**
 * Numbers of the cell's state that what a detector sees may follow, by name: `stateOfCharge`,
 * `cycles` (equivalent full cycles), `platedCharge` and `metallicCharge` (both in mAh/cm²), and
 * the shares of the phases the cell file names; of a crystal `InLi.a` and `InLi.c`, the edges of
 * its unit cell in m; `surfacePotential` in V.
 */
export type SpecimenSignal = (name: string) => number;

/** What a detector may be shown of a cell. */
export type VisibleState = Pick<
  CellContents,
  | 'stateOfCharge'
  | 'cycles'
  | 'platedCharge'
  | 'metallicCharge'
  | 'phases'
  | 'lattices'
  | 'surfacePotentialVolt'
>;

/** Coulomb per square metre in one mAh/cm². */
const PER_MILLIAMPERE_HOUR = 3.6e4;

/** The signals of a cell's interior; 0 for what the cell does not have. */
export function specimenSignal(interior: () => VisibleState): SpecimenSignal {
  return (name) => {
    const now = interior();
    switch (name) {
      case 'stateOfCharge':
        return now.stateOfCharge;
      case 'cycles':
        return now.cycles;
      case 'platedCharge':
        return now.platedCharge / PER_MILLIAMPERE_HOUR;
      case 'metallicCharge':
        return now.metallicCharge / PER_MILLIAMPERE_HOUR;
      case 'surfacePotential':
        return now.surfacePotentialVolt;
      default:
        return Object.hasOwn(now.phases, name) ? (now.phases[name] ?? 0) : edgeOf(now, name);
    }
  };
}

/** `InLi.c`: an edge of a unit cell; 0 for a crystal the cell does not have. */
function edgeOf({ lattices }: VisibleState, name: string): number {
  const [, phase = '', edge] = /^(.+)\.([ac])$/.exec(name) ?? [];
  const lattice = Object.hasOwn(lattices, phase) ? lattices[phase] : undefined;
  if (!lattice) return 0;
  return edge === 'c' ? lattice.c : lattice.a;
}
