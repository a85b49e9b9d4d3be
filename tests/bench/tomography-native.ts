import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileProgram, hasHeader, type NativeAbsence } from './native-program.ts';
import { findPythonWith, ONE_THREAD } from './python.ts';
import type { CallTime, Contender } from './race.ts';
import { BENCH_BUILD, REPOSITORY } from './repository.ts';
import { encodeCase, type TomographyCase } from './tomography-case.ts';

const FLAGS = [
  '-std=gnu11',
  '-O3',
  '-march=native',
  '-flto',
  // Complex products need not mind infinities, and sums may be taken in any order.
  '-ffast-math',
] as const;
const FFTW = { header: 'fftw3.h', debian: 'libfftw3-dev' } as const;
const TIMEOUT_MS = 600_000;

/** What a peer says of its own time, and the slice it made. */
export interface PeerSlice extends CallTime {
  readonly slice: Float32Array;
  readonly version: string;
}

/** Somebody else's way to a slice. Times are of one slice. */
export interface Peer {
  readonly name: string;
  /** Makes a slice `calls` times. @throws Error with what the program complains of */
  run(scan: string, calls: number): PeerSlice;
}

/** A peer that is not here, and what to install. */
export interface AbsentPeer extends NativeAbsence {
  readonly name: string;
}

interface NativePeer {
  readonly name: string;
  readonly task: string;
}

const WITH_FFTW: readonly NativePeer[] = [
  { name: 'C gridding, FFTW estimated', task: 'kaiser-bessel-estimate' },
  { name: 'C gridding, FFTW measured', task: 'kaiser-bessel-measure' },
  { name: 'gridrec in C, as called', task: 'gridrec' },
  { name: 'gridrec in C, padded', task: 'gridrec-padded' },
];
const PLAIN: readonly NativePeer[] = [
  { name: 'C back-projection, one slice', task: 'back-projection' },
  { name: 'C back-projection, 8 slices', task: 'back-projection-8' },
];

/** Native peers, compiled for this very processor; without FFTW those that need it are absent. */
export function nativePeers(compiler = 'cc'): readonly (Peer | AbsentPeer)[] {
  const plain = compile('plain', ['backprojection.c'], compiler);
  const fftw = hasHeader(FFTW.header, compiler)
    ? compile('fftw', ['kaiser-bessel.c', 'gridrec.c'], compiler)
    : { reason: `no ${FFTW.header} (Debian: apt-get install -y gcc ${FFTW.debian})` };
  const peers = (made: string | NativeAbsence, of: readonly NativePeer[]) =>
    of.map(({ name, task }): Peer | AbsentPeer =>
      typeof made === 'string'
        ? { name, run: (scan, calls) => runPeer(made, [scan, task], calls) }
        : { name, ...made },
    );
  return [...peers(fftw, WITH_FFTW), ...peers(plain, PLAIN)];
}

function compile(
  kind: 'plain' | 'fftw',
  sources: readonly string[],
  compiler: string,
): string | NativeAbsence {
  return compileProgram(
    {
      file: `tomography-yardstick-${kind}`,
      folder: 'tomography',
      sources: ['main.c', 'tables.c', ...sources, `tasks-${kind}.c`],
      flags: FLAGS,
      libraries: kind === 'fftw' ? ['-lfftw3f'] : [],
    },
    compiler,
  );
}

/** scikit-image's iradon, where a Python has it. */
export function iradonPeer(): Peer | AbsentPeer {
  const name = 'scikit-image iradon';
  const python = findPythonWith('skimage.transform');
  if (python === undefined) {
    const reason = 'python3 has no scikit-image (Debian: apt-get install -y python3-skimage)';
    return { name, reason };
  }
  const script = join(REPOSITORY, 'tests', 'bench', 'iradon.py');
  return { name, run: (scan, calls) => runPeer(python, [script, scan], calls) };
}

/** A peer as a contender in a race. */
export function peerContender(peer: Peer, scan: string, isSlow: boolean): Contender {
  return { name: peer.name, isSlow, measure: (calls) => peer.run(scan, calls) };
}

/** Writes the case where peers read it; plans measured for the case of before are forgotten. */
export function writeCase(made: TomographyCase, name: string): string {
  mkdirSync(BENCH_BUILD, { recursive: true });
  const file = join(BENCH_BUILD, `${name}.scan`);
  rmSync(`${file}.wisdom`, { force: true });
  writeFileSync(file, encodeCase(made));
  return file;
}

/** Deletes what `writeCase` and the peers wrote. */
export function removeCase(file: string): void {
  for (const ending of ['', '.wisdom', '.slice']) rmSync(file + ending, { force: true });
}

/** Two files: the scan, the slice written beside it. */
function runPeer(program: string, words: readonly string[], calls: number): PeerSlice {
  const scan = words.find((word) => word.endsWith('.scan')) ?? '';
  const slice = `${scan}.slice`;
  const all = [...words, String(calls), slice];
  const { error, status, stdout, stderr } = spawnSync(program, all, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    env: { ...process.env, ...ONE_THREAD },
  });
  if (error || status !== 0) {
    throw new Error(`${program} ${all.join(' ')}: ${error?.message ?? stderr.trim()}`);
  }
  const said = JSON.parse(stdout) as CallTime & { slices?: number; version?: string };
  const { slices = 1, version = '' } = said;
  const bytes = readFileSync(slice);
  return {
    wallMs: said.wallMs / slices,
    cpuMs: said.cpuMs / slices,
    version,
    slice: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
  };
}
