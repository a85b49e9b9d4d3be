import { describe, expect, it } from 'vitest';
import { findRotationAxis } from '../../src/analysis/rotation-axis.ts';
import { AXIS_FINDERS, AXIS_RANGE } from '../../src/analysis/tomography-axis-finding.ts';
import { sliceMetricAxis } from '../../src/analysis/tomography-axis-slices.ts';
import { Random } from '../../src/domain/random.ts';
import { readScan } from '../../src/formats/read-scan.ts';
import { readTiff } from '../../src/formats/tiff-file.ts';
import { evenAngles, phantomSinogram } from '../kernels/tomography-phantom.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { reconstructed } from './memory-volume.ts';

/** Noise of a signal-to-noise ratio of 20 at the thickest line, and a fixed detector pattern. */
function spoil(sinogram: Float32Array, columns: number, seed: number): Float32Array {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const peak = sinogram.reduce((most, value) => Math.max(most, value), 0);
  const pattern = Array.from({ length: columns }, () =>
    uniform() < 0.1 ? 0.05 * peak * normal() : 0,
  );
  return sinogram.map((value, at) => value + (peak / 20) * normal() + (pattern[at % columns] ?? 0));
}

function phantomData(options: {
  offset: number;
  views?: number;
  spanRadian?: number;
  seed?: number;
}) {
  const columns = 256;
  const axisPixel = (columns - 1) / 2 + options.offset;
  const anglesRadian = evenAngles(options.views ?? 300, options.spanRadian);
  const radiusPixel = 0.37 * columns;
  const sinogram = phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel });
  const sinograms = [
    options.seed === undefined ? sinogram : spoil(sinogram, columns, options.seed),
  ];
  return { axisPixel, data: { kind: 'attenuation', columns, anglesRadian, sinograms } as const };
}

