import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus, BusEvents } from '../domain/bus.ts';
import type { Clock, ReleaseHold } from '../domain/clock.ts';
import { asFault, type Problem } from '../domain/fault.ts';
import type { ReconstructionSummary } from '../domain/scan.ts';
import { type ScanSpan, VOLUME_SIDE_MIN, type VolumeAnalysis } from '../domain/volume-results.ts';
import type { Executor } from './executor.ts';
import { derivedOf } from './volume-results.ts';
import type {
  AnalysedVolume,
  VolumeAnalysisReply,
  VolumeResultsJobs,
} from './volume-results-jobs.ts';

/**
 * Volumes that wait to be looked into. They wait on the disk, so that many may: a volume is looked
 * into late rather than not at all. What is beyond is left out, and counted.
 */
export const VOLUMES_WAITING_MAX = 1000;

/** Voxels along each axis. */
type VolumeSides = Pick<ReconstructionSummary, 'slices' | 'rows' | 'columns'>;

/** A scan of an earlier start of the software whose volume is to be looked into. */
export interface PastScan extends ScanSpan {
  readonly scanId: string;
  readonly analysis: VolumeAnalysis;
  /** Counts the cells that were in place, from 0. */
  readonly specimen: number;
  /** Undefined when it was cut off before it was written. */
  readonly made: VolumeSides | undefined;
  readonly isSegmented: boolean;
  readonly isCompared: boolean;
  /** A later volume was compared with its volume. */
  readonly isReferred: boolean;
}

interface WantedVolume {
  readonly volume: AnalysedVolume;
  readonly analysis: VolumeAnalysis;
  readonly specimen: number;
  /** What is on record already. */
  readonly isSegmented: boolean;
  readonly isCompared: boolean;
}

/** What the volumes of one cell are held against. */
interface CellVolumes {
  readonly specimen: number;
  readonly first: AnalysedVolume;
  readonly previous: AnalysedVolume;
}

export interface VolumeResultsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Answers calls in order; closed by whoever made it. */
  readonly executor: Executor<VolumeResultsJobs>;
  /** Where a scan's volume is. */
  readonly volumePath: (scanId: string) => string;
  /** Whoever makes the volumes: its volumes are waited for before those here. */
  readonly volumes: Pick<AnalysisService, 'drain'>;
}

/**
 * Looks into the volumes that scans ask for, one after another on a thread of its own, as soon as
 * they are on the disk: phases and voids, and what has grown since an earlier volume of the same
 * cell. Simulated time waits for it; in real time a result may be late and says when it was.
 */
