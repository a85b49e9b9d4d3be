import { parseNumber } from './parse-number.ts';
import { atLine, readTextFile } from './text-file.ts';

/** Reads one number per line; blank lines and `#` comments are passed over. @throws Fault */
export async function readNumberColumn(path: string): Promise<readonly number[]> {
  const file = await readTextFile(path);
  return file.lines.flatMap((line, index) => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    return [parseNumber(text, atLine(file, index), 'refuse')];
  });
}
