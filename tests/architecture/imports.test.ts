import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The house: a folder imports what stands below it in its own column, and src/domain. Only
 * src/app sees more than one column. Kernels reach assembly/ only as built .wasm.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/domain': [],
  'src/app': [
    'src/run',
    'hardware',
    'firmware-bridge',
    'src/analysis',
    'src/kernels',
    'src/mqtt',
    'src/panel',
    'src/store',
    'src/formats',
    'src/domain',
  ],
  'src/run': ['src/domain'],
  hardware: ['firmware-bridge', 'src/domain'],
  'firmware-bridge': ['src/domain'],
  'src/analysis': ['src/kernels', 'src/domain'],
  'src/kernels': ['src/domain'],
  'src/mqtt': ['src/domain'],
  'src/panel': ['src/domain'],
  'src/store': ['src/domain'],
  'src/formats': ['src/domain'],
  assembly: [],
};

/** Packages that touch hardware, the network or a file format belong to one room each. */
const ONE_ROOM_PACKAGES = [
  'serialport',
  'johnny-five',
  'firmata-io',
  'onoff',
  'mqtt',
  'aedes',
  'ws',
  'avr8js',
  'zeromq',
  'libsql',
  'h5wasm',
];

interface Import {
  readonly file: string;
  readonly room: string;
  readonly target: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name === 'node_modules' || name === 'dist') return [];
    if (statSync(path).isDirectory()) return sourceFiles(path);
    return /\.(ts|tsx|mts|mjs)$/.test(name) && !name.endsWith('.d.ts') ? [path] : [];
  });
}

function roomOf(path: string): string | undefined {
  const inRoot = relative(ROOT, path);
  return Object.keys(MAY_IMPORT).find((room) => inRoot.startsWith(`${room}/`));
}

const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g;

function importsOf(text: string, file: string): Import[] {
  const room = roomOf(file) ?? '';
  return [...text.matchAll(IMPORT)].map((match) => ({ file, room, target: match[1] ?? '' }));
}

/** One sentence per arrow the plan of the house does not have. */
function wrongArrows(imports: readonly Import[]): string[] {
  return imports.flatMap(({ file, room, target }) => {
    const where = relative(ROOT, file);
    if (!target.startsWith('.')) {
      const outside = room === 'src/domain' && target !== 'zod';
      return outside ? [`${where} imports ${target}: src/domain imports nothing but zod`] : [];
    }
    const other = roomOf(resolve(dirname(file), target));
    if (other === room || (other && MAY_IMPORT[room]?.includes(other))) return [];
    return [`${where} imports ${target}: ${room} does not stand on ${other ?? 'that folder'}`];
  });
}

function packageRooms(imports: readonly Import[]): Map<string, Set<string>> {
  const rooms = new Map<string, Set<string>>();
  for (const { room, target } of imports) {
    const name = ONE_ROOM_PACKAGES.find((one) => target === one || target.startsWith(`${one}/`));
    if (name) rooms.set(name, (rooms.get(name) ?? new Set()).add(room));
  }
  return rooms;
}

const imports = Object.keys(MAY_IMPORT)
  .filter((room) => room !== 'assembly')
  .flatMap((room) => sourceFiles(join(ROOT, room)))
  .flatMap((file) => importsOf(readFileSync(file, 'utf8'), file));

describe('the house', () => {
  it('has only the arrows of the plan', () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(wrongArrows(imports)).toEqual([]);
  });

  it('keeps each hardware and network package in one room', () => {
    const shared = [...packageRooms(imports)].filter(([, rooms]) => rooms.size > 1);
    expect(shared.map(([name, rooms]) => `${name}: ${[...rooms].join(', ')}`)).toEqual([]);
  });

  it('notices a wrong arrow, a package in two rooms and a package in the domain', () => {
    const panel = join(ROOT, 'src/panel/server.ts');
    const store = join(ROOT, 'src/store/reader.ts');
    const domain = join(ROOT, 'src/domain/bus.ts');
    const planted = [
      ...importsOf("import { x } from '../store/reader.ts';\nimport ws from 'ws';", panel),
      ...importsOf("const ws = await import('ws');", store),
      ...importsOf("import { readFileSync } from 'node:fs';", domain),
    ];
    expect(wrongArrows(planted)).toHaveLength(2);
    expect([...(packageRooms(planted).get('ws') ?? [])]).toEqual(['src/panel', 'src/store']);
  });
});
