import type { Link } from '../../firmware-bridge/link.ts';
import { BoardProcess, type BoardState } from '../../firmware-bridge/sim/board-process.ts';
import {
  type BoardSurroundings,
  SimulatedBoard,
} from '../../firmware-bridge/sim/simulated-board.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { resistanceOf } from '../board/platinum.ts';
import { type OvenParameters, OvenPlant } from './oven-plant.ts';

/** What may be done to it while it runs. */
export const BOARD_ACTIONS = [
  /** The processor stops; only the watchdog goes on. */
  'freeze',
  /** The program hangs, and its interrupts go on. */
  'freezeMainLoop',
  'brownOut',
  'unplug',
  'plugIn',
  'openThermometer',
  'shortThermometer',
  'mendThermometer',
  'openEmergencyStop',
  'closeEmergencyStop',
] as const;
export type BoardAction = (typeof BOARD_ACTIONS)[number];

/** The state of a heated board, and how warm what it heats is. */
export interface HeatedBoardState extends BoardState {
  readonly ovenCelsius: number;
  readonly cellCelsius: number;
  /** What was just done to it. */
  readonly action?: BoardAction;
}

/** As IEC 60751 has it. */
const PLATINUM = { resistance: 100, a: 3.9083e-3, b: -5.775e-7, c: -4.183e-12 };
const HUMIDITY_PERCENT = 40;
/** Bridge of the load cell and transducer at rest. */
const FORCE_CODE = 100_000;
const PRESSURE_VOLT = 0.9;

/** The operando board with its real firmware, whose heater warms a simulated oven with a cell. */
export class HeatedBoard {
  readonly #process: BoardProcess;
  readonly #oven: OvenPlant;
  readonly #onState: (state: HeatedBoardState) => void;
  #thermometer: 'sound' | 'open' | 'short' = 'sound';
  #isStopped = false;

  /** @param options `program`: the words of the flash; `onState` is told what really is so */
  constructor(options: {
    readonly link: Link;
    readonly clock: Clock;
    readonly program: Uint16Array;
    readonly oven: OvenParameters;
    readonly onState?: (state: HeatedBoardState) => void;
  }) {
    const { link, clock, program, oven, onState } = options;
    this.#onState = onState ?? (() => {});
    let livedSecond = 0;
    // What is heated ages with the board: while its time slips, neither goes on.
    this.#oven = new OvenPlant({
      clock: { ...delegated(clock), nowSecond: () => livedSecond },
      oven,
    });
    this.#process = new BoardProcess({
      link,
      clock,
      makeBoard: (onByte) =>
        new SimulatedBoard({ program, onByte, surroundings: this.#surroundings(oven.ambient) }),
      onStep: (stepSecond) => {
        livedSecond += stepSecond;
        this.#oven.setDuty(this.#process.board.heaterDuty);
      },
      onState: (state) => this.#onState(this.#withOven(state)),
    });
  }

  /** @throws Fault what opening its link throws */
  start(): Promise<void> {
    return this.#process.start();
  }

  /** Idempotent. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  state(): HeatedBoardState {
    return this.#withOven(this.#process.state());
  }

  async act(action: BoardAction): Promise<void> {
    this.#onState({ ...this.state(), action });
    await this.#perform(action);
  }

  async #perform(action: BoardAction): Promise<void> {
    const { board } = this.#process;
    switch (action) {
      case 'freeze':
        return board.freeze('everything');
      case 'freezeMainLoop':
        return board.freeze('mainLoop');
      case 'brownOut':
        return board.reset('brownOut');
      case 'unplug':
        return this.#process.unplug();
      case 'plugIn':
        return this.#process.plugIn();
      case 'openThermometer':
        this.#thermometer = 'open';
        return;
      case 'shortThermometer':
        this.#thermometer = 'short';
        return;
      case 'mendThermometer':
        this.#thermometer = 'sound';
        return;
      case 'openEmergencyStop':
        this.#isStopped = true;
        return;
      case 'closeEmergencyStop':
        this.#isStopped = false;
        return;
    }
  }

  #withOven(state: BoardState): HeatedBoardState {
    const { blockCelsius, cellCelsius } = this.#oven.saveState();
    return { ...state, ovenCelsius: blockCelsius, cellCelsius };
  }

  #surroundings(ambientCelsius: number): BoardSurroundings {
    return {
      resistanceOhm: () => {
        if (this.#thermometer === 'open') return Number.POSITIVE_INFINITY;
        return this.#thermometer === 'short' ? 0 : resistanceOf(PLATINUM, this.#oven.cellCelsius());
      },
      thermocoupleCelsius: () => this.#oven.blockCelsius(),
      boardCelsius: () => ambientCelsius,
      humidityPercent: () => HUMIDITY_PERCENT,
      forceCode: () => FORCE_CODE,
      pressureVolt: () => PRESSURE_VOLT,
      isOpen: (input) => input === 'emergencyStop' && this.#isStopped,
    };
  }
}

function delegated(clock: Clock): Omit<Clock, 'nowSecond'> {
  return {
    utcMs: () => clock.utcMs(),
    after: (delaySecond, callback) => clock.after(delaySecond, callback),
    hold: () => clock.hold(),
  };
}
