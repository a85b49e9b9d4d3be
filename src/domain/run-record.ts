import type { Channel } from './channel.ts';
import type { CircuitFit } from './circuit-fit.ts';
import type { DerivedValue } from './derived-quantity.ts';
import type { DetectorSpectrum } from './detector-spectrum.ts';
import type { InstrumentInfo } from './instrument.ts';
import type { Quality } from './sample.ts';
import type { ReconstructionSummary } from './scan.ts';
import type { ImpedancePoint } from './spectrum.ts';
import type {
  ScanSpan,
  SegmentationResult,
  VolumeAnalysis,
  VolumeChangeResult,
} from './volume-results.ts';

/**
 * What a run writes down. Every record of a run carries one sequence number from one counter:
 * outlets (MQTT, panel, exports) read with a cursor and can prove that nothing is missing.
 */

/** What a run is, known before its first record. */
export interface RunInfo {
  /** Date, recipe and a short random part: `20261121-120501-first-light-7f3a`. */
  readonly runId: string;
  readonly recipe: string;
  readonly cell: string;
  readonly rig: string;
  readonly instruments: readonly InstrumentInfo[];
  readonly channels: readonly Channel[];
  readonly startedUtcMs: number;
  /** Simulated seconds per second; 1 on real instruments; null when as fast as possible. */
  readonly speed: number | null;
  readonly seed: number;
  readonly softwareVersion: string;
  /** The input files exactly as read. */
  readonly sources: {
    readonly recipe: string;
    readonly cell: string;
    readonly rig: string;
  };
}

export type RunStatus = 'running' | 'done' | 'stopped' | 'faulted' | 'tripped';
export type Severity = 'info' | 'warning' | 'alarm';

export type EventCode =
  | 'runStarted'
  | 'runResumed'
  | 'held'
  | 'gap'
  | 'suspended'
  | 'suspensionEnded'
  | 'phase'
  | 'clockStep'
  | 'storage'
  | 'runEnded'
  | 'stepStarted'
  | 'stepEnded'
  | 'setPoint'
  | 'cellShort'
  | 'softShort'
  | 'limits'
  | 'interlock'
  | 'alarmAcknowledged'
  | 'alarmEscalated'
  | 'alarmEnded'
  | 'faultInjected'
  | 'safeState'
  | 'stopRequested'
  | 'instrumentFault'
  | 'analysisFault'
  | 'dropped'
  | 'note';

export type RecordBody =
  | {
      readonly kind: 'sample';
      readonly channel: string;
      readonly value: number;
      readonly quality: Quality;
      /** Standard uncertainty in the unit of the channel, where the instrument's limits tell. */
      readonly standardError?: number;
      /** Full scale of the measuring range in use, in the unit of the channel. */
      readonly range?: number;
    }
  | {
      readonly kind: 'event';
      readonly code: EventCode;
      readonly severity: Severity;
      /** One sentence for people. */
      readonly message: string;
      /** Numbers for machines, unit last in each key. */
      readonly details: Readonly<Record<string, number | string | boolean | null>>;
    }
  | {
      readonly kind: 'step';
      readonly stepId: string;
      readonly name: string;
      readonly technique: string;
      readonly state: 'started' | 'ended';
      /** Which condition ended it: `event: short`. Absent while it runs. */
      readonly endedBy?: string;
      readonly chargeCoulomb: number;
    }
  | {
      readonly kind: 'spectrumPoint';
      readonly spectrumId: string;
      readonly index: number;
      readonly point: ImpedancePoint;
      readonly quality: Quality;
    }
  | {
      readonly kind: 'spectrum';
      readonly spectrumId: string;
      readonly pointCount: number;
      readonly startSecond: number;
      readonly stopSecond: number;
      readonly startChargeCoulomb: number;
      readonly stopChargeCoulomb: number;
      readonly complete: boolean;
    }
  | {
      readonly kind: 'fit';
      readonly spectrumId: string;
      /** False while the spectrum is still being measured. */
      readonly final: boolean;
      readonly fit: CircuitFit;
    }
  | {
      readonly kind: 'scan';
      readonly scanId: string;
      readonly views: number;
      readonly startSecond: number;
      readonly stopSecond: number;
      readonly startChargeCoulomb: number;
      readonly stopChargeCoulomb: number;
      readonly complete: boolean;
      /** Raw frames, beside the database. */
      readonly framesFile: string;
      /** What is to be found out from its volume; absent for nothing. */
      readonly analysis?: VolumeAnalysis;
    }
  | {
      readonly kind: 'detectorSpectrum';
      readonly spectrumId: string;
      readonly startSecond: number;
      readonly stopSecond: number;
      readonly startChargeCoulomb: number;
      readonly stopChargeCoulomb: number;
      readonly spectrum: DetectorSpectrum;
    }
  | {
      readonly kind: 'derived';
      readonly value: DerivedValue;
    }
  | {
      readonly kind: 'volume';
      readonly scanId: string;
      readonly summary: ReconstructionSummary;
      /** Volume file beside the database. */
      readonly file: string;
    }
  | (ScanSpan & {
      readonly kind: 'segmentation';
      readonly scanId: string;
      readonly result: SegmentationResult;
    })
  | (ScanSpan & {
      readonly kind: 'volumeChange';
      readonly scanId: string;
      readonly result: VolumeChangeResult;
    });

export type RecordKind = RecordBody['kind'];

export interface RunRecord {
  readonly sequence: number;
  /** Monotonic time on the experiment's clock. */
  readonly timeSecond: number;
  /** Which start of the software wrote it: 0 for the first, +1 at each resume. */
  readonly boot: number;
  readonly body: RecordBody;
}

export type RecordOf<K extends RecordKind> = RunRecord & {
  readonly body: Extract<RecordBody, { readonly kind: K }>;
};