export class VolumeResultsService implements AnalysisService {
  readonly #options: VolumeResultsOptions;
  #unsubscribe: (() => void)[] = [];
  /** By scan, until their volumes are there. */
  readonly #wanted = new Map<string, WantedVolume>();
  #recalled: WantedVolume[] = [];
  #cell: CellVolumes | undefined;
  #specimen = 0;
  #waiting = 0;
  #toldSmall = false;
  #isStopped = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: VolumeResultsOptions) {
    this.#options = options;
  }

  /**
   * What an earlier start has measured, oldest first: what is on record is not found out again, and
   * what was cut off is found out as soon as the run goes on.
   * @param specimens how many cells were in place before the one that is
   */
  recall(scans: readonly PastScan[], specimens: number): void {
    this.#specimen = specimens;
    const newest = scans.findLastIndex((scan) => scan.isSegmented || scan.isCompared);
    for (const [at, scan] of scans.entries()) {
      const { analysis, isCompared, isReferred, isSegmented, made, scanId, specimen } = scan;
      const volume = this.#volumeOf(scan);
      const hasRecord = isSegmented || isCompared;
      const isPartial =
        at === newest &&
        analysis.compareWith !== null &&
        !isCompared &&
        this.#cell?.specimen === specimen;
      if ((hasRecord || isReferred) && !isPartial) this.#remember({ volume, specimen });
      // What comes before the newest on record has failed then, and would again.
      if (at <= newest && !isPartial) continue;
      const wanted = { volume, analysis, specimen, isSegmented, isCompared };
      if (!made) this.#wanted.set(scanId, wanted);
      else if (!isTooSmall(made)) this.#recalled.push(wanted);
    }
  }

  async start(): Promise<void> {
    if (this.#unsubscribe.length > 0) return;
    const { bus } = this.#options;
    this.#unsubscribe = [
      bus.on('volumeWanted', (event) => this.#want(event)),
      bus.on('volume', (event) => this.#onVolume(event)),
      bus.on('freshCell', () => {
        this.#specimen += 1;
      }),
      bus.on('runBegun', () => {
        for (const wanted of this.#recalled.splice(0)) this.#enqueue(wanted);
      }),
    ];
  }

  async drain(): Promise<void> {
    await this.#options.volumes.drain();
    do await this.#turn;
    while (this.#waiting > 0);
  }

  /** The one that is looked into is finished; what waits behind it is left for whoever resumes. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    do await this.#turn;
    while (this.#waiting > 0);
  }

  #want(event: BusEvents['volumeWanted']): void {
    // A scan whose volume never comes leaves its wish behind: the oldest makes room.
    const [oldest] = this.#wanted.keys();
    if (this.#wanted.size >= VOLUMES_WAITING_MAX && oldest !== undefined) {
      this.#wanted.delete(oldest);
    }
    this.#wanted.set(event.scanId, {
      volume: this.#volumeOf(event),
      analysis: event.analysis,
      specimen: this.#specimen,
      isSegmented: false,
      isCompared: false,
    });
  }

  #onVolume({ scanId, summary }: BusEvents['volume']): void {
    const wanted = this.#wanted.get(scanId);
    this.#wanted.delete(scanId);
    if (!wanted) return;
    if (isTooSmall(summary)) this.#tellSmall(summary);
    else this.#enqueue(wanted);
  }

  /** Said once: every scan of a detector is as small as the next. */
  #tellSmall({ slices, rows, columns }: VolumeSides): void {
    if (!this.#toldSmall) {
      this.#options.bus.publish('analysisFault', {
        where: 'volumes',
        message: `${slices} × ${rows} × ${columns} voxels show no phases, expected at least ${VOLUME_SIDE_MIN} along every axis: they are recorded and not looked into`,
      });
    }
    this.#toldSmall = true;
  }

  #volumeOf(scan: ScanSpan & { readonly scanId: string }): AnalysedVolume {
    const { scanId, startSecond, stopSecond, startChargeCoulomb, stopChargeCoulomb } = scan;
    const span = { startSecond, stopSecond, startChargeCoulomb, stopChargeCoulomb };
    return { scanId, ...span, path: this.#options.volumePath(scanId) };
  }

  #enqueue(wanted: WantedVolume): void {
    const { bus, clock } = this.#options;
    if (this.#waiting >= VOLUMES_WAITING_MAX) {
      bus.publish('dropped', { what: 'volumes to look into', count: 1 });
      return;
    }
    this.#waiting += 1;
    // Simulated time waits for a result that the experiment may depend on.
    const release = clock.hold();
    this.#turn = this.#turn.then(() => this.#lookInto(wanted, release));
  }

  async #lookInto(wanted: WantedVolume, release: ReleaseHold): Promise<void> {
    const { volume, analysis, specimen } = wanted;
    const { executor } = this.#options;
    const cell = this.#cell?.specimen === specimen ? this.#cell : undefined;
    const against = analysis.compareWith && cell?.[analysis.compareWith];
    try {
      if (this.#isStopped) return;
      const reply = await executor.call('analyse', {
        volume,
        analysis: { ...analysis, segments: analysis.segments && !wanted.isSegmented },
        first: cell?.first ?? volume,
        against: wanted.isCompared || !against ? undefined : against,
      });
      this.#publish(volume, reply);
      // A volume that says nothing is none to hold others against.
      const isUsable = reply.segmentation ?? reply.change ?? reply.problems.length === 0;
      if (isUsable) this.#remember({ volume, specimen });
    } catch (error) {
      this.#tell(volume.scanId, asFault(error, volume.scanId).problems);
    } finally {
      this.#waiting -= 1;
      release();
    }
  }

  #tell(scanId: string, problems: readonly Problem[]): void {
    for (const { where, message } of problems) {
      const place = where === scanId ? scanId : `${scanId}, ${where}`;
      this.#options.bus.publish('analysisFault', { where: place, message });
    }
  }

  #remember({ volume, specimen }: Pick<WantedVolume, 'volume' | 'specimen'>): void {
    const first = this.#cell?.specimen === specimen ? this.#cell.first : volume;
    this.#cell = { specimen, first, previous: volume };
  }

  #publish({ path: _, ...scan }: AnalysedVolume, found: VolumeAnalysisReply): void {
    const { bus } = this.#options;
    const { segmentation, change } = found;
    this.#tell(scan.scanId, found.problems);
    if (!segmentation && !change) return;
    bus.publish('volumeResults', { ...scan, segmentation, change });
    for (const value of derivedOf(scan.scanId, { segmentation, change })) {
      bus.publish('derived', { value });
    }
  }
}

function isTooSmall({ slices, rows, columns }: VolumeSides): boolean {
  return Math.min(slices, rows, columns) < VOLUME_SIDE_MIN;
}
