import type { BoardReport } from '../../firmware-bridge/operando-board.ts';
import type { Channel } from '../../src/domain/channel.ts';
import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import type { InstrumentInfo, Sensor } from '../../src/domain/instrument.ts';
import type { SampleSink } from '../../src/domain/sample.ts';
import { startRhythm } from '../sensors/rhythm.ts';
import type { Measured } from './conversions.ts';
import type { SharedBoard } from './shared-board.ts';

/** One channel of a board's sensor: which code it is, and what the code means. */
export interface BoardChannel {
  readonly channel: Channel;
  codeOf(report: BoardReport): number;
  /** `absent`: nothing new in this report. `broken`: the converter says that its sensor is. */
  stateOf(report: BoardReport): 'sound' | 'absent' | 'broken';
  measured(code: number): Measured;
}

export interface BoardSensorOptions {
  readonly info: InstrumentInfo;
  readonly channels: readonly BoardChannel[];
  readonly everySecond: number;
  readonly board: SharedBoard;
  readonly clock: Clock;
}

interface Gathered {
  sum: number;
  timeSum: number;
  count: number;
  broken: number | undefined;
}

/**
 * One sensor on the board. In its rhythm it tells the mean of the sound readings since the last
 * beat; a sensor that is broken gives a sample of quality `bad`, a board that is silent none.
 */
export class BoardSensor implements Sensor {
  readonly info: InstrumentInfo;
  readonly channels: readonly Channel[];
  readonly everySecond: number;
  readonly #options: BoardSensorOptions;
  readonly #gathered = new Map<BoardChannel, Gathered>();
  #stop: CancelTimer | undefined;

  constructor(options: BoardSensorOptions) {
    this.info = options.info;
    this.channels = options.channels.map(({ channel }) => channel);
    this.everySecond = options.everySecond;
    this.#options = options;
  }

  /** @throws Fault as the board's `acquire` */
  async connect(signal: AbortSignal, sink: SampleSink): Promise<void> {
    this.#stop?.();
    const { board, clock, everySecond } = this.#options;
    await board.acquire(this, signal);
    this.#gathered.clear();
    const unlisten = board.listenReports((report, timeSecond) => this.#gather(report, timeSecond));
    const cancel = startRhythm(clock, everySecond, () => this.#tell(sink));
    this.#stop = () => {
      unlisten();
      cancel();
    };
  }

  async disconnect(): Promise<void> {
    this.#stop?.();
    this.#stop = undefined;
    await this.#options.board.release(this);
  }

  #gather(report: BoardReport, timeSecond: number): void {
    for (const one of this.#options.channels) {
      const state = one.stateOf(report);
      if (state === 'absent') continue;
      const gathered = this.#gathered.get(one) ?? {
        sum: 0,
        timeSum: 0,
        count: 0,
        broken: undefined,
      };
      this.#gathered.set(one, gathered);
      if (state === 'broken') gathered.broken = timeSecond;
      else {
        gathered.sum += one.codeOf(report);
        gathered.timeSum += timeSecond;
        gathered.count += 1;
      }
    }
  }

  #tell(sink: SampleSink): void {
    for (const [one, { sum, timeSum, count, broken }] of this.#gathered) {
      const { name } = one.channel;
      if (count > 0) {
        const { value, standardError } = one.measured(sum / count);
        const quality = Number.isFinite(value) ? 'good' : 'bad';
        sink({ channel: name, timeSecond: timeSum / count, value, quality, standardError });
      } else if (broken !== undefined) {
        sink({ channel: name, timeSecond: broken, value: Number.NaN, quality: 'bad' });
      }
    }
    this.#gathered.clear();
  }
}
