import { closeSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Link } from '../../../firmware-bridge/link.ts';
import { PtyLink } from '../../../firmware-bridge/pty-link.ts';
import { boardProgram } from '../../../firmware-bridge/sim/board-program.ts';
import { readHex } from '../../../firmware-bridge/sim/hex-file.ts';
import { PROGRAM_BYTES } from '../../../firmware-bridge/sim/mcu.ts';
import { TcpServerLink } from '../../../firmware-bridge/tcp-server-link.ts';
import {
  BOARD_ACTIONS,
  HeatedBoard,
  type HeatedBoardState,
} from '../../../hardware/simulated/heated-board.ts';
import { ovenSchema } from '../../../hardware/simulated/oven-plant.ts';
import type { Clock } from '../../domain/clock.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import type { Command, CommandLine } from '../command.ts';
import { nextInterruption } from '../interruption.ts';
import { readText } from '../load-yaml.ts';
import type { Terminal } from '../terminal.ts';

const PORT_MAX = 65_535;
/** Only this machine may connect. */
const HOST = '127.0.0.1';

export const simulateBoardCommand: Command = {
  name: 'simulate board',
  summary: 'the operando board, its real firmware in a simulated processor, behind a port',
  usage:
    'operando simulate board (--pty PATH | --tcp PORT) [--firmware FILE] [--record FILE] [--control] [--json]',
  optionHelp: [
    ['--pty PATH', 'a pseudo-terminal, to be opened like a serial port (needs socat)'],
    ['--tcp PORT', 'raw TCP, for this machine only; 0 takes a free port'],
    ['--firmware FILE', 'Intel HEX (default: the one that belongs to this software)'],
    ['--record FILE', 'what heater and relay really do and how warm it gets, a JSON line a state'],
    ['--control', `ends with standard input, and takes from it: ${BOARD_ACTIONS.join(', ')}`],
    ['--json', 'one JSON document on stdout: where it is'],
  ],
  examples: [
    'operando simulate board --pty /tmp/board',
    'operando simulate board --tcp 5026 --record states.jsonl',
  ],
  options: {
    pty: { type: 'string' },
    tcp: { type: 'string' },
    firmware: { type: 'string' },
    record: { type: 'string' },
    control: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const clock = new SystemClock();
    const link = linkOf(line, clock);
    const program = await programOf(line);
    const record = openRecord(line.options.record);
    try {
      const board = new HeatedBoard({
        link,
        clock,
        program,
        oven: ovenSchema.parse({}),
        onState: (state) => record.add(state),
      });
      const interrupted = nextInterruption();
      try {
        await board.start();
        announce(line, link, terminal);
        const others = line.options.control ? control(board, terminal) : untilLost(link);
        await Promise.race([interrupted, others]);
        terminal.err(`${lagOf(board.state())}\n`);
      } finally {
        await board.stop();
      }
    } finally {
      record.close();
    }
    return EXIT_CODES.done;
  },
};

/** Each state is on its way to the disk before the board lives on: no kill can take it back. */
function openRecord(path: CommandLine['options'][string]) {
  if (typeof path !== 'string') return { add: () => {}, close: () => {} };
  const file = openNew(path);
  return {
    add: (state: HeatedBoardState) => void writeSync(file, `${JSON.stringify(state)}\n`),
    close: () => closeSync(file),
  };
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message =
      code === 'EEXIST' ? 'is there already: choose another' : `cannot be written (${code})`;
    throw new Fault('badInput', { where: path, message }, error);
  }
}

/** A port that has gone, and that nobody can ask back, is the end. */
function untilLost(link: Link): Promise<never> {
  return new Promise((_, reject) => {
    link.onClose((reason) => {
      reject(new Fault('instrumentLost', { where: link.name, message: reason }));
    });
  });
}

/** Does what standard input says, a word a line, until it ends: with whoever has started us. */
async function control(board: HeatedBoard, terminal: Terminal): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  for await (const text of lines) {
    const word = text.trim();
    const action = BOARD_ACTIONS.find((one) => one === word);
    if (action) await board.act(action);
    else if (word !== '') {
      terminal.err(`"${word}" is not understood: expected ${BOARD_ACTIONS.join(', ')}\n`);
    }
  }
}

function announce({ options }: CommandLine, link: Link, terminal: Terminal): void {
  if (options.json) {
    const told = { instrument: 'operando board', provenance: 'simulated', place: link.name };
    terminal.out(`${JSON.stringify(told)}\n`);
  }
  terminal.err(`A SIMULATED operando board answers at ${link.name}. Ctrl-C ends it.\n`);
}

function lagOf({ boardSecond, slippedSecond }: HeatedBoardState): string {
  const slipped = slippedSecond.toFixed(2);
  return `The board lived through ${boardSecond.toFixed(1)} s; its time slipped by ${slipped} s, where this machine was busy.`;
}

function linkOf({ options }: CommandLine, clock: Clock): Link {
  const { pty, tcp } = options;
  if (typeof pty === 'string' && tcp === undefined) return new PtyLink({ path: pty, clock });
  if (typeof tcp === 'string' && pty === undefined) {
    const port = Number(tcp);
    if (/^\d+$/.test(tcp) && port <= PORT_MAX)
      return new TcpServerLink({ host: HOST, port, clock });
    const message = `"${tcp}" is not understood: expected a port from 0 to ${PORT_MAX}`;
    throw new Fault('badInput', { where: '--tcp', message });
  }
  throw new Fault('badInput', {
    where: 'operando simulate board',
    message: 'expected one of --pty PATH and --tcp PORT',
  });
}

async function programOf({ options }: CommandLine): Promise<Uint16Array> {
  const { firmware } = options;
  if (typeof firmware !== 'string') return boardProgram();
  return readHex(readText(firmware), PROGRAM_BYTES, firmware);
}
