import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

/** Removes what `sysfs` has made. */
export async function dropSysfs(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
}

/** A folder as the kernel shows its GPIO chips. */
export async function sysfs(chips: readonly (readonly [string, number | string, number])[]) {
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
