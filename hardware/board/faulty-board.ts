import type { Link } from '../../firmware-bridge/link.ts';
import type { Freeze, ResetCause } from '../../firmware-bridge/sim/mcu.ts';
import type {
  BoardSurroundings,
  SimulatedBoard,
} from '../../firmware-bridge/sim/simulated-board.ts';
import type { FaultName, InjectedFault } from '../../src/domain/injected-fault.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { type FaultSchedule, faultDraw } from '../simulated/faults.ts';
import { CONTACTS, type Contact } from './board-options.ts';

/** Faults of the operando board, its terminals and its cable; only a simulated one plays them. */
export const BOARD_FAULTS = [
  'hostSilent',
  'lineNoise',
  'boardSensor',
  'openContact',
  'boardFrozen',
  'boardReset',
] as const satisfies readonly FaultName[];

/** `deaf`: the board hears nothing and is heard; `cut`: nobody hears the other. */
const LINE_WAYS = ['deaf', 'cut'] as const;
const FREEZES = ['mainLoop', 'everything'] as const satisfies readonly Freeze[];
const RESETS = ['brownOut', 'external', 'powerOn'] as const satisfies readonly ResetCause[];
/** What a sensor of the board can do: break in both ways, or leave its window. */
const SENSOR_WAYS = [
  'thermometerOpen',
  'thermometerShort',
  'thermometerHigh',
  'thermocoupleOpen',
  'thermocoupleHigh',
  'forceEnd',
  'forceHigh',
  'pressureOpen',
  'pressureShort',
  'pressureHigh',
] as const;
export type BoardSensorWay = (typeof SENSOR_WAYS)[number];

/** 100 Ω platinum at about 130 °C; a thermocouple that hot; the bridge's code at 60 MPa or so. */
const HOT_OHM = 150;
const HOT_CELSIUS = 200;
const PRESSED_CODE = 8_000_000;
const END_CODE = 1e9;
/** Within the transducer's span, far above any limit of a rig, and beyond its ends. */
const PRESSED_VOLT = 4.4;
const OPEN_VOLT = 0;
const SHORT_VOLT = 5;
const BITS = 8;
/** Of a byte within a Firmata message. */
const DATA_VALUES = 128;

function drawn<T>(fault: InjectedFault, ways: readonly [T, ...T[]]): T {
  return ways[Math.floor(faultDraw(fault, 'way') * ways.length)] ?? ways[0];
}

/** Which direction of the line it takes. */
export function lineWayOf(fault: InjectedFault): (typeof LINE_WAYS)[number] {
  return drawn(fault, LINE_WAYS);
}

/** Which sensor of the board fails, and how. */
export function boardSensorWayOf(fault: InjectedFault): BoardSensorWay {
  return drawn(fault, SENSOR_WAYS);
}

/** Which contact opens. */
export function openContactOf(fault: InjectedFault): Contact {
  return drawn(fault, CONTACTS);
}

/** What stops of the processor. */
export function freezeOf(fault: InjectedFault): Freeze {
  return drawn(fault, FREEZES);
}

/** What resets the processor. */
export function resetOf(fault: InjectedFault): ResetCause {
  return drawn(fault, RESETS);
}

/** The computer's end of the cable to the board when the rig plays that it fails. */
export class FaultyBoardWire implements Link {
  readonly #link: Link;
  readonly #schedule: FaultSchedule;
  readonly #random: Random;

  constructor(link: Link, schedule: FaultSchedule, seed: number) {
    this.#link = link;
    this.#schedule = schedule;
    this.#random = new Random(deriveSeed(seed, 'line noise'));
  }

  get name(): string {
    return this.#link.name;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#link.open(signal);
  }

  write(bytes: Uint8Array): void {
    if (this.#schedule.on('hostSilent')) return;
    const isNoisy = this.#schedule.on('lineNoise') !== undefined;
    this.#link.write(isNoisy ? damaged(bytes, this.#random) : bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#link.onData((bytes) => {
      const silent = this.#schedule.on('hostSilent');
      if (silent && lineWayOf(silent) === 'cut') return;
      const noise = this.#schedule.on('lineNoise');
      const isNoisy = noise !== undefined && lineWayOf(noise) === 'cut';
      listener(isNoisy ? damaged(bytes, this.#random) : bytes);
    });
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#link.onClose(listener);
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

/** Never as it was: one bit turned, one byte lost, or one that nobody sent among the others. */
function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  const at = Math.floor(random.uniform() * bytes.length);
  const before = bytes.subarray(0, at);
  const after = bytes.subarray(at + 1);
  const here = bytes[at] ?? 0;
  const way = random.uniform();
  if (way < 1 / 3) return Uint8Array.of(...before, ...after);
  // In front of a message or behind it another byte would leave it whole.
  if (way < 2 / 3 && after.length > 0) {
    return Uint8Array.of(...before, here, Math.floor(random.uniform() * DATA_VALUES), ...after);
  }
  return Uint8Array.of(...before, here ^ (1 << Math.floor(random.uniform() * BITS)), ...after);
}

/** The board's terminals when the rig plays that a sensor fails or a contact opens. */
export function faultySurroundings(
  sound: BoardSurroundings,
  schedule: FaultSchedule,
): BoardSurroundings {
  const way = (): BoardSensorWay | undefined => {
    const fault = schedule.on('boardSensor');
    return fault && boardSensorWayOf(fault);
  };
  const instead = (values: Partial<Record<BoardSensorWay, number>>, of: () => number): number => {
    const failing = way();
    return (failing && values[failing]) ?? of();
  };
  return {
    ...sound,
    resistanceOhm: () =>
      instead(
        {
          thermometerOpen: Number.POSITIVE_INFINITY,
          thermometerShort: 0,
          thermometerHigh: HOT_OHM,
        },
        sound.resistanceOhm,
      ),
    thermocoupleCelsius: () =>
      instead(
        { thermocoupleOpen: Number.NaN, thermocoupleHigh: HOT_CELSIUS },
        sound.thermocoupleCelsius,
      ),
    forceCode: () => instead({ forceEnd: END_CODE, forceHigh: PRESSED_CODE }, sound.forceCode),
    pressureVolt: () =>
      instead(
        { pressureOpen: OPEN_VOLT, pressureShort: SHORT_VOLT, pressureHigh: PRESSED_VOLT },
        sound.pressureVolt,
      ),
    isOpen: (input) => {
      const fault = schedule.on('openContact');
      return sound.isOpen(input) || (fault !== undefined && openContactOf(fault) === input);
    },
  };
}

/** @returns to be called at each step of the board's time: freezes and resets it once each */
export function boardStrikes(schedule: FaultSchedule, board: () => SimulatedBoard): () => void {
  const waiting = new Set(
    schedule.faults.filter(({ name }) => name === 'boardFrozen' || name === 'boardReset'),
  );
  return () => {
    for (const fault of waiting) {
      if (!schedule.isOn(fault)) continue;
      waiting.delete(fault);
      if (fault.name === 'boardFrozen') board().freeze(freezeOf(fault));
      else board().reset(resetOf(fault));
    }
  };
}
