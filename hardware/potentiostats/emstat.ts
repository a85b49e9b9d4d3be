import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type {
  InstrumentInfo,
  Potentiostat,
  PotentiostatCapability,
  Provenance,
  Reading,
} from '../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import { fullCapability, identifyEmStat } from './emstat-identity.ts';
import { readingsFrom } from './emstat-reading.ts';
import { scriptFor } from './emstat-script.ts';
import type { ScriptSetting, TriggerLine } from './emstat-script-lines.ts';
import { endsWaveform, WaveformCollector } from './emstat-waveform.ts';
import { traceLosses } from './line-losses.ts';
import { parseStreamLine, type StreamLine, StreamScopes } from './methodscript.ts';
import { DEVICES, type DeviceId, type MethodScriptDevice } from './methodscript-devices.ts';
import { MethodScriptSession, ScriptRefusal } from './methodscript-session.ts';
import { type Measurement, OneMeasurement } from './one-measurement.ts';
import { provenanceAfter } from './simulated-mark.ts';
import { unableFault } from './unable-fault.ts';

export interface EmStatOptions {
  /** The instrument's name in the rig file. */
  readonly id: string;
  readonly link: Link;
  readonly clock: Clock;
  readonly provenance: Provenance;
  /** The model that must be there; any of the family without it. */
  readonly model?: DeviceId | undefined;
  /** Of an instrument with more than one potentiostat; the first is 0. */
  readonly channel?: number | undefined;
  readonly trigger?: TriggerLine | undefined;
}

/** What is taken for granted until it is known who is there. */
const DEVICE_UNTIL_KNOWN: DeviceId = 'es4_hr';

/** One lost package must not end a run of three weeks, two in a row are a silence. */
const SILENT_INTERVALS_MAX = 2;
const SILENCE_MARGIN_SECOND = 5;
/** Periods an impedance point may take, with settling and range changes. */
const PERIODS_PER_POINT_MAX = 20;
/** Lines of one measurement that may be unreadable before the link is not trusted any more. */
const UNREADABLE_LINES_MAX = 20;

/** Errors with which a script is refused whose options the firmware does not know. */
const UNKNOWN_OPTION_ERRORS = new Set(['4004', '4008', '001B']);

/** What has come of a measurement. */
interface Progress {
  readonly technique: ElectrochemicalTechnique;
  readonly scopes: StreamScopes;
  script: readonly string[];
  /** A line of output that came glued to the echo of the script. */
  glued: string | undefined;
  packages: number;
  unreadable: number;
  /** Absent where no waveforms were asked for. */
  readonly waveforms: WaveformCollector | undefined;
}

/**
 * Driver of the PalmSens instruments that speak MethodSCRIPT: EmStat Pico, Sensit, EmStat4,
 * MultiEmStat4 and Nexus. One script per technique, generated with the limits in it. A reading's
 * time is the host's clock at the arrival of its package. When the signal of a measurement aborts,
 * its readings end without an error, after the cell was opened.
 */
export class EmStat implements Potentiostat {
  readonly #options: EmStatOptions;
  readonly #clock: Clock;
  readonly #session: MethodScriptSession;
  readonly #one: OneMeasurement;
  #device: MethodScriptDevice;
  #model: string;
  #provenance: Provenance;
  #capability: PotentiostatCapability;
  #asksDirectPart: boolean;
  #unreadableLines = 0;
  #lostWaveforms = 0;

  constructor(options: EmStatOptions) {
    const { id, link, clock, model = DEVICE_UNTIL_KNOWN } = options;
    this.#options = options;
    this.#provenance = options.provenance;
    this.#clock = clock;
    this.#session = new MethodScriptSession({ link, clock, place: `potentiostat ${id}` });
    this.#one = new OneMeasurement(this.#session);
    this.#device = DEVICES[model];
    this.#model = this.#device.name;
    this.#capability = fullCapability(this.#device);
    this.#asksDirectPart = this.#device.tellsDirectPart;
  }

