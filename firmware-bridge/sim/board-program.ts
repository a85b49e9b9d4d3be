import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../src/domain/fault.ts';
import { readHex } from './hex-file.ts';
import { PROGRAM_BYTES } from './mcu.ts';

const HEX = 'firmware-bridge/firmware/board.hex';

/** The firmware of the operando board as it is flashed. @throws Fault fileMissing, fileFormat */
export async function boardProgram(): Promise<Uint16Array> {
  const path = join(packageFolder(), HEX);
  try {
    return readHex(await readFile(path, 'utf8'), PROGRAM_BYTES, HEX);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('fileMissing', { where: path, message: 'cannot be read' }, error);
  }
}

/** The folder with package.json: the same from the TypeScript sources and from dist. */
function packageFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) {
      throw new Fault('fileMissing', {
        where: here,
        message: 'no package.json in any folder above',
      });
    }
  }
}
