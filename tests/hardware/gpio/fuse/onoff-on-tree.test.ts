import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../../support/built.ts';

const SOURCE = fileURLToPath(new URL('gpio-tree.c', import.meta.url));
const PLAY = fileURLToPath(new URL('play.mjs', import.meta.url));
const AS_ROOT = process.getuid?.() === 0 ? [] : ['sudo', '-n'];

/** @returns why the tree cannot be served here; undefined when it can */
function whyNot(): string | undefined {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return 'there is no /dev/fuse here';
  }
  const needed = [
    ['pkg-config', '--exists', 'fuse3'],
    ['cc', '--version'],
    [...AS_ROOT, 'unshare', '-m', 'true'],
    [process.execPath, '-e', "require('onoff')"],
  ];
  for (const [program = '', ...words] of needed) {
    if (spawnSync(program, words, { cwd: ROOT }).status === 0) continue;
    const message = `"${program} ${words.join(' ')}" fails: expected gcc, libfuse3-dev, pkg-config, the package onoff and the right to mount`;
    if (process.env.CI) throw new Error(message);
    return message;
  }
  return undefined;
}

const reason = whyNot();
const NAME = 'the real package onoff on a tree as the kernel serves it';

describe.skipIf(reason !== undefined)(reason ? `${NAME} (skipped: ${reason})` : NAME, () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'operando-gpio-tree-'));
    const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'fuse3'], { encoding: 'utf8' });
    execFileSync('cc', [
      ...['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O1', '-o', join(folder, 'gpio-tree')],
      ...[SOURCE, ...flags.trim().split(/\s+/)],
    ]);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  /** @returns what happened, a line each */
  function play(scene: string, base = 512, label = 'pinctrl-bcm2711'): string[] {
    const program = join(folder, 'gpio-tree');
    const words = [PLAY, program, `${base}`, label, join(ROOT, 'dist'), scene];
    const [command = '', ...rest] = [...AS_ROOT, 'unshare', '-m', process.execPath, ...words];
    const { status, stdout, stderr } = spawnSync(command, rest, {
      encoding: 'utf8',
      timeout: 50_000,
    });
    expect(status, stderr).toBe(0);
    return stdout.split('\n').filter((line) => line !== '');
  }

  it.each([
    ['pinctrl-bcm2835', 0, 17],
    ['pinctrl-rp1', 399, 416],
    ['pinctrl-bcm2711', 512, 529],
    ['pinctrl-rp1', 571, 588],
  ])('hears edges of BCM 17 on %s with base %d, and gives it back', (label, base, kernelNumber) => {
    const told = play('edges', base, label);
    expect(told.slice(0, 1)).toEqual(['adapter onoff']);
    expect(told).toContain(`tree export ${kernelNumber}`);
    expect(told).toContain('tree edge 17 both');
    const levels = told.filter((line) => line.startsWith('level')).map((line) => line.slice(-1));
    expect(levels.join('').replace(/(.)\1+/g, '$1')).toBe('0101');
    expect(told.at(-1)).toBe(`tree unexport ${kernelNumber}`);
    expect(told.join('\n')).not.toContain('failed');
  });

  it('hears every edge as an edge, not at the next reading', () => {
    const levels = play('edges alone').filter((line) => line.startsWith('level'));
    expect(levels).toEqual(['level 0', 'level 1', 'level 0', 'level 1']);
  });

  it('says that an input cannot be read, and why', () => {
    const told = play('unreadable');
    expect(told).toContainEqual(expect.stringMatching(/^unreadable BCM 17: EIO/));
    expect(told.at(-1)).toBe('tree unexport 529');
  });

  it('drives an output low, pulses it, and gives it back low', () => {
    const told = play('pulses');
    expect(told.filter((line) => line.startsWith('tree')).join('\n')).toBe(
      [
        'tree export 539',
        'tree drive 27 0',
        ...['tree drive 27 1', 'tree drive 27 0'],
        ...['tree drive 27 1', 'tree drive 27 0'],
        ...['tree drive 27 1', 'tree drive 27 0'],
        'tree drive 27 0',
        'tree unexport 539',
      ].join('\n'),
    );
    expect(told.filter((line) => line.startsWith('pulse known within')).length).toBe(3);
  });

  it.each(['exit', 'uncaught'])('leaves no pin high when the process ends: %s', (scene) => {
    const driven = play(scene).filter((line) => line.startsWith('tree drive'));
    expect(driven).toEqual(['tree drive 27 0', 'tree drive 27 1', 'tree drive 27 0']);
  });

  it('refuses a pin that the chip does not have, and a chip that is not the header', () => {
    expect(play('none')).toContainEqual(
      'refused BCM 54: there is no such pin: pinctrl-bcm2711 has BCM 0 to 53',
    );
    expect(play('edges', 512, 'pl061')).toEqual([
      expect.stringMatching(/^failed .*found pl061 \(base 512\)/),
      expect.anything(),
    ]);
  });
});
