import type { ImpedancePoint } from '../domain/spectrum.ts';
import type { DrawnSpectrum } from './impedance-svg.ts';
import { group, line, MUTED, marker, type PixelPoint, polyline, textAt } from './svg-elements.ts';
import { FIT_COLOUR, SECOND_COLOUR } from './svg-palette.ts';
import { type Box, drawPanel } from './svg-panel.ts';
import { linearScale, logScale, roundStep, type Scale, siPrefix } from './svg-scale.ts';

type Spectra = readonly DrawnSpectrum[];

/** Share of an axis that stays free beyond the outermost points. */
const MARGIN = 0.05;
const FREQUENCY_TICKS = 8;
/** A Nyquist diagram's height over its width, however flat or steep the spectrum. */
const ASPECT_MIN = 0.6;

/** The height at which a Nyquist diagram of this width has no empty upper half, 0.6 to 1 of it. */
export function nyquistHeight(width: number, spectra: Spectra): number {
  const points = everyPoint(spectra);
  const across = range(points.map(({ zRealOhm }) => zRealOhm));
  const up = range([0, ...points.map(({ zImagOhm }) => -zImagOhm)]);
  const aspect = (up.high - up.low) / (across.high - across.low) + 0.12;
  return Math.round(width * Math.min(1, Math.max(ASPECT_MIN, aspect)));
}

/** −Im Z over Re Z with as many pixels per ohm up as across: a semicircle looks like one. */
export function nyquistPanel(box: Box, spectra: Spectra): string {
  const all = everyPoint(spectra);
  const unit = siPrefix(
    largest(all.map(({ zRealOhm, zImagOhm }) => Math.hypot(zRealOhm, zImagOhm))),
  );
  const { x, y } = nyquistScales(box, all, unit.factor);
  const place = ({ zRealOhm, zImagOhm }: ImpedancePoint): PixelPoint => ({
    x: x.toPixel(zRealOhm / unit.factor),
    y: y.toPixel(-zImagOhm / unit.factor),
  });
  const panel = {
    name: 'nyquist',
    box,
    x,
    y,
    xTitle: `Re Z / ${unit.prefix}Ω`,
    yTitle: `−Im Z / ${unit.prefix}Ω`,
  };
  return drawPanel(panel, [zeroLine(box, y), ...seriesParts('nyquist', spectra, place)]);
}

function nyquistScales(
  box: Box,
  points: readonly ImpedancePoint[],
  factor: number,
): { x: Scale; y: Scale } {
  const across = range(points.map(({ zRealOhm }) => zRealOhm / factor));
  const up = range([0, ...points.map(({ zImagOhm }) => -zImagOhm / factor)]);
  const free = 1 + 2 * MARGIN;
  const perPixel = Math.max(
    (free * (across.high - across.low)) / box.width,
    (free * (up.high - up.low)) / box.height,
  );
  const width = perPixel * box.width;
  const height = perPixel * box.height;
  // The points stand in the middle across, unless the origin fits in as well; and low above.
  const middle = (across.low + across.high) / 2;
  const fromOrigin = across.low >= 0 && across.high <= width * (1 - 2 * MARGIN);
  const left = fromOrigin ? -(MARGIN / 2) * width : middle - width / 2;
  const bottom = up.low < 0 ? up.low - MARGIN * (up.high - up.low) : 0;
  const step = roundStep(width, 5);
  const right = box.left + box.width;
  const foot = box.top + box.height;
  return {
    x: linearScale(
      { low: left, high: left + width, lowPixel: box.left, highPixel: right },
      5,
      step,
    ),
    y: linearScale(
      { low: bottom, high: bottom + height, lowPixel: foot, highPixel: box.top },
      5,
      step,
    ),
  };
}

/** |Z| over the frequency, both logarithmic. */
export function bodeMagnitudePanel(box: Box, spectra: Spectra): string {
  const magnitudes = everyPoint(spectra).map(magnitudeOf).filter(isPositive);
  const { low, high } = range(magnitudes);
  // Powers of ten are read in the unit itself, numbers of few digits in a prefixed one.
  const unit = high / low >= 100 ? { factor: 1, prefix: '' } : siPrefix(high);
  const padding = (high / low) ** 0.07;
  const y = logScale(
    {
      low: low / padding / unit.factor,
      high: (high * padding) / unit.factor,
      lowPixel: box.top + box.height,
      highPixel: box.top,
    },
    4,
  );
  const x = frequencyScale(box, spectra);
  const place = (point: ImpedancePoint): PixelPoint => ({
    x: x.toPixel(point.frequencyHertz),
    y: y.toPixel(magnitudeOf(point) / unit.factor),
  });
  const panel = { name: 'magnitude', box, x, y, xTitle: '', yTitle: `|Z| / ${unit.prefix}Ω` };
  return drawPanel({ ...panel, hideXLabels: true }, seriesParts('magnitude', spectra, place));
}

/** The negative of the phase, so that capacitive is up as in the Nyquist diagram. */
export function bodePhasePanel(box: Box, spectra: Spectra): string {
  const { low, high } = range(everyPoint(spectra).map(phaseLagDegree));
  const free = Math.max(MARGIN * (high - low), 1);
  const ends = {
    low: low - free,
    high: high + free,
    lowPixel: box.top + box.height,
    highPixel: box.top,
  };
  const step = [1, 2, 5, 10, 15, 30, 45].find((one) => (ends.high - ends.low) / one <= 6) ?? 90;
  const y = linearScale(ends, 5, step);
  const x = frequencyScale(box, spectra);
  const place = (point: ImpedancePoint): PixelPoint => ({
    x: x.toPixel(point.frequencyHertz),
    y: y.toPixel(phaseLagDegree(point)),
  });
  const panel = { name: 'phase', box, x, y, xTitle: 'Frequency / Hz', yTitle: '−Phase / °' };
  return drawPanel(panel, [zeroLine(box, y), ...seriesParts('phase', spectra, place)]);
}

