import { Fault } from '../domain/fault.ts';
import type { CellEvent } from '../domain/recipe-conditions.ts';
import type { Bench } from './bench.ts';
import { endsOnEvent } from './condition-plan.ts';
import type { ElectricalStepPlan } from './electrical-technique.ts';
import type { ElectricalReading } from './intake.ts';
import type { PlannedTitration } from './plan.ts';
import { type QuietShortVerdict, QuietShortWatch, reportQuietShort } from './quiet-short-watch.ts';
import { RestCollapse } from './rest-collapse.ts';
import type { ShortVerdict } from './short-detector.ts';
import { reportShort, reportSoftShort, ShortWatch } from './short-watch.ts';
import type { StepFactsCollector } from './step-facts.ts';
import { settledWithin } from './waiting.ts';

/** Opening the circuit of a shorted cell must be confirmed within this. */
const CELL_OFF_SECOND_MAX = 5;

type GuardedStep = Pick<ElectricalStepPlan | PlannedTitration, 'kind' | 'name' | 'until'> & {
  readonly currentAmpere?: number;
};

/** Watches the cell of a step for shorts, hard and soft: what it finds becomes its event. */
export class CellGuard {
  readonly #bench: Bench;
  readonly #facts: StepFactsCollector;
  readonly #step: GuardedStep;
  readonly #shorts = new ShortWatch();
  readonly #quiet: QuietShortWatch;
  #collapse = new RestCollapse();

  constructor(bench: Bench, facts: StepFactsCollector, step: GuardedStep) {
    this.#bench = bench;
    this.#facts = facts;
    this.#step = step;
    const comesFromCurrent = step.kind === 'constantCurrentConstantVoltage';
    this.#quiet = new QuietShortWatch(bench, comesFromCurrent ? step.currentAmpere : undefined);
  }

  /**
   * @param flowStartSecond when the current was last switched on
   * @returns what this reading has shown
   */
  look(reading: ElectricalReading, flowStartSecond: number): CellEvent | undefined {
    const verdict = this.#shorts.look(reading, flowStartSecond);
    if (verdict) {
      this.foundShort(verdict);
      return 'short';
    }
    const soft = this.#shorts.softShort;
    if (!soft || this.#bench.short.latched) return undefined;
    this.#facts.addEvent('softShort');
    reportSoftShort(this.#bench, soft, this.#step.name);
    return 'softShort';
  }

  /** A rest of its own begins: nothing before it says how the cell relaxes now. */
  restBegins(): void {
    this.#quiet.restBegins();
    this.#collapse = new RestCollapse();
  }

  /**
   * The same without current: a collapse is a hard short as well.
   * @param restStartSecond when the current was switched off
   */
  lookAtRest(reading: ElectricalReading, restStartSecond: number): CellEvent | undefined {
    const verdict = this.#collapse.look(reading, restStartSecond);
    if (verdict) {
      this.foundShort(verdict);
      return 'short';
    }
    return this.#softly(this.#quiet.rest(reading, restStartSecond));
  }

  /** The same at a held voltage. @param flowStartSecond when it was last switched on */
  lookAtHold(reading: ElectricalReading, flowStartSecond: number): CellEvent | undefined {
    return this.#softly(this.#quiet.hold(reading, flowStartSecond));
  }

  #softly(verdict: QuietShortVerdict | undefined): CellEvent | undefined {
    if (!verdict || this.#bench.short.latched) return undefined;
    this.#facts.addEvent('softShort');
    reportQuietShort(this.#bench, verdict, this.#step.name);
    return 'softShort';
  }

  /** The cell has shorted, whoever has seen it: no more current for it. The first time counts. */
  foundShort(verdict: ShortVerdict): void {
    if (this.#bench.short.latched) return;
    this.#bench.short.latched = true;
    this.#facts.addEvent('short');
    const isExpected = endsOnEvent(this.#step.until, 'short');
    reportShort(this.#bench, verdict, { stepName: this.#step.name, isExpected });
  }
}

/** @throws Fault timeout when the potentiostat does not confirm that the cell is off */
export async function confirmCellOff({ clock, instruments }: Bench): Promise<void> {
  const { potentiostat } = instruments;
  const off = await settledWithin(clock, CELL_OFF_SECOND_MAX, potentiostat.cellOff());
  if (off.kind === 'value') return;
  throw new Fault('timeout', {
    where: potentiostat.info.id,
    message: `did not confirm within ${CELL_OFF_SECOND_MAX} s that the cell is off`,
  });
}
