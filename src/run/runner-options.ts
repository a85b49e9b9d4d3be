import type { Alarm } from '../domain/alarm.ts';
import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import type { DiskSpace } from '../domain/disk-space.ts';
import type { Instruments } from '../domain/instrument.ts';
import type { EventCode, RunInfo } from '../domain/run-record.ts';
import type {
  EngineState,
  RunWriter,
  ScanSpoolFactory,
  WaveformSpoolFactory,
} from '../domain/run-store.ts';
import type { RunPlan } from './plan.ts';
import type { Resumed } from './resume.ts';

/** What a run is made of: its plan, its rig, and who else works on it. */
export interface RunnerOptions {
  readonly plan: RunPlan;
  readonly instruments: Instruments;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly writer: RunWriter;
  readonly spools: ScanSpoolFactory;
  /** Where the samples behind impedance points go; without it they are counted and left out. */
  readonly waveforms?: WaveformSpoolFactory;
  readonly info: RunInfo;
  /** Asked, at the end, to finish what they have heard. */
  readonly analyses: readonly AnalysisService[];
  /** Alarms of earlier starts of the software, by code. */
  readonly earlierAlarms?: ReadonlyMap<EventCode, Alarm>;
  /** Where an earlier start of the software was when it ended without ending the run. */
  readonly resumeFrom?: EngineState;
  /** With `resumeFrom`: what happened in between, and whether the run may go on by itself. */
  readonly interruption?: Omit<Resumed, 'state'>;
  /** Watched while the run is written. */
  readonly disk?: DiskSpace;
}