/** What is left of the measurement after the fit, in percent of |Z|. */
export function residualPanel(box: Box, spectra: Spectra): string {
  const all = spectra.flatMap(({ fit }) => fit?.residuals ?? []);
  const most = largest(all.flatMap(({ realPercent, imagPercent }) => [realPercent, imagPercent]));
  const end = 1.12 * Math.max(most, 1e-3);
  const ends = { low: -end, high: end, lowPixel: box.top + box.height, highPixel: box.top };
  const y = linearScale(ends, 5);
  const x = frequencyScale(box, spectra);
  const panel = {
    name: 'residuals',
    box,
    x,
    y,
    xTitle: 'Frequency / Hz',
    yTitle: '(measured − fit) / |Z|, %',
  };
  const isAlone = spectra.length === 1;
  const content = spectra.flatMap(({ fit, colour }) => {
    const residuals = fit?.residuals ?? [];
    const part = (which: 'realPercent' | 'imagPercent'): PixelPoint[] =>
      residuals.map((one) => ({ x: x.toPixel(one.frequencyHertz), y: y.toPixel(one[which]) }));
    const real = { colour: isAlone ? FIT_COLOUR : colour, radius: isAlone ? 2.6 : 1.8 };
    const imag = { ...real, colour: isAlone ? SECOND_COLOUR : colour, open: true };
    return [
      group(
        'residuals-real',
        drawAll(part('realPercent'), (at) => marker(at, real)),
      ),
      group(
        'residuals-imag',
        drawAll(part('imagPercent'), (at) => marker(at, { ...imag, shape: 'square' })),
      ),
    ];
  });
  return drawPanel(panel, [zeroLine(box, y), ...content]) + residualLegend(box, isAlone);
}

function residualLegend(box: Box, isAlone: boolean): string {
  const y = box.top - 9;
  const real = { colour: isAlone ? FIT_COLOUR : MUTED, radius: 2.6 };
  const imag = { ...real, colour: isAlone ? SECOND_COLOUR : MUTED, open: true };
  return [
    marker({ x: box.left + 6, y }, real),
    textAt({ x: box.left + 14, y: y + 4 }, 'real part', { size: 11 }),
    marker({ x: box.left + 84, y }, { ...imag, shape: 'square' }),
    textAt({ x: box.left + 92, y: y + 4 }, 'imaginary part', { size: 11 }),
  ].join('');
}

/** Measured points, with the fitted lines above them. */
function seriesParts(
  name: string,
  spectra: Spectra,
  place: (point: ImpedancePoint) => PixelPoint,
): string[] {
  const points = spectra.map(({ points, colour, isAlone }) => {
    const style = { colour, open: isAlone, radius: isAlone ? 3 : 2.2 };
    return group(
      `${name}-measured`,
      drawAll(points.map(place), (at) => marker(at, style)),
    );
  });
  const lines = spectra.flatMap(({ fit, fitColour, isAlone }) =>
    fit
      ? [
          group(`${name}-fit`, [
            polyline(fit.curve.map(place).filter(isDrawable), fitColour, isAlone ? 1.6 : 1.1),
          ]),
        ]
      : [],
  );
  return [...points, ...lines];
}

function drawAll(places: readonly PixelPoint[], draw: (at: PixelPoint) => string): string[] {
  return places.filter(isDrawable).map(draw);
}

function isDrawable({ x, y }: PixelPoint): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

function frequencyScale(box: Box, spectra: Spectra): Scale {
  const { low, high } = range(
    everyPoint(spectra)
      .map(({ frequencyHertz }) => frequencyHertz)
      .filter(isPositive),
  );
  const padding = (high / low) ** 0.03;
  const ends = { lowPixel: box.left, highPixel: box.left + box.width };
  return logScale({ low: low / padding, high: high * padding, ...ends }, FREQUENCY_TICKS);
}

function zeroLine(box: Box, y: Scale): string {
  const at = y.toPixel(0);
  return line({ x: box.left, y: at }, { x: box.left + box.width, y: at }, MUTED, 0.8);
}

function everyPoint(spectra: Spectra): ImpedancePoint[] {
  return spectra.flatMap(({ points }) =>
    points.filter(
      ({ zRealOhm, zImagOhm }) => Number.isFinite(zRealOhm) && Number.isFinite(zImagOhm),
    ),
  );
}

/** The ends of the values, apart even when they are all the same. */
function range(values: readonly number[]): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low <= high)) return { low: 1, high: 10 };
  if (high - low > 1e-6 * Math.max(Math.abs(low), Math.abs(high))) return { low, high };
  const half = Math.max(Math.abs(high) * 0.1, Number.MIN_VALUE);
  return { low: low - half, high: high + half };
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function magnitudeOf({ zRealOhm, zImagOhm }: ImpedancePoint): number {
  return Math.hypot(zRealOhm, zImagOhm);
}

function phaseLagDegree({ zRealOhm, zImagOhm }: ImpedancePoint): number {
  return (-Math.atan2(zImagOhm, zRealOhm) * 180) / Math.PI;
}

function isPositive(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}
