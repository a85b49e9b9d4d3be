import { exchange } from '../../../firmware-bridge/exchange.ts';
import { LineChannel } from '../../../firmware-bridge/line-channel.ts';
import type { Link } from '../../../firmware-bridge/link.ts';
import { standardErrors } from '../../../hardware/potentiostats/measuring-error.ts';
import {
  type Measurement,
  OneMeasurement,
} from '../../../hardware/potentiostats/one-measurement.ts';
import { techniqueProblems } from '../../../hardware/potentiostats/technique-limits.ts';
import { type Clock, sleep } from '../../../src/domain/clock.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type {
  InstrumentInfo,
  Potentiostat,
  PotentiostatCapability,
  Provenance,
  Reading,
} from '../../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique, OpenCircuit } from '../../../src/domain/technique.ts';

/** What the planner reads before anything moves, and what each sample's error comes from. */
export const VOLTMETER: PotentiostatCapability = {
  techniques: ['openCircuit'],
  currentAmpereMax: 0,
  voltageVoltMin: -10,
  voltageVoltMax: 10,
  frequencyHertzMin: 0,
  frequencyHertzMax: 0,
  sampleEverySecondMin: 0.1,
  keepsVoltageLimits: 'none',
  accuracy: {
    voltageVolt: [{ fullScale: 10, gainRelative: 1e-4, offset: 0.5e-3 }],
    currentAmpere: [],
    source: 'Example VM-1 manual, page 7',
  },
};

const LINE_LENGTH_MAX = 80;
const REPLY_TIMEOUT_SECOND = 1;
const READING = /^[+-]\d\.\d{5}E[+-]\d\d V$/;

/** A voltmeter as the instrument of a cell at rest. It drives no current: its cell is always open. */
export class Voltmeter implements Potentiostat {
  readonly info: InstrumentInfo;
  readonly capability = VOLTMETER;
  readonly #clock: Clock;
  readonly #channel: LineChannel;
  readonly #measurement: OneMeasurement;

  constructor(options: { id: string; link: Link; clock: Clock; provenance: Provenance }) {
    const { id, link, clock, provenance } = options;
    this.info = { id, model: 'Example VM-1', provenance };
    this.#clock = clock;
    this.#channel = new LineChannel({ link, clock, framer: { lengthMax: LINE_LENGTH_MAX } });
    this.#measurement = new OneMeasurement({
      place: `potentiostat ${id}`,
      // A real potentiostat stops here, opens its cell and waits for the confirmation.
      stopAndOpenCell: async () => {},
    });
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#channel.open(signal);
    await this.#ask('ID?', /^VM-1 \d+$/, signal);
  }

  async *measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading> {
    const where = this.info.id;
    const problems = techniqueProblems(technique, this.capability);
    if (problems.length > 0 || technique.kind !== 'openCircuit') {
      throw new Fault(
        'instrumentUnable',
        problems.map((message) => ({ where, message })),
      );
    }
    yield* this.#measurement.run(signal, (measurement) => this.#readings(technique, measurement));
  }

  cellOff(): Promise<void> {
    return this.#measurement.cellOff();
  }

  disconnect(): Promise<void> {
    return this.#channel.close();
  }

  async *#readings(
    { sampleEverySecond, durationSecond }: OpenCircuit,
    { signal }: Measurement,
  ): AsyncGenerator<Reading> {
    const count = Math.floor(durationSecond / sampleEverySecond + 1e-9);
    for (let at = 0; at < count; at += 1) {
      await sleep(this.#clock, sampleEverySecond, signal);
      const voltageVolt = Number.parseFloat(await this.#ask('VOLT?', READING, signal));
      const timeSecond = this.#clock.nowSecond();
      const { voltageErrorVolt } = standardErrors(this.capability.accuracy, {
        voltageVolt,
        currentAmpere: 0,
      });
      yield {
        kind: 'electrical',
        timeSecond,
        voltageVolt,
        currentAmpere: 0,
        quality: Math.abs(voltageVolt) > this.capability.voltageVoltMax ? 'overload' : 'good',
        ...(voltageErrorVolt !== undefined && { voltageErrorVolt }),
      };
    }
  }

  /** @throws Fault timeout, instrumentLost, or instrumentReply when only other lines come */
  async #ask(question: string, shape: RegExp, signal: AbortSignal): Promise<string> {
    const { line } = await exchange(this.#channel, this.#clock, {
      text: `${question}\n`,
      title: question,
      isReply: (reply) => shape.test(reply),
      timeoutSecond: REPLY_TIMEOUT_SECOND,
      retriesMax: 1,
      signal,
    });
    return line;
  }
}
