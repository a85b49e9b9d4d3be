import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Alarm } from '../../src/domain/alarm.ts';
import type { Problem } from '../../src/domain/fault.ts';
import type { RunControl, Signature, Waiting } from '../../src/domain/run-control.ts';
import type { RunStatus } from '../../src/domain/run-record.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { MqttOutlet } from '../../src/mqtt/json-outlet.ts';
import { createRun, type RunDatabase } from '../../src/store/run-database.ts';
import { RUN_INFO } from '../store/run-info.ts';
import { temporaryFolder } from '../store/sample-run.ts';

/** The outlet's seconds for each real one: back-offs of seconds pass in fractions of one. */
const CLOCK_SPEED = 20;

export class FakeControl implements RunControl {
  readonly stoppedBy: string[] = [];
  readonly resumed: Signature[] = [];
  readonly acknowledged: ({ readonly code: string } & Signature)[] = [];
  currentAlarms: readonly Alarm[] = [];
  currentWaiting: Waiting | undefined;
  runStatus: RunStatus = 'running';
  failure: Error | undefined;

  async stop(requestedBy: string): Promise<void> {
    this.stoppedBy.push(requestedBy);
    if (this.failure) throw this.failure;
    this.runStatus = 'stopped';
  }

  waiting(): Waiting | undefined {
    return this.currentWaiting;
  }

  async goOn(signature: Signature): Promise<void> {
    this.resumed.push(signature);
    if (this.failure) throw this.failure;
  }

  alarms(): readonly Alarm[] {
    return this.currentAlarms;
  }

  async acknowledge(code: string, signature: Signature): Promise<void> {
    this.acknowledged.push({ code, ...signature });
    if (this.failure) throw this.failure;
  }

  status(): RunStatus {
    return this.runStatus;
  }

  progress() {
    return {
      elapsedSecond: 12.5,
      plannedSecond: 3600,
      stepIndex: 1,
      stepCount: 4,
      stepName: 'Plating',
      technique: 'constantCurrent',
      chargeCoulomb: 0.25,
    };
  }
}

export interface OutletBench {
  readonly run: RunDatabase;
  readonly folder: string;
  readonly clock: VirtualClock;
  readonly control: FakeControl;
  readonly problems: Problem[];
  outlet(): MqttOutlet;
}

/** A run, a control and a driven clock; outlets made from it are stopped after the test. */
export function outletBench(
  url: string,
  protocolVersion: 4 | 5 = 4,
  speed = CLOCK_SPEED,
): OutletBench {
  const folder = join(temporaryFolder(), 'run');
  const clock = new VirtualClock(Date.UTC(2026, 10, 21));
  const run = createRun(folder, RUN_INFO, clock);
  const control = new FakeControl();
  const problems: Problem[] = [];
  const abort = new AbortController();
  const driven = clock.drive(speed, abort.signal);
  const outlets: MqttOutlet[] = [];
  onTestFinished(async () => {
    await Promise.all(outlets.map((outlet) => outlet.stop()));
    abort.abort();
    await driven;
    run.close();
  });
  const outlet = (): MqttOutlet => {
    const made = new MqttOutlet({
      reader: run.reader,
      control,
      clock,
      broker: { url, protocolVersion },
      site: 'lab-a',
      node: 'node-1',
      cell: 'cell-7',
      version: '0.1.0',
      report: (problem) => problems.push(problem),
    });
    outlets.push(made);
    return made;
  };
  return { run, folder, clock, control, problems, outlet };
}

/** Sequence numbers in a payload: one record, or a batch of samples. */
export function sequencesOf(payload: Record<string, unknown>): number[] {
  if (typeof payload.seq === 'number') return [payload.seq];
  const seq0 = Number(payload.seq0);
  return (payload.dseq as number[]).map((offset) => seq0 + offset);
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
