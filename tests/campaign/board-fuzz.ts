import { deriveSeed } from '../../src/domain/random.ts';
import { fuzzBoard } from '../firmware-bridge/board/board-fuzz.ts';
import { fuzzHost, fuzzLine } from '../firmware-bridge/board/host-fuzz.ts';
import { type Campaign, checkAll, checkAtMost } from './campaign.ts';

const PIECES = 20;
/** A million of each side in all. */
const BYTES_PER_PIECE = 50_000;

/** Noise, and messages that were cut and changed, into both ends of the board's line. */
export const BOARD_FUZZ_CAMPAIGN: Campaign = {
  name: 'board-fuzz',
  about: '1 000 000 bytes of noise and damaged messages into the firmware, and into its host',
  async run({ seed, tell, trials = PIECES }) {
    const rows: string[][] = [];
    const sum = { bytes: 0, unsafeLooks: 0, resets: 0, well: 0 };
    const host = { bytes: 0, taken: 0, falselyTaken: 0, tooLong: 0, well: 0 };
    const line = { bytes: 0, damaged: 0, losses: 0, unsafeLooks: 0, well: 0 };
    for (let at = 0; at < trials; at += 1) {
      const pieceSeed = deriveSeed(seed, `board-fuzz ${at}`);
      const board = fuzzBoard(BYTES_PER_PIECE, pieceSeed);
      const heard = fuzzHost(BYTES_PER_PIECE, pieceSeed);
      const whole = await fuzzLine(BYTES_PER_PIECE, pieceSeed);
      sum.bytes += board.bytes;
      sum.unsafeLooks += board.unsafeLooks;
      sum.resets += board.resets;
      sum.well += Number(board.isWell);
      host.bytes += heard.bytes;
      host.taken += heard.soundMessages;
      host.falselyTaken += heard.falseMessages;
      host.tooLong += heard.tooLong;
      host.well += Number(heard.isWell);
      line.bytes += whole.bytes;
      line.damaged += whole.damagedMessages;
      line.losses += whole.losses;
      line.unsafeLooks += whole.unsafeLooks;
      line.well += Number(whole.isWell);
      rows.push(
        [
          pieceSeed,
          board.bytes,
          board.unsafeLooks,
          board.resets,
          heard.bytes,
          heard.falseMessages,
        ].map(String),
      );
      tell(
        `${at + 1} of ${trials}: ${sum.bytes} bytes into the firmware, ${host.bytes} into the host`,
      );
    }
    return {
      trials,
      method: [
        `${sum.bytes} bytes into the real firmware in a simulated ATmega328P that nobody has cleared, at the speed of its line: noise of 8 and of 7 bits, and sound messages that were cut, shortened and changed, also ones that would switch heater and relay on. Heater and relay were looked at every 10 ms.`,
        `${host.bytes} bytes of the same kind into the framer and decoders of the host, with sound reports among them that must all be taken: ${host.taken} were.`,
        `${line.bytes} bytes of noise, most of it like replies of Firmata, between a board and its whole host with johnny-five: ${line.damaged} damaged messages were noticed, and the board was taken for lost ${line.losses} times and started again. An error that nobody catches would have ended the campaign.`,
        'A false message is one that the host takes and nobody has sent: damage that the 16-bit check sum does not show is expected once in 65 536 damaged messages.',
      ],
      checks: [
        checkAtMost('looks at which anything was on', sum.unsafeLooks, 0),
        checkAtMost('resets of the processor', sum.resets, 0),
        checkAll('pieces after which the firmware answers as ever', sum.well, trials),
        checkAll('pieces after which the host hears as ever', host.well, trials),
        checkAll('pieces after which the whole host does its work', line.well, trials),
        checkAtMost('looks at which anything was on, noise into the host', line.unsafeLooks, 0),
        checkAtMost('messages beyond the longest', host.tooLong, 0),
        checkAtMost('false messages that the host took', host.falselyTaken, 2),
      ],
      headings: [
        'seed',
        'bytes into firmware',
        'unsafe looks',
        'resets',
        'bytes into host',
        'false messages',
      ],
      rows,
    };
  },
};
