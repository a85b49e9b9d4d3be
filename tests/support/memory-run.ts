import type { Alarm } from '../../src/domain/alarm.ts';
import type { RunControl, RunProgress, Signature, Waiting } from '../../src/domain/run-control.ts';
import type { RecordBody, RunInfo, RunRecord, RunStatus } from '../../src/domain/run-record.ts';
import type { EngineState, RunReader, RunWriter } from '../../src/domain/run-store.ts';

/** Channels that a run with one potentiostat, one thermometer and one heater has. */
const CHANNELS: RunInfo['channels'] = [
  { name: 'voltage_volt', label: 'Voltage', unit: 'V' },
  { name: 'current_ampere', label: 'Current', unit: 'A' },
  { name: 'net_capacity_ah', label: 'Charge passed', unit: 'Ah' },
  { name: 'surface_temperature_celsius', label: 'Cell temperature', unit: '°C' },
  { name: 'applied_pressure_pa', label: 'Stack pressure', unit: 'Pa' },
  { name: 'heater_duty_fraction', label: 'Heater duty', unit: '1' },
];

/** What a simulated first run says of itself; `changes` replaces any part of it. */
export function memoryRunInfo(changes: Partial<RunInfo> = {}): RunInfo {
  return {
    runId: '20261121-120501-first-light-7f3a',
    recipe: 'first-light',
    cell: 'li-li3ps4-li',
    rig: 'simulated',
    instruments: [
      { id: 'potentiostat', model: 'EmStat4S HR', provenance: 'simulated' },
      { id: 'oven', model: 'PID heater', provenance: 'simulated' },
      { id: 'detector', model: 'Parallel beam detector', provenance: 'simulated' },
    ],
    channels: CHANNELS,
    startedUtcMs: Date.UTC(2026, 10, 21, 12, 5, 1),
    speed: 300,
    seed: 1,
    softwareVersion: '0.0.0-test',
    sources: { recipe: 'recipe text', cell: 'cell text', rig: 'rig text' },
    ...changes,
  };
}

/** A run database in memory, with the same promises as the one on disk except durability. */
export class MemoryRun implements RunReader, RunWriter {
  info: RunInfo;
  readonly #records: RunRecord[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #cursors = new Map<string, number>();
  #open: RunRecord[] = [];
  #status: RunStatus = 'running';
  #readFailure: Error | undefined;
  /** The engine state saved last. */
  savedState: EngineState | undefined;
  /** How often `readAfter` was called. */
  reads = 0;

  constructor(info: RunInfo = memoryRunInfo()) {
    this.info = info;
  }

  append(timeSecond: number, body: RecordBody): number {
    const sequence = this.#records.length + this.#open.length + 1;
    this.#open.push({ sequence, timeSecond, boot: 0, body });
    return sequence;
  }

  saveState(state: EngineState): void {
    this.savedState = state;
  }

  beforeCommit(): void {}

  committedSequence(): number {
    return this.#records.length;
  }

  labelUtc(): void {}

  nameInstruments(instruments: RunInfo['instruments']): void {
    this.info = { ...this.info, instruments };
  }

  utcAtZeroMs(): number {
    return this.info.startedUtcMs;
  }

  commit(): void {
    for (const record of this.#open) this.#records.push(record);
    this.#open = [];
    for (const listener of this.#listeners) listener();
  }

  finish(status: Exclude<RunStatus, 'running'>): void {
    this.#status = status;
    this.commit();
  }

  status(): RunStatus {
    return this.#status;
  }

  lastSequence(): number {
    return this.#records.length;
  }

  readAfter(sequence: number, limit: number): readonly RunRecord[] {
    this.reads += 1;
    if (this.#readFailure) throw this.#readFailure;
    return this.#records.slice(sequence, sequence + limit);
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  loadCursor(outlet: string): number {
    return this.#cursors.get(outlet) ?? 0;
  }

  saveCursor(outlet: string, sequence: number): void {
    this.#cursors.set(outlet, sequence);
  }

  /** Makes every further read fail, as a full or broken disk would; undefined heals it. */
  failReads(error: Error | undefined): void {
    this.#readFailure = error;
  }
}

/** A run control whose answers the test sets, and which counts what it was asked. */
export class ScriptedControl implements RunControl {
  readonly #run: MemoryRun;
  readonly stopsRequestedBy: string[] = [];
  readonly resumes: Signature[] = [];
  readonly acknowledged: ({ readonly code: string } & Signature)[] = [];
  currentAlarms: readonly Alarm[] = [];
  currentWaiting: Waiting | undefined;
  /** What `acknowledge` does after noting the request. */
  onAcknowledge: () => Promise<void> = async () => {};
  /** What `goOn` does after noting the request. */
  onGoOn: () => Promise<void> = async () => {};
  /** What `stop` does after noting the request; ends the run as stopped unless replaced. */
  onStop: () => Promise<void>;
  currentProgress: RunProgress = {
    elapsedSecond: 0,
    plannedSecond: 4 * 3600,
    stepIndex: 0,
    stepCount: 5,
    stepName: 'soak',
    technique: 'soak',
    chargeCoulomb: 0,
  };

  constructor(run: MemoryRun) {
    this.#run = run;
    this.onStop = async () => this.#run.finish('stopped');
  }

  stop(requestedBy: string): Promise<void> {
    this.stopsRequestedBy.push(requestedBy);
    return this.onStop();
  }

  waiting(): Waiting | undefined {
    return this.currentWaiting;
  }

  goOn(signature: Signature): Promise<void> {
    this.resumes.push(signature);
    return this.onGoOn();
  }

  alarms(): readonly Alarm[] {
    return this.currentAlarms;
  }

  acknowledge(code: string, signature: Signature): Promise<void> {
    this.acknowledged.push({ code, ...signature });
    return this.onAcknowledge();
  }

  status(): RunStatus {
    return this.#run.status();
  }

  progress(): RunProgress {
    return this.currentProgress;
  }
}
