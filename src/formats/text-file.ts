import { badFile, readBytes } from './file-access.ts';

/** Measurement text is kilobytes; more than this is another kind of file. */
export const TEXT_FILE_BYTES_MAX = 32 * 1024 * 1024;

/** A text file in memory. Line n, as people count, is `lines[n - 1]`. */
export interface TextFile {
  readonly path: string;
  readonly lines: readonly string[];
}

/**
 * Reads a text file of at most TEXT_FILE_BYTES_MAX.
 * @throws Fault fileMissing, fileFormat
 */
export async function readTextFile(path: string): Promise<TextFile> {
  return textFileOf(path, await readBytes(path, TEXT_FILE_BYTES_MAX));
}

/**
 * Lines of text from bytes: UTF-8, UTF-16 with its mark, else Latin-1, which instrument software
 * on Windows still writes.
 * @throws Fault fileFormat when the bytes are not text
 */
export function textFileOf(path: string, bytes: Uint8Array): TextFile {
  const text = decode(bytes);
  if (text.includes('\0')) throw badFile(path, 'is binary; expected a text file');
  // Some exports end their lines with CR CR LF.
  const lines = text.split(/\r{0,2}\n|\r/);
  if (lines.every((line) => line.trim() === '')) throw badFile(path, 'holds only blank lines');
  return { path, lines };
}

/** `file:line`, as editors open it, for a 0-based index into `lines`. */
export function atLine(file: TextFile, index: number): string {
  return `${file.path}:${index + 1}`;
}

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: every byte string is valid Latin-1 (Windows-1252).
    return new TextDecoder('latin1').decode(bytes);
  }
}
