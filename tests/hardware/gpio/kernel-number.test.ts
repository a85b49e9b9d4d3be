import { afterEach, describe, expect, it } from 'vitest';
import { kernelNumberOf } from '../../../hardware/gpio/kernel-number.ts';
import { dropSysfs, sysfs } from './sysfs.ts';

afterEach(dropSysfs);

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
