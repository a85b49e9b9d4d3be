import { type Alarm, changedAlarm } from '../domain/alarm.ts';
import type { EventCode, RecordOf, RunInfo, RunRecord } from '../domain/run-record.ts';
import type { Quality } from '../domain/sample.ts';
import type { OutgoingMessage } from './message.ts';
import type { Topics } from './topics.ts';
import { changePayload, phasesPayload } from './volume-result-payloads.ts';

/** Version of every payload; docs/mqtt.md describes it. */
export const PAYLOAD_SCHEMA = 1;
/** Largest payload in bytes. */
export const PAYLOAD_BYTES_MAX = 32 * 1024;
/** What a batch says beside its samples, at most. */
const BATCH_HEADER_BYTES_MAX = 1024;
/** Brokers of MQTT 5 may forget undelivered measurements after an hour, log records after a day. */
const STREAM_EXPIRY_SECOND = 3600;
const LOG_EXPIRY_SECOND = 86_400;

/** A message and the first record in it: the cursor may not pass it before its acknowledgement. */
export interface RecordMessage extends OutgoingMessage {
  readonly firstSequence: number;
}

/**
 * Turns records into messages, in the order of their first records. Every record is in exactly
 * one stream or the log, with its sequence number: whoever collects them all can prove that
 * nothing is missing.
 */
export class RecordPacker {
  readonly #info: RunInfo;
  readonly #topics: Topics;
  /** The alarms of this run as they stand; at most one for each event code. */
  readonly #alarms = new Map<EventCode, Alarm>();
  readonly #earlierAlarms: ReadonlyMap<EventCode, Alarm>;

  readonly #utcAtZeroMs: (boot: number) => number;
  /** Looked up once for each batch: a clock that is set relabels what is sent after it. */
  readonly #utcAtZeroOf = new Map<number, number>();

  /**
   * @param utcAtZeroMs UTC label of second 0 in one start; as the run began when absent
   * @param earlierAlarms of earlier starts, whose records may have been packed by them
   */
  constructor(
    info: RunInfo,
    topics: Topics,
    utcAtZeroMs: (boot: number) => number = () => info.startedUtcMs,
    earlierAlarms: ReadonlyMap<EventCode, Alarm> = new Map(),
  ) {
    this.#earlierAlarms = earlierAlarms;
    this.#info = info;
    this.#topics = topics;
    this.#utcAtZeroMs = utcAtZeroMs;
  }

