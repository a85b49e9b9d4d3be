import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FitParameter } from '../../src/domain/circuit-fit.ts';
import { operando } from '../support/built.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { readVolume } from '../support/volumes.ts';

interface FitDocument {
  readonly results: readonly {
    readonly file: string;
    readonly points: number;
    readonly status: string;
    readonly chiSquare: number;
    readonly rmsPercent: number;
    readonly parameters: readonly FitParameter[];
  }[];
}

async function fitByCommand(circuit: string, ...files: string[]): Promise<FitDocument['results']> {
  const { code, output, errors } = await operando(
    'eis',
    'fit',
    ...files,
    '--circuit',
    circuit,
    '--json',
  );
  expect(code, errors).toBe(0);
  return (JSON.parse(output) as FitDocument).results;
}

describeWithData('eis fit on measured spectra', () => {
  it('finds the best fit of the published example without a guess, and what it cannot know', async () => {
    const [result] = await fitByCommand(
      'R0-p(R1,C1)-p(R2-Wo1,C2)',
      sharedData('eis/exampleData.csv'),
    );
    expect(result?.chiSquare).toBeLessThanOrEqual(1.02 * 1.8388e-2);
    expect(result?.points).toBe(57);
    expect(result?.status).toBe('notIdentifiable');
    const unknown = result?.parameters.filter(({ identifiable }) => !identifiable);
    expect(unknown?.map(({ name }) => name)).toEqual(['Wo1.R', 'Wo1.tau']);
    expect(unknown?.every(({ standardError }) => standardError === null)).toBe(true);
  });

  it('fits 65 spectra in one call', async () => {
    const folder = sharedData('eis/battery-cycling');
    const files = readdirSync(folder).map((name) => join(folder, name));
    const results = await fitByCommand('R0-p(R1,CPE1)-p(R2,CPE2)-CPE3', ...files);
    expect(results).toHaveLength(65);
    expect(results.every(({ status }) => status === 'converged')).toBe(true);
    expect(Math.max(...results.map(({ rmsPercent }) => rmsPercent))).toBeLessThan(1.2);
  });

  it.each([
    ['Circuit1_EIS_1.z', 'R0-p(R1,C1)', [29.14, 46.64, 10.43e-6]],
    ['Circuit3_EIS_1.z', 'R0-p(R1,C1)', [1505, 4632, 20.21e-9]],
  ])('recovers the dummy cell of %s', async (file, circuit, expected) => {
    const [result] = await fitByCommand(circuit, sharedData(`eis/${file}`));
    result?.parameters.forEach(({ value }, at) => {
      expect(Math.abs(value / (expected[at] ?? Number.NaN) - 1)).toBeLessThan(0.01);
    });
  });

  it.each([
    'eis/eis_button_sofc.csv',
    'eis/exampleDataBioLogic.mpt',
    'eis/exampleDataZPlot.z',
    'eis/EISGALV_EISTest3.DTA',
  ])('reads and fits %s', async (file) => {
    const [result] = await fitByCommand('L0-R0-p(R1,CPE1)-p(R2,CPE2)', sharedData(file));
    expect(result?.rmsPercent).toBeLessThan(5);
  });
});

describeWithData('scan reconstruct on measured scans', () => {
  const folder = mkdtempSync(join(tmpdir(), 'operando-scan-'));

  it.each([
    ['tomo/tooth-row0.h5', 295.5, 296.5, [1, 640, 640]],
    ['tomo/savu-rod', 85.5, 86.0, [135, 160, 160]],
  ])('finds the axis of %s and writes its volume', async (source, low, high, shape) => {
    const out = join(folder, `${source.replaceAll(/\W/g, '-')}.h5`);
    const words = [
      'scan',
      'reconstruct',
      sharedData(source),
      '--out',
      out,
      '--axis',
      'auto',
      '--json',
    ];
    const { code, output, errors } = await operando(...words);
    expect(code, errors).toBe(0);
    const summary = JSON.parse(output) as Record<string, unknown>;
    expect(summary).toMatchObject({ axisAgreed: true, algorithm: 'gridding', output: out });
    expect(summary.axisPixel).toBeGreaterThanOrEqual(low);
    expect(summary.axisPixel).toBeLessThanOrEqual(high);
    const volume = await readVolume(out);
    expect([volume.slices, volume.rows, volume.columns]).toEqual(shape);
    expect(volume.voxels.every(Number.isFinite)).toBe(true);
  });

  it('reads an NXtomo scan whose frames are in another file', async () => {
    const out = join(folder, 'k11.h5');
    const source = sharedData('tomo/k11-18014.nxs');
    const words = ['scan', 'reconstruct', source, '--out', out, '--axis', '12.5', '--json'];
    const { code, output, errors } = await operando(...words);
    expect(code, errors).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ views: 3001, slices: 22, columns: 26 });
  });
});
