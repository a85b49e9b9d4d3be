import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { WAVEFORM_BYTES_MAX, WAVEFORM_SAMPLES_MAX } from '../../src/domain/waveform.ts';
import { FileWaveformSpoolFactory } from '../../src/store/waveform-file.ts';
import { temporaryFolder } from './sample-run.ts';

const WAVEFORM = {
  samplingHertz: 8000,
  potentialVolt: Float64Array.of(0.2, 0.21),
  currentAmpere: Float64Array.of(1e-3, -1.02e-9),
};

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}

describe('a file of waveforms', () => {
  it('has a line for each sample under the names of its columns', () => {
    const folder = temporaryFolder();
    const spool = new FileWaveformSpoolFactory(folder).open('spectrum-001');
    spool.add(0, 1000, WAVEFORM);
    spool.add(3, 0.1, { ...WAVEFORM, samplingHertz: 3 });
    // Whole points are there before the end: what a kill leaves.
    expect(readFileSync(join(folder, spool.name), 'utf8').split('\n')).toHaveLength(6);
    spool.finish();
    spool.finish();
    expect(spool.name).toBe('spectrum-001.waveforms.csv');
    expect(readFileSync(join(folder, spool.name), 'utf8')).toBe(
      'point_index,frequency_hertz,time_second,potential_volt,current_ampere\n' +
        '0,1000,0,0.2,0.001\n0,1000,0.000125,0.21,-1.02e-9\n' +
        '3,0.1,0,0.2,0.001\n3,0.1,0.333333333,0.21,-1.02e-9\n',
    );
    expect(codeOf(() => spool.add(4, 1, WAVEFORM))).toBe('storage');
  });

  it('takes no more than is counted for it, with the longest numbers an instrument sends', () => {
    const folder = temporaryFolder();
    const random = new Random(5);
    const noise = (unit: number) =>
      (Math.round((random.uniform() - 0.5) * 2 ** 28) * 1e9) / 1e9 / unit;
    const longest = (unit: number) =>
      Float64Array.from({ length: WAVEFORM_SAMPLES_MAX }, () => noise(unit));
    const spool = new FileWaveformSpoolFactory(folder).open('spectrum-001');
    const header = statSync(join(folder, spool.name)).size;
    spool.add(999, 123_456.789, {
      samplingHertz: 999_999.7,
      potentialVolt: longest(1e9),
      currentAmpere: longest(1e15),
    });
    const bytes = statSync(join(folder, spool.name)).size - header;
    expect(bytes).toBeLessThanOrEqual(WAVEFORM_BYTES_MAX);
    expect(bytes).toBeGreaterThan(0.7 * WAVEFORM_BYTES_MAX);
  });

  it('refuses what is beyond its size, a name that is taken, and one that is none', () => {
    const folder = temporaryFolder();
    const small = new FileWaveformSpoolFactory(folder, 150).open('spectrum-001');
    small.add(0, 1000, WAVEFORM);
    expect(codeOf(() => small.add(1, 1000, WAVEFORM))).toBe('capacity');
    small.finish();
    expect(readFileSync(join(folder, small.name), 'utf8').split('\n')).toHaveLength(4);
    writeFileSync(join(folder, 'spectrum-002.waveforms.csv'), 'earlier');
    const factory = new FileWaveformSpoolFactory(folder);
    expect(codeOf(() => factory.open('spectrum-002'))).toBe('storage');
    expect(codeOf(() => factory.open('../spectrum-003'))).toBe('badInput');
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('is refused beforehand on a disk that has no room for it', () => {
    const free = (bytes: number) => new FileWaveformSpoolFactory('nowhere', 1e9, () => bytes);
    expect(free(2 ** 30).refusal(WAVEFORM_BYTES_MAX)).toBeUndefined();
    expect(free(2 ** 20).refusal(WAVEFORM_BYTES_MAX)).toContain('1 MiB that are free');
    expect(free(Number.NaN).refusal(WAVEFORM_BYTES_MAX)).toBeUndefined();
  });
});
