import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { ElectricalReading } from '../../src/run/intake.ts';
import { type QuietCell, quietCellOf } from './quiet-cell.ts';

/** Rests and holds of cells, sound or with a short inside, as a cycler sees them. */

export interface QuietReading extends ElectricalReading {
  readonly temperatureCelsius: number;
}

export interface QuietTrace {
  readonly kind: 'rest' | 'hold';
  readonly startSecond: number;
  /** What has brought a held cell to its voltage; undefined when nothing has. */
  readonly chargeAmpere: number | undefined;
  /** How fast the cell loses its voltage by the short, V/s. */
  readonly lossVoltPerSecond: number;
  readonly readings: readonly QuietReading[];
}

/** A resistance across the cell that is there from a moment on. */
export interface InnerShort {
  readonly ohm: number;
  readonly fromSecond: number;
}

const ROOM_CELSIUS = 25;
const DAY_SECOND = 86_400;

/** One rest of so many hours, after whatever was done to the cell before. */
export function restOf(seed: number, hours: number, short?: InnerShort): QuietTrace {
  const random = new Random(deriveSeed(seed, 'rest'));
  const { cell, ampere } = quietCellOf(random);
  passHistory(cell, ampere, random);
  return trace('rest', { cell, random, hours, short });
}

/** One hold of so many hours: at the end of a charge, a step away from rest, or where it rests. */
export function holdOf(seed: number, hours: number, short?: InnerShort): QuietTrace {
  const random = new Random(deriveSeed(seed, 'hold'));
  const { cell, ampere } = quietCellOf(random);
  passHistory(cell, ampere, random);
  const way = random.uniform();
  if (way < 0.6) {
    // A charge or a discharge has brought it to this voltage, its resistances included.
    const current = (random.uniform() < 0.75 ? 1 : -1) * ampere * between(random, 0.2, 1);
    cell.flow(current, 10 ** between(random, 2.8, 4.4));
    const stepVolt = current * cell.parameters.seriesOhm;
    return trace('hold', { cell, random, hours, short, stepVolt, chargeAmpere: current });
  }
  cell.flow(0, 10 ** between(random, 3.3, 5));
  const stepVolt = way < 0.8 ? between(random, -0.02, 0.05) : 0;
  return trace('hold', { cell, random, hours, short, stepVolt });
}

/** Up to three stretches of charge, discharge and rest, of minutes or hours. */
function passHistory(cell: QuietCell, ampere: number, random: Random): void {
  const stretches = 1 + Math.floor(3 * random.uniform());
  for (let at = 0; at < stretches; at += 1) {
    const share = random.uniform() < 0.2 ? 0 : (random.uniform() < 0.5 ? -1 : 1) * random.uniform();
    const seconds = 10 ** (2 + 2.6 * random.uniform());
    // What the charge does to the open-circuit voltage is of no interest: only the relaxation is.
    cell.flow(share * ampere, seconds);
  }
}

function trace(
  kind: 'rest' | 'hold',
  options: {
    readonly cell: QuietCell;
    readonly random: Random;
    readonly hours: number;
    readonly short: InnerShort | undefined;
    readonly stepVolt?: number;
    readonly chargeAmpere?: number;
  },
): QuietTrace {
  const { cell, random, hours, short, stepVolt = 0, chargeAmpere } = options;
  const everySecond = pick([1, 5, 10, 30, 60, 300], random);
  const sigmaVolt = pick([2e-5, 1e-4, 5e-4], random);
  const isRegulated = random.uniform() < 0.7;
  const phase = 2 * Math.PI * random.uniform();
  const hasSpikes = random.uniform() < 0.3;
  const heldVolt = cell.relaxingVolt + stepVolt;
  const readings: QuietReading[] = [];
  let rangeAmpere = 0;
  for (let second = everySecond; second <= hours * 3600; second += everySecond) {
    const isShorted = short !== undefined && second > short.fromSecond;
    const leak = isShorted ? cell.relaxingVolt / short.ohm : 0;
    const into = kind === 'hold' ? cell.currentToHold(heldVolt, everySecond) : -leak;
    cell.flow(into, everySecond);
    const swing = isRegulated ? 0.05 : 2;
    const celsius = ROOM_CELSIUS + swing * Math.sin(phase + (2 * Math.PI * second) / DAY_SECOND);
    const entropyVolt = cell.parameters.voltPerKelvin * (celsius - ROOM_CELSIUS);
    const spike = hasSpikes && random.uniform() < 5e-4 ? random.uniform() - 0.5 : 0;
    const ampere = kind === 'hold' ? into + (isShorted ? heldVolt / short.ohm : 0) : 0;
    rangeAmpere = 10 ** Math.ceil(Math.log10(Math.abs(ampere) + 1e-12));
    readings.push({
      kind: 'electrical',
      timeSecond: second,
      voltageVolt:
        kind === 'hold'
          ? heldVolt
          : cell.relaxingVolt + entropyVolt + sigmaVolt * random.normal() + 0.3 * spike,
      currentAmpere:
        kind === 'hold' ? ampere + 3e-4 * rangeAmpere * (random.normal() + 500 * spike) : 0,
      quality: 'good',
      temperatureCelsius: celsius + 0.02 * random.normal(),
    });
  }
  const lossVoltPerSecond = short ? heldVolt / short.ohm / cell.parameters.capacitanceFarad : 0;
  return { kind, startSecond: 0, chargeAmpere, lossVoltPerSecond, readings };
}

function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random.uniform();
}

function pick<T>(list: readonly T[], random: Random): T {
  const one = list[Math.floor(random.uniform() * list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
