import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseCommandLine } from '../../src/app/command.ts';
import { scanAxisCommand } from '../../src/app/commands/scan-axis.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describeWithData('operando scan axis', () => {
  const rod = sharedData('tomo/savu-rod');

  async function run(...words: string[]): Promise<string> {
    const terminal = new RecordedTerminal();
    await scanAxisCommand.run(parseCommandLine(scanAxisCommand, words), terminal);
    return terminal.output;
  }

  it.each([
    ['tooth-row0.h5', 296, 0.5],
    ['savu-rod', 85.75, 0.25],
  ])('finds that of %s at %f, agreed on by three at least', async (source, expected, tolerance) => {
    const found = JSON.parse(await run(sharedData(`tomo/${source}`), '--json'));
    expect(Math.abs(found.axisPixel - expected)).toBeLessThanOrEqual(tolerance);
    expect(found.agreed).toBe(true);
    expect(found.atRangeEdge).toBe(false);
    expect(found.findings.length).toBeGreaterThanOrEqual(3);
  });

  it('shows what each row says, and no tilt where there is none', async () => {
    const found = JSON.parse(await run(rod, '--rows', '40,60,80,100', '--json'));
    expect(found.rows.map(({ row }: { row: number }) => row)).toEqual([40, 60, 80, 100]);
    expect(found.tilt.isSignificant).toBe(false);
    const text = await run(rod, '--rows', '67,81');
    expect(text).toMatch(/^rotation axis at column 8[56]\.\d\d\n/);
    expect(text).toMatch(/row 67: 8[56]\.\d\d/);
    expect(text).toMatch(/slice metric: 8[56]\.\d\d/);
  });

  it('is sensible about a tiny detector, or says that it is not sure', async () => {
    const found = JSON.parse(await run(sharedData('tomo/k11-18014.nxs'), '--json'));
    if (found.agreed) expect(Math.abs(found.axisPixel - 13)).toBeLessThan(2);
    else expect(found.reason).toMatch(/disagree|nothing confirms/);
  });

  it('writes five slices side by side', async () => {
    const preview = join(temporaryFolder(), 'axis.png');
    await run(rod, '--row', '67', '--preview', preview);
    const png = readFileSync(preview);
    expect(png.toString('latin1', 1, 4)).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([5 * 160 + 4 * 4, 160]);
  });

  it.each([
    [['--row', '135'], /has no detector row 135; expected whole numbers from 0 to 134/],
    [['--row', 'x'], /--row: "x" is not understood: expected a detector row/],
    [['--row', '1,2'], /--row: "1,2"/],
    [['--rows', '1,,2'], /--rows: "1,,2" is not understood/],
    [['--row', '1', '--rows', '2'], /--row: given together with --rows/],
    [['--preview', '/no/such/folder/a.png'], /--preview .*the folder .* is not there/],
  ])('refuses %j', async (words, message) => {
    await expect(run(rod, ...words)).rejects.toThrow(message);
  });

  it('refuses a source that is not there, and none', async () => {
    await expect(run('/no/such/scan.h5')).rejects.toThrow(/no\/such\/scan\.h5/);
    await expect(run()).rejects.toThrow(/0 sources given; expected one/);
  });
});
