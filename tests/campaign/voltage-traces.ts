import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { ElectricalReading } from '../../src/run/intake.ts';

/** Voltage of cells that are sound, as cyclers see it: every shape that ordinary cycling has. */

/** One stretch of current, as one step of a recipe runs it. */
export interface Stretch {
  readonly kind: StretchKind;
  readonly flowStartSecond: number;
  readonly readings: readonly ElectricalReading[];
}

export const STRETCH_KINDS = [
  'plateauCharge',
  'plateauDischarge',
  'slopeCharge',
  'slopeDischarge',
  'againstZero',
  'plating',
  'stripping',
  'pulse',
  'rateSwitch',
] as const;
export type StretchKind = (typeof STRETCH_KINDS)[number];

interface Shape {
  readonly hours: number;
  readonly currentAmpere: number;
  /** V at a share of the stretch's time, without noise. */
  readonly volt: (share: number, second: number) => number;
}

/** Stretches one after another until the time is up. */
export function* ordinaryCycling(seed: number, hours: number): Generator<Stretch> {
  const random = new Random(deriveSeed(seed, 'ordinary cycling'));
  let second = 0;
  while (second < hours * 3600) {
    const kind = pick(STRETCH_KINDS, random);
    const stretch = stretchOf(kind, second, random);
    yield stretch;
    const rest = 60 + 600 * random.uniform();
    second = (stretch.readings.at(-1)?.timeSecond ?? second) + rest;
  }
}

function stretchOf(kind: StretchKind, startSecond: number, random: Random): Stretch {
  const shape = shapeOf(kind, random);
  const everySecond = pick([1, 5, 10, 30], random);
  const sigmaVolt = pick([2e-5, 2e-4, 2e-3], random) * (kind === 'plating' ? 0.5 : 1);
  const count = Math.max(20, Math.floor((shape.hours * 3600) / everySecond));
  const spikes = random.uniform() < 0.3;
  const readings = Array.from({ length: count }, (_, at): ElectricalReading => {
    const second = (at + 1) * everySecond;
    // A relay somewhere in the laboratory: one sample alone.
    const spike = spikes && random.uniform() < 5e-4 ? 0.3 * (random.uniform() - 0.5) : 0;
    const volt = shape.volt((at + 1) / count, second) + sigmaVolt * random.normal() + spike;
    return {
      kind: 'electrical',
      timeSecond: startSecond + second,
      voltageVolt: volt,
      currentAmpere: shape.currentAmpere * (1 + 1e-4 * random.normal()),
      quality: 'good',
    };
  });
  return { kind, flowStartSecond: startSecond, readings };
}

function shapeOf(kind: StretchKind, random: Random): Shape {
  const hours = 0.5 + 4 * random.uniform();
  const ampere = 1e-3 * (0.2 + random.uniform());
  const ohm = 20 + 200 * random.uniform();
  const steep = 15 + 60 * random.uniform();
  const overVolt = ampere * ohm;
  const sagVolt = 0.02 * random.uniform();
  const sagSecond = 30 + 200 * random.uniform();
  // The polarisation builds up within minutes.
  const build = (second: number): number => 1 - Math.exp(-second / sagSecond);
  switch (kind) {
    case 'plateauCharge': {
      // A coup de fouet: nucleation lets the voltage sag a little after the start.
      const hump = (second: number): number => sagVolt * Math.exp(-second / sagSecond);
      return {
        hours,
        currentAmpere: ampere,
        volt: (share, second) =>
          3.42 + overVolt * build(second) + hump(second) + 0.6 * Math.exp(steep * (share - 1)),
      };
    }
    case 'plateauDischarge':
      return {
        hours,
        currentAmpere: -ampere,
        volt: (share, second) =>
          3.42 -
          overVolt * build(second) -
          sagVolt * Math.exp(-second / sagSecond) -
          1.2 * Math.exp(steep * (share - 1)),
      };
    case 'slopeCharge':
      return {
        hours,
        currentAmpere: ampere,
        volt: (share, second) => 3.2 + overVolt * build(second) + 1.0 * share ** 0.8,
      };
    case 'slopeDischarge':
      return {
        hours,
        currentAmpere: -ampere,
        volt: (share, second) =>
          4.2 - overVolt * build(second) - 1.0 * share - 0.7 * Math.exp(steep * (share - 1)),
      };
    case 'againstZero': {
      // Against another electrode than lithium a cell crosses zero volts, and may plunge through it.
      const sign = random.uniform() < 0.5 ? 1 : -1;
      return {
        hours,
        currentAmpere: sign * ampere,
        volt: (share, second) =>
          sign *
          (-0.5 + overVolt * build(second) + 0.8 * share + 0.5 * Math.exp(steep * (share - 1))),
      };
    }
    case 'plating':
    case 'stripping': {
      // Overpotential after its nucleation peak, growing with the interphase, with arcing at the end.
      const sign = kind === 'plating' ? 1 : -1;
      const peak = 0.4 * random.uniform();
      return {
        hours,
        currentAmpere: sign * ampere,
        volt: (share, second) =>
          sign *
          overVolt *
          (1 + peak * Math.exp(-second / sagSecond) + 0.5 * share + 0.8 * share ** 8),
      };
    }
    case 'pulse': {
      // A pulse of a titration: an edge, the square root of time, minutes.
      const sign = random.uniform() < 0.5 ? 1 : -1;
      const level = 3.3 + 0.8 * random.uniform();
      return {
        hours: 0.08 + 0.1 * random.uniform(),
        currentAmpere: sign * ampere,
        volt: (_, second) => level + sign * (overVolt + 8e-4 * Math.sqrt(second)),
      };
    }
    case 'rateSwitch': {
      // The same step at another current: the ohmic drop is another one at once.
      const before = 0.5 * random.uniform();
      return {
        hours,
        currentAmpere: ampere,
        volt: (share, second) =>
          3.5 + overVolt * (1 - before * Math.exp(-second / 60)) + 0.5 * share,
      };
    }
    default:
      return kind satisfies never;
  }
}

function pick<T>(list: readonly T[], random: Random): T {
  const one = list[Math.floor(random.uniform() * list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
