import type { AcquisitionEvent } from '../domain/recipe-acquisitions.ts';
import type { CellEvent } from '../domain/recipe-conditions.ts';
import type { AcquisitionMemory } from '../domain/run-store.ts';
import { AcquisitionSchedule } from './acquisition-schedule.ts';
import type { Bench } from './bench.ts';
import { DetectorLane } from './detector-lane.ts';
import { takeDetectorSpectra } from './detector-spectrum-taking.ts';
import type { PlannedAcquisition, PlannedSweep } from './plan.ts';
import { takeScans } from './scan-taking.ts';
import { takeSpectrum } from './spectrum-taking.ts';
import type { CarriedStep, StepFacts } from './step-facts.ts';

/** A sweep of a step and when it is due. Sweeps take the potentiostat from the step, in turn. */
export interface StepSweep {
  readonly sweep: PlannedSweep;
  readonly schedule: AcquisitionSchedule;
}

/** Everything that one step measures beside what it does itself. */
export class StepAcquisitions {
  readonly #bench: Bench;
  readonly #schedules: readonly AcquisitionSchedule[];
  readonly #sweeps: readonly StepSweep[];
  readonly #lanes: readonly DetectorLane[];
  readonly #endSecond: number;

  constructor(
    bench: Bench,
    options: {
      readonly during: readonly PlannedAcquisition[];
      readonly carried: CarriedStep;
      readonly facts: () => StepFacts;
      /** In seconds of the step: none begins at or after this. */
      readonly endSecond: number;
    },
  ) {
    const { carried, during, endSecond, facts } = options;
    this.#bench = bench;
    this.#endSecond = endSecond;
    const memories = carried.memory?.acquisitions ?? [];
    this.#schedules = during.map((one, at) => new AcquisitionSchedule(one, carried, memories[at]));
    this.#sweeps = this.#schedules.flatMap((schedule) =>
      schedule.what.kind === 'impedance' ? [{ sweep: schedule.what, schedule }] : [],
    );
    this.#lanes = this.#schedules.flatMap((schedule) => {
      const { what } = schedule;
      if (what.kind === 'impedance') return [];
      return [new DetectorLane(bench, { schedule, what, facts, endSecond })];
    });
  }

  /** For a resumed run, in the order of the recipe. */
  memory(): readonly AcquisitionMemory[] {
    return this.#schedules.map((schedule) => schedule.memory());
  }

  /** Whether any of them answers this event. */
  answers(event: AcquisitionEvent): boolean {
    return this.#schedules.some((schedule) => schedule.answers(event));
  }

  /** Starts what is due at the beginning of the step. */
  begin(): void {
    for (const lane of this.#lanes) lane.look();
  }

  /** What a reading makes due. */
  look(facts: StepFacts): void {
    for (const lane of this.#lanes) lane.look(facts);
  }

  /** Something has happened that some of them answer while the step goes on. */
  want(event: AcquisitionEvent): void {
    for (const schedule of this.#schedules) if (schedule.answers(event)) schedule.want();
  }

  /** The sweep to take now; undefined while none is due, or what excludes it is in use. */
  dueSweep(facts: StepFacts): StepSweep | undefined {
    // Each is asked every time, also behind one that is due: `faster` needs to see it all.
    const due = this.#sweeps.filter(({ schedule }) => schedule.isDue(facts));
    if (facts.elapsedSecond >= this.#endSecond) return undefined;
    return this.#bench.resources.isFree('impedance') ? due[0] : undefined;
  }

  /** In seconds of the step: when the next sweep is due, after the given time. */
  nextSweepSecond(afterSecond: number): number | undefined {
    const times = this.#sweeps
      .flatMap(({ schedule }) => schedule.nextSecond() ?? [])
      .filter((second) => second > afterSecond);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** No further one starts beside the step. */
  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  /** Resolves when none is running. */
  async idle(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.idle()));
  }

  /**
   * What the recipe wants measured after an event or at the end, with the cell off. What an
   * earlier start of the software has done of it is not done again.
   */
  async answerEnd(events: ReadonlySet<CellEvent>): Promise<void> {
    for (const schedule of this.#schedules) {
      const isWanted =
        schedule.isWanted ||
        schedule.answers('stepEnd') ||
        (events.has('short') && schedule.answers('short'));
      if (!isWanted) continue;
      await this.#answer(schedule);
      this.#bench.signal.throwIfAborted();
    }
  }

  #answer(schedule: AcquisitionSchedule): Promise<void> {
    const { signal, suspension } = this.#bench;
    const { what, answering: done } = schedule;
    switch (what.kind) {
      case 'impedance':
        if (done.count > 0) return Promise.resolve();
        return suspension.whole(signal, (own) =>
          takeSpectrum(this.#bench, what, {
            bias: { ampere: 0 },
            signal: own.signal,
            onWhole: () => done.add(),
          }),
        );
      case 'scan':
        return takeScans(this.#bench, what, { signal, done });
      case 'spectrum':
        return takeDetectorSpectra(this.#bench, what, { signal, done });
      default:
        return what satisfies never;
    }
  }
}
