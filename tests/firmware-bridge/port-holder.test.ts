import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type HolderPlaces, holderOf, lockerOf } from '../../firmware-bridge/port-holder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('who has a port', () => {
  let places: HolderPlaces;
  let device = '';
  let path = '';

  beforeEach(async () => {
    const folder = temporaryFolder();
    places = { processes: join(folder, 'proc'), locks: join(folder, 'lock') };
    device = join(folder, 'ttyUSB0');
    path = join(folder, 'usb-maker-instrument');
    await mkdir(places.locks);
    await writeFile(device, '');
    await symlink(device, path);
  });

  async function runProcess(id: number, name: string, open: readonly string[]): Promise<void> {
    const folder = join(places.processes, String(id));
    await mkdir(join(folder, 'fd'), { recursive: true });
    await writeFile(join(folder, 'comm'), `${name}\n`);
    await Promise.all(open.map((file, at) => symlink(file, join(folder, 'fd', String(at)))));
  }

  it('is told by the files that processes have open', async () => {
    await runProcess(11, 'bash', ['/dev/null']);
    await runProcess(4711, 'minicom', ['/dev/null', device]);
    expect(await holderOf(path, places)).toBe('minicom (process 4711)');
  });

  it('is told of each of them', async () => {
    await runProcess(12, 'cat', [device]);
    await runProcess(13, 'minicom', [device]);
    expect(await holderOf(path, places)).toBe('cat (process 12), minicom (process 13)');
  });

  it('is nobody when no process shows that it has it open', async () => {
    await runProcess(11, 'bash', ['/dev/null']);
    expect(await holderOf(path, places)).toBeUndefined();
  });

  it('is told by a lock file of a program that lives', async () => {
    await runProcess(21, 'kermit', []);
    await writeFile(join(places.locks, 'LCK..ttyUSB0'), '        21\n');
    expect(await lockerOf(path, places)).toBe('kermit (process 21)');
    expect(await holderOf(path, places)).toBe('kermit (process 21)');
  });

  it.each([
    ['of a process that is dead', '        22\n'],
    ['without a number', 'kermit\n'],
    ['that is empty', ''],
  ])('is nobody by a lock file %s', async (_, text) => {
    await runProcess(21, 'kermit', []);
    await writeFile(join(places.locks, 'LCK..ttyUSB0'), text);
    expect(await lockerOf(path, places)).toBeUndefined();
  });

  it('is nobody for a path that leads nowhere', async () => {
    expect(await holderOf(join(places.locks, 'none'), places)).toBeUndefined();
    expect(await lockerOf(join(places.locks, 'none'), places)).toBeUndefined();
  });
});
