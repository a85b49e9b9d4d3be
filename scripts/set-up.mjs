// Makes a fresh clone ready, and does nothing when there is nothing to do.
//   node scripts/set-up.mjs start|test|build
// Installs packages from the lock file, builds what is stale, and for tests installs the system
// packages they drive. It has no dependencies: it runs before any are installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE_MINIMUM = [20, 19];
const TEST_PROGRAMS = [
  { program: 'chromium', package: 'chromium', for: 'the panel in a browser' },
  { program: 'socat', package: 'socat', for: 'serial links over a pty' },
  { program: 'mosquitto', package: 'mosquitto', for: 'MQTT 5 against a real broker' },
  { program: 'sqlite3', package: 'sqlite3', for: 'run databases read from outside' },
  { program: 'cc', package: 'gcc libc6-dev', for: 'the native yardstick of the benches' },
  { program: 'avr-gcc', package: 'gcc-avr avr-libc make', for: 'the firmware of the board' },
  {
    program: 'fftwf-wisdom',
    package: 'libfftw3-dev libfftw3-bin',
    for: 'the native yardstick of the tomography bench',
  },
  {
    program: 'fuse.h',
    file: '/usr/include/fuse3/fuse.h',
    package: 'libfuse3-dev fuse3 pkg-config util-linux',
    for: 'the GPIO tree of a kernel, served by FUSE',
  },
  { program: 'gpiodetect', package: 'gpiod', for: 'the syntax of the tools of libgpiod' },
];

process.chdir(ROOT);
checkNode();
step('packages', 'node_modules/.set-up', ['package.json', 'package-lock.json', '.npmrc'], () =>
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
);
step(
  'kernels (AssemblyScript)',
  'build/.set-up',
  ['assembly', 'asconfig.json', 'scripts/build-kernels.mjs'],
  () => run(process.execPath, ['scripts/build-kernels.mjs']),
);
step(
  'program (TypeScript)',
  'dist/.set-up',
  ['src', 'hardware', 'firmware-bridge', 'tsconfig.json', 'tsconfig.build.json'],
  () => {
    for (const folder of ['src', 'hardware', 'firmware-bridge']) {
      rmSync(join('dist', folder), { recursive: true, force: true });
    }
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
    // npx runs it by name; npm makes it so only once, and every build writes a new file.
    chmodSync('dist/src/app/main.js', 0o755);
  },
);
step('panel (Vite)', 'dist/panel/.set-up', ['src/panel/web', 'src/domain'], () =>
  run(process.execPath, [
    'node_modules/vite/bin/vite.js',
    'build',
    '--config',
    'src/panel/web/vite.config.ts',
    '--logLevel',
    'warn',
  ]),
);
if (process.argv[2] === 'test') installTestPrograms();

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantMajor, wantMinor] = NODE_MINIMUM;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  fail(`Node ${process.versions.node} is too old: ${wantMajor}.${wantMinor} or newer is needed`);
}

/** Runs `build` unless the stamp says that it was last run on exactly these inputs. */
function step(what, stamp, inputs, build) {
  const wanted = `${process.versions.node.split('.')[0]} ${hashOf(inputs)}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say(`${what}: making it`);
  const startedMs = performance.now();
  build();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  say(`${what}: ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap(filesOf).sort()) {
    hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function filesOf(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}

/** Installs missing programs where that needs no password; else says the exact command. */
function installTestPrograms() {
  const missing = TEST_PROGRAMS.filter(({ program, file }) =>
    file ? !existsSync(file) : !isInstalled(program),
  );
  if (missing.length === 0) return;
  const packages = missing.flatMap((entry) => entry.package.split(' '));
  for (const entry of missing) say(`${entry.program} is missing (for ${entry.for})`);
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (words) => {
    const [program, ...rest] = [...asRoot, 'apt-get', ...words];
    return (
      spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'], env: environment })
        .status === 0
    );
  };
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  say(`system packages: ${command}`);
  if (apt(['update']) && apt(['install', '-y', '--no-install-recommends', ...packages])) return;
  const advice = `could not install ${packages.join(', ')}; run as root: ${command}`;
  if (process.env.CI) fail(advice);
  say(`${advice}\nthe tests that need them will be reported as skipped`);
}

function isInstalled(program) {
  // Debian keeps daemons such as mosquitto in sbin, which is not on every user's path.
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

function run(program, words) {
  try {
    execFileSync(program, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (error) {
    fail(`"${program} ${words.join(' ')}" failed (exit ${error.status}); its message is above`);
  }
}

function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
