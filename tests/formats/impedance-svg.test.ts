import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { impedanceSvg, SPECTRA_DRAWN_MAX } from '../../src/formats/impedance-svg.ts';
import { arrheniusSvg } from '../../src/formats/impedance-svg-arrhenius.ts';
import { distributionSvg } from '../../src/formats/impedance-svg-drt.ts';
import { wrap } from '../../src/formats/impedance-svg-notes.ts';
import { cutMiddle, escapeXml } from '../../src/formats/svg-elements.ts';
import { groupsOf, markersOf, parseXml } from './svg-reading.ts';

const NO_NOTES = { remarks: [], rows: [] };

/** R0 - p(R1, C1) at ten points a decade. */
function arc({ r0 = 10, r1 = 50, tau = 1e-3 } = {}): ImpedancePoint[] {
  return Array.from({ length: 51 }, (_, k) => {
    const frequencyHertz = 10 ** (5 - k / 10);
    const x = 2 * Math.PI * frequencyHertz * tau;
    const size = r1 / (1 + x * x);
    return { frequencyHertz, zRealOhm: r0 + size, zImagOhm: -x * size };
  });
}

function figureOf(points: readonly ImpedancePoint[], name = 'cell.csv'): string {
  return impedanceSvg({ title: 'R0', spectra: [{ name, points }], notes: NO_NOTES });
}

/** Pixels per ohm along both axes, from the extremes of the drawn points. */
function pixelsPerOhm(svg: string, points: readonly ImpedancePoint[]): [number, number] {
  const markers = markersOf(svg, 'nyquist-measured');
  const span = (values: number[]): number => Math.max(...values) - Math.min(...values);
  return [
    span(markers.map(({ x }) => x)) / span(points.map(({ zRealOhm }) => zRealOhm)),
    span(markers.map(({ y }) => y)) / span(points.map(({ zImagOhm }) => zImagOhm)),
  ];
}

