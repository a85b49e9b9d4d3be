import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds the panel's page from its sources, so that a browser test never sees a stale one.
 * Returns the folder.
 */
export function buildPanelPage(): string {
  const folder = `${ROOT}test-output/panel-page`;
  execFileSync(
    process.execPath,
    [
      `${ROOT}node_modules/vite/bin/vite.js`,
      'build',
      '--config',
      `${ROOT}src/panel/web/vite.config.ts`,
      '--outDir',
      folder,
      '--logLevel',
      'warn',
    ],
    // The test runner's own NODE_ENV would make it a development build.
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_ENV: 'production' } },
  );
  return folder;
}
