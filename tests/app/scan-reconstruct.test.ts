import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/app/command.ts';
import { scanReconstructCommand } from '../../src/app/commands/scan-reconstruct.ts';
import { operando } from '../support/built.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';
import { writeFramesFile } from '../support/scan-file.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { readVolume } from '../support/volumes.ts';

async function run(...words: string[]) {
  const terminal = new RecordedTerminal();
  await scanReconstructCommand.run(parseCommandLine(scanReconstructCommand, words), terminal);
  return terminal;
}

describeWithData('operando scan reconstruct, of the rod', () => {
  const rod = sharedData('tomo/savu-rod');

  it('writes the preview and the stripe map, and says what was done', async () => {
    const folder = temporaryFolder();
    const path = (name: string) => join(folder, name);
    const pictures = ['--preview', path('rod.png'), '--stripe-map', path('map.png')];
    const options = ['--out', path('rod.h5'), ...pictures, '--pixel-size', '2.5'];
    const { code, output, errors } = await operando('scan', 'reconstruct', rod, ...options);
    expect(code, errors).toBe(0);
    expect(output).toMatch(
      /^135 slices of 160 × 160 from 91 views\n {2}rotation axis at column 85\./,
    );
    expect(output).toContain(`${path('rod.h5')} (float32)`);
    const sizeOf = (name: string) => {
      const png = readFileSync(path(name));
      expect(png.toString('latin1', 1, 4)).toBe('PNG');
      return [png.readUInt32BE(16), png.readUInt32BE(20)];
    };
    expect(sizeOf('map.png')).toEqual([160, 135]);
    expect(sizeOf('rod.png')).toEqual([160 + 135 + 24, 160 + 135 + 24 + 24 + 4 + 15]);
    expect(readdirSync(folder).sort()).toEqual(['map.png', 'rod.h5', 'rod.png']);
  });

  it('stores whole numbers that mean nearly the same', async () => {
    const folder = temporaryFolder();
    const volumes = [];
    for (const voxels of ['float32', 'uint16', 'uint8']) {
      const out = join(folder, `${voxels}.h5`);
      const words = ['scan', 'reconstruct', rod, '--out', out, '--voxels', voxels, '--json'];
      const { code, output, errors } = await operando(...words);
      expect(code, errors).toBe(0);
      const told = JSON.parse(output) as { voxels: { type: string; stepPerPixel: number } };
      expect(told.voxels.type).toBe(voxels);
      volumes.push({ ...(await readVolume(out)), step: told.voxels.stepPerPixel });
    }
    const [exact, ...rounded] = volumes;
    for (const { voxels, step } of rounded) {
      const off = voxels.reduce(
        (count, value, at) =>
          count + (Math.abs(value - (exact?.voxels[at] ?? 0)) > 0.501 * step ? 1 : 0),
        0,
      );
      // Only what the scale could not hold, a few voxels in ten thousand, is further off.
      expect(off / voxels.length).toBeLessThan(1e-3);
    }
  });
});

