import { parse } from 'yaml';
import type { Alarm } from '../../src/domain/alarm.ts';
import type { AnalysisService } from '../../src/domain/analysis-service.ts';
import { Bus } from '../../src/domain/bus.ts';
import { type Cell, cellSchema } from '../../src/domain/cell.ts';
import type { Guard, Instruments } from '../../src/domain/instrument.ts';
import { type Recipe, recipeSchema } from '../../src/domain/recipe.ts';
import type { EventCode, RunInfo } from '../../src/domain/run-record.ts';
import type { EngineState } from '../../src/domain/run-store.ts';
import type { Assumption } from '../../src/domain/unknowns.ts';
import { planRun } from '../../src/run/planner.ts';
import type { Resumed } from '../../src/run/resume.ts';
import { Runner } from '../../src/run/runner.ts';
import { advanceUntil, CountingClock } from './counting-clock.ts';
import { MemorySpools, MemoryWriter } from './memory-writer.ts';
import { CallLog } from './scripted-call.ts';
import {
  type ScannerScript,
  ScriptedScanner,
  ScriptedSpectrometer,
  type SpectrometerScript,
} from './scripted-detectors.ts';
import {
  type HeaterScript,
  ScriptedHeater,
  ScriptedOven,
  ScriptedPressure,
  ScriptedSensor,
  type SensorScript,
} from './scripted-oven.ts';
import { type PotentiostatScript, ScriptedPotentiostat } from './scripted-potentiostat.ts';

export const AREA_CM2 = 0.785;

export const scriptedCell: Cell = cellSchema.parse({
  cell: 'resistor',
  title: 'A resistor',
  area: `${AREA_CM2} cm²`,
  reference: 'Li/Li+',
});

/**
 * A recipe from the YAML of its steps, with generous limits.
 * @param restYaml other keys of the recipe, such as suspend
 */
export function recipeOf(stepsYaml: string, safetyYaml = SAFETY, restYaml = ''): Recipe {
  return recipeSchema.parse(
    parse(`recipe: test\ntitle: Test\nsafety:\n${safetyYaml}\n${restYaml}\nsteps:\n${stepsYaml}`),
  );
}

/** Every phase there is, in about two hours: plating starts soon after 400 s. */
export const EVERY_PHASE = `
  - { name: warm, technique: soak, temperature: "50 °C", dwell: "60 s", within: "20 min" }
  - name: rest
    technique: openCircuit
    record: { every: "10 s" }
    until: { any: [{ time: "60 s" }] }
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "10 s" }
    until: { any: [{ event: short }, { voltage: "> 1.5 V" }, { time: "1 h" }] }
    during:
      - { technique: impedance, mode: galvanostatic, from: "1 kHz", to: "1 Hz", pointsPerDecade: 5, amplitude: "20 µA", fit: "R0-p(R1,CPE1)", every: "20 min" }
      - { technique: scan, views: 9, span: "180°", duration: "90 s", every: "30 min", on: [short] }
  - { name: after, technique: impedance, from: "1 kHz", to: "1 Hz", pointsPerDecade: 2, amplitude: "10 mV" }
  - { name: ct, technique: scan, views: 18, span: "180°", duration: "90 s" }`;

const SAFETY = `
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }`;

export interface Scripts {
  readonly potentiostat?: PotentiostatScript;
  readonly sensor?: SensorScript;
  readonly heater?: HeaterScript;
  readonly scanner?: ScannerScript;
  /** Without it the rig has none. */
  readonly spectrometer?: SpectrometerScript;
  /** Stack pressure at a moment; without it nobody measures it. */
  readonly pressure?: (timeSecond: number) => number | undefined;
  /** Without it nobody can exchange the cell. */
  readonly freshCell?: () => Promise<void>;
  /** Without it nothing switches off below the software. */
  readonly guard?: Guard;
  /** A person puts the fresh cell in, and says so. */
  readonly exchangedByPerson?: true;
  /** What the recipe assumes. */
  readonly assumptions?: readonly Assumption[];
  readonly resumeFrom?: EngineState;
  /** With `resumeFrom`: what happened in between. */
  readonly interruption?: Omit<Resumed, 'state'>;
  /** What the clock shows at first. */
  readonly startSecond?: number;
  readonly earlierAlarms?: ReadonlyMap<EventCode, Alarm>;
  /** Simulated seconds per second; as fast as possible without it. */
  readonly speed?: number;
  readonly oven?: ScriptedOven;
  readonly analyses?: readonly AnalysisService[];
}

