import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { asFault, Fault } from '../domain/fault.ts';

/** The built page, held in memory: no path of a request ever reaches the file system. */

const FILES_MAX = 64;
const BYTES_MAX = 8 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing inline, nothing from elsewhere; `connect-src 'self'` covers the own websocket. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Sent with every answer, so that an error page is as closed as the page itself. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
  /** Vite puts a hash of the content into the names below /assets. */
  readonly immutable: boolean;
}

export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** Reads the built page. @throws Fault fileMissing when it was not built, capacity when too big */
export function loadStaticFiles(folder: string): StaticFiles {
  const files = new Map<string, StaticFile>();
  let bytes = 0;
  for (const path of pathsOf(folder)) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const body = readFileSync(path);
    bytes += body.length;
    if (files.size >= FILES_MAX || bytes > BYTES_MAX) {
      throw new Fault('capacity', {
        where: folder,
        message: `is too big for the panel; expected at most ${FILES_MAX} files of ${BYTES_MAX} bytes together`,
      });
    }
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(url, { type, body, immutable: url.startsWith('/assets/') });
  }
  const index = files.get('/index.html');
  if (!index) {
    throw new Fault('fileMissing', {
      where: join(folder, 'index.html'),
      message: 'the panel page is not built; expected it there, build it with "npm run build"',
    });
  }
  files.set('/', index);
  return files;
}

/** Answers a GET or HEAD request from the files, 404 when there is no such file. */
export function serveStatic(
  files: StaticFiles,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const file = files.get(path);
  if (!file) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('not found\n');
    return;
  }
  response.writeHead(200, {
    'Content-Type': file.type,
    'Content-Length': file.body.length,
    'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  response.end(request.method === 'HEAD' ? undefined : file.body);
}

function pathsOf(folder: string): string[] {
  return listFolder(folder)
    .filter((entry) => !entry.name.startsWith('.'))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return statSync(path).isDirectory() ? pathsOf(path) : [path];
    });
}

function listFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw asFault(error, folder, 'fileMissing');
  }
}
