import { type Alarm, alarmsAfter } from '../../domain/alarm.ts';
import { CHANNELS } from '../../domain/channel.ts';
import type { CircuitFit } from '../../domain/circuit-fit.ts';
import type { RunProgress, Waiting } from '../../domain/run-control.ts';
import type {
  EventCode,
  RecordBody,
  RecordOf,
  RunRecord,
  RunStatus,
  Severity,
} from '../../domain/run-record.ts';
import type { ImpedancePoint } from '../../domain/spectrum.ts';
import type { SegmentationResult, VolumeChangeResult } from '../../domain/volume-results.ts';
import type { PanelRunInfo, Picture, ServerMessage } from '../protocol.ts';
import { SeriesBuffer } from './series-buffer.ts';

/** Bounds of what the page keeps. What is older is forgotten here, never in the run itself. */
export const EVENTS_MAX = 500;
export const SPECTRA_MAX = 200;
export const POINTS_PER_SPECTRUM_MAX = 1000;
export const STEP_MARKS_MAX = 500;
export const CHANNELS_MAX = 64;
export const VOLUMES_MAX = 200;

export interface EventEntry {
  readonly sequence: number;
  readonly timeSecond: number;
  readonly severity: Severity;
  readonly message: string;
}

export interface StepMark {
  readonly timeSecond: number;
  readonly name: string;
}

export interface SpectrumView {
  readonly spectrumId: string;
  /** Counts the spectra of the run from 1. */
  readonly number: number;
  readonly startSecond: number;
  readonly points: ImpedancePoint[];
  fit: CircuitFit | undefined;
  fitIsFinal: boolean;
  /** Charge passed at its start; undefined while it is measured. */
  chargeCoulomb: number | undefined;
  state: 'measuring' | 'complete' | 'incomplete';
}

/** A scan whose volume is looked into. */
export interface VolumeView {
  readonly scanId: string;
  /** Counts those of the run from 1. */
  readonly number: number;
  readonly startSecond: number;
  /** Passed at its start. */
  readonly chargeCoulomb: number;
  segmentation: SegmentationResult | undefined;
  change: VolumeChangeResult | undefined;
}

export type ConnectionState = 'connecting' | 'live' | 'lost';
/** What a person has asked for with a name and a reason. */
export interface PersonRequestState {
  readonly requestId: string;
  readonly state: 'sent' | 'done' | 'failed' | 'unknown';
  /** For people. */
  readonly message: string;
}

export type StopState = 'idle' | 'sent' | 'requested' | 'done' | 'failed';

/** Everything the page shows, built from the messages of the server alone. */
export class RunModel {
  info: PanelRunInfo | undefined;
  status: RunStatus = 'running';
  /** Newest record in the page, and newest in the run. */
  sequence = 0;
  lastSequence = 0;
  progress: RunProgress | undefined;
  picturesDropped = 0;
  /** The planes of one moment of the newest scan. */
  pictures: readonly Picture[] = [];
  connection: ConnectionState = 'connecting';
  stop: { readonly state: StopState; readonly message: string } = { state: 'idle', message: '' };
  /** The newest; undefined once its dialog was closed. */
  request: PersonRequestState | undefined;
  /** Why the run stands still; undefined while it goes on. */
  waiting: Waiting | undefined;
  /** Every alarm of the run by code, as it stands. */
  alarms: ReadonlyMap<EventCode, Alarm> = new Map();
  /** Newest time of any record, in seconds. */
  timeSecond = 0;
  series = new Map<string, SeriesBuffer>();
  /** Samples per channel that were not good: they are gaps in the line. */
  notGood = new Map<string, number>();
  /** Newest first. */
  events: EventEntry[] = [];
  eventsForgotten = 0;
  steps: StepMark[] = [];
  /** Oldest first. */
  spectra: SpectrumView[] = [];
  spectraSeen = 0;
  /** Oldest first. */
  volumes: VolumeView[] = [];
  volumesSeen = 0;

  /** Takes one message of the server. */
  apply(message: ServerMessage): void {
    switch (message.type) {
      case 'run':
        if (message.after === 0 || this.info?.runId !== message.info.runId) this.#forget();
        this.info = message.info;
        this.status = message.status;
        this.lastSequence = message.lastSequence;
        return;
      case 'records':
        for (const record of message.records) this.#record(record);
        return;
      case 'progress':
        this.progress = message.progress;
        this.status = message.status;
        this.lastSequence = message.lastSequence;
        this.picturesDropped = message.picturesDropped;
        this.waiting = message.waiting ?? undefined;
        return;
      case 'stop':
        this.stop = { state: message.state, message: message.message };
        return;
      case 'answer':
        this.#answer(message);
    }
  }

