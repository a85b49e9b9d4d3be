import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseCommandLine } from '../../src/app/command.ts';
import { scanReconstructCommand } from '../../src/app/commands/scan-reconstruct.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describeWithData('operando scan reconstruct', () => {
  const rod = sharedData('tomo/savu-rod');

  async function run(...words: string[]) {
    const terminal = new RecordedTerminal();
    await scanReconstructCommand.run(parseCommandLine(scanReconstructCommand, words), terminal);
    return terminal;
  }

  it('writes the preview and the stripe map, and says what was done', async () => {
    const folder = temporaryFolder();
    const [out, preview, map] = ['rod.h5', 'rod.png', 'map.png'].map((name) => join(folder, name));
    const pictures = ['--preview', preview ?? '', '--stripe-map', map ?? ''];
    await run(rod, '--out', out ?? '', ...pictures, '--pixel-size', '2.5');
    const sizeOf = (path = '') => {
      const png = readFileSync(path);
      expect(png.toString('latin1', 1, 4)).toBe('PNG');
      return [png.readUInt32BE(16), png.readUInt32BE(20)];
    };
    expect(sizeOf(map)).toEqual([160, 135]);
    expect(sizeOf(preview)).toEqual([160 + 135 + 24, 160 + 135 + 24 + 24 + 4 + 15]);
  });

  it.each([
    [['--stripes', 'magic'], /--stripes: "magic" is not offered; expected none or filter or sort/],
    [['--zingers', 'maybe'], /--zingers: "maybe"/],
    [['--edges', 'round'], /--edges: "round"/],
    [['--phase', '0.5'], /--phase: "0.5" is not understood/],
    [['--phase', '0.5,-3', '--pixel-size', '2'], /--phase: "0.5,-3"/],
    [['--phase', '0.5,50'], /--pixel-size: --phase needs the size of a pixel/],
    [['--air-margin', '0'], /--air-margin: "0"/],
    [['--preview', '/no/such/folder/a.png'], /--preview .*the folder .* is not there/],
  ])('refuses %j before any work', async (words, message) => {
    const out = join(temporaryFolder(), 'never.h5');
    await expect(run(rod, '--out', out, ...words)).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});
