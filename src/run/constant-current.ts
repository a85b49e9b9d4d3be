import { Fault } from '../domain/fault.ts';
import type { CellEvent, Condition } from '../domain/recipe.ts';
import type { Bench } from './bench.ts';
import { dueSecond, isDue, nextIndex } from './cadence.ts';
import { firstMet } from './conditions.ts';
import { flow } from './electrical-flow.ts';
import type { ElectricalReading } from './intake.ts';
import type { PlannedConstantCurrent, PlannedSweep } from './plan.ts';
import { ScanLane } from './scan-lane.ts';
import { takeScan } from './scan-taking.ts';
import { reportShort, ShortWatch } from './short-watch.ts';
import { takeSpectrum } from './spectrum-taking.ts';
import { childAbort, settledWithin } from './waiting.ts';
import { describeCondition, spokenValue } from './wording.ts';

/** Opening the circuit of a shorted cell must be confirmed within this. */
const CELL_OFF_SECOND_MAX = 5;

interface SweepSchedule {
  readonly sweep: PlannedSweep;
  readonly everySecond: number;
  index: number;
}

/** Runs a constant-current step with the measurements taken meanwhile. */
export async function runConstantCurrent(
  bench: Bench,
  step: PlannedConstantCurrent,
): Promise<string> {
  if (bench.short.latched) {
    bench.journal.event({
      code: 'cellShort',
      severity: 'warning',
      message: `${step.name} is left out: the cell has shorted and gets no more current.`,
    });
    return 'event: short';
  }
  const met = await new ConstantCurrentStep(bench, step).run();
  return describeCondition(met);
}

class ConstantCurrentStep {
  readonly #bench: Bench;
  readonly #step: PlannedConstantCurrent;
  readonly #startSecond: number;
  readonly #endSecond: number;
  readonly #sweeps: readonly SweepSchedule[];
  readonly #scans: ScanLane;
  readonly #events = new Set<CellEvent>();
  #voltage: { volt: number; quality: ElectricalReading['quality'] } | undefined;
  readonly #shorts = new ShortWatch();
  #flowStartSecond = 0;