describe('operando scan reconstruct', () => {
  it('takes the frames of a run, leaves out damaged ones and names them', async () => {
    const folder = temporaryFolder();
    const path = writeFramesFile(folder, { views: 60, rows: 5, columns: 64 });
    const bytes = readFileSync(path);
    // Pixels of view 2; the header of view 9: behind a dark and a flat field.
    const frameBytes = 40 + 2 * 5 * 64;
    bytes.fill(0xee, 16 + 4 * frameBytes + 60, 16 + 4 * frameBytes + 80);
    bytes.fill(0, 16 + 11 * frameBytes, 16 + 11 * frameBytes + 8);
    writeFileSync(path, bytes);
    const out = join(folder, 'v.h5');
    const { code, output, errors } = await operando(
      'scan',
      'reconstruct',
      path,
      '--out',
      out,
      '--json',
    );
    expect(code, errors).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      slices: 5,
      columns: 64,
      views: 59,
      conditioning: { viewsLost: 1 },
      problems: [{ where: `${path}, frame 12 of 62` }, { where: `${path}, projection 2` }],
    });
    const { voxels } = await readVolume(out);
    expect(voxels.every(Number.isFinite)).toBe(true);
  });

  it('takes the beam of each view out of the slices', async () => {
    const size = { views: 60, rows: 2, columns: 64 };
    // The ring current decays by a quarter, and is filled up again for the last views.
    const beam = Array.from({ length: size.views }, (_, view) =>
      view < 45 ? Math.exp(-view / 150) : 1,
    );
    const column = join(temporaryFolder(), 'beam.txt');
    writeFileSync(column, `# against the flats\n${beam.join('\n')}\n`);
    const slices = async (scan: Parameters<typeof writeFramesFile>[1], ...words: string[]) => {
      const folder = temporaryFolder();
      const out = join(folder, 'v.h5');
      const path = writeFramesFile(folder, scan);
      const options = ['--out', out, '--axis', '31.5', ...words];
      const { code, errors } = await operando('scan', 'reconstruct', path, ...options);
      expect(code, errors).toBe(0);
      return (await readVolume(out)).voxels;
    };
    const steady = await slices(size);
    const rms = (voxels: Float32Array) =>
      Math.sqrt(
        voxels.reduce((sum, value, at) => sum + (value - (steady[at] ?? 0)) ** 2, 0) /
          voxels.length,
      );
    const known = rms(await slices({ ...size, beam }, '--beam', column));
    const unknown = rms(await slices({ ...size, beam }));
    expect(known).toBeLessThan(unknown / 5);
  });

  it('refuses a beam that does not fit the scan', async () => {
    const folder = temporaryFolder();
    const path = writeFramesFile(folder, { views: 4, rows: 2, columns: 8 });
    const out = join(folder, 'never.h5');
    const refusal = (text: string, ...words: string[]) => {
      const column = join(folder, 'beam.txt');
      writeFileSync(column, text);
      return expect(run(path, '--out', out, '--beam', column, ...words)).rejects;
    };
    await refusal('1\n1\n1\n').toThrow(/3 values for 4 views; expected one for each/);
    await refusal('1\n0\n1\n1\n').toThrow(/view 2 has 0; expected a number above 0/);
    await refusal('1\nfull\n1\n1\n').toThrow(/beam\.txt.*2/);
    await refusal('1\n1\n1\n1\n', '--air-margin', '2').toThrow(/--beam/);
    expect(existsSync(out)).toBe(false);
  });

  it('makes slices of few views by iteration', async () => {
    const folder = temporaryFolder();
    const path = writeFramesFile(folder, { views: 24, rows: 3, columns: 64 });
    const out = join(folder, 'v.h5');
    const options = ['--algorithm', 'sirt', '--iterations', '10', '--tv', '0.001', '--json'];
    const { code, output, errors } = await operando(
      'scan',
      'reconstruct',
      path,
      '--out',
      out,
      ...options,
    );
    expect(code, errors).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ algorithm: 'sirt', slices: 3 });
  });

  it.each([
    [['--stripes', 'magic'], /--stripes: "magic" is not offered; expected none or filter or sort/],
    [['--zingers', 'maybe'], /--zingers: "maybe"/],
    [['--edges', 'round'], /--edges: "round"/],
    [['--phase', '0.5'], /--phase: "0.5" is not understood/],
    [['--phase', '0.5,-3', '--pixel-size', '2'], /--phase: "0.5,-3"/],
    [['--phase', '0.5,50'], /--pixel-size: --phase needs the size of a pixel/],
    [['--air-margin', '0'], /--air-margin: "0"/],
    [['--voxels', 'int8'], /--voxels: "int8" is not offered; expected auto or float32 or uint16/],
    [['--workers', '0'], /--workers: "0" is not understood/],
    [['--workers', '1.5'], /--workers: "1.5"/],
    [['--iterations', '10'], /--iterations: means something to --algorithm sirt only/],
    [
      ['--algorithm', 'fbp', '--tv', '0.1'],
      /--tv: means something to --algorithm sirt only; got fbp/,
    ],
    [['--algorithm', 'sirt', '--subsets', '0'], /--subsets: "0"/],
    [['--preview', '/no/such/folder/a.png'], /--preview .*the folder .* is not there/],
    [['another'], /2 sources given; expected one/],
  ])('refuses %j before any work', async (words, message) => {
    const folder = temporaryFolder();
    const out = join(folder, 'never.h5');
    await expect(run(join(folder, 'scan.h5'), '--out', out, ...words)).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });

  it('refuses to write over the scan', async () => {
    const path = writeFramesFile(temporaryFolder(), { views: 4, rows: 2, columns: 8 });
    await expect(run(path, '--out', path)).rejects.toThrow(
      /is the scan itself; expected another file/,
    );
  });

  it('refuses a scan that is not there', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'never.h5');
    for (const name of ['gone.frames', 'gone.h5']) {
      await expect(run(join(folder, name), '--out', out)).rejects.toMatchObject({
        code: 'fileMissing',
      });
    }
  });
});
