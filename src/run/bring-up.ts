import { CHANNELS, type Channel } from '../domain/channel.ts';
import type { Clock } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { InstrumentInfo, Instruments } from '../domain/instrument.ts';
import type { SampleSink } from '../domain/sample.ts';
import { settledWithin } from './waiting.ts';

/** An instrument that has not answered by then is not there. */
export const CONNECT_SECOND_MAX = 30;
/** Longer than this nobody waits for an instrument to say goodbye. */
export const DISCONNECT_SECOND_MAX = 5;

/** One instrument as the start and the end of a run see it. */
export interface Connection {
  /** Says more once it is connected. */
  readonly info: InstrumentInfo;
  /** The instrument itself, to tell it from others. */
  readonly instrument: object;
  /** Channels that are watched from the moment it is connected. */
  readonly channels: readonly Channel[];
  /** Their rhythm, where it is fixed. */
  readonly everySecond?: number | undefined;
  connect(signal: AbortSignal): Promise<void>;
  disconnect(): Promise<void>;
}

/**
 * What guards the rig comes first, then the sensors, so that the interlocks see before anything
 * can heat or flow.
 */
export function connectionsOf(instruments: Instruments, sink: SampleSink): readonly Connection[] {
  const { guard, sensors, heater, potentiostat, scanner, spectrometer } = instruments;
  return [
    ...(guard
      ? [
          {
            info: guard.info,
            instrument: guard,
            channels: [],
            connect: (signal: AbortSignal) => guard.connect(signal),
            disconnect: () => guard.disconnect(),
          },
        ]
      : []),
    ...sensors.map((sensor) => ({
      get info() {
        return sensor.info;
      },
      instrument: sensor,
      channels: sensor.channels,
      everySecond: sensor.everySecond,
      connect: (signal: AbortSignal) => sensor.connect(signal, sink),
      disconnect: () => sensor.disconnect(),
    })),
    ...(heater
      ? [
          {
            get info() {
              return heater.info;
            },
            instrument: heater,
            channels: heater.channels,
            connect: (signal: AbortSignal) => heater.connect(signal, sink),
            disconnect: () => heater.disconnect(),
          },
        ]
      : []),
    ...[potentiostat, ...(scanner ? [scanner] : []), ...(spectrometer ? [spectrometer] : [])].map(
      (one) => ({
        get info() {
          return one.info;
        },
        instrument: one,
        channels: [],
        connect: (signal: AbortSignal) => one.connect(signal),
        disconnect: () => one.disconnect(),
      }),
    ),
  ];
}

/** Every channel that a run on these instruments records, each once. */
export function channelsOf({ sensors, heater }: Instruments): readonly Channel[] {
  const { voltage, current, charge } = CHANNELS;
  const all = [
    voltage,
    current,
    charge,
    ...sensors.flatMap((sensor) => sensor.channels),
    ...(heater?.channels ?? []),
  ];
  return [...new Map(all.map((channel) => [channel.name, channel])).values()];
}

/** Connects one instrument within its bound. @throws Fault that names the instrument */
export async function connectWithin(
  clock: Clock,
  connection: Connection,
  signal: AbortSignal,
): Promise<void> {
  const { info } = connection;
  const connecting = (async () => connection.connect(signal))().catch((error: unknown) => {
    throw signal.aborted ? error : asFault(error, info.id, 'instrumentLost');
  });
  const { kind } = await settledWithin(clock, CONNECT_SECOND_MAX, connecting, signal);
  if (kind === 'value') return;
  throw new Fault('timeout', {
    where: info.id,
    message: `${info.model} did not answer within ${CONNECT_SECOND_MAX} s`,
  });
}

/** Lets one instrument go. @returns why it did not go cleanly, undefined when it did. */
export async function disconnectWithin(
  clock: Clock,
  connection: Connection,
): Promise<string | undefined> {
  try {
    const leaving = (async () => connection.disconnect())();
    const end = await settledWithin(clock, DISCONNECT_SECOND_MAX, leaving);
    return end.kind === 'value' ? undefined : `no answer within ${DISCONNECT_SECOND_MAX} s`;
  } catch (error) {
    return asFault(error, connection.info.id, 'instrumentLost').message;
  }
}