describe('finding the rotation axis', () => {
  it.each([
    -30, -12.4, 0, 0.3, 7.75, 30,
  ])('is right to a tenth of a pixel, %f off the middle', (offset) => {
    const { axisPixel, data } = phantomData({ offset });
    const found = findRotationAxis(data);
    expect(Math.abs(found.axisPixel - axisPixel)).toBeLessThan(0.1);
    expect(found.agreed).toBe(true);
    expect(found.atRangeEdge).toBe(false);
  });

  it.each([
    1, 2, 3, 4,
  ])('is right to a tenth of a pixel through noise and rings, seed %i', (seed) => {
    const { axisPixel, data } = phantomData({ offset: 11.3 * (seed - 2), seed });
    const found = findRotationAxis(data);
    expect(Math.abs(found.axisPixel - axisPixel)).toBeLessThan(0.1);
    expect(found.agreed).toBe(true);
  });

  it('works on a full turn', () => {
    const { axisPixel, data } = phantomData({ offset: -9.2, views: 401, spanRadian: 2 * Math.PI });
    const found = findRotationAxis(data);
    expect(Math.abs(found.axisPixel - axisPixel)).toBeLessThan(0.1);
    expect(found.agreed).toBe(true);
  });

  it.each([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
  ])('is right on four noisy rows anywhere, on a half or a full turn, seed %i', (seed) => {
    const random = new Random(seed);
    const offset = 60 * random.uniform() - 30;
    const spanRadian = seed % 2 === 0 ? Math.PI : 2 * Math.PI;
    const { axisPixel, data } = phantomData({ offset, spanRadian });
    const [clean = new Float32Array(0)] = data.sinograms;
    const sinograms = [1, 2, 3, 4].map((row) => spoil(clean, data.columns, 100 * seed + row));
    const found = findRotationAxis({ ...data, sinograms });
    expect(Math.abs(found.axisPixel - axisPixel)).toBeLessThan(0.1);
    expect(found.agreed).toBe(true);
    expect(found.findings.map(({ finder }) => finder).sort()).toEqual([...AXIS_FINDERS].sort());
  });

  it('says who agrees, and that nothing confirms a lone finder', () => {
    const { data } = phantomData({ offset: 3 });
    expect(findRotationAxis(data).reason).toMatch(/slice metric \(130\.[45]\d\).* agree$/);
    const third = phantomData({ offset: 3, spanRadian: (2 * Math.PI) / 3 });
    const { agreed, reason } = findRotationAxis(third.data);
    expect(agreed).toBe(false);
    expect(reason).toMatch(/nothing confirms|no finder sees an axis/);
  });

  it('looks further out by itself when the axis is not in the middle half', () => {
    const { axisPixel, data } = phantomData({ offset: -90 });
    const found = findRotationAxis(data);
    expect(found.rangeWidened).toBe(true);
    if (found.agreed) expect(Math.abs(found.axisPixel - axisPixel)).toBeLessThan(1);
    else expect(found.atRangeEdge).toBe(true);
  });

  it.each([
    70, 80, -75, -90, 98, 110,
  ])('flags an axis that it cannot be sure of, %i off the middle', (offset) => {
    const { axisPixel, data } = phantomData({ offset });
    const found = findRotationAxis(data);
    const isRight = Math.abs(found.axisPixel - axisPixel) < 1;
    expect(found.rangeWidened).toBe(true);
    // Either right, or not agreed: never agreed and wrong.
    expect(isRight || !found.agreed).toBe(true);
  });

  it.each([1, 2, 3])('says nothing sure of noise by slices alone, seed %i', (seed) => {
    const { data } = phantomData({ offset: 0 });
    const random = new Random(seed);
    const noise = Float32Array.from(data.sinograms[0] ?? [], () => random.normal());
    const finding = sliceMetricAxis({ ...data, sinograms: [noise] }, AXIS_RANGE, 120);
    expect(finding === undefined || finding.atRangeEdge).toBe(true);
  });

  it('flags the slice metric at the edge of its range', () => {
    const { data } = phantomData({ offset: 20 });
    const finding = sliceMetricAxis(data, AXIS_RANGE, 137);
    expect(finding?.atRangeEdge).toBe(true);
    const near = sliceMetricAxis(data, AXIS_RANGE, 145);
    expect(near?.atRangeEdge).toBe(false);
    expect(near?.axisPixel).toBeCloseTo(147.5, 1);
  });

  it('refuses transmissions and counts, and says what to give', () => {
    const { data } = phantomData({ offset: 5 });
    const asked = /expected attenuation: give -log data/;
    const of = (map: (value: number) => number) => ({
      ...data,
      sinograms: data.sinograms.map((s) => s.map(map)),
    });
    const transmissions = of((value) => Math.exp(-value / 50));
    expect(() => findRotationAxis(transmissions)).toThrow(/look like transmissions: about 1/);
    expect(() => findRotationAxis(transmissions)).toThrow(asked);
    const counts = of((value) => 40_000 * Math.exp(-value / 50));
    expect(() => findRotationAxis(counts)).toThrow(/look like detector counts/);
  });

  it('takes -log data whatever their scale', () => {
    for (const scale of [1e-3, 1 / 50, 1, 20]) {
      const { data } = phantomData({ offset: 5 });
      const sinograms = data.sinograms.map((s) => s.map((value) => scale * value));
      expect(findRotationAxis({ ...data, sinograms }).agreed).toBe(true);
    }
  });

  it('does not claim agreement for less than half a turn', () => {
    const { data } = phantomData({ offset: 5, spanRadian: Math.PI / 2 });
    expect(findRotationAxis(data).agreed).toBe(false);
  });

  it('answers the middle, without agreement, when there is nothing to see', () => {
    const { data } = phantomData({ offset: 0 });
    const sinograms = [new Float32Array(data.anglesRadian.length * data.columns)];
    const found = findRotationAxis({ ...data, sinograms });
    expect(Number.isFinite(found.axisPixel)).toBe(true);
    expect(found.agreed).toBe(false);
  });

  it('refuses a sinogram that does not fit the angles', () => {
    const { data } = phantomData({ offset: 0 });
    const sinograms = [new Float32Array(10)];
    expect(() => findRotationAxis({ ...data, sinograms })).toThrow(
      /sinogram 1: 10 values; expected 300 views/,
    );
  });
});

describeWithData('the rotation axis of measured scans', () => {
  it.each([
    ['tooth-row0.h5', 296.0, 0.5],
    ['savu-rod', 85.75, 0.25],
  ])('of %s is at column %f', async (source, expected, tolerance) => {
    const scan = await readScan(sharedData(`tomo/${source}`));
    const { summary } = await reconstructed(scan, { algorithm: 'gridding', axis: 'auto' });
    expect(Math.abs(summary.axisPixel - expected)).toBeLessThanOrEqual(tolerance);
    expect(summary.axisAgreed).toBe(true);
  });

  it('of a full turn with strong rings is at column 245.5', async () => {
    const [page] = await readTiff(sharedData('tomo/neutron-sinogram-360.tif'));
    const counts = page?.pixels ?? new Uint16Array(0);
    const columns = page?.columns ?? 0;
    const found = findRotationAxis({
      kind: 'attenuation',
      columns,
      anglesRadian: evenAngles(counts.length / columns, 2 * Math.PI),
      sinograms: [Float32Array.from(counts, (count) => -Math.log(Math.max(count, 1) / 48_000))],
    });
    expect(Math.abs(found.axisPixel - 245.5)).toBeLessThanOrEqual(0.5);
    expect(found.agreed).toBe(true);
  });
});