  pack(records: readonly RunRecord[]): readonly RecordMessage[] {
    this.#utcAtZeroOf.clear();
    const messages: RecordMessage[] = [];
    const batches = new Map<string, SampleBatch>();
    for (const record of records) {
      if (isSample(record)) {
        const key = `${record.boot} ${record.body.channel}`;
        const batch = batches.get(key);
        if (batch?.add(record)) continue;
        if (batch) messages.push(this.#batchMessage(batch));
        batches.set(key, new SampleBatch(record));
      } else {
        messages.push(...this.#recordMessages(record));
      }
    }
    for (const batch of batches.values()) messages.push(this.#batchMessage(batch));
    return messages.sort((a, b) => a.firstSequence - b.firstSequence);
  }

  #batchMessage(batch: SampleBatch): RecordMessage {
    const { first } = batch;
    return {
      topic: this.#topics.stream(first.body.channel),
      payload: JSON.stringify({
        schema: PAYLOAD_SCHEMA,
        run: this.#info.runId,
        boot: first.boot,
        seq0: first.sequence,
        n: batch.values.length,
        t0_second: first.timeSecond,
        t0_utc: this.#utc(first),
        clk: clockName(this.#info),
        dseq: batch.sequenceOffsets,
        dt: batch.timeOffsetsSecond,
        v: batch.values,
        ...(batch.qualities.every((quality) => quality === 'good') ? {} : { q: batch.qualities }),
        ...(batch.errors.every((error) => error === null) ? {} : { u: batch.errors }),
        ...(batch.ranges.every((range) => range === null) ? {} : { range: batch.ranges }),
      }),
      retain: false,
      expirySecond: STREAM_EXPIRY_SECOND,
      firstSequence: first.sequence,
    };
  }

  #recordMessages(record: Exclude<RunRecord, RecordOf<'sample'>>): readonly RecordMessage[] {
    const { body } = record;
    switch (body.kind) {
      case 'sample':
        return [];
      case 'event': {
        const { code, severity, message, details } = body;
        const log = this.#message(record, this.#topics.log, { code, severity, message, details });
        this.#recallAlarms(record);
        const alarm = changedAlarm(this.#alarms, record as RecordOf<'event'>);
        if (!alarm) return [log];
        this.#alarms.set(alarm.code, alarm);
        return [log, this.#alarmMessage(record, alarm)];
      }
      case 'step':
        return [
          this.#message(record, this.#topics.stream('step'), {
            step_id: body.stepId,
            name: body.name,
            technique: body.technique,
            state: body.state,
            ended_by: body.endedBy ?? null,
            charge_coulomb: body.chargeCoulomb,
          }),
        ];
      case 'spectrumPoint':
        return [
          this.#message(record, this.#topics.stream('spectrum-point'), {
            spectrum_id: body.spectrumId,
            index: body.index,
            frequency_hertz: body.point.frequencyHertz,
            real_impedance_ohm: body.point.zRealOhm,
            imaginary_impedance_ohm: body.point.zImagOhm,
            quality: body.quality,
          }),
        ];
      case 'spectrum':
        return [
          this.#message(record, this.#topics.stream('spectrum'), {
            spectrum_id: body.spectrumId,
            point_count: body.pointCount,
            ...spanPayload(body),
          }),
        ];
      case 'fit':
        return [this.#fitMessage(record as RecordOf<'fit'>)];
      case 'scan':
        return [
          this.#message(record, this.#topics.stream('scan'), {
            scan_id: body.scanId,
            views: body.views,
            ...spanPayload(body),
            frames_file: body.framesFile,
          }),
        ];
      case 'detectorSpectrum':
        return [
          this.#message(record, this.#topics.stream('detector-spectrum'), {
            spectrum_id: body.spectrumId,
            region: body.spectrum.region,
            live_second: body.spectrum.liveSecond,
            axis_label: body.spectrum.axisLabel,
            axis_unit: body.spectrum.axisUnit,
            channels: body.spectrum.axis.length,
            start_second: body.startSecond,
            stop_second: body.stopSecond,
            start_charge_coulomb: body.startChargeCoulomb,
            stop_charge_coulomb: body.stopChargeCoulomb,
          }),
        ];
      case 'derived':
        return [
          this.#message(record, this.#topics.stream('derived'), {
            name: body.value.name,
            value: body.value.value,
            standard_error: body.value.standardError ?? null,
            source: body.value.source,
          }),
        ];
      case 'segmentation':
        return [this.#message(record, this.#topics.stream('segmentation'), phasesPayload(body))];
      case 'volumeChange':
        return [this.#message(record, this.#topics.stream('volume-change'), changePayload(body))];
      case 'volume':
        return [
          this.#message(record, this.#topics.stream('volume'), {
            scan_id: body.scanId,
            slices: body.summary.slices,
            rows: body.summary.rows,
            columns: body.summary.columns,
            views: body.summary.views,
            axis_pixel: body.summary.axisPixel,
            axis_agreed: body.summary.axisAgreed,
            algorithm: body.summary.algorithm,
            duration_ms: body.summary.durationMs,
            file: body.file,
          }),
        ];
    }
  }

  #fitMessage(record: RecordOf<'fit'>): RecordMessage {
    const { fit, spectrumId, final } = record.body;
    const content = {
      spectrum_id: spectrumId,
      final,
      circuit: fit.circuit,
      points: fit.points,
      status: fit.status,
      reason: fit.reason,
      weighting: fit.weighting,
      chi_square: fit.chiSquare,
      rms_percent: fit.rmsPercent,
      parameters: fit.parameters.map((one) => ({
        name: one.name,
        value: one.value,
        unit: one.unit,
        standard_error: one.standardError,
        identifiable: one.identifiable,
        lower: one.interval?.lower ?? null,
        upper: one.interval?.upper ?? null,
        state: one.state,
        prior_dominated: one.priorDominated,
      })),
      arcs: fit.arcs.map((arc) => ({
        resistance: arc.resistance,
        time_constant_second: arc.timeConstantSecond,
        capacitance_farad: arc.capacitanceFarad,
        assignment: arc.assignment,
      })),
      diagnostics: fit.diagnostics && {
        aic: fit.diagnostics.aic,
        bic: fit.diagnostics.bic,
        condition_number: fit.diagnostics.conditionNumber,
        weakest: fit.diagnostics.weakest,
        correlated: fit.diagnostics.correlated,
        correlation: fit.diagnostics.correlation,
      },
      validity: fit.validity && {
        verdict: fit.validity.verdict,
        reasons: fit.validity.reasons,
        rms_percent: fit.validity.rmsPercent,
        worst_percent: fit.validity.worstPercent,
        worst_frequency_hertz: fit.validity.worstFrequencyHertz,
        drift_percent: fit.validity.driftPercent,
      },
      duration_ms: fit.durationMs,
    };
    const topic = this.#topics.stream('fit');
    const whole = this.#message(record, topic, {
      ...content,
      real_impedance_ohm: fit.curve.map((one) => one.zRealOhm),
      imaginary_impedance_ohm: fit.curve.map((one) => one.zImagOhm),
    });
    if (Buffer.byteLength(whole.payload) <= PAYLOAD_BYTES_MAX) return whole;
    // The curve is for pictures and follows from the parameters; it alone can be long.
    return this.#message(record, topic, { ...content, curve_omitted: true });
  }

  /** An alarm that was raised in an earlier start counts on from there. */
  #recallAlarms({ timeSecond }: RunRecord): void {
    for (const [code, alarm] of this.#earlierAlarms) {
      if (!this.#alarms.has(code) && alarm.lastSecond < timeSecond) this.#alarms.set(code, alarm);
    }
  }

  /** The alarm as it stands after the record; one that has ended stands nowhere. */
  #alarmMessage(record: RunRecord, alarm: Alarm): RecordMessage {
    const { acknowledged } = alarm;
    if (alarm.ended) {
      const topic = this.#topics.alarm(alarm.code);
      return { topic, payload: '', retain: true, firstSequence: record.sequence };
    }
    const utc = (timeSecond: number): string => this.#utc({ ...record, timeSecond });
    const content = {
      code: alarm.code,
      severity: alarm.severity,
      message: alarm.message,
      cause: alarm.cause,
      first_utc: utc(alarm.firstSecond),
      last_utc: utc(alarm.lastSecond),
      count: alarm.count,
      escalations: alarm.escalations,
      latched: alarm.latched,
      acknowledged: acknowledged
        ? {
            by: acknowledged.by,
            reason: acknowledged.reason,
            utc: utc(acknowledged.timeSecond),
          }
        : null,
    };
    const { expirySecond: _, ...message } = this.#message(
      record,
      this.#topics.alarm(alarm.code),
      content,
    );
    return { ...message, retain: true };
  }

  #message(record: RunRecord, topic: string, content: object): RecordMessage {
    return {
      topic,
      payload: JSON.stringify({
        schema: PAYLOAD_SCHEMA,
        run: this.#info.runId,
        boot: record.boot,
        seq: record.sequence,
        t_second: record.timeSecond,
        t_utc: this.#utc(record),
        clk: clockName(this.#info),
        ...content,
      }),
      retain: false,
      expirySecond: topic === this.#topics.log ? LOG_EXPIRY_SECOND : STREAM_EXPIRY_SECOND,
      firstSequence: record.sequence,
    };
  }

  #utc(record: RunRecord): string {
    const { boot, timeSecond } = record;
    const atZeroMs = this.#utcAtZeroOf.get(boot) ?? this.#utcAtZeroMs(boot);
    this.#utcAtZeroOf.set(boot, atZeroMs);
    return new Date(atZeroMs + timeSecond * 1000).toISOString();
  }
}

