import { Fault } from '../domain/fault.ts';
import type { CellEvent } from '../domain/recipe-conditions.ts';
import type { Bench } from './bench.ts';
import { endsOnEvent } from './condition-plan.ts';
import type { ElectricalReading } from './intake.ts';
import type { PlannedCondition } from './plan.ts';
import type { ShortVerdict } from './short-detector.ts';
import { reportShort, reportSoftShort, ShortWatch } from './short-watch.ts';
import type { StepFactsCollector } from './step-facts.ts';
import { settledWithin } from './waiting.ts';

/** Opening the circuit of a shorted cell must be confirmed within this. */
const CELL_OFF_SECOND_MAX = 5;

/** Watches the cell of a step for shorts, hard and soft: what it finds becomes its event. */
export class CellGuard {
  readonly #bench: Bench;
  readonly #facts: StepFactsCollector;
  readonly #step: { readonly name: string; readonly until: readonly PlannedCondition[] };
  readonly #shorts = new ShortWatch();

  constructor(
    bench: Bench,
    facts: StepFactsCollector,
    step: { readonly name: string; readonly until: readonly PlannedCondition[] },
  ) {
    this.#bench = bench;
    this.#facts = facts;
    this.#step = step;
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
