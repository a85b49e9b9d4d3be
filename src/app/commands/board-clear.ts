import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { type Command, required } from '../command.ts';
import { prepareRig } from '../prepare.ts';

export const boardClearCommand: Command = {
  name: 'board clear',
  summary: 'clear the latched trip of a board, once a person has looked at the rig',
  usage: 'operando board clear --rig FILE --cell FILE --by NAME --reason TEXT',
  optionHelp: [
    ['--rig FILE', 'the instruments'],
    ['--cell FILE', 'the specimen'],
    ['--by NAME', 'who has looked'],
    ['--reason TEXT', 'why it is safe to switch on again'],
  ],
  examples: [
    'operando board clear --rig hardware/rigs/reference.yaml --cell recipes/cells/li-li3ps4-li.yaml --by night-shift --reason "fuse replaced"',
  ],
  options: {
    rig: { type: 'string' },
    cell: { type: 'string' },
    by: { type: 'string' },
    reason: { type: 'string' },
  },
  async run(line, terminal) {
    const [rig, cell, by, reason] = (['rig', 'cell', 'by', 'reason'] as const).map((option) =>
      required(boardClearCommand, line, option).trim(),
    ) as [string, string, string, string];
    if (by === '' || reason === '') {
      throw new Fault('badInput', {
        where: 'operando board clear',
        message: 'expected who has looked at the rig and why it is safe, and found nothing',
      });
    }
    const { instruments } = await prepareRig({ rig, cell }, new SystemClock(), 1);
    const { guard } = instruments;
    if (!guard) {
      throw new Fault('badInput', {
        where: `${rig}: instruments.board`,
        message: 'is missing: this rig has nothing that latches below this software',
      });
    }
    let hasCleared = false;
    const unlisten = guard.listen({
      onTrip: (message) => terminal.err(`${message}\n`),
      onLost: ({ message }) => terminal.err(`${message}\n`),
      onNote: (message) => {
        hasCleared = true;
        terminal.out(`${message}\n`);
      },
    });
    try {
      guard.permitClearing({ by, reason });
      await guard.connect(new AbortController().signal);
    } finally {
      await guard.disconnect();
      unlisten();
    }
    if (!hasCleared) terminal.out(`${guard.info.id} had not tripped; nothing was done.\n`);
    return EXIT_CODES.done;
  },
};