export interface ScriptedRun {
  readonly clock: CountingClock;
  readonly log: CallLog;
  readonly bus: Bus;
  readonly writer: MemoryWriter;
  readonly spools: MemorySpools;
  readonly potentiostat: ScriptedPotentiostat;
  readonly scanner: ScriptedScanner;
  readonly oven: ScriptedOven;
  readonly instruments: Instruments;
  readonly runner: Runner;
}

/** What a run of a test is called. */
export const RUN_INFO: RunInfo = {
  runId: 'test-run',
  recipe: 'test',
  cell: 'resistor',
  rig: 'scripted',
  instruments: [],
  channels: [],
  startedUtcMs: 0,
  speed: null,
  seed: 1,
  softwareVersion: '0',
  sources: { recipe: '', cell: '', rig: '' },
};

/** Every scripted instrument, wired to one clock and one log. */
export function scriptedRig(scripts: Scripts = {}) {
  const clock = new CountingClock(scripts.startSecond);
  const log = new CallLog(clock);
  const oven = scripts.oven ?? new ScriptedOven();
  const potentiostat = new ScriptedPotentiostat(clock, log, scripts.potentiostat);
  const scanner = new ScriptedScanner(clock, log, scripts.scanner);
  const instruments: Instruments = {
    potentiostat,
    sensors: [
      new ScriptedSensor(clock, log, oven, scripts.sensor),
      ...(scripts.pressure ? [new ScriptedPressure(clock, scripts.pressure)] : []),
    ],
    heater: new ScriptedHeater(log, oven, scripts.heater),
    scanner,
    ...(scripts.spectrometer
      ? { spectrometer: new ScriptedSpectrometer(clock, log, scripts.spectrometer) }
      : {}),
    ...(scripts.guard ? { guard: scripts.guard } : {}),
    ...(scripts.freshCell ? { freshCell: scripts.freshCell } : {}),
    ...(scripts.exchangedByPerson ? { exchangedByPerson: true } : {}),
  };
  return { clock, log, oven, potentiostat, scanner, instruments };
}

/** A run that is ready to start. */
export function scriptedRun(recipe: Recipe, scripts: Scripts = {}): ScriptedRun {
  const rig = scriptedRig(scripts);
  const bus = new Bus((name, error) => {
    throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
  });
  const writer = new MemoryWriter(rig.clock);
  const spools = new MemorySpools();
  const runner = new Runner({
    plan: planRun(recipe, scriptedCell, rig.instruments, scripts.assumptions),
    instruments: rig.instruments,
    clock: rig.clock,
    bus,
    writer,
    spools,
    info: { ...RUN_INFO, speed: scripts.speed ?? null },
    analyses: scripts.analyses ?? [],
    ...(scripts.resumeFrom ? { resumeFrom: scripts.resumeFrom } : {}),
    ...(scripts.interruption ? { interruption: scripts.interruption } : {}),
    ...(scripts.earlierAlarms ? { earlierAlarms: scripts.earlierAlarms } : {}),
  });
  return { ...rig, bus, writer, spools, runner };
}

/** Runs a recipe to its end. */
export async function runToEnd(recipe: Recipe, scripts: Scripts = {}) {
  const run = scriptedRun(recipe, scripts);
  const outcome = await advanceUntil(run.clock, run.runner.run());
  return { ...run, outcome };
}

/** `plate started`, `plate voltage: > 0.5 V`: every step with how it began and ended. */
export function stepsOf({ writer }: Pick<ScriptedRun, 'writer'>): string[] {
  return writer.of('step').map(({ stepId, state, endedBy }) => `${stepId} ${endedBy ?? state}`);
}

/** The events of one code. */
export function eventsOf({ writer }: Pick<ScriptedRun, 'writer'>, code: EventCode) {
  return writer.of('event').filter((event) => event.code === code);
}
