import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { spacingMetre } from '../../src/analysis/diffraction.ts';
import { type FittedPeak, fitPeak, type NoPeak } from '../../src/analysis/peak-fit.ts';
import type { PeakShape } from '../../src/analysis/peak-model.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { type CountedLine, countedSpectrum, deviationOf } from './counted-spectrum.ts';

const WINDOW = { from: 62.8, to: 65.6 };
const LINE: CountedLine = { position: 64.212, width: 0.35, area: 400 };
const GAUSSIAN: PeakShape = { shape: 'gaussian', background: 'linear', beside: [] };
const VOIGT: PeakShape = { ...GAUSSIAN, shape: 'pseudoVoigt' };
const SEEDS = Array.from({ length: 120 }, (_, at) => at + 1);

type Counted = Omit<Parameters<typeof countedSpectrum>[0], 'seed'>;

function found(peak: FittedPeak | NoPeak): FittedPeak {
  if (peak.determined) return peak;
  throw new Error(peak.reason);
}

async function peakOf(options: Counted, shape = VOIGT, window = WINDOW, seed = 1) {
  return fitPeak(await countedSpectrum({ seed, ...options }), window, shape);
}

async function reasonOf(...of: Parameters<typeof peakOf>): Promise<string> {
  const peak = await peakOf(...of);
  if (peak.determined) throw new Error(`determined at ${peak.position}`);
  return peak.reason;
}

/** Differences from the truth over their errors: 0 ± 1 when the errors are right. */
async function pulls(options: Counted, shape: PeakShape, window = WINDOW) {
  const [line = LINE] = options.lines;
  const peaks: { peak: FittedPeak; liveSecond: number }[] = [];
  for (const seed of SEEDS) {
    const spectrum = await countedSpectrum({ seed, ...options });
    const peak = fitPeak(spectrum, window, shape);
    if (peak.determined) peaks.push({ peak, liveSecond: spectrum.liveSecond });
  }
  const area = line.area * (1 + (line.partner?.ratio ?? 0));
  return {
    count: peaks.length,
    position: deviationOf(
      peaks.map(({ peak }) => (peak.position - line.position) / peak.positionError),
    ),
    area: deviationOf(
      peaks.map(({ peak, liveSecond }) => (peak.area - area * liveSecond) / peak.areaError),
    ),
    width: deviationOf(peaks.map(({ peak }) => peak.width)),
  };
}

describe('a peak of known truth, over many countings', () => {
  it.each([
    ['a Gaussian as a Gaussian', { lines: [LINE] }, GAUSSIAN],
    ['a Gaussian as a pseudo-Voigt line', { lines: [LINE] }, VOIGT],
    ['a pseudo-Voigt line', { lines: [{ ...LINE, lorentzian: 0.3 }] }, VOIGT],
    [
      'a doublet',
      { lines: [{ ...LINE, lorentzian: 0.3, partner: { split: 0.3, ratio: 0.5 } }] },
      { ...VOIGT, partner: { split: 0.3, ratio: 0.5 } },
    ],
    [
      'a line of photoelectrons with its step',
      { lines: [{ ...LINE, lorentzian: 0.3 }], step: 0.003 },
      { ...VOIGT, background: 'step' as const },
    ],
    [
      'a line of some ten counts',
      { lines: [{ ...LINE, area: 2 }], background: [0.02, 0.02] as const },
      GAUSSIAN,
    ],
    [
      'one of two overlapping lines',
      { lines: [LINE, { ...LINE, position: 64.6 }] },
      { ...GAUSSIAN, beside: [64.65] },
    ],
  ])('is where it is, and as sure as it says: %s', async (_, options, shape) => {
    const { count, position, area, width } = await pulls(options, shape);
    expect(count).toBe(SEEDS.length);
    const biasMax = 2 / Math.sqrt(SEEDS.length);
    expect(Math.abs(position.mean)).toBeLessThan(biasMax * 1.25);
    expect(position.deviation).toBeGreaterThan(0.8);
    expect(position.deviation).toBeLessThan(1.25);
    expect(area.deviation).toBeGreaterThan(0.8);
    expect(area.deviation).toBeLessThan(1.25);
    expect(Math.abs(area.mean)).toBeLessThan(0.6);
    expect(Math.abs(width.mean - 0.35)).toBeLessThan(0.01);
  });

  it('says so honestly near the noise: most are seen, and those are where they are', async () => {
    const { count, position } = await pulls({ lines: [{ ...LINE, area: 8 }] }, GAUSSIAN);
    expect(count).toBeGreaterThan(0.85 * SEEDS.length);
    expect(Math.abs(position.mean)).toBeLessThan(0.3);
    expect(position.deviation).toBeLessThan(1.25);
  });

  it('is the same whichever way the axis runs', async () => {
    const spectrum = await countedSpectrum({ seed: 1, lines: [LINE] });
    const { axis, counts } = spectrum;
    const turned = { axis: axis.toReversed(), counts: counts.toReversed() };
    const one = found(fitPeak(spectrum, WINDOW, VOIGT));
    expect(found(fitPeak(turned, WINDOW, VOIGT)).position).toBeCloseTo(one.position, 6);
  });

  it('has no error of a width that was given', async () => {
    const peak = found(await peakOf({ lines: [LINE] }, { ...GAUSSIAN, width: 0.35 }));
    expect(peak.widthError).toBeNull();
    expect(peak.width).toBeCloseTo(0.35, 12);
  });
});

