import { readFileSync } from 'node:fs';

/** The version in package.json, three folders up from dist/src/app and two from src/app. */
export function softwareVersion(): string {
  for (const path of ['../../../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      return String((JSON.parse(text) as { version?: unknown }).version);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return 'unknown';
}