  #forget(): void {
    this.sequence = 0;
    this.timeSecond = 0;
    this.series = new Map();
    this.notGood = new Map();
    this.events = [];
    this.eventsForgotten = 0;
    this.steps = [];
    this.spectra = [];
    this.spectraSeen = 0;
    this.volumes = [];
    this.volumesSeen = 0;
    this.pictures = [];
    this.progress = undefined;
    this.stop = { state: 'idle', message: '' };
    this.waiting = undefined;
    this.alarms = new Map();
  }

  /** An answer to a dialog that was closed meanwhile concerns nobody. */
  #answer({ requestId, state, message }: Extract<ServerMessage, { type: 'answer' }>): void {
    if (this.request?.requestId === requestId) this.request = { requestId, state, message };
  }

  #record(record: RunRecord): void {
    // A record that comes again after a reconnection is known already.
    if (record.sequence <= this.sequence) return;
    this.sequence = record.sequence;
    this.lastSequence = Math.max(this.lastSequence, record.sequence);
    this.timeSecond = Math.max(this.timeSecond, record.timeSecond);
    const { body } = record;
    switch (body.kind) {
      case 'sample':
        this.#sample(record.timeSecond, body);
        return;
      case 'event':
        this.#event(record as RecordOf<'event'>);
        return;
      case 'step':
        if (body.state === 'started') this.#step(record.timeSecond, body);
        return;
      case 'spectrumPoint': {
        const spectrum = this.#spectrum(body.spectrumId, record.timeSecond);
        if (spectrum.points.length < POINTS_PER_SPECTRUM_MAX) spectrum.points.push(body.point);
        return;
      }
      case 'spectrum': {
        const spectrum = this.#spectrum(body.spectrumId, body.startSecond);
        spectrum.state = body.complete ? 'complete' : 'incomplete';
        spectrum.chargeCoulomb = body.startChargeCoulomb;
        return;
      }
      case 'fit': {
        const spectrum = this.#spectrum(body.spectrumId, record.timeSecond);
        spectrum.fit = body.fit;
        spectrum.fitIsFinal = body.final;
        return;
      }
      case 'scan':
        this.#scan(body);
        this.#result(record, body);
        return;
      case 'volume':
        this.#result(record, body);
        return;
      case 'segmentation': {
        const volume = this.volumes.findLast(({ scanId }) => scanId === body.scanId);
        if (volume) volume.segmentation = body.result;
        return;
      }
      case 'volumeChange': {
        const volume = this.volumes.findLast(({ scanId }) => scanId === body.scanId);
        if (volume) volume.change = body.result;
      }
    }
  }

  #scan(body: Extract<RecordBody, { kind: 'scan' }>): void {
    if (!body.analysis || !body.complete) return;
    this.volumesSeen += 1;
    this.volumes.push({
      scanId: body.scanId,
      number: this.volumesSeen,
      startSecond: body.startSecond,
      chargeCoulomb: body.startChargeCoulomb,
      segmentation: undefined,
      change: undefined,
    });
    if (this.volumes.length > VOLUMES_MAX) this.volumes.shift();
  }

  #sample(timeSecond: number, body: Extract<RecordBody, { kind: 'sample' }>): void {
    let series = this.series.get(body.channel);
    if (!series) {
      if (this.series.size >= CHANNELS_MAX) return;
      series = new SeriesBuffer();
      this.series.set(body.channel, series);
    }
    const good = body.quality === 'good' && Number.isFinite(body.value);
    if (!good) this.notGood.set(body.channel, (this.notGood.get(body.channel) ?? 0) + 1);
    series.add(timeSecond, good ? body.value : null);
  }

  #event(record: RecordOf<'event'>): void {
    this.alarms = alarmsAfter(this.alarms, record);
    const { severity, message } = record.body;
    this.#log({ sequence: record.sequence, timeSecond: record.timeSecond, severity, message });
  }

  #result(record: RunRecord, body: Extract<RecordBody, { kind: 'scan' | 'volume' }>): void {
    const message =
      body.kind === 'scan'
        ? `Scan ${body.scanId} ${body.complete ? 'complete' : 'cut short'}: ${body.views} views in ${body.framesFile}`
        : `Volume of ${body.scanId}: ${body.summary.slices} slices of ${body.summary.rows} × ${body.summary.columns} in ${body.file}`;
    const severity = body.kind === 'scan' && !body.complete ? 'warning' : 'info';
    this.#log({ sequence: record.sequence, timeSecond: record.timeSecond, severity, message });
  }

  #log(entry: EventEntry): void {
    this.events.unshift(entry);
    if (this.events.length > EVENTS_MAX) {
      this.events.pop();
      this.eventsForgotten += 1;
    }
  }

  #step(timeSecond: number, body: Extract<RecordBody, { kind: 'step' }>): void {
    if (body.technique === 'scan' || body.technique === 'impedance') this.#breakLines(timeSecond);
    this.steps.push({ timeSecond, name: body.name });
    if (this.steps.length > STEP_MARKS_MAX) this.steps.shift();
  }

  /**
   * While a spectrum or a scan is taken nobody samples voltage and current: a straight line from
   * before to after would show values that were never measured.
   */
  #breakLines(timeSecond: number): void {
    for (const { name } of [CHANNELS.voltage, CHANNELS.current]) {
      this.series.get(name)?.add(timeSecond, null);
    }
  }

  #spectrum(spectrumId: string, startSecond: number): SpectrumView {
    const known = this.spectra.findLast((spectrum) => spectrum.spectrumId === spectrumId);
    if (known) return known;
    this.spectraSeen += 1;
    this.#breakLines(startSecond);
    const spectrum: SpectrumView = {
      spectrumId,
      number: this.spectraSeen,
      startSecond,
      points: [],
      fit: undefined,
      fitIsFinal: false,
      chargeCoulomb: undefined,
      state: 'measuring',
    };
    this.spectra.push(spectrum);
    if (this.spectra.length > SPECTRA_MAX) this.spectra.shift();
    return spectrum;
  }
}
