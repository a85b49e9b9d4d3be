import type { Cell } from '../domain/cell.ts';
import type { Problem } from '../domain/fault.ts';
import type { Instruments, Potentiostat } from '../domain/instrument.ts';
import type { PeakSetting } from '../domain/peak.ts';
import type { Resource, Safety } from '../domain/recipe.ts';
import { type PotentialSetting, parsePotential } from '../domain/recipe-values.ts';
import { referenceOffsetVolt, unknownOffset } from '../domain/reference-electrode.ts';
import type { ElectrochemicalKind } from '../domain/technique.ts';
import { type Dimension, expectedQuantity } from '../domain/units.ts';
import { spokenValue } from './wording.ts';

/** Products of unit factors differ in their last digits. */
const ROUNDING = 1e-9;

interface PlanGround {
  readonly cell: Cell;
  readonly instruments: Instruments;
  readonly safety: Safety;
  readonly exclusive: readonly (readonly Resource[])[];
  /** Numbers from volumes that conditions of the recipe ask for. */
  readonly asked: ReadonlySet<string>;
  /** Every peak that the recipe's spectra ask for. */
  readonly peaks: readonly PeakSetting[];
  /** Phases whose shares its scans give. */
  readonly phases: readonly string[];
  readonly problems: Problem[];
  /** Candidate that each screen stands for at this place. */
  readonly chosen: ReadonlyMap<string, string>;
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
  get asked(): ReadonlySet<string> {
    return this.#ground.asked;
  }
  get peaks(): readonly PeakSetting[] {
    return this.#ground.peaks;
  }
  get phases(): readonly string[] {
    return this.#ground.phases;
  }
  get safety(): Safety {
    return this.#ground.safety;
  }

  /** Whether a sensor of the rig, or its heater, has this channel. */
  measures(channel: string): boolean {
    const { sensors, heater } = this.instruments;
    return [...sensors, ...(heater ? [heater] : [])].some(({ channels }) =>
      channels.some(({ name }) => name === channel),
    );
  }

  /** Whether the recipe says that these two are never in use together. */
  areExclusive(one: Resource, other: Resource): boolean {
    return this.#ground.exclusive.some((list) => list.includes(one) && list.includes(other));
  }

  /** The same recipe, one key deeper: `during[0]`. */
  at(key: string): PlanSite {
    return new PlanSite(join(this.path, key), this.#ground);
  }

  /** The same place, where a screen has chosen this candidate. */
  withChosen(screen: string, candidate: string): PlanSite {
    const chosen = new Map([...this.#ground.chosen, [screen, candidate]]);
    return new PlanSite(this.path, { ...this.#ground, chosen });
  }

  /** Which candidate a screen stands for here; undefined when none does. */
  chosenBy(screen: string): string | undefined {
    return this.#ground.chosen.get(screen);
  }

  problem(key: string, message: string): void {
    const where = join(this.path, key);
    // A step that is planned once for each candidate of a screen says the same each time.
    const isSaid = this.#ground.problems.some(
      (one) => one.where === where && one.message === message,
    );
    if (!isSaid) this.#ground.problems.push({ where, message });
  }

  /** A potential against the reference of the cell, volt. @returns NaN when nobody can tell */
  againstReference(key: string, volt: number, versus: string | undefined): number {
    const { reference } = this.cell;
    const offsetVolt = versus === undefined ? 0 : referenceOffsetVolt(versus, reference);
    if (offsetVolt !== undefined) return volt + offsetVolt;
    this.problem(key, unknownOffset(versus ?? '', reference));
    return Number.NaN;
  }

  /** A potential a step sets, against the reference of the cell, volt. */
  potential(key: string, setting: PotentialSetting): number {
    const given =
      setting.kind === 'screened'
        ? this.candidate(key, setting.screen, 'voltage', parsePotential)
        : setting;
    return given ? this.againstReference(key, given.volt, given.versus) : Number.NaN;
  }

  /** What the candidate of a screen says at a place where a quantity of some kind stands. */
  candidate<T>(
    key: string,
    screen: string,
    kind: Dimension,
    parse: (text: string) => T | undefined,
  ): T | undefined {
    const text = this.chosenBy(screen);
    if (!text) return undefined;
    const parsed = parse(text);
    if (parsed === undefined) {
      this.problem(key, `$${screen} stands for "${text}" here: ${expectedQuantity(kind)}`);
    }
    return parsed;
  }

  checkPositive(key: string, value: number, what: string): void {
    if (!(value > 0) && !Number.isNaN(value)) this.problem(key, `${what} must be above 0`);
  }

  /** What the instrument must be able to do. */
  checkTechnique(kind: ElectrochemicalKind): void {
    const { capability, info } = this.potentiostat;
    if (capability.techniques.includes(kind)) return;
    const able = capability.techniques.join(', ');
    this.problem('technique', `${info.model} cannot do ${kind}; it can do ${able}`);
  }

  /** A time between two readings against the shortest that the instrument has, at rest or not. */
  checkRhythm(key: string, everySecond: number, isAtRest = false): void {
    const { capability, info } = this.potentiostat;
    const { sampleEverySecondMin, restEverySecondMin } = capability;
    const ofRest = isAtRest ? restEverySecondMin : undefined;
    const shortest = ofRest ?? sampleEverySecondMin;
    if (!(everySecond > 0) || everySecond >= shortest * (1 - ROUNDING)) return;
    const asked = `${spokenValue(everySecond, 's')}${ofRest === undefined ? '' : ' at rest'}`;
    this.problem(
      key,
      `a reading every ${asked} is more than ${info.model} can do: every ${spokenValue(shortest, 's')} at the most often`,
    );
  }

  /** A potential against what the instrument can hold and what the recipe allows. */
  checkVoltage(key: string, volt: number): void {
    const { capability, info } = this.potentiostat;
    const text = spokenValue(volt, 'V');
    if (volt < capability.voltageVoltMin || volt > capability.voltageVoltMax) {
      const window = `${spokenValue(capability.voltageVoltMin, 'V')} to ${spokenValue(capability.voltageVoltMax, 'V')}`;
      this.problem(key, `${text} is outside the ${window} that ${info.model} can hold`);
    }
    const { min, max } = this.safety.voltage;
    if (!(volt < min || volt > max)) return;
    const allowed = `${spokenValue(min, 'V')} to ${spokenValue(max, 'V')}`;
    this.problem(key, `${text} is outside safety.voltage, ${allowed}`);
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
