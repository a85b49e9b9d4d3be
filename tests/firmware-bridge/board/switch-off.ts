import { setTimeout as pause } from 'node:timers/promises';
import type { BoardAction, HeatedBoardState } from '../../../hardware/simulated/heated-board.ts';
import type { Random } from '../../../src/domain/random.ts';
import { type BoardProgram, HeatingHost } from './board-program.ts';

/** What everything must be off within. */
export const OFF_SECOND_MAX = 1;
/** A heartbeat comes every 0.2 s: all its phases, and some time beside. */
const MOMENT_SECOND_MAX = 1;
/** A host on a busy machine may trip the board before its turn; then nothing was shown. */
const ATTEMPTS_MAX = 10;
const STALL_MS = 3000;
/** How long it is watched that everything stays off: until a stalled host is there again. */
const WATCHED_SECOND = 0.5;
const WATCHED_AFTER_STALL_SECOND = STALL_MS / 1000 + WATCHED_SECOND;

/** What may happen to whoever should look after the heater. */
export const ENDINGS = ['kill', 'stall', 'cable', 'frozen', 'hung'] as const;
export type Ending = (typeof ENDINGS)[number];

/** How a heater went off, as the plant saw it. */
export interface SwitchedOff {
  readonly ending: Ending;
  readonly dutyFraction: number;
  /** What the last host found when it came: why the board had tripped before. */
  readonly foundTrip: string;
  /**
   * On the board's own time: from the last byte of the host, or from the moment it froze, to the
   * first state with heater and relay off.
   */
  readonly boardSecond: number;
  /** On the wall from the deed to that state, without what the board's time has slipped. */
  readonly wallSecond: number;
  readonly slippedSecond: number;
  /** True when nothing was on again for as long as it was watched. */
  readonly staysOff: boolean;
  readonly cellCelsius: number;
}

const isOn = (state: HeatedBoardState): boolean => state.dutyFraction > 0 || state.isRelayClosed;

/** Heats with a host of its own, ends it at a random moment, and looks when the heater is off. */
export async function switchOff(
  board: BoardProgram,
  ending: Ending,
  random: Random,
): Promise<SwitchedOff> {
  // What the first host finds was left by whatever was before; later ones find its own trips.
  let foundTrip: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const dutyFraction = Math.round(1000 * (0.05 + 0.9 * random.uniform())) / 1000;
    const momentMs = 1000 * MOMENT_SECOND_MAX * random.uniform();
    const host = new HeatingHost(board.path, dutyFraction);
    try {
      const { trip } = await host.until('found');
      foundTrip ??= trip;
      await host.until('heating');
      await pause(momentMs);
      const before = board.now();
      if (!isOn(before)) continue;
      const utcMs = Date.now();
      const deed = await perform(ending, board, host);
      const off = await board.until((state) => !isOn(state), before.boardSecond);
      // It had tripped by itself, before its turn.
      if (off.utcMs < (deed?.utcMs ?? utcMs)) continue;
      await board.live(ending === 'stall' ? WATCHED_AFTER_STALL_SECOND : WATCHED_SECOND);
      const isOnAgain = board
        .states()
        .some((state) => state.boardSecond > off.boardSecond && isOn(state));
      const sinceSecond = deed ? deed.boardSecond : (off.lastByteSecond ?? Number.NaN);
      const slippedSecond = off.slippedSecond - before.slippedSecond;
      return {
        ending,
        dutyFraction,
        foundTrip: foundTrip ?? '',
        boardSecond: off.boardSecond - sinceSecond,
        wallSecond: (off.utcMs - utcMs) / 1000 - slippedSecond,
        slippedSecond,
        staysOff: !isOnAgain,
        cellCelsius: off.cellCelsius,
      };
    } finally {
      await host.kill();
      await board.plugIn();
    }
  }
  throw new Error(`in ${ATTEMPTS_MAX} attempts the heater was never on at the chosen moment`);
}

/** @returns the state in which the board itself was struck; undefined where its host was */
async function perform(
  ending: Ending,
  board: BoardProgram,
  host: HeatingHost,
): Promise<HeatedBoardState | undefined> {
  const actions: Partial<Record<Ending, BoardAction>> = {
    frozen: 'freeze',
    hung: 'freezeMainLoop',
  };
  const action = actions[ending];
  if (action) return board.act(action);
  if (ending === 'kill') await host.kill();
  else if (ending === 'stall') host.stall(STALL_MS);
  else await board.act('unplug');
  return undefined;
}
