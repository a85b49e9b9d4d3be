import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/app/command.ts';
import { scanSegmentCommand } from '../../src/app/commands/scan-segment.ts';
import type { Segmentation, TrackedParticle } from '../../src/domain/segmentation.ts';
import { NxtomoVolumeWriter } from '../../src/formats/nxtomo-volume.ts';
import { openVolume } from '../../src/formats/open-volume.ts';
import { BRIGHT, DARK, inBall, phantomVolume } from '../analysis/volume-phantom.ts';
import { operando } from '../support/built.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SIDE = 48;
const SLICES = 40;
const BALL = { column: 20, row: 25, slice: 27, radius: 5 };

async function run(...words: string[]) {
  const terminal = new RecordedTerminal();
  await scanSegmentCommand.run(parseCommandLine(scanSegmentCommand, words), terminal);
  return terminal;
}

describe('operando scan segment', () => {
  let folder = '';
  let volume = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'operando-segment-'));
    volume = join(folder, 'volume.h5');
    const source = phantomVolume({
      slices: SLICES,
      side: SIDE,
      type: 'uint8',
      noise: 0.0008,
      valueAt: (x, y, z) => (z < 12 || inBall(BALL, x, y, z) ? DARK : BRIGHT),
    });
    await new NxtomoVolumeWriter().write(volume, source, {
      slices: SLICES,
      rows: SIDE,
      columns: SIDE,
      views: 100,
      axisPixel: 23.5,
      axisAgreed: true,
      algorithm: 'gridding',
      durationMs: 1,
    });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('writes everything that is asked for, and says what it found', async () => {
    const out = temporaryFolder();
    const at = (name: string) => join(out, name);
    const terminal = await run(
      ...[volume, '--interface', 'top', '--voxel-size', '2.5'],
      ...['--labels', at('labels.h5'), '--tables', at('voids.csv'), '--preview', at('phases.png')],
      ...['--plot', at('porosity.svg'), '--series', at('series.json')],
    );
    expect(terminal.output).toMatch(/threshold 0\.00\d+ ± .* per pixel, found \(Otsu\)/);
    expect(terminal.output).toMatch(/\n1 void\n/);
    expect(terminal.output).toMatch(/interface at slice 11\.\d\d in the middle/);
    expect(terminal.output).toMatch(/depth \(µm\)/);
    const labels = await openVolume(at('labels.h5'));
    const slice = await labels.readSlices(BALL.slice, 1);
    await labels.close();
    expect(slice[BALL.row * SIDE + BALL.column]).toBe(1);
    expect(slice[24 * SIDE + 40]).toBe(2);
    expect(slice[0]).toBe(0);
    const voids = readFileSync(at('voids.csv'), 'utf8').trim().split('\n');
    expect(voids).toHaveLength(2);
    expect(voids[1]).toMatch(/^void,\d+,/);
    const porosity = readFileSync(at('voids.porosity.csv'), 'utf8').trim().split('\n');
    expect(porosity.length).toBeGreaterThan(3);
    const png = readFileSync(at('phases.png'));
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[25]]).toEqual([
      SIDE + SLICES + 24,
      SIDE + SLICES + 24,
      3,
    ]);
    expect(readFileSync(at('porosity.svg'), 'utf8')).toContain('porosity (vol %)');
    expect(readdirSync(out).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('prints one JSON document, whose interface and series the next scan can use', async () => {
    const out = temporaryFolder();
    const [series, result] = [join(out, 'series.json'), join(out, 'first.json')];
    const first = await run(volume, '--interface', 'top', '--series', series, '--tables', result);
    expect(first.output).toContain('found (Otsu)');
    const second = await run(volume, '--interface', result, '--series', series, '--json');
    const segmentation = JSON.parse(second.output) as Segmentation;
    expect(segmentation.threshold.origin).toBe('series');
    expect(segmentation.tables[0]?.components).toBe(1);
    const before = JSON.parse(readFileSync(result, 'utf8')) as Segmentation;
    expect(segmentation.interface).toEqual(before.interface);
    expect(segmentation.threshold.valuePerPixel).toBe(before.threshold.valuePerPixel);
    expect(segmentation.porosity.map(({ voidVoxels }) => voidVoxels)).toEqual(
      before.porosity.map(({ voidVoxels }) => voidVoxels),
    );
    expect((JSON.parse(readFileSync(series, 'utf8')) as { scans: number }).scans).toBe(2);
  });

  it.each([
    [['--threshold', 'high'], /--threshold: "high" is not understood/],
    [['--threshold', '7'], /threshold: 7 lies outside the grey values/],
    [['--phase', 'grey'], /--phase: "grey" is not offered; expected dark or bright/],
    [['--interface', 'left'], /--interface: "left" is not understood/],
    [['--interface', '/no/such.json'], /no\/such\.json/],
    [['--classes', '4'], /--classes: "4"/],
    [['--voxel-size', '0'], /--voxel-size: "0"/],
    [['--tables', 'voids.txt'], /--tables: "voids.txt" .* ends in .csv or .json/],
    [['--preview', '/no/such/folder/a.png'], /--preview .*the folder .* is not there/],
    [['--interface', 'bottom'], /interface: the electrode ends inside the volume in only 0 places/],
  ])('refuses %j', async (words, message) => {
    await expect(run(volume, ...words)).rejects.toThrow(message);
  });

  it('finds a particle of the scan before again, says how far it went and how far it may go', async () => {
    const out = temporaryFolder();
    const scans = await Promise.all(
      [0, 3].map(async (sunk) => {
        const ball = { column: 22, row: 25, slice: 24 + sunk, radius: 4 };
        const path = join(out, `scan-${sunk}.h5`);
        const source = phantomVolume({
          slices: SLICES,
          side: SIDE,
          type: 'uint8',
          noise: 0.0008,
          valueAt: (x, y, z) => (z < 12 || inBall(ball, x, y, z) ? BRIGHT : DARK),
        });
        const summary = { views: 100, axisPixel: 23.5, axisAgreed: true, durationMs: 1 };
        await new NxtomoVolumeWriter().write(path, source, {
          ...{ slices: SLICES, rows: SIDE, columns: SIDE, algorithm: 'gridding' },
          ...summary,
        });
        return path;
      }),
    );
    const [before = '', after = ''] = scans;
    // The median would take the tip of the ball off, which is one voxel wide.
    const words = [
      '--phase',
      'bright',
      '--interface',
      'top',
      '--voxel-size',
      '2.5',
      '--median',
      'off',
    ];
    const result = join(out, 'before.json');
    await run(before, ...words, '--tables', result);
    const found = await run(after, ...words, '--track', result, '--json');
    const { tracked } = JSON.parse(found.output) as { tracked: TrackedParticle[] };
    expect(tracked).toHaveLength(1);
    expect(tracked[0]?.movedVoxel).toBeCloseTo(3, 1);
    expect(tracked[0]?.toBottom?.voxel).toBe(SLICES - 1 - (24 + 3 + 4));
    const text = await run(after, ...words, '--track', result);
    expect(text.output).toMatch(/22\.0, 25\.0, 24\.0 +22\.0, 25\.0, 27\.0 +3\.00 +20\.0 µm/);
    const lost = await run(after, ...words, '--track', result, '--track-reach', '1');
    expect(lost.output).toMatch(/not found/);
    await expect(run(after, ...words, '--track', '/no/such.json')).rejects.toThrow(/such\.json/);
  });

  it('leaves no unfinished label volume behind', async () => {
    const out = temporaryFolder();
    const labels = join(out, 'labels.h5');
    await expect(run(volume, '--threshold', '7', '--labels', labels)).rejects.toThrow(/threshold/);
    expect(existsSync(labels)).toBe(false);
    expect(readdirSync(out)).toEqual([]);
  });

  it('gives the same on two threads of the built program', async () => {
    const here = await run(volume, '--interface', 'top', '--json');
    const built = await operando('scan', 'segment', volume, '--interface', 'top', '--json');
    expect(built.errors).toBe('');
    expect(built.code).toBe(0);
    expect(JSON.parse(built.output)).toEqual(JSON.parse(here.output));
  });

  it('names every problem of a series file', async () => {
    await expect(run(volume, '--series', volume.replace('.h5', '.json'))).resolves.toBeDefined();
    await expect(run(volume, '--interface', join(folder, 'volume.json'))).rejects.toThrow(
      /volume\.json: interface/,
    );
  });
});
