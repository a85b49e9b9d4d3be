import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AbsorptionService } from '../analysis/absorption-service.ts';
import { readTrace } from '../analysis/cycling-trace.ts';
import { DerivedService } from '../analysis/derived-service.ts';
import { WorkerExecutor } from '../analysis/executor.ts';
import type { ImpedanceJobs } from '../analysis/impedance-jobs.ts';
import { ImpedanceService } from '../analysis/impedance-service.ts';
import type { LiveJobs } from '../analysis/live-jobs.ts';
import { TomographyService } from '../analysis/tomography-service.ts';
import { VolumeEngine } from '../analysis/volume-engine.ts';
import type { VolumeJobs } from '../analysis/volume-jobs.ts';
import type { VolumeResultsJobs } from '../analysis/volume-results-jobs.ts';
import { VolumeResultsService } from '../analysis/volume-results-service.ts';
import type { Alarm } from '../domain/alarm.ts';
import type { AnalysisService } from '../domain/analysis-service.ts';
import { Bus } from '../domain/bus.ts';
import type { Clock } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { EventCode, RunInfo } from '../domain/run-record.ts';
import { SystemClock } from '../domain/system-clock.ts';
import { NxtomoVolumeWriter } from '../formats/nxtomo-volume.ts';
import { EmbeddedBroker } from '../mqtt/embedded-broker.ts';
import { MqttOutlet } from '../mqtt/json-outlet.ts';
import { PanelServer } from '../panel/server.ts';
import { utcAtZeroMs } from '../run/clock-watch.ts';
import type { Resumed } from '../run/resume.ts';
import { Runner } from '../run/runner.ts';
import { RunDisk } from '../store/disk-space.ts';
import { FramesLibrary } from '../store/frames-source.ts';
import { createRun, type RunDatabase, reopenRun } from '../store/run-database.ts';
import { FileScanSpoolFactory } from '../store/scan-spool.ts';
import { FileScratchFactory } from '../store/scratch-file.ts';
import { FileVolumeSpoolFactory } from '../store/volume-spool.ts';
import { FileWaveformSpoolFactory } from '../store/waveform-file.ts';
import { type Part, startInOrder } from './parts.ts';
import { readPastVolumes } from './past-volumes.ts';
import type { PreparedExperiment } from './prepare.ts';
import { PreviewedVolumeWriter } from './previewed-volume-writer.ts';

const LOOPBACK = '127.0.0.1';
/** How long the end of a run waits for MQTT to acknowledge it. */
const DELIVERY_SECOND_MAX = 10;
/** Threads that make volumes; none starts before the first scan has ended. */
const VOLUME_WORKERS = 2;

export interface NodeOptions {
  readonly prepared: PreparedExperiment;
  readonly info: RunInfo;
  /** The experiment's clock: simulated or real. */
  readonly clock: Clock;
  /** Holds the folders of all runs. */
  readonly outFolder: string;
  /** 0 for any free port; undefined for no panel. */
  readonly panelPort: number | undefined;
  /** An embedded broker on this port (0: any free one), one elsewhere, or none. */
  readonly broker: { readonly port: number } | { readonly url: string } | undefined;
  /** A run that goes on: where it was, and what happened in between. */
  readonly resumed?: Resumed;
  /** Of the starts before, by code. */
  readonly earlierAlarms?: ReadonlyMap<EventCode, Alarm>;
  /** Told in one sentence what a person at the terminal should know. */
  readonly tell: (sentence: string) => void;
}

