import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type OnoffPackage, openGpioLine } from '../../../hardware/gpio/gpio-line.ts';
import { kernelNumberOf } from '../../../hardware/gpio/kernel-number.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A folder as the kernel shows its GPIO chips. */
async function sysfs(chips: readonly (readonly [string, number | string, number])[]) {
  const root = await mkdtemp(join(tmpdir(), 'operando-gpio-'));
  folders.push(root);
  for (const [index, [label, base, lineCount]] of chips.entries()) {
    const folder = join(root, `gpiochip${index}`);
    await mkdir(folder);
    await writeFile(join(folder, 'label'), `${label}\n`);
    await writeFile(join(folder, 'base'), `${base}\n`);
    await writeFile(join(folder, 'ngpio'), `${lineCount}\n`);
  }
  return root;
}

describe('the kernel number of a header pin', () => {
  it.each([
    ['pinctrl-bcm2835', 0, 17],
    ['pinctrl-rp1', 399, 416],
    ['pinctrl-bcm2711', 512, 529],
    ['pinctrl-rp1', 571, 588],
  ])('on %s with base %d, BCM 17 is %d', async (label, base, expected) => {
    const root = await sysfs([
      ['raspberrypi-exp-gpio', 504, 8],
      [label, base, 54],
      ['gpio-brcmstb@107d508500', 600, 32],
    ]);
    expect(await kernelNumberOf(17, root)).toBe(expected);
  });

  it('takes the last pin of the chip and refuses the one past it', async () => {
    const root = await sysfs([['pinctrl-bcm2711', 512, 58]]);
    expect(await kernelNumberOf(57, root)).toBe(569);
    for (const bcm of [58, -1, 1.5]) {
      await expect(kernelNumberOf(bcm, root)).rejects.toMatchObject({
        code: 'badInput',
        message: `BCM ${bcm}: there is no such pin: pinctrl-bcm2711 has BCM 0 to 57`,
      });
    }
  });

  it('does not guess when no chip is that of the header', async () => {
    const root = await sysfs([['pl061', 0, 8]]);
    await expect(kernelNumberOf(17, root)).rejects.toMatchObject({
      code: 'instrumentMissing',
      message: expect.stringContaining('found pl061 (base 0)'),
    });
    await expect(kernelNumberOf(17, await sysfs([]))).rejects.toThrow('found none');
  });

  it('does not guess when two chips claim to be it', async () => {
    const root = await sysfs([
      ['pinctrl-rp1', 571, 54],
      ['pinctrl-bcm2711', 512, 58],
    ]);
    await expect(kernelNumberOf(17, root)).rejects.toThrow('expected exactly one');
  });

  it('says so where the kernel has no sysfs GPIO, or an entry is damaged', async () => {
    await expect(kernelNumberOf(17, '/nonexistent')).rejects.toMatchObject({
      code: 'instrumentMissing',
      message: expect.stringContaining('/nonexistent'),
    });
    const root = await sysfs([['pinctrl-rp1', 'x', 54]]);
    await expect(kernelNumberOf(17, root)).rejects.toThrow('expected a whole number, found "x"');
  });
});

describe('a header pin', () => {
  function fakeOnoff(log: string[]): OnoffPackage {
    class Gpio {
      #value: 0 | 1 = 0;
      constructor(kernelNumber: number, direction: string) {
        if (kernelNumber > 600) throw new Error('EINVAL: invalid argument, write');
        log.push(`export ${kernelNumber} ${direction}`);
      }
      readSync(): 0 | 1 {
        return this.#value;
      }
      writeSync(value: 0 | 1): void {
        this.#value = value;
      }
      unexport(): void {
        log.push('unexport');
      }
    }
    return { Gpio };
  }

  it('is exported under its kernel number, written, read and given back once', async () => {
    const log: string[] = [];
    const sysfsRoot = await sysfs([['pinctrl-rp1', 571, 54]]);
    const loadOnoff = async () => fakeOnoff(log);
    const line = await openGpioLine({ bcm: 17, direction: 'low', sysfsRoot, loadOnoff });
    line.write(1);
    expect(line.read()).toBe(1);
    line.close();
    line.close();
    expect(log).toEqual(['export 588 low', 'unexport']);
    expect(() => line.write(0)).toThrow('BCM 17: the pin is closed');
  });

  it('explains what to do when the optional package is not there', async () => {
    const loadOnoff = () => Promise.reject(new Error("Cannot find package 'onoff'"));
    await expect(openGpioLine({ bcm: 4, direction: 'in', loadOnoff })).rejects.toMatchObject({
      code: 'instrumentMissing',
      message: expect.stringContaining('npm install onoff'),
    });
  });

  it('passes on why the kernel did not give the pin', async () => {
    const sysfsRoot = await sysfs([['pinctrl-rp1', 590, 54]]);
    const loadOnoff = async () => fakeOnoff([]);
    await expect(openGpioLine({ bcm: 17, direction: 'in', sysfsRoot, loadOnoff })).rejects.toThrow(
      /number 607\): EINVAL.*group gpio/,
    );
  });

  it('finds the real package when it is installed, and no header on a machine without one', async () => {
    const sysfsRoot = await sysfs([]);
    const opening = openGpioLine({ bcm: 17, direction: 'in', sysfsRoot });
    await expect(opening).rejects.toMatchObject({ code: 'instrumentMissing' });
  });
});