describe('no peak is made up', () => {
  it('out of a flat spectrum, in none of many', async () => {
    for (const seed of SEEDS) {
      const peak = await peakOf({ lines: [], background: [6, 6] }, VOIGT, WINDOW, seed);
      expect(peak).toMatchObject({ determined: false, reason: 'no peak rises above the noise' });
    }
  });

  it('out of a slope, or of a spectrum without a count', async () => {
    expect(await reasonOf({ lines: [], background: [40, 1] })).toContain('above the noise');
    expect(await reasonOf({ lines: [], background: [0, 0] })).toContain('above the noise');
  });

  it('beside a line that is there', async () => {
    const window = { from: 62.8, to: 67 };
    for (const seed of SEEDS.slice(0, 20)) {
      const lines = [{ ...LINE, position: 65.407 }];
      const peak = await peakOf({ lines }, { ...GAUSSIAN, beside: [65.4] }, window, seed);
      expect(peak).toMatchObject({ determined: false, reason: 'no peak rises above the noise' });
    }
  });

  it('and none is lost because the line said to lie beside it is not there', async () => {
    const window = { from: 62.8, to: 67 };
    const told = { ...GAUSSIAN, beside: [65.4] };
    const { position, positionError } = found(await peakOf({ lines: [LINE] }, told, window));
    expect(Math.abs(position - LINE.position)).toBeLessThan(4 * positionError);
  });

  it('but its area is still known to be nothing', async () => {
    const peak = await peakOf({ lines: [] });
    if (peak.determined || !peak.area) throw new Error('expected an area');
    expect(peak.area.value).toBeGreaterThanOrEqual(0);
    expect(peak.area.value).toBeLessThan(6 * (peak.area.error ?? 0));
  });

  it("at the window's border, or beyond it", async () => {
    for (const from of [64.1, 64.25, 64.45]) {
      const reason = await reasonOf({ lines: [LINE] }, VOIGT, { from, to: 66.5 });
      expect(reason).toContain('border');
    }
  });

  it('out of a saturated detector', async () => {
    const spectrum = await countedSpectrum({ seed: 1, lines: [LINE] });
    for (const most of [2500, 1000]) {
      const counts = spectrum.counts.map((count) => Math.min(most, count));
      const peak = fitPeak({ ...spectrum, counts }, WINDOW, VOIGT);
      expect(peak).toMatchObject({ determined: false });
      expect(peak.determined ? '' : peak.reason).toContain(`all have ${most} counts`);
    }
  });

  it('of two lines that overlap, unless the fit is told of both', async () => {
    for (const distance of [0.35, 0.52, 1.2]) {
      const lines = [LINE, { ...LINE, position: LINE.position + distance }];
      const window = { from: 62.8, to: 67 };
      expect(await reasonOf({ lines }, VOIGT, window)).toContain('not the shape of one line');
      const both = { ...VOIGT, beside: [LINE.position + distance + 0.05] };
      const { position, positionError } = found(await peakOf({ lines }, both, window));
      expect(Math.abs(position - LINE.position)).toBeLessThan(4 * positionError);
    }
  });

  it('of two lines closer than their width, when the width is known', async () => {
    const lines = [LINE, { ...LINE, position: LINE.position + 0.175 }];
    const known = { ...GAUSSIAN, width: 0.35 };
    expect(await reasonOf({ lines }, known)).toContain('not the shape of one line');
  });

  it('of what is as wide as the window, or as narrow as a channel', async () => {
    expect(await reasonOf({ lines: [{ ...LINE, width: 2.5 }] })).toContain('as wide');
    const spike = { lines: [{ ...LINE, width: 0.02 }] };
    expect(await reasonOf(spike)).toMatch(/narrower|shape/);
  });

  it('in a window of too few channels, or of counts that are none', async () => {
    const few = { from: 64, to: 64.1 };
    expect(await reasonOf({ lines: [LINE] }, VOIGT, few)).toContain('too few');
    expect(await reasonOf({ lines: [LINE] }, VOIGT, { from: 80, to: 90 })).toContain('0 channels');
    const spectrum = await countedSpectrum({ seed: 1, lines: [LINE] });
    for (const wrong of [-3, Number.NaN, Number.POSITIVE_INFINITY]) {
      const counts = spectrum.counts.map((count, at) => (at === 250 ? wrong : count));
      expect(fitPeak({ ...spectrum, counts }, WINDOW, VOIGT)).toMatchObject({
        determined: false,
        reason: 'some counts are negative or no numbers',
      });
    }
  });
});

