import { deriveSeed, Random } from '../../src/domain/random.ts';
import { BoardProgram } from '../firmware-bridge/board/board-program.ts';
import {
  ENDINGS,
  type Ending,
  OFF_SECOND_MAX,
  type SwitchedOff,
  switchOff,
} from '../firmware-bridge/board/switch-off.ts';
import {
  type Campaign,
  checkAll,
  checkAtMost,
  digits,
  type Findings,
  quantile,
} from './campaign.ts';

const KILLS = 100;
/** Of each other ending for so many kills. */
const KILLS_PER_OTHER = 10;

/** The heater of the real firmware, on when its host is killed. */
export const BOARD_KILL_CAMPAIGN: Campaign = {
  name: 'board-kill',
  about: 'SIGKILL of the host, stalls, pulled cables and frozen processors with the heater on',
  async run({ seed, tell, trials = KILLS }) {
    const board = new BoardProgram();
    try {
      await board.ready();
      const endings = endingsOf(trials);
      const offs: SwitchedOff[] = [];
      for (const [at, ending] of endings.entries()) {
        const random = new Random(deriveSeed(seed, `${ending} ${at}`));
        const off = await switchOff(board, ending, random);
        offs.push(off);
        tell(`${at + 1} of ${endings.length}: ${ending}, off after ${digits(off.boardSecond)} s`);
      }
      return findingsOf(offs);
    } finally {
      await board.stop();
    }
  },
};

function endingsOf(kills: number): Ending[] {
  const others = Math.max(1, Math.round(kills / KILLS_PER_OTHER));
  return ENDINGS.flatMap((ending) =>
    Array.from({ length: ending === 'kill' ? kills : others }, () => ending),
  );
}

function findingsOf(offs: readonly SwitchedOff[]): Findings {
  const of = (ending: Ending) => offs.filter((off) => off.ending === ending);
  const afterKills = offs.slice(1, of('kill').length);
  return {
    trials: offs.length,
    method: [
      'The firmware as it is flashed runs in a simulated ATmega328P in a process of its own, behind a pseudo-terminal; the host is another process with johnny-five and serialport.',
      'Each host clears the trip that it finds, sets limits (host silence 950 ms, the longest that the firmware takes), heats with 5 to 95 % of full power and closes the cell relay; at a moment even in 0 to 1 s after that it is ended.',
      'The judge is what the processor drives its pins to, seen every millisecond of its own time; that time is counted from the last byte that came to it, or from the moment at which it was frozen. "wall" is from the deed to heater off by the clock of this machine, less what the time of the board slipped.',
      'kill: SIGKILL of the host. stall: its event loop is busy for 3 s. cable: the pseudo-terminal is taken away. frozen: the processor stops, interrupts and all. hung: only the main loop stops.',
    ],
    checks: [
      ...ENDINGS.map((ending) =>
        checkAtMost(
          `longest until heater and relay were off: ${ending}`,
          Math.max(...of(ending).map(({ boardSecond }) => boardSecond)),
          OFF_SECOND_MAX,
          's',
        ),
      ),
      checkAll('stayed off', offs.filter(({ staysOff }) => staysOff).length, offs.length),
      checkAll(
        'kills whose trip the next host found',
        afterKills.filter(({ foundTrip }) => foundTrip === 'hostSilent').length,
        afterKills.length,
      ),
    ],
    headings: ['ending', 'trials', 'board s: least', 'median', 'most', 'wall s: most', 'slipped s'],
    rows: ENDINGS.map((ending) => {
      const board = of(ending).map(({ boardSecond }) => boardSecond);
      const wall = of(ending).map(({ wallSecond }) => wallSecond);
      const slipped = of(ending).map(({ slippedSecond }) => slippedSecond);
      return [
        ending,
        String(board.length),
        digits(Math.min(...board)),
        digits(quantile(board, 0.5)),
        digits(Math.max(...board)),
        digits(Math.max(...wall)),
        digits(slipped.reduce((sum, one) => sum + one, 0)),
      ];
    }),
  };
}
