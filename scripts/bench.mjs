// Measures: `npm run bench` lists the benches, `npm run bench -- NAME` runs one.
// Builds what is stale, compiles tests/bench into build/bench/js, and lets the compiled benches
// import the program from dist, so that what ships is what is measured.
import { spawnSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const OUT = 'build/bench/js';

runNode('scripts/set-up.mjs', 'build');
rmSync(OUT, { recursive: true, force: true });
runNode('node_modules/typescript/bin/tsc', '-p', 'tests/bench/tsconfig.json');
rmSync(`${OUT}/src`, { recursive: true });
symlinkSync('../../../dist/src', `${OUT}/src`);

const { benchCommand } = await import(`../${OUT}/tests/bench/command.js`);
process.exitCode = await benchCommand(process.argv.slice(2), {
  print: (text) => process.stdout.write(text),
  tell: (text) => process.stderr.write(text),
});

function runNode(...words) {
  // Set-up and the compiler speak on stderr: stdout is the report's alone.
  const { status } = spawnSync(process.execPath, words, { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
