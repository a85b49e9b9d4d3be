import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operando } from '../support/built.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describeWithData('operando scan live on measured scans', () => {
  it('replays a series, each view in the place of one before, and writes its planes', async () => {
    const rod = sharedData('tomo/savu-rod');
    const out = join(temporaryFolder(), 'live');
    const { code, output, errors } = await operando(
      ...['scan', 'live', rod, rod, '--out', out, '--every', '50', '--pixel-size', '2.5', '--json'],
    );
    expect(errors).toBe('');
    expect(code).toBe(0);
    const { scans } = JSON.parse(output);
    const whole = {
      views: 91,
      viewsUsed: 91,
      viewsLost: 0,
      viewsRepeated: 0,
      problems: [],
      pixelSizeUm: 2.5,
    };
    expect(scans[0]).toMatchObject({ ...whole, mode: 'fillIn', picturesSkipped: 0, binning: 1 });
    expect(scans[1]).toMatchObject({ ...whole, mode: 'difference' });
    // The last view looks along the first, so that they share a weight.
    expect(scans[1].viewsTakenOut).toBeLessThanOrEqual(2);
    for (const { axisPixel, latencyMs, viewsPerSecond, images } of scans) {
      expect(axisPixel).toBeGreaterThan(85.4);
      expect(axisPixel).toBeLessThan(86.1);
      expect(latencyMs.p99).toBeGreaterThanOrEqual(latencyMs.p50);
      expect(viewsPerSecond).toBeGreaterThan(0);
      expect(images).toHaveLength(8);
      for (const file of images) expect(existsSync(file)).toBe(true);
    }
    expect(readdirSync(out)).toContain('2-savu-rod-00050-oblique.png');
  }, 60_000);

  it('takes every view of a stream, and says it in words', async () => {
    const { code, output } = await operando(
      ...['scan', 'live', sharedData('tomo/k11-18014.nxs'), '--axis', '12'],
    );
    expect(code).toBe(0);
    expect(output).toMatch(/3001 of 3001 views\n {2}slices filled view by view/);
    expect(output).toMatch(
      /views\/s, pictures [\d.]+ ms after their frame \(p99 [\d.]+ ms\), 0 skip/,
    );
  }, 60_000);
});

describe('operando scan live with bad input', () => {
  it.each([
    [['nowhere.h5'], /nowhere\.h5/],
    [[], /0 sources given; expected 1 to 100/],
    [['a.h5', '--every', '5'], /--every needs a folder/],
    [['a.h5', '--speed', 'fast'], /--speed: "fast" is not understood/],
    [['a.h5', '--axis', '-3'], /--axis/],
    [['a.h5', '--vertical', '30'], /--vertical: "30" is not understood: expected two angles/],
    [['a.h5', '--oblique', '30,up'], /--oblique: "30,up" is not understood/],
    [['a.h5', '--out', 'package.json'], /--out package\.json: is a file; expected a folder/],
  ])('refuses %j with exit code 2', async (words, message) => {
    const { code, errors } = await operando('scan', 'live', ...words);
    expect(errors).toMatch(message);
    expect(code).toBe(2);
  });

  it('refuses an empty file by its name', async () => {
    const path = join(temporaryFolder(), 'empty.frames');
    writeFileSync(path, '');
    const { code, errors } = await operando('scan', 'live', path);
    expect(errors).toContain(path);
    expect(code).toBe(2);
  });
});