/** One run with everything around it: database, analysis, network, panel and the runner. */
export class ExperimentNode {
  readonly folder: string;
  readonly #options: NodeOptions;
  /** The experiment may run on simulated time; disks, brokers and browsers live in real time. */
  readonly #realClock = new SystemClock();
  readonly #bus: Bus;
  readonly #disk: RunDisk;
  #stopAll: () => Promise<void> = async () => {};
  #database: RunDatabase | undefined;
  #runner: Runner | undefined;
  #outlet: MqttOutlet | undefined;
  #panelUrl: string | undefined;
  #stopRequestedBy: string | undefined;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.folder = join(options.outFolder, options.info.runId);
    this.#disk = new RunDisk(this.folder);
    this.#bus = new Bus((name, error) => options.tell(`a listener of ${name} failed: ${error}`));
  }

  get database(): RunDatabase {
    return started(this.#database);
  }

  get runner(): Runner {
    return started(this.#runner);
  }

  get panelUrl(): string | undefined {
    return this.#panelUrl;
  }

  /** Makes and starts everything but the run itself, which waits for `runner.run()`. */
  async start(): Promise<void> {
    const { broker, panelPort } = this.#options;
    this.#database = this.#openDatabase();
    const analyses = this.#analyses();
    this.#runner = this.#makeRunner(analyses.map(({ service }) => service));
    if (this.#stopRequestedBy) await this.#runner.stop(this.#stopRequestedBy);
    try {
      const stopParts = await startInOrder([
        ...(broker ? this.#networkParts(broker) : []),
        ...(panelPort === undefined ? [] : [this.#panelPart(panelPort)]),
        ...analyses.map(({ part }) => part),
      ]);
      this.#stopAll = () => stopParts().finally(() => this.database.close());
    } catch (error) {
      this.#abandon(error);
      throw error;
    }
  }

  /** Takes the run to its safe state, also one that has not begun yet. */
  stopRun(requestedBy: string): Promise<void> {
    this.#stopRequestedBy ??= requestedBy;
    return this.#runner?.stop(requestedBy) ?? Promise.resolve();
  }

  /** Takes the rig to its safe state because the software around the run has failed. */
  failRun(error: unknown): void {
    this.#runner?.fail(error);
  }

  /** Waits, with a bound, until the outlets have delivered what the run has written. */
  async deliver(): Promise<void> {
    const missing = (await this.#outlet?.drain(DELIVERY_SECOND_MAX * 1000)) ?? 0;
    if (missing === 0) return;
    this.#options.tell(
      `MQTT: ${missing} records not acknowledged within ${DELIVERY_SECOND_MAX} s; ` +
        'the run database has them all',
    );
  }

  /** Stops everything in reverse order. */
  stop(): Promise<void> {
    return this.#stopAll();
  }

  #openDatabase(): RunDatabase {
    const { clock, info, resumed, tell } = this.#options;
    const start = { startedSecond: clock.nowSecond(), utcAtZeroMs: utcAtZeroMs(clock) };
    const database = resumed
      ? reopenRun(this.folder, this.#realClock, { ...start, disk: this.#disk })
      : createRun(this.folder, info, this.#realClock, this.#disk);
    if (!this.#disk.prepare()) tell('the disk has no room to keep in reserve: free some space');
    return database;
  }

  /**
   * A run that could not start must not be listed as one that is still going. One that was to be
   * resumed is as it was before: interrupted.
   */
  #abandon(cause: unknown): void {
    if (this.#options.resumed) {
      this.database.close();
      return;
    }
    const { writer } = this.database;
    const { message } = asFault(cause, 'run');
    try {
      writer.append(this.#options.clock.nowSecond(), {
        kind: 'event',
        code: 'runEnded',
        severity: 'alarm',
        message: `The run could not start: ${message}.`,
        details: { status: 'faulted' },
      });
      writer.finish('faulted');
    } finally {
      this.database.close();
    }
  }

  #makeRunner(analyses: readonly AnalysisService[]): Runner {
    const { prepared, info, resumed, earlierAlarms } = this.#options;
    const { clock } = prepared;
    return new Runner({
      plan: prepared.plan,
      instruments: prepared.instruments,
      clock,
      bus: this.#bus,
      writer: this.database.writer,
      spools: new FileScanSpoolFactory(this.folder),
      waveforms: new FileWaveformSpoolFactory(this.folder),
      info,
      analyses,
      disk: this.#disk,
      ...(resumed ? { resumeFrom: resumed.state, interruption: resumed } : {}),
      ...(earlierAlarms ? { earlierAlarms } : {}),
    });
  }

  #analyses(): { readonly service: AnalysisService; readonly part: Part }[] {
    const convention = this.#options.prepared.cell.value.efficiency;
    const derived = new DerivedService({ bus: this.#bus, convention });
    if (this.#options.resumed) {
      const { steps } = readTrace(this.database.reader);
      // The step that goes on is heard of, whole, when it ends.
      derived.recall(steps.filter(({ endedBy }) => endedBy !== undefined));
    }
    return [
      analysisPart('derived quantities', derived, []),
      analysisPart('absorption analysis', new AbsorptionService(this.#bus), []),
      this.#impedanceAnalysis(),
      ...this.#tomographyAnalysis(),
    ];
  }

  #impedanceAnalysis() {
    const { clock } = this.#options;
    const executor = new WorkerExecutor<ImpedanceJobs>(workerEntry('../analysis/impedance-worker'));
    const service = new ImpedanceService({ bus: this.#bus, clock, executor });
    return analysisPart('impedance analysis', service, [executor]);
  }

  #tomographyAnalysis() {
    const { folder } = this;
    const live = new WorkerExecutor<LiveJobs>(workerEntry('./live-worker'));
    const executors = Array.from(
      { length: VOLUME_WORKERS },
      () => new WorkerExecutor<VolumeJobs>(workerEntry('../analysis/volume-worker')),
    );
    const looker = new WorkerExecutor<VolumeResultsJobs>(workerEntry('./volume-results-worker'));
    const liveScratchPath = join(folder, 'live.scratch');
    const volumeName = (scanId: string): string => `${scanId}.h5`;
    const service = new TomographyService({
      bus: this.#bus,
      clock: this.#options.clock,
      live,
      liveScratchPath,
      engine: new VolumeEngine({
        executors,
        spools: new FileVolumeSpoolFactory(folder),
        scratch: new FileScratchFactory(folder),
        clock: this.#realClock,
      }),
      library: new FramesLibrary(folder),
      volumeWriter: new PreviewedVolumeWriter(new NxtomoVolumeWriter()),
      volumePath: (scanId) => join(folder, volumeName(scanId)),
      volumeName,
    });
    const results = new VolumeResultsService({
      bus: this.#bus,
      clock: this.#options.clock,
      executor: looker,
      volumePath: (scanId) => join(folder, volumeName(scanId)),
      volumes: service,
    });
    if (this.#options.resumed) {
      const past = readPastVolumes(this.database.reader);
      service.recall(past.withoutVolume);
      results.recall(past.scans, past.specimens);
    }
    // A worker that is ended does not tidy up after itself.
    const scratch = { close: () => rm(liveScratchPath, { force: true }) };
    // Stopped in reverse: the last volumes are made before the last of them are looked into.
    return [
      analysisPart('results of volumes', results, [looker]),
      analysisPart('tomography analysis', service, [live, ...executors, scratch]),
    ];
  }

  #networkParts(wanted: { readonly port: number } | { readonly url: string }): Part[] {
    const { info, tell, earlierAlarms } = this.#options;
    let broker: EmbeddedBroker | undefined;
    let url = 'url' in wanted ? wanted.url : '';
    const startBroker = (port: number): Promise<number> => {
      broker = new EmbeddedBroker(port);
      return broker.start();
    };
    const brokerPart: Part = {
      name: 'MQTT broker',
      start: async () => {
        if ('url' in wanted) return;
        url = `mqtt://${LOOPBACK}:${await onPort(wanted.port, startBroker, tell, 'MQTT broker')}`;
      },
      stop: async () => broker?.stop(),
    };
    const outletPart: Part = {
      name: 'MQTT outlet',
      start: async () => {
        this.#outlet = new MqttOutlet({
          reader: this.database.reader,
          control: this.runner,
          clock: this.#realClock,
          // aedes speaks 3.1.1.
          broker: { url, protocolVersion: broker ? 4 : 5 },
          site: 'lab',
          node: 'node-1',
          cell: info.cell,
          version: info.softwareVersion,
          ...(earlierAlarms ? { earlierAlarms } : {}),
          report: ({ where, message }) => tell(`MQTT ${where}: ${message}`),
        });
        this.#outlet.start();
        tell(`MQTT: ${withoutPassword(url)}, topics below operando/v1/lab/node-1`);
      },
      stop: async () => this.#outlet?.stop(),
    };
    return [brokerPart, outletPart];
  }

  #panelPart(wantedPort: number): Part {
    let panel: PanelServer | undefined;
    const startOn = (port: number): Promise<{ url: string }> => {
      panel = new PanelServer({
        reader: this.database.reader,
        control: this.runner,
        bus: this.#bus,
        clock: this.#realClock,
        staticFolder: fileURLToPath(new URL('../../panel', import.meta.url)),
        host: LOOPBACK,
        port,
      });
      return panel.start();
    };
    return {
      name: 'panel',
      start: async () => {
        const { url } = await onPort(wantedPort, startOn, this.#options.tell, 'panel');
        this.#panelUrl = url;
        this.#options.tell(`panel: ${url}`);
      },
      stop: async () => panel?.stop(),
    };
  }
}

function analysisPart(
  name: string,
  service: AnalysisService,
  closedInOrder: readonly { close(): Promise<void> }[],
): { readonly service: AnalysisService; readonly part: Part } {
  const stop = async (): Promise<void> => {
    await service.stop();
    for (const each of closedInOrder) await each.close();
  };
  return { service, part: { name, start: () => service.start(), stop } };
}

/** Starts on the wanted port; where that is taken, on any free one, and says so. */
async function onPort<T>(
  wanted: number,
  start: (port: number) => Promise<T>,
  tell: (sentence: string) => void,
  what: string,
): Promise<T> {
  try {
    return await start(wanted);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'badInput' || wanted === 0) throw error;
    tell(`${what}: ${error.problems[0]?.message}; taking a free port instead`);
    return start(0);
  }
}

/** @param module of a worker thread, from this folder, without its ending */
function workerEntry(module: string): URL {
  return new URL(`${module}.js`, import.meta.url);
}

function started<T>(part: T | undefined): T {
  if (part !== undefined) return part;
  throw new Error('the node is used before it is started');
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  return parsed.href;
}
