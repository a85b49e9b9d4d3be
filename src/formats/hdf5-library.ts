import type * as H5wasm from 'h5wasm/node';
import { badFile } from './file-access.ts';

export type Hdf5Library = typeof H5wasm;

/**
 * The HDF5 library, loaded when the first HDF5 file is met: it takes a quarter of a second that
 * other commands need not wait. Its errors are thrown from then on instead of printed.
 */
export async function loadHdf5Library(): Promise<Hdf5Library> {
  const library = await import('h5wasm/node');
  (await library.ready).activate_throwing_error_handler();
  return library;
}

/**
 * Runs a call of the library. What it throws, a page of C call stack, becomes a Fault fileFormat
 * that keeps the page as its cause and shows the innermost reason.
 */
export function guarded<T>(where: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw badFile(where, `HDF5 library: ${innermostReason(error)}`, error);
  }
}

/** `#012: … line 1228 in H5C__load_entry(): incorrect metadata checksum` → what follows `(): `. */
function innermostReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const system = /error message = '([^']+)'/.exec(text)?.[1];
  const library = [...text.matchAll(/^\s*#\d+: .*\(\): (.+)$/gm)].at(-1)?.[1];
  return system ?? library ?? text.split('\n')[0]?.slice(0, 200) ?? 'failed';
}