describeWithData('peaks of measured spectra', () => {
  const gold = () => {
    const text = readFileSync(sharedData('spectra/edxrd/Au-wire-50um-15deg.hpmca'), 'latin1');
    const lines = text.split(/\r?\n/);
    const start = lines.findIndex((line) => line.startsWith('DATA:')) + 1;
    const counts = Float64Array.from(lines.slice(start, start + 4000), Number);
    return { axis: Float64Array.from(counts, (_, at) => at), counts };
  };
  /** Calibration stored in the file, keV, and the 2θ that analysis of the gold lines refines. */
  const joule = (channel: number): number =>
    (7.662833e-2 + 3.163848e-2 * channel) * 1.602_176_634e-16;
  const TWO_THETA = (15.01529 * Math.PI) / 180;

  it('has gold 220 in the channel where two other programs find it', () => {
    const peak = found(fitPeak(gold(), { from: 1028, to: 1048 }, VOIGT));
    expect(Math.abs(peak.position - 1037.56788)).toBeLessThan(0.0076);
    // The counting error of the one; the other multiplies it by its misfit, 0.022.
    expect(peak.positionError).toBeGreaterThan(0.006);
    expect(peak.positionError).toBeLessThan(0.022);
  });

  // The straight calibration in the file holds above 30 keV; line 200 lies at 23 keV.
  it.each([
    [220, 4.0786, 1028, 1048],
    [311, 4.0786, 1207, 1227],
    [400, 4.0786, 1458, 1478],
    [331, 4.0786, 1590, 1610],
    [420, 4.0786, 1632, 1652],
  ])('gives the lattice parameter of gold from line %i to 1e-4', (index, lattice, from, to) => {
    const peak = found(fitPeak(gold(), { from, to }, GAUSSIAN));
    const [h = 0, k = 0, l = 0] = [...String(index)].map(Number);
    const a = spacingMetre(joule(peak.position), TWO_THETA) * 1e10 * Math.hypot(h, k, l);
    expect(Math.abs(a / lattice - 1)).toBeLessThan(1e-4);
  });

  it('has S 2p of an ionic liquid where CasaXPS has it', () => {
    const text = readFileSync(sharedData('spectra/xps/MAHE_20240220_S_2p.csv'), 'latin1');
    const rows = text
      .split(/\r?\n/)
      .slice(4)
      .map((row) => row.split(',').map(Number))
      .filter(([energy = 0]) => energy > 0);
    const axis = Float64Array.from(rows, ([energy = 0]) => energy);
    // Counts per second over 5.25 s in each channel.
    const counts = Float64Array.from(rows, ([, rate = 0]) => rate * 5.25);
    const partner = { split: 1.18, ratio: 0.5 };
    const peak = found(fitPeak({ axis, counts }, { from: 164, to: 173 }, { ...VOIGT, partner }));
    expect(Math.abs(peak.position - 168.278)).toBeLessThan(0.003);
    expect(Math.abs(peak.width - 1.148)).toBeLessThan(0.04);
  });
});