  constructor(bench: Bench, step: PlannedConstantCurrent) {
    this.#bench = bench;
    this.#step = step;
    this.#startSecond = bench.clock.nowSecond();
    this.#endSecond = this.#startSecond + step.longestSecond;
    this.#scans = new ScanLane(bench);
    this.#sweeps = step.during.flatMap(({ what, everySecond }) =>
      what.kind === 'impedance' && everySecond !== undefined
        ? [{ sweep: what, everySecond, index: 0 }]
        : [],
    );
  }

  async run(): Promise<Condition> {
    this.#announce();
    let met: Condition | undefined;
    try {
      this.#startScans();
      while (!met) {
        const due = this.#sweeps.find((one) => this.#isDue(one));
        met = due ? await this.#sweep(due) : await this.#plate();
      }
    } finally {
      this.#scans.endCadences();
    }
    if (this.#events.has('short')) await this.#confirmCellOff();
    await this.#scans.idle();
    this.#bench.signal.throwIfAborted();
    await this.#answerEvents();
    return met;
  }

  #announce(): void {
    const { name, currentAmpere } = this.#step;
    this.#bench.journal.event({
      code: 'setPoint',
      severity: 'info',
      message: `${name}: ${spokenValue(currentAmpere, 'A')} through the cell.`,
      details: { current_ampere: currentAmpere },
    });
  }

  #startScans(): void {
    for (const { what, everySecond } of this.#step.during) {
      if (what.kind !== 'scan' || everySecond === undefined) continue;
      this.#scans.every(
        { startSecond: this.#startSecond, everySecond },
        { scan: what, endSecond: this.#endSecond },
      );
    }
  }

  #cadence({ everySecond }: SweepSchedule) {
    return { startSecond: this.#startSecond, everySecond };
  }

  #isDue(schedule: SweepSchedule): boolean {
    return isDue(this.#cadence(schedule), schedule.index, this.#bench.clock.nowSecond());
  }

  /** A sweep at the step's own current, so that the plating goes on. */
  async #sweep(schedule: SweepSchedule): Promise<Condition | undefined> {
    const { clock, journal, signal } = this.#bench;
    const own = childAbort(signal);
    let isTimeUp = false;
    const cancel = clock.after(Math.max(0, this.#endSecond - clock.nowSecond()), () => {
      isTimeUp = true;
      own.abort(new Error('the time of the step is up'));
    });
    try {
      await takeSpectrum(this.#bench, schedule.sweep, {
        biasAmpere: this.#step.currentAmpere,
        signal: own.signal,
      });
    } finally {
      cancel();
      own.end();
    }
    signal.throwIfAborted();
    const next = nextIndex(this.#cadence(schedule), schedule.index, clock.nowSecond());
    schedule.index = next.index;
    if (next.missed > 0) {
      journal.event({
        code: 'dropped',
        severity: 'warning',
        message: `${next.missed} impedance spectra of ${this.#step.name} were left out: the one before took too long.`,
        details: { missed: next.missed },
      });
    }
    return this.#met(isTimeUp);
  }

  /** Constant current until the next sweep is due or the step ends. */
  async #plate(): Promise<Condition | undefined> {
    const { clock, safety } = this.#bench;
    const { currentAmpere, sampleEverySecond } = this.#step;
    this.#flowStartSecond = clock.nowSecond();
    const next = Math.min(...this.#sweeps.map((one) => dueSecond(this.#cadence(one), one.index)));
    let met: Condition | undefined;
    const outcome = await flow(this.#bench, {
      technique: {
        kind: 'constantCurrent',
        currentAmpere,
        sampleEverySecond,
        durationSecond: Math.max(0, this.#endSecond - this.#flowStartSecond),
        voltageVoltMin: safety.voltage.min,
        voltageVoltMax: safety.voltage.max,
      },
      leaveAtSecond: next < this.#endSecond ? next : undefined,
      isEnough: (reading) => {
        this.#look(reading);
        met = this.#met(false);
        return met !== undefined;
      },
    });
    return outcome === 'timeUp' ? this.#met(true) : (met ?? this.#met(false));
  }

  #look(reading: ElectricalReading): void {
    this.#voltage = { volt: reading.voltageVolt, quality: reading.quality };
    const verdict = this.#shorts.look(reading, this.#flowStartSecond);
    if (!verdict || this.#bench.short.latched) return;
    this.#bench.short.latched = true;
    this.#events.add('short');
    const isExpected = this.#step.until.some((condition) => 'event' in condition);
    reportShort(this.#bench, verdict, { stepName: this.#step.name, isExpected });
  }

  /** @param isTimeUp the clock says so, whatever the rounding of times. */
  #met(isTimeUp: boolean): Condition | undefined {
    const elapsedSecond = this.#bench.clock.nowSecond() - this.#startSecond;
    return firstMet(this.#step.until, {
      elapsedSecond: isTimeUp ? Math.max(elapsedSecond, this.#step.longestSecond) : elapsedSecond,
      voltage: this.#voltage,
      events: this.#events,
    });
  }

  async #confirmCellOff(): Promise<void> {
    const { clock, instruments } = this.#bench;
    const off = await settledWithin(clock, CELL_OFF_SECOND_MAX, instruments.potentiostat.cellOff());
    if (off.kind === 'value') return;
    throw new Fault('timeout', {
      where: instruments.potentiostat.info.id,
      message: `did not confirm within ${CELL_OFF_SECOND_MAX} s that the shorted cell is off`,
    });
  }

  /** What the recipe wants measured after an event, with the cell off. */
  async #answerEvents(): Promise<void> {
    const { signal } = this.#bench;
    for (const { what, on } of this.#step.during) {
      if (!on.some((event) => this.#events.has(event))) continue;
      if (what.kind === 'scan') await takeScan(this.#bench, what, signal);
      else await takeSpectrum(this.#bench, what, { biasAmpere: 0, signal });
      signal.throwIfAborted();
    }
  }
}
