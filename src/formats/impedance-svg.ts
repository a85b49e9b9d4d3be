import type { ImpedancePoint } from '../domain/spectrum.ts';
import {
  type FigureNotes,
  type LegendEntry,
  notesHeight,
  notesParts,
} from './impedance-svg-notes.ts';
import {
  bodeMagnitudePanel,
  bodePhasePanel,
  nyquistHeight,
  nyquistPanel,
  residualPanel,
} from './impedance-svg-panels.ts';
import { cutMiddle, INK, MUTED, svgDocument, textAt } from './svg-elements.ts';
import { FIT_COLOUR, rampColour } from './svg-palette.ts';
import type { Box } from './svg-panel.ts';

/** One spectrum of a figure, and what was fitted to it. */
export interface PlottedSpectrum {
  readonly name: string;
  readonly points: readonly ImpedancePoint[];
  readonly fit?: PlottedFit;
}

export interface PlottedFit {
  /** Densely, in the order of the frequency, to be drawn as a line. */
  readonly curve: readonly ImpedancePoint[];
  /** (measured - fit) / |Z measured| in percent, for the points that the fit has used. */
  readonly residuals: readonly PlottedResidual[];
}

export interface PlottedResidual {
  readonly frequencyHertz: number;
  readonly realPercent: number;
  readonly imagPercent: number;
}

export interface ImpedanceFigure {
  readonly title: string;
  /** What the points of a figure with one spectrum are called; "measured" unless given. */
  readonly pointsName?: string;
  /** One or more; beyond SPECTRA_DRAWN_MAX an even choice is drawn, and the figure says so. */
  readonly spectra: readonly PlottedSpectrum[];
  readonly notes: FigureNotes;
}

/** As many as can be told apart at all. */
export const SPECTRA_DRAWN_MAX = 100;

const WIDTH = 800;
const LEFT = 64;
const RIGHT = 478;
const TOP = 62;
const COLUMN_WIDTH = 306;
const BODE_HEIGHT = 140;
const BODE_GAP = 16;
/** Between panels of which the upper has numbers and a title below its axis. */
const ROW_GAP = 66;
const RESIDUAL_HEIGHT_MIN = 150;
const RESIDUAL_HEIGHT_MAX = 220;
const FOOT = 48;

/** A spectrum as the panels draw it. */
export interface DrawnSpectrum extends PlottedSpectrum {
  readonly colour: string;
  readonly fitColour: string;
  readonly isAlone: boolean;
}

/**
 * Nyquist diagram with equal axes, Bode diagram, residuals and notes, as one self-contained SVG.
 * Points that are not finite, or not positive where an axis is logarithmic, are left out.
 */
export function impedanceSvg(figure: ImpedanceFigure): string {
  const spectra = drawnSpectra(figure.spectra);
  const hasFit = spectra.some(({ fit }) => fit !== undefined);
  const box = (at: Omit<Box, 'width'>): Box => ({ ...at, width: COLUMN_WIDTH });
  const nyquist = box({ left: LEFT, top: TOP, height: nyquistHeight(COLUMN_WIDTH, spectra) });
  const phaseTop = TOP + BODE_HEIGHT + BODE_GAP;
  const notesTop = phaseTop + BODE_HEIGHT + ROW_GAP - 16;
  const notesBox: Box = { left: RIGHT - 40, top: notesTop, width: WIDTH - RIGHT + 24, height: 0 };
  const omitted = figure.spectra.length - spectra.length;
  const notes = omitted === 0 ? figure.notes : withOmitted(figure.notes, omitted);
  const legend = legendOf(spectra, figure.pointsName ?? 'measured');
  const residualTop = nyquist.top + nyquist.height + ROW_GAP;
  const notesEnd = notesTop + notesHeight(notes, legend);
  const room = Math.max(notesEnd, phaseTop + BODE_HEIGHT + FOOT) - FOOT - residualTop;
  const residual = box({
    left: LEFT,
    top: residualTop,
    height: Math.min(RESIDUAL_HEIGHT_MAX, Math.max(RESIDUAL_HEIGHT_MIN, room)),
  });
  const leftEnd = hasFit ? residual.top + residual.height : nyquist.top + nyquist.height;
  const height = Math.max(leftEnd + FOOT, notesEnd + 8);
  return svgDocument({ width: WIDTH, height, title: figure.title }, [
    ...titles(figure),
    nyquistPanel(nyquist, spectra),
    bodeMagnitudePanel(box({ left: RIGHT, top: TOP, height: BODE_HEIGHT }), spectra),
    bodePhasePanel(box({ left: RIGHT, top: phaseTop, height: BODE_HEIGHT }), spectra),
    ...(hasFit ? [residualPanel(residual, spectra)] : []),
    ...notesParts(notesBox, notes, legend),
  ]);
}

function titles({ title, spectra }: ImpedanceFigure): string[] {
  const [first] = spectra;
  const subtitle = spectra.length === 1 && first ? first.name : `${spectra.length} spectra`;
  return [
    textAt({ x: LEFT, y: 26 }, cutMiddle(title, 90), { size: 15, weight: 'bold', colour: INK }),
    textAt({ x: LEFT, y: 45 }, cutMiddle(subtitle, 100), { size: 12, colour: MUTED }),
  ];
}

function drawnSpectra(spectra: readonly PlottedSpectrum[]): DrawnSpectrum[] {
  const isAlone = spectra.length === 1;
  const count = Math.min(spectra.length, SPECTRA_DRAWN_MAX);
  const chosen = Array.from({ length: count }, (_, at) =>
    Math.round((at * (spectra.length - 1)) / Math.max(1, count - 1)),
  );
  return chosen.flatMap((index, at) => {
    const spectrum = spectra[index];
    const ramp = rampColour(at, count);
    const colours = isAlone
      ? { colour: INK, fitColour: FIT_COLOUR }
      : { colour: ramp, fitColour: ramp };
    return spectrum ? [{ ...spectrum, ...colours, isAlone }] : [];
  });
}

function legendOf(spectra: readonly DrawnSpectrum[], pointsName: string): LegendEntry[] {
  return spectra.map(({ name, colour, fitColour, isAlone, fit }) => ({
    name: isAlone ? pointsName : name,
    colour,
    ...(fit ? { fitName: isAlone ? 'fit' : '', fitColour } : {}),
    isAlone,
  }));
}

function withOmitted(notes: FigureNotes, count: number): FigureNotes {
  const text = `${count} of the spectra are not drawn`;
  return { ...notes, remarks: [...notes.remarks, { text, kind: 'plain' }] };
}