describe('the figure of a spectrum', () => {
  it('has every point in the Nyquist diagram and in both Bode diagrams', () => {
    const svg = figureOf(arc());
    for (const group of ['nyquist-measured', 'magnitude-measured', 'phase-measured']) {
      expect(markersOf(svg, group)).toHaveLength(51);
    }
  });

  it('has as many pixels per ohm up as across, for every shape of spectrum', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -6, max: 7, noNaN: true }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (decade, share) => {
          const points = arc({ r1: 10 ** decade, r0: share * 10 ** decade });
          const [across, up] = pixelsPerOhm(figureOf(points), points);
          expect(Math.abs(across / up - 1)).toBeLessThan(0.002);
        },
      ),
      { seed: 7, numRuns: 50 },
    );
  });

  it('draws capacitive points upwards', () => {
    const markers = markersOf(figureOf(arc()), 'nyquist-measured');
    const highest = markers.reduce((a, b) => (b.y < a.y ? b : a));
    expect(highest.y).toBeLessThan((markers[0]?.y ?? 0) - 50);
  });

  it('is well-formed and asks nothing of any network, whatever the names hold', () => {
    const name = '<script src="http://evil">&"\u0007\ud800.csv';
    const svg = impedanceSvg({
      title: 'p(R1,CPE1) & <b>',
      spectra: [
        { name, points: arc() },
        { name, points: arc({ r0: 20 }) },
      ],
      notes: { remarks: [{ text: name, kind: 'warning' }], rows: [[name, name]] },
    });
    parseXml(svg);
    expect(svg).not.toContain('<script');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/href|url\((?!#)|src="http/);
  });

  it('leaves out what is not finite and says so by nothing else than its absence', () => {
    const points = [...arc(), { frequencyHertz: 1, zRealOhm: Number.NaN, zImagOhm: -1 }];
    const svg = figureOf(points);
    expect(markersOf(svg, 'nyquist-measured')).toHaveLength(51);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  it.each([
    ['a single point', arc().slice(0, 1)],
    ['no point', []],
    [
      'equal points',
      Array.from({ length: 3 }, () => ({ frequencyHertz: 1, zRealOhm: 5, zImagOhm: 0 })),
    ],
    ['huge impedances', arc({ r1: 1e12 })],
    ['tiny impedances', arc({ r1: 1e-12, r0: 1e-13 })],
  ])('is well-formed with %s', (_name, points) => {
    const svg = figureOf(points);
    parseXml(svg);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  it('shows residuals of both parts when there is a fit, and not otherwise', () => {
    const residuals = arc().map(({ frequencyHertz }) => ({
      frequencyHertz,
      realPercent: 0.1,
      imagPercent: -0.2,
    }));
    const fit = { curve: arc(), residuals };
    const svg = impedanceSvg({
      title: 'R0',
      spectra: [{ name: 'a', points: arc(), fit }],
      notes: NO_NOTES,
    });
    expect(markersOf(svg, 'residuals-real')).toHaveLength(51);
    expect(groupsOf(svg, 'residuals-imag')[0]?.match(/<rect/g)).toHaveLength(51);
    expect(figureOf(arc())).not.toContain('residuals');
  });

  it('draws an even choice of too many spectra, and says how many are missing', () => {
    const spectra = Array.from({ length: SPECTRA_DRAWN_MAX + 5 }, (_, k) => ({
      name: `s${k}`,
      points: arc().slice(0, 3),
    }));
    const svg = impedanceSvg({ title: 'R0', spectra, notes: NO_NOTES });
    expect(groupsOf(svg, 'nyquist-measured')).toHaveLength(SPECTRA_DRAWN_MAX);
    expect(svg).toContain('5 of the spectra are not drawn');
    expect(svg).toContain('>s0<');
    expect(svg).toContain(`>s${SPECTRA_DRAWN_MAX + 4}<`);
  });
});

describe('the figure of a distribution', () => {
  const points = Array.from({ length: 40 }, (_, k) => ({
    tauSecond: 10 ** (-5 + k / 8),
    gammaOhm: Math.exp(-((k - 20) ** 2) / 20),
  }));

  it('marks each peak', () => {
    const peaks = [
      { tauSecond: 3e-3, label: '3 ms' },
      { tauSecond: 4e-3, label: '4 ms' },
    ];
    const svg = distributionSvg({
      title: 'DRT',
      distributions: [{ name: 'a', points, peaks }],
      notes: NO_NOTES,
    });
    parseXml(svg);
    expect(groupsOf(svg, 'distribution-peak')).toHaveLength(2);
    expect(svg).toContain('3 ms');
  });

  it.each([
    ['negative values', points.map((one) => ({ ...one, gammaOhm: -one.gammaOhm }))],
    ['nothing but zero', points.map((one) => ({ ...one, gammaOhm: 0 }))],
    ['no value', []],
  ])('is well-formed with %s', (_name, some) => {
    const distributions = [{ name: 'a', points: some, peaks: [{ tauSecond: 1, label: '1 s' }] }];
    const svg = distributionSvg({ title: 'DRT', distributions, notes: NO_NOTES });
    parseXml(svg);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});

describe('the Arrhenius plot', () => {
  it('has its points on the line they are made from', () => {
    const line = { prefactor: 1e4, slopeKelvin: 6000 };
    const temperatures = [300, 320, 350];
    const svg = arrheniusSvg({
      title: 'Arrhenius plot',
      valueTitle: 'σT / S K cm⁻¹',
      series: [
        {
          name: 'R1',
          points: temperatures.map((temperatureKelvin) => ({
            temperatureKelvin,
            value: 1e4 * Math.exp(-6000 / temperatureKelvin),
            error: null,
          })),
          line,
        },
      ],
      notes: NO_NOTES,
    });
    parseXml(svg);
    const markers = markersOf(svg, 'arrhenius-points');
    const [, ends = ''] = /polyline points="([^"]+)"/.exec(svg) ?? [];
    const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = ends
      .split(' ')
      .map((pair) => pair.split(',').map(Number));
    expect(markers).toHaveLength(3);
    for (const { x, y } of markers) {
      expect(y).toBeCloseTo(y1 + ((x - x1) / (x2 - x1)) * (y2 - y1), 0);
    }
  });
});

describe('texts in figures', () => {
  it('keep both ends of a long name', () => {
    expect(cutMiddle('a-very-long-name-017.csv', 12)).toBe('a-very…7.csv');
    expect(cutMiddle('short.csv', 12)).toBe('short.csv');
  });

  it('are wrapped at words and end after four lines', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('a '.repeat(60), 8)).toHaveLength(4);
  });

  it('hold nothing that XML refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeXml(text)).not.toMatch(/[<>"]/);
      }),
      { seed: 3 },
    );
  });
});
