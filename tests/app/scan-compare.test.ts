import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/app/command.ts';
import { scanCompareCommand } from '../../src/app/commands/scan-compare.ts';
import { writeDifference } from '../../src/formats/difference-volume.ts';
import { openVolume } from '../../src/formats/open-volume.ts';
import { grownVoxels, type Phantom, phantomVolume } from '../analysis/two-state-phantom.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PHANTOM: Phantom = {
  columns: 112,
  slices: 72,
  radius: 50,
  interfaceSlice: 18,
  blur: 0.8,
  noise: 0.05,
  particles: 4,
  particleContrast: 0.25,
  seed: 5,
};
const GROWTH = { layer: 0.3, protrusionHeight: 18, protrusionRadius: 26 };
const VOXEL_SIZE_UM = 2.5;

async function compare(...words: string[]): Promise<RecordedTerminal> {
  const terminal = new RecordedTerminal();
  await scanCompareCommand.run(parseCommandLine(scanCompareCommand, words), terminal);
  return terminal;
}

describe('operando scan compare', () => {
  const before = phantomVolume(PHANTOM, { name: 'before' });
  const after = phantomVolume(PHANTOM, { name: 'after', growth: GROWTH, shift: [0.4, -0.3, 0.2] });
  let files = ['', ''];

  /** Both states as files, in a folder of the running test. */
  async function writeStates(): Promise<string> {
    const folder = temporaryFolder();
    files = ['before', 'after'].map((name) => join(folder, `${name}.h5`));
    await writeDifference(files[0] ?? '', before);
    await writeDifference(files[1] ?? '', after);
    return folder;
  }

  beforeAll(() => {
    expect(before.slices).toBe(after.slices);
  });

  it('gives volume, interval and balance as one JSON document in SI units', async () => {
    await writeStates();
    const charge = ['--charge', '0.01', '--molar-volume', '11.8e12'];
    const size = ['--voxel-size', String(VOXEL_SIZE_UM), '--field-of-view', '0.2'];
    const terminal = await compare(...files, ...size, ...charge, '--json');
    const result = JSON.parse(terminal.output);
    const truth = grownVoxels(PHANTOM, GROWTH);
    expect(Math.abs(result.grey.voxels / truth - 1)).toBeLessThan(0.03);
    expect(result.grey.volumeCubicMetre).toBeCloseTo(result.grey.voxels * 2.5e-6 ** 3, 20);
    expect(result.balance.electrochemicalCubicMetre).toBeCloseTo(
      (0.01 / 96_485.33212) * 11.8e-6,
      18,
    );
    const ratio = result.grey.volumeCubicMetre / result.balance.electrochemicalCubicMetre;
    expect(result.balance.ratio).toBeCloseTo(ratio, 9);
    expect(result.registration.shiftVoxel.x).toBeCloseTo(0.4, 1);
    expect(result.warnings[0]).toMatch(/does not fit the field of view/);
  });

  it('writes a picture and a volume of the difference, and says what it found', async () => {
    const folder = await writeStates();
    const [picture, volume] = [join(folder, 'growth.png'), join(folder, 'growth.h5')];
    const terminal = await compare(...files, '--preview', picture, '--difference', volume);
    expect(terminal.output).toMatch(/growth of the brighter phase, with 95 % intervals/);
    expect(terminal.output).toMatch(/by grey level {2}\d+ ± \d+ voxels\n/);
    const png = readFileSync(picture);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([112 + 72 + 24, 112 + 72 + 24]);
    // Colour type 3: a palette.
    expect(png[25]).toBe(3);
    const difference = await openVolume(volume);
    expect([difference.slices, difference.rows, difference.columns]).toEqual([72, 112, 112]);
    const slice = await difference.readSlices(24, 1);
    await difference.close();
    const at = (x: number, y: number) => slice[y * 112 + x] ?? Number.NaN;
    const [x, y] = [Math.round(55.5 + 0.2 * 50), Math.round(55.5 - 0.3 * 50)];
    expect(at(x, y)).toBeGreaterThan(0.8);
    expect(Math.abs(at(30, 80))).toBeLessThan(0.3);
    expect(slice.every((value) => Number.isFinite(value))).toBe(true);
  });

  it.each([
    [['one.h5'], /1 volumes given; expected the one before and the one after/],
    [['a.h5', 'b.h5', '--charge', '1'], /--voxel-size: is missing/],
    [['a.h5', 'b.h5', '--charge', '0', '--voxel-size', '2'], /--charge: 0; expected a charge/],
    [
      ['a.h5', 'b.h5', '--voxel-size', '2', '--charge', '1', '--charge-mah', '1'],
      /--charge-mah: and --charge say the same/,
    ],
    [['a.h5', 'b.h5', '--molar-volume', '1e13'], /--molar-volume: needs a charge/],
    [['a.h5', 'b.h5', '--slices', '9-3'], /--slices: "9-3" is not understood/],
    [['a.h5', 'b.h5', '--pitch', '11'], /--pitch: "11" is not understood/],
    [['a.h5', 'b.h5', '--register', 'maybe'], /--register: "maybe"; expected on or off/],
    [['a.h5', 'b.h5', '--threshold', 'high'], /--threshold: "high" is not understood/],
    [['a.h5', 'b.h5', '--preview', '/no/such/folder/a.png'], /the folder .* is not there/],
    [['a.h5', 'b.h5'], /a.h5.*(not there|no such|missing)/i],
  ])('refuses %j', async (words, message) => {
    await expect(compare(...words)).rejects.toThrow(message);
    expect(existsSync('a.h5')).toBe(false);
  });
});