  get info(): InstrumentInfo {
    return { id: this.#options.id, model: this.#model, provenance: this.#provenance };
  }

  get capability(): PotentiostatCapability {
    return this.#capability;
  }

  /**
   * What the line lost since `connect`: bytes that are part of no line, lines without sense, and
   * waveforms that some of those belonged to.
   */
  get losses() {
    const { discardedBytes } = this.#session.conversation;
    const unreadableLines = this.#unreadableLines;
    const lostWaveforms = this.#lostWaveforms;
    const ofWaveforms = lostWaveforms > 0 ? { lostWaveforms } : {};
    return { discardedBytes, unreadableLines, ...ofWaveforms, ...traceLosses(this.#options.link) };
  }

  /**
   * Opens the link, stops whatever script may still run there, opens the cell and identifies.
   * Aborted half-way it leaves the link open, so that `cellOff` still reaches the instrument.
   * @throws Fault instrumentMissing, instrumentLost, timeout, or instrumentUnable when what answers
   *   is not of the family, not the model of the rig file, or lacks its channel or its pins
   */
  async connect(signal: AbortSignal): Promise<void> {
    const expected = () => `a MethodSCRIPT instrument (${this.#device.name})`;
    await this.#session.conversation.connect({ signal, expected }, async () => {
      this.#session.forgetPace();
      this.#unreadableLines = 0;
      this.#lostWaveforms = 0;
      await this.#session.synchronise(signal);
      const wanted = { id: this.#options.model };
      const identity = await identifyEmStat(this.#session, wanted, signal);
      const { device, model, serialNumber, capability } = identity;
      this.#provenance = provenanceAfter(serialNumber, this.#options.provenance);
      this.#device = device;
      this.#model = model;
      this.#capability = capability;
      this.#asksDirectPart = device.tellsDirectPart;
      this.#session.setPace(device.pace);
      await this.#session.openCell(signal);
      this.#checkOptions(identity.hasPins);
    });
  }

  async *measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading> {
    if (signal.aborted) return;
    const script = this.#scriptFor(technique);
    yield* this.#one.run(signal, (measurement) => this.#read(technique, script, measurement));
  }

  cellOff(): Promise<void> {
    return this.#one.cellOff();
  }

  /** Stops a measurement that runs, then closes the link. */
  disconnect(): Promise<void> {
    return this.#one.endAndClose(this.#session.conversation);
  }

  #checkOptions(hasPins: boolean): void {
    const { channel = 0, trigger } = this.#options;
    const { name, channelCount } = this.#device;
    const problems: string[] = [];
    if (channel >= channelCount) {
      problems.push(
        `it has no channel ${channel}: expected 0 to ${channelCount - 1} on an instrument of the kind ${name}`,
      );
    }
    if (trigger && !hasPins) {
      problems.push(`it has no pins for a trigger: leave the trigger out with this ${name}`);
    }
    if (problems.length > 0) throw unableFault(this.#session.place, problems);
  }

  #scriptFor(technique: ElectrochemicalTechnique): readonly string[] {
    const { channel = 0, trigger } = this.#options;
    const setting: ScriptSetting = {
      device: this.#device,
      capability: this.#capability,
      channel,
      trigger,
      asksDirectPart: this.#asksDirectPart,
    };
    return scriptFor(technique, setting, this.#session.place);
  }

  async *#read(
    technique: ElectrochemicalTechnique,
    script: readonly string[],
    measurement: Measurement,
  ): AsyncGenerator<Reading, void, undefined> {
    const progress: Progress = {
      technique,
      script,
      scopes: new StreamScopes(),
      glued: undefined,
      packages: 0,
      unreadable: 0,
      waveforms:
        technique.kind === 'impedance' && technique.waveforms ? new WaveformCollector() : undefined,
    };
    progress.glued = await this.#start(progress, measurement);
    for (;;) {
      const readings = await this.#nextReadings(progress, measurement);
      if (!readings) return;
      yield* readings;
    }
  }

  /**
   * A firmware that does not know how to tell the direct part of an impedance refuses the script
   * before it has done anything: it is asked once more without.
   */
  async #start(progress: Progress, measurement: Measurement): Promise<string | undefined> {
    const { signal } = measurement;
    try {
      return await this.#session.start(progress.script, signal);
    } catch (error) {
      const isUnknown =
        error instanceof ScriptRefusal && UNKNOWN_OPTION_ERRORS.has(error.script.code);
      const isAsked = progress.technique.kind === 'impedance' && this.#asksDirectPart;
      if (!isUnknown || !isAsked) throw error;
      this.#asksDirectPart = false;
      progress.script = this.#scriptFor(progress.technique);
      return this.#session.start(progress.script, signal);
    }
  }

  /** The readings of the next package, or undefined when the script has ended. */
  async #nextReadings(
    progress: Progress,
    measurement: Measurement,
  ): Promise<readonly Reading[] | undefined> {
    for (;;) {
      const line = parseStreamLine(await this.#nextLine(progress, measurement.signal));
      const misplaced = progress.scopes.follow(line);
      if (line.kind === 'error') throw this.#session.refusal(line.error, progress.script);
      if (line.kind === 'scriptEnd') {
        measurement.finish();
        this.#checkEnd(progress, misplaced);
        return undefined;
      }
      const readings = this.#readingsOf(progress, line);
      if (readings && readings.length > 0) return readings;
      if (!(readings || isMarker(line)) || misplaced) this.#countUnreadable(progress);
    }
  }

  async #nextLine(progress: Progress, signal: AbortSignal): Promise<string> {
    const { glued, technique } = progress;
    progress.glued = undefined;
    if (glued !== undefined) return glued;
    const timeoutSecond = silenceSecondMax(technique);
    return this.#session.nextLine({ timeoutSecond, waitingFor: 'the next reading', signal });
  }

