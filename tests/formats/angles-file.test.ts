import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAnglesFile, selectViewAngles } from '../../src/formats/angles-file.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const VIEWS = [0, 60, 120, 180];

function select(degrees: readonly number[], flats = 0, darks = 0): number[] {
  const frames = { views: VIEWS.length, flats, darks };
  const radian = selectViewAngles({ path: 'angles.txt', degrees }, frames);
  return Array.from(radian, (angle) => Math.round((angle * 180e6) / Math.PI) / 1e6);
}

describe('the angles of the views', () => {
  it('are all of them when there are as many', () => {
    expect(select(VIEWS)).toEqual(VIEWS);
  });

  it('leave out exposures taken standing still before and after the scan', () => {
    expect(select([0, 0, 0, ...VIEWS, 180], 1, 1)).toEqual(VIEWS);
    expect(select([0, 0, ...VIEWS])).toEqual(VIEWS);
    expect(select([...VIEWS, 180.001, 180.0005])).toEqual(VIEWS);
  });

  it('leave out the leading entries of flats and darks taken at another angle', () => {
    expect(select([90, 90, -90, ...VIEWS], 2, 1)).toEqual(VIEWS);
  });

  it.each([
    ['too few', VIEWS.slice(1), '3 angles for 4 views; expected 4, or 7'],
    ['one too many, none of them standing still', [...VIEWS, 240], '5 angles for 4 views'],
    [
      'a surplus that standing still does not explain',
      [0, 0, 0, ...VIEWS, 240],
      '8 angles for 4 views',
    ],
    ['a stage that never moves', [5, 5, 5, 5, 5], '5 angles for 4 views'],
    ['none', [], '0 angles for 4 views'],
  ])('are refused with both numbers: %s', async (_, degrees, message) => {
    const fault = await caughtFault(() => select(degrees, 2, 1));
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toContain(`angles.txt: ${message}`);
  });
});

describe('a file of angles', () => {
  it('has one angle per line; comments and blank lines do not count', async () => {
    const path = join(temporaryFolder(), 'angles.txt');
    writeFileSync(path, '# degrees\n-88.2\n\n 1e1 \n');
    expect((await readAnglesFile(path)).degrees).toEqual([-88.2, 10]);
  });

  it('is refused at the line that is no number', async () => {
    const path = join(temporaryFolder(), 'angles.txt');
    writeFileSync(path, '0\nninety\n');
    const fault = await caughtFault(() => readAnglesFile(path));
    expect(fault.message).toBe(`${path}:2: "ninety" is not a finite number`);
  });
});
