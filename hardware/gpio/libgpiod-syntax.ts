import { Fault } from '../../src/domain/fault.ts';
import type { Level } from './gpio-line.ts';
import { HEADER_CHIP } from './kernel-number.ts';

/** One line of the header's chip: "gpiochip0", 17. */
export interface ChipLine {
  readonly chip: string;
  readonly offset: number;
}

const MICROSECOND_PER_SECOND = 1e6;

/** How the tools of one major version of libgpiod are spoken to, and what their events mean. */
export interface LibgpiodSyntax {
  readonly read: (line: ChipLine) => readonly string[];
  /** Prints `%e`, one event a line, at once. */
  readonly monitor: (line: ChipLine) => readonly string[];
  readonly levelOfEvent: Readonly<Record<string, Level>>;
  /** Drives a line low and ends: its end says that it was done. */
  readonly lower: (line: ChipLine) => readonly string[];
  /** Drives a line low and keeps it. */
  readonly holdLow: (line: ChipLine) => readonly string[];
  /** Drives a line high for a time and ends. */
  readonly pulse: (line: ChipLine, widthSecond: number) => readonly string[];
}

/** Tools of libgpiod 1 (Debian 12): gpioset(1), gpioget(1), gpiomon(1) of 1.6.3. */
const VERSION_1: LibgpiodSyntax = {
  read: ({ chip, offset }) => [chip, `${offset}`],
  monitor: ({ chip, offset }) => ['--line-buffered', '--format=%e', chip, `${offset}`],
  levelOfEvent: { '0': 0, '1': 1 },
  lower: ({ chip, offset }) => ['--mode=exit', chip, `${offset}=0`],
  holdLow: ({ chip, offset }) => ['--mode=signal', chip, `${offset}=0`],
  pulse: ({ chip, offset }, widthSecond) => [
    '--mode=time',
    `--usec=${microseconds(widthSecond)}`,
    chip,
    `${offset}=1`,
  ],
};

/** Tools of libgpiod 2 (Debian 13): gpioset(1), gpioget(1), gpiomon(1) of 2.2. */
const VERSION_2: LibgpiodSyntax = {
  read: ({ chip, offset }) => ['--numeric', '--chip', chip, `${offset}`],
  monitor: ({ chip, offset }) => ['--edges=both', '--format=%e', '--chip', chip, `${offset}`],
  levelOfEvent: { '1': 1, '2': 0 },
  // A last period of 0 ends the tool; without one it would hold the line for ever.
  lower: ({ chip, offset }) => ['--toggle=0', '--chip', chip, `${offset}=0`],
  holdLow: ({ chip, offset }) => ['--chip', chip, `${offset}=0`],
  // The tool itself takes the line down, also when this process is dead by then.
  pulse: ({ chip, offset }, widthSecond) => [
    `--toggle=${microseconds(widthSecond)}us,0`,
    '--chip',
    chip,
    `${offset}=1`,
  ],
};

/**
 * The syntax of the tools, by what "gpiodetect --version" printed: "gpiodetect (libgpiod) v1.6.3",
 * since 2.3 "gpiodetect v2.3 (libgpiod v2.3)".
 * @throws Fault instrumentMissing for another version
 */
export function syntaxOf(versionText: string): LibgpiodSyntax {
  const major = /\(libgpiod\)? v(\d+)\./.exec(versionText)?.[1];
  if (major === '1') return VERSION_1;
  if (major === '2') return VERSION_2;
  const found = versionText.split('\n')[0] ?? '';
  const message = `expected the tools of libgpiod 1 or 2, found "${found}"`;
  throw new Fault('instrumentMissing', { where: 'gpiodetect --version', message });
}

/**
 * The header's chip in what "gpiodetect" printed, "gpiochip0 [pinctrl-bcm2711] (58 lines)". Both
 * versions print it so; one chip may be listed twice where a link in /dev leads to it.
 * @throws Fault instrumentMissing naming what was found instead
 */
export function headerChipOf(listing: string): {
  readonly chip: string;
  readonly lineCount: number;
} {
  const lines = new Set(listing.split('\n').filter((line) => line !== ''));
  const headers = [...lines].flatMap((line) => {
    const [, chip = '', label = '', count] = /^(\S+) \[(.*)\] \((\d+) lines\)$/.exec(line) ?? [];
    return HEADER_CHIP.test(label) ? [{ chip, lineCount: Number(count) }] : [];
  });
  const [header] = headers;
  if (header && headers.length === 1) return header;
  const message = `expected exactly one GPIO chip of a Raspberry Pi header (pinctrl-bcm2835, pinctrl-bcm2711 or pinctrl-rp1), found ${[...lines].join(', ') || 'none'}`;
  throw new Fault('instrumentMissing', { where: 'gpiodetect', message });
}

function microseconds(second: number): number {
  return Math.round(second * MICROSECOND_PER_SECOND);
}
