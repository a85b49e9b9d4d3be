import { existsSync, statSync } from 'node:fs';
import { Fault } from '../../domain/fault.ts';
import type { PlaneDirections } from '../../kernels/live-planes.ts';
import { type CommandLine, numberOption } from '../command.ts';

const SOURCES_MAX = 100;

/** What `scan live` was asked for. */
export interface LiveRequest {
  readonly sources: readonly string[];
  readonly out: string | undefined;
  readonly every: number | undefined;
  readonly viewsPerSecond: number | undefined;
  readonly axis: number | 'auto';
  readonly pixelSizeUm: number | undefined;
  readonly directions: PlaneDirections;
}

/** @throws Fault badInput naming the word that is not understood */
export function liveRequestOf(line: CommandLine): LiveRequest {
  const { words, options } = line;
  if (words.length === 0 || words.length > SOURCES_MAX) {
    throw new Fault('badInput', {
      where: 'operando scan live',
      message: `${words.length} sources given; expected 1 to ${SOURCES_MAX} files or folders`,
    });
  }
  const out = typeof options.out === 'string' ? options.out : undefined;
  if (out !== undefined && existsSync(out) && !statSync(out).isDirectory()) {
    const message = 'is a file; expected a folder';
    throw new Fault('badInput', { where: `--out ${out}`, message });
  }
  const every = numberOption(line, 'every', { min: 1, max: 1e6, whole: true });
  if (every !== undefined && out === undefined) {
    const message = '--every needs a folder for the images, such as --out live';
    throw new Fault('badInput', { where: '--every', message });
  }
  const isMax = options.speed === 'max';
  if (!isMax && !(Number(options.speed) > 0)) {
    throw new Fault('badInput', {
      where: '--speed',
      message: `"${options.speed}" is not understood: expected max or views per second, such as 11`,
    });
  }
  return {
    sources: words,
    out,
    every,
    viewsPerSecond: isMax ? undefined : numberOption(line, 'speed', { min: 0.01, max: 1e5 }),
    axis:
      options.axis === 'auto'
        ? 'auto'
        : (numberOption(line, 'axis', { min: 0, max: 65_535 }) ?? 'auto'),
    pixelSizeUm: numberOption(line, 'pixel-size', { min: 1e-3, max: 1e5 }),
    directions: {
      verticalRadian: radians(line, 'vertical')[0],
      verticalCrossRadian: radians(line, 'vertical')[1],
      obliqueRadian: radians(line, 'oblique')[0],
      obliqueTiltRadian: radians(line, 'oblique')[1],
    },
  };
}

/** Two angles in degrees. */
function radians(line: CommandLine, option: string): [number, number] {
  const text = String(line.options[option]);
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [first = Number.NaN, second = Number.NaN] = parts;
  if (parts.length === 2 && Number.isFinite(first) && Number.isFinite(second)) {
    return [(first * Math.PI) / 180, (second * Math.PI) / 180];
  }
  throw new Fault('badInput', {
    where: `--${option}`,
    message: `"${text}" is not understood: expected two angles in degrees, such as 30,120`,
  });
}
