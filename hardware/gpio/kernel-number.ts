import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../src/domain/fault.ts';

/** Where the kernel lists its GPIO chips and exports their lines. */
export const SYSFS_ROOT = '/sys/class/gpio';

/** The chip that has the pins of the Raspberry Pi's header, by the kernel driver's name. */
export const HEADER_CHIP = /^pinctrl-(bcm2835|bcm2711|rp1)$/;

interface Chip {
  readonly label: string;
  readonly base: number;
  readonly lineCount: number;
}

/**
 * The kernel's global number of a header pin given by its BCM number. The kernel counts from a
 * base that depends on its version and on the board (0, 399, 512, 571 have been seen), so the
 * chip is found by its label and the base is read, never assumed.
 *
 * @param root the folder of the gpiochips, `SYSFS_ROOT` on a real machine
 * @throws Fault instrumentMissing naming what was found instead; badInput for a pin that is not there
 */
export async function kernelNumberOf(bcm: number, root: string): Promise<number> {
  const chips = await readChips(root);
  const headers = chips.filter((chip) => HEADER_CHIP.test(chip.label));
  const [chip] = headers;
  if (!chip || headers.length > 1) {
    const found = chips.map((one) => `${one.label} (base ${one.base})`).join(', ') || 'none';
    const message = `expected exactly one GPIO chip of a Raspberry Pi header (pinctrl-bcm2835, pinctrl-bcm2711 or pinctrl-rp1), found ${found}`;
    throw new Fault('instrumentMissing', { where: root, message });
  }
  if (!Number.isInteger(bcm) || bcm < 0 || bcm >= chip.lineCount) {
    const message = `there is no such pin: ${chip.label} has BCM 0 to ${chip.lineCount - 1}`;
    throw new Fault('badInput', { where: `BCM ${bcm}`, message });
  }
  return chip.base + bcm;
}

async function readChips(root: string): Promise<Chip[]> {
  const names = await readdir(root).catch((error: unknown) => {
    const message = 'the kernel offers no GPIO through sysfs here: is this a Raspberry Pi?';
    throw new Fault('instrumentMissing', { where: root, message }, error);
  });
  const chips = names.filter((name) => /^gpiochip\d+$/.test(name)).sort();
  return Promise.all(chips.map((name) => readChip(join(root, name))));
}

async function readChip(folder: string): Promise<Chip> {
  const [label, base, lineCount] = await Promise.all([
    readEntry(folder, 'label'),
    readEntry(folder, 'base'),
    readEntry(folder, 'ngpio'),
  ]);
  return {
    label,
    base: toCount(base, folder, 'base'),
    lineCount: toCount(lineCount, folder, 'ngpio'),
  };
}

async function readEntry(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Fault('instrumentMissing', { where: path, message: 'it cannot be read' }, error);
  });
  return text.trim();
}

function toCount(text: string, folder: string, name: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const message = `expected a whole number, found "${text}"`;
  throw new Fault('instrumentMissing', { where: join(folder, name), message });
}