  /** @returns undefined for a line that tells nothing of this technique */
  #readingsOf(progress: Progress, line: StreamLine): readonly Reading[] | undefined {
    const { technique, waveforms } = progress;
    if (waveforms && endsWaveform(line)) return this.#afterWaveform(progress);
    if (waveforms && line.kind === 'loopStart') return [];
    if (line.kind !== 'package') return undefined;
    const { variables } = line;
    if (waveforms?.addSample(variables)) return [];
    const nowSecond = this.#clock.nowSecond();
    const readings = readingsFrom(technique.kind, variables, nowSecond, this.#device);
    if (readings.length === 0) return undefined;
    progress.packages += 1;
    if (!waveforms) return readings;
    return [...this.#afterWaveform(progress), ...waveforms.begin(readings, variables)];
  }

  /** The point that has waited for its samples, if one has. */
  #afterWaveform({ waveforms }: Progress): readonly Reading[] {
    const reading = waveforms?.end();
    if (reading && !reading.waveform) this.#lostWaveforms += 1;
    return reading ? [reading] : [];
  }

  #checkEnd({ technique, packages, unreadable }: Progress, misplaced: string | undefined): void {
    if (technique.kind !== 'impedance' || packages + unreadable >= technique.pointCount) return;
    const detail = misplaced ? ` (${misplaced})` : '';
    const message = `the sweep ended after ${packages} of ${technique.pointCount} points${detail}`;
    throw new Fault('instrumentReply', { where: this.#session.place, message });
  }

  #countUnreadable(progress: Progress): void {
    this.#unreadableLines += 1;
    progress.unreadable += 1;
    if (progress.unreadable <= UNREADABLE_LINES_MAX) return;
    throw new Fault('instrumentReply', {
      where: this.#session.place,
      message: `more than ${UNREADABLE_LINES_MAX} lines of one measurement made no sense: check cable, port and speed`,
    });
  }
}

/** True for the begin and end of a measurement and of each cycle of a voltammogram. */
function isMarker({ kind }: StreamLine): boolean {
  return (
    kind === 'measurementStart' ||
    kind === 'measurementEnd' ||
    kind === 'scanStart' ||
    kind === 'scanEnd'
  );
}

/** Longest time without a line before the instrument counts as silent. */
function silenceSecondMax(technique: ElectrochemicalTechnique): number {
  if (technique.kind === 'impedance') {
    return PERIODS_PER_POINT_MAX / technique.frequencyHertzMin + SILENCE_MARGIN_SECOND;
  }
  const intervalSecond =
    'stepVolt' in technique
      ? technique.stepVolt / technique.rateVoltPerSecond
      : technique.sampleEverySecond;
  return SILENT_INTERVALS_MAX * intervalSecond + SILENCE_MARGIN_SECOND;
}