/** Whether UTC labels are the wall clock's or simulated time counted from the start of the run. */
export function clockName(info: RunInfo): 'system' | 'simulated' {
  return info.speed === 1 ? 'system' : 'simulated';
}

type SampleRecord = RecordOf<'sample'>;

function isSample(record: RunRecord): record is SampleRecord {
  return record.body.kind === 'sample';
}

/** No uncertainty is known better than to two digits (GUM 7.2.6); the third keeps rounding out. */
const ERROR_DIGITS = 3;

function rounded(standardError: number): number {
  return Number(standardError.toPrecision(ERROR_DIGITS));
}

class SampleBatch {
  readonly first: SampleRecord;
  readonly sequenceOffsets: number[] = [];
  readonly timeOffsetsSecond: number[] = [];
  readonly values: number[] = [];
  readonly qualities: Quality[] = [];
  /** Standard uncertainties; null where none is known. */
  readonly errors: (number | null)[] = [];
  /** Full scales of the ranges in use; null where none is known. */
  readonly ranges: (number | null)[] = [];
  #bytes = BATCH_HEADER_BYTES_MAX;

  constructor(first: SampleRecord) {
    this.first = first;
    this.add(first);
  }

  /** False, and nothing added, when the batch is full. */
  add(record: SampleRecord): boolean {
    const { value, quality, standardError, range = null } = record.body;
    const error = standardError === undefined ? null : rounded(standardError);
    const sequenceOffset = record.sequence - this.first.sequence;
    // Microseconds: enough for any instrument here, and no tail of binary rounding in the text.
    const timeOffsetSecond = Math.round((record.timeSecond - this.first.timeSecond) * 1e6) / 1e6;
    const texts = [sequenceOffset, timeOffsetSecond, value, `"${quality}"`, error, range];
    const bytes = texts.map((text) => `${text},`).join('').length;
    if (this.#bytes + bytes > PAYLOAD_BYTES_MAX) return false;
    this.#bytes += bytes;
    this.sequenceOffsets.push(sequenceOffset);
    this.timeOffsetsSecond.push(timeOffsetSecond);
    this.values.push(value);
    this.qualities.push(quality);
    this.errors.push(error);
    this.ranges.push(range);
    return true;
  }
}

function spanPayload(body: {
  readonly startSecond: number;
  readonly stopSecond: number;
  readonly startChargeCoulomb: number;
  readonly stopChargeCoulomb: number;
  readonly complete: boolean;
}): object {
  return {
    start_second: body.startSecond,
    stop_second: body.stopSecond,
    start_charge_coulomb: body.startChargeCoulomb,
    stop_charge_coulomb: body.stopChargeCoulomb,
    complete: body.complete,
  };
}
