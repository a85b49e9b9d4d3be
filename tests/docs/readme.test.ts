import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/built.ts';

describe('the README', () => {
  const text = readFileSync(`${ROOT}README.md`, 'utf8');

  it('shows pictures and points to places that are there', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? '');
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.filter((target) => !existsSync(ROOT + target))).toEqual([]);
  });

  it('has its command: npx runs the file that package.json names', () => {
    const { bin } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
      readonly bin: { readonly operando: string };
    };
    expect(() => accessSync(ROOT + bin.operando, constants.X_OK)).not.toThrow();
  });
});
