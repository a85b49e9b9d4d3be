import type { Cell } from '../domain/cell.ts';
import type { Problem } from '../domain/fault.ts';
import type { Instruments, Potentiostat } from '../domain/instrument.ts';
import type { Safety } from '../domain/recipe.ts';
import { spokenValue } from './wording.ts';

interface PlanGround {
  readonly cell: Cell;
  readonly instruments: Instruments;
  readonly safety: Safety;
  readonly problems: Problem[];
}

/** One place of a recipe while it is planned: collects its problems under its key path. */
export class PlanSite {
  readonly path: string;
  readonly #ground: PlanGround;

  constructor(path: string, ground: PlanGround) {
    this.path = path;
    this.#ground = ground;
  }

  get cell(): Cell {
    return this.#ground.cell;
  }
  get instruments(): Instruments {
    return this.#ground.instruments;
  }
  get potentiostat(): Potentiostat {
    return this.#ground.instruments.potentiostat;
  }
  get safety(): Safety {
    return this.#ground.safety;
  }

  /** The same recipe, one key deeper: `during[0]`. */
  at(key: string): PlanSite {
    return new PlanSite(join(this.path, key), this.#ground);
  }

  problem(key: string, message: string): void {
    this.#ground.problems.push({ where: join(this.path, key), message });
  }

  checkPositive(key: string, value: number, what: string): void {
    if (!(value > 0)) this.problem(key, `${what} must be above 0`);
  }

  /** A current against what the instrument can pass and what the recipe allows. */
  checkCurrent(key: string, ampere: number, what: string): void {
    const size = Math.abs(ampere);
    const { capability, info } = this.potentiostat;
    const text = spokenValue(size, 'A');
    if (size > capability.currentAmpereMax) {
      const limit = spokenValue(capability.currentAmpereMax, 'A');
      this.problem(key, `the ${what}, ${text}, is above the ${limit} that ${info.model} can pass`);
    }
    if (size > this.safety.current.max) {
      const limit = spokenValue(this.safety.current.max, 'A');
      this.problem(key, `the ${what}, ${text}, is above safety.current.max, ${limit}`);
    }
  }
}

function join(path: string, key: string): string {
  if (path === '' || key === '') return path + key;
  return `${path}.${key}`;
}
