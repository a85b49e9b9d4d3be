// Makes the firmware of the board: npm run firmware
//   protocol.h from board-protocol.ts, board.hex with avr-gcc, and board.sha256, which says what
//   sources the committed board.hex was made from.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'firmware-bridge/firmware');

execFileSync(process.execPath, [join(ROOT, 'scripts/set-up.mjs'), 'build'], { stdio: 'inherit' });
const { firmwareHeader } = await import('../dist/firmware-bridge/firmware-header.js');
writeFileSync(join(FOLDER, 'protocol.h'), firmwareHeader());
try {
  execFileSync('make', ['-C', FOLDER], { stdio: 'inherit' });
} catch {
  process.stderr.write('firmware: needs "apt-get install gcc-avr avr-libc make"\n');
  process.exit(1);
}
copyFileSync(join(FOLDER, 'build/board.hex'), join(FOLDER, 'board.hex'));

const hash = createHash('sha256');
const sources = readdirSync(FOLDER).filter((name) => /^(Makefile|.*\.[ch])$/.test(name));
for (const name of sources.sort())
  hash.update(`${name}\0`).update(readFileSync(join(FOLDER, name)));
writeFileSync(join(FOLDER, 'board.sha256'), `${hash.digest('hex')}\n`);
