// Long trials: `npm run campaign` lists them, `npm run campaign -- NAME` runs one.
// Builds what is stale, compiles tests/campaign into build/campaign/js, and lets the compiled
// campaigns import the program from dist, so that what ships is what is tried.
import { spawnSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const OUT = 'build/campaign/js';

runNode('scripts/set-up.mjs', 'build');
rmSync(OUT, { recursive: true, force: true });
runNode('node_modules/typescript/bin/tsc', '-p', 'tests/campaign/tsconfig.json');
rmSync(`${OUT}/src`, { recursive: true });
symlinkSync('../../../dist/src', `${OUT}/src`);

const { campaignCommand } = await import(`../${OUT}/tests/campaign/command.js`);
process.exitCode = await campaignCommand(process.argv.slice(2), {
  print: (text) => process.stdout.write(text),
  tell: (text) => process.stderr.write(text),
});

function runNode(...words) {
  // Set-up and the compiler speak on stderr: stdout is the report's alone.
  const { status } = spawnSync(process.execPath, words, { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
