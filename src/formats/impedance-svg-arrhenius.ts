import { type FigureNotes, notesHeight, notesParts } from './impedance-svg-notes.ts';
import {
  group,
  INK,
  line,
  marker,
  type PixelPoint,
  polyline,
  svgDocument,
  textAt,
} from './svg-elements.ts';
import { FIT_COLOUR, SECOND_COLOUR } from './svg-palette.ts';
import { type Box, drawPanel } from './svg-panel.ts';
import { linearScale, logScale, roundStep, type Scale } from './svg-scale.ts';

/** One transport quantity over temperature, with its straight line. */
export interface PlottedArrhenius {
  readonly name: string;
  readonly points: readonly {
    readonly temperatureKelvin: number;
    readonly value: number;
    /** One standard error in the unit of the value; null when there is none. */
    readonly error: number | null;
  }[];
  /** value = prefactor exp(-slopeKelvin / T). */
  readonly line: { readonly prefactor: number; readonly slopeKelvin: number };
}

export interface ArrheniusFigure {
  readonly title: string;
  /** What is on the upright axis, with its unit: "σT / S K cm⁻¹". */
  readonly valueTitle: string;
  readonly series: readonly PlottedArrhenius[];
  readonly notes: FigureNotes;
}

const WIDTH = 640;
const BOX: Box = { left: 76, top: 84, width: 530, height: 330 };
const NOTES_TOP = BOX.top + BOX.height + 58;
const KELVIN_AT_ZERO_CELSIUS = 273.15;
const COLOURS = [FIT_COLOUR, SECOND_COLOUR, '#009e73', '#cc79a7', INK] as const;

/** A logarithmic quantity over 1000/T, degrees Celsius above, as one self-contained SVG. */
export function arrheniusSvg(figure: ArrheniusFigure): string {
  const points = figure.series.flatMap((one) => one.points);
  const x = reciprocalScale(points.map(({ temperatureKelvin }) => temperatureKelvin));
  const y = valueScale(points.flatMap(({ value, error }) => [value, value - (error ?? 0)]));
  const content = figure.series.flatMap((one, at) =>
    seriesParts(one, COLOURS[at % COLOURS.length] ?? INK, x, y),
  );
  const legend = figure.series.map(({ name }, at) => {
    const colour = COLOURS[at % COLOURS.length] ?? INK;
    return { name, colour, fitName: '', fitColour: colour, isAlone: false };
  });
  const height = NOTES_TOP + notesHeight(figure.notes, legend);
  const notesBox = { left: BOX.left, top: NOTES_TOP, width: BOX.width, height: 0 };
  const panel = {
    name: 'arrhenius',
    box: BOX,
    x,
    y,
    xTitle: '1000 / T, K⁻¹',
    yTitle: figure.valueTitle,
  };
  return svgDocument({ width: WIDTH, height, title: figure.title }, [
    textAt({ x: BOX.left, y: 26 }, figure.title, { size: 15, weight: 'bold' }),
    ...celsiusAxis(
      points.map(({ temperatureKelvin }) => temperatureKelvin),
      x,
    ),
    drawPanel(panel, content),
    ...notesParts(notesBox, figure.notes, legend),
  ]);
}

function reciprocalScale(kelvins: readonly number[]): Scale {
  const reciprocals = kelvins.map((kelvin) => 1000 / kelvin);
  const low = Math.min(...reciprocals);
  const high = Math.max(...reciprocals);
  const free = 0.06 * (high - low || low);
  const ends = { lowPixel: BOX.left, highPixel: BOX.left + BOX.width };
  return linearScale({ low: low - free, high: high + free, ...ends }, 7);
}

function valueScale(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0);
  const low = Math.min(...positive);
  const high = Math.max(...positive);
  const padding = Math.max((high / low) ** 0.06, 1.05);
  const ends = { lowPixel: BOX.top + BOX.height, highPixel: BOX.top };
  return logScale({ low: low / padding, high: high * padding, ...ends }, 7);
}

function seriesParts(series: PlottedArrhenius, colour: string, x: Scale, y: Scale): string[] {
  const place = (kelvin: number, value: number): PixelPoint => ({
    x: x.toPixel(1000 / kelvin),
    y: y.toPixel(value),
  });
  const kelvins = series.points.map(({ temperatureKelvin }) => temperatureKelvin);
  const { prefactor, slopeKelvin } = series.line;
  const ends = [Math.min(...kelvins), Math.max(...kelvins)].map((kelvin) =>
    place(kelvin, prefactor * Math.exp(-slopeKelvin / kelvin)),
  );
  return [
    group('arrhenius-line', [polyline(ends, colour, 1.5)]),
    group(
      'arrhenius-points',
      series.points.map(({ temperatureKelvin, value }) =>
        marker(place(temperatureKelvin, value), { colour, radius: 3.6 }),
      ),
    ),
    group(
      'arrhenius-errors',
      series.points.flatMap(({ temperatureKelvin, value, error }) =>
        error !== null && error < value
          ? [
              line(
                place(temperatureKelvin, value - error),
                place(temperatureKelvin, value + error),
                colour,
                1.1,
              ),
            ]
          : [],
      ),
    ),
  ];
}

/** Ticks at round temperatures on the upper edge, which 1/T hides. */
function celsiusAxis(kelvins: readonly number[], x: Scale): string[] {
  const celsius = kelvins.map((kelvin) => kelvin - KELVIN_AT_ZERO_CELSIUS);
  const low = Math.min(...celsius);
  const high = Math.max(...celsius);
  const step = roundStep(high - low || 1, 7);
  const count = Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
  const ticks = Array.from(
    { length: count },
    (_, at) => (Math.ceil(low / step - 1e-9) + at) * step,
  );
  const labels = ticks.flatMap((tick) => {
    const at = { x: x.toPixel(1000 / (tick + KELVIN_AT_ZERO_CELSIUS)), y: BOX.top };
    const label = Number(tick.toPrecision(6)).toString().replace('-', '−');
    return [
      line(at, { x: at.x, y: at.y - 5 }, INK),
      textAt({ x: at.x, y: at.y - 9 }, label, { size: 11, anchor: 'middle' }),
    ];
  });
  const middle = { x: BOX.left + BOX.width / 2, y: BOX.top - 26 };
  return [...labels, textAt(middle, 'Temperature / °C', { anchor: 'middle' })];
}
