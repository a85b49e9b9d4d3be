import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

/** Two pseudo-terminals joined back to back by socat: what one writes the other reads. */
export interface PtyPair {
  readonly hostPath: string;
  readonly devicePath: string;
  /** Pulls the plug: both ends hang up. */
  unplug(): Promise<void>;
  /** After `unplug`: the same paths lead to new pseudo-terminals. */
  plugIn(): Promise<void>;
  dispose(): Promise<void>;
}

const APPEARS_TRIES_MAX = 500;
const APPEARS_EVERY_MS = 10;

export async function makePtyPair(): Promise<PtyPair> {
  const folder = await mkdtemp(join(tmpdir(), 'operando-pty-'));
  const hostPath = join(folder, 'host');
  const devicePath = join(folder, 'device');
  const end = (path: string) => `PTY,raw,echo=0,link=${path}`;
  let socat: ChildProcess | undefined;
  const unplug = async (): Promise<void> => {
    if (socat) await kill(socat);
    await Promise.all([hostPath, devicePath].map((path) => rm(path, { force: true })));
  };
  const killWithParent = () => socat?.kill('SIGKILL');
  process.once('exit', killWithParent);
  const plugIn = async (): Promise<void> => {
    socat = spawn('socat', [end(hostPath), end(devicePath)], { stdio: 'ignore' });
    for (let attempt = 0; !existsSync(hostPath) || !existsSync(devicePath); attempt += 1) {
      if (attempt === APPEARS_TRIES_MAX) throw new Error('socat made no pseudo-terminals');
      await new Promise((resolve) => setTimeout(resolve, APPEARS_EVERY_MS));
    }
  };
  await plugIn();
  const dispose = async (): Promise<void> => {
    await unplug();
    process.removeListener('exit', killWithParent);
    await rm(folder, { recursive: true, force: true });
  };
  return { hostPath, devicePath, unplug, plugIn, dispose };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** A group of tests on pseudo-terminals; skipped, by name, without socat, but not in CI. */
export function describeWithPty(name: string, body: () => void): void {
  if (spawnSync('socat', ['-V'], { stdio: 'ignore' }).status === 0) {
    describe(name, body);
  } else if (process.env.CI) {
    throw new Error(`${name}: socat is required in CI (apt-get install socat)`);
  } else {
    describe.skip(`${name} (skipped: socat is not installed)`, body);
  }
}
