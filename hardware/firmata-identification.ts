import type { Asking, FoundInstrument, Identification } from './identification.ts';

const BAUD_RATE = 57_600;
/** Many boards start anew when their port is opened, and speak after their boot loader. */
const ANSWER_SECOND_MAX = 4;
/** A board whose reports were left on talks without end; more than this is none. */
const HEARD_BYTES_MAX = 4096;

/** Firmata 2: report version, and SYSEX report firmware. */
const VERSION = 0xf9;
const SYSEX = 0xf0;
const SYSEX_END = 0xf7;
const FIRMWARE = 0x79;
const QUESTION = Uint8Array.of(VERSION, SYSEX, FIRMWARE, SYSEX_END);

/** Asks for the version and the firmware. No pin changes by that. */
export const FIRMATA_IDENTIFICATION: Identification = {
  protocol: 'Firmata',
  baudRates: [BAUD_RATE],
  async identify({ link, clock, signal }) {
    const heard: number[] = [];
    const unlisten = link.onData((bytes) => {
      if (heard.length < HEARD_BYTES_MAX) heard.push(...bytes);
    });
    try {
      await link.open(signal);
      link.write(QUESTION);
      return await firstAnswer({ link, clock, signal }, heard);
    } finally {
      unlisten();
      await link.close();
    }
  },
};

/** Looks at what was heard each time something comes, until it is an answer or time is up. */
function firstAnswer(
  { link, clock, signal }: Asking,
  heard: readonly number[],
): Promise<FoundInstrument | undefined> {
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = [];
    const settle = (act: () => void): void => {
      for (const stop of stops) stop();
      act();
    };
    const onAbort = (): void => settle(() => reject(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    stops.push(
      () => signal.removeEventListener('abort', onAbort),
      clock.after(ANSWER_SECOND_MAX, () => settle(() => resolve(undefined))),
      link.onClose(() => settle(() => resolve(undefined))),
      link.onData(() => {
        const found = parseFirmware(heard);
        if (found) settle(() => resolve(found));
      }),
    );
  });
}

/** `F0 79 major minor name… F7`, the name in pairs of 7 bits. */
function parseFirmware(heard: readonly number[]): FoundInstrument | undefined {
  const start = heard.findIndex((byte, at) => byte === SYSEX && heard[at + 1] === FIRMWARE);
  const end = start < 0 ? -1 : heard.indexOf(SYSEX_END, start);
  const message = heard.slice(start + 2, end);
  const [major, minor, ...pairs] = message;
  if (end < 0 || major === undefined || minor === undefined) return undefined;
  const name = String.fromCharCode(
    ...pairs.flatMap((low, at) => (at % 2 === 0 ? [low | ((pairs[at + 1] ?? 0) << 7)] : [])),
  );
  return {
    model: 'a microcontroller board',
    serialNumber: '',
    firmware: `${name} ${major}.${minor}`,
    driver: undefined,
    driverOptions: {},
    capability: undefined,
    remarks: [
      'it speaks Firmata: it is no potentiostat, and its pins are named by a sensor or heater',
    ],
  };
}
