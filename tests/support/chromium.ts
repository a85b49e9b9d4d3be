import { existsSync } from 'node:fs';
import { describe } from 'vitest';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where the system's browser is; undefined when there is none. */
export const CHROMIUM_PATH = PATHS.find((path) => existsSync(path));

/** For a browser that asks nothing of any network and may run as root, in a container. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A group of tests in a browser; skipped, by name, where there is none. */
export function describeWithChromium(name: string, body: () => void): void {
  if (CHROMIUM_PATH) {
    describe(name, body);
  } else if (process.env.CI) {
    throw new Error(`${name}: chromium is required in CI (apt-get install -y chromium)`);
  } else {
    describe.skip(`${name} (skipped: chromium is not installed)`, body);
  }
}
