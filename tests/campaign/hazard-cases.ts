import { driftPerSecond } from '../../hardware/simulated/faults-sensor.ts';
import type { FaultName, InjectedFault } from '../../src/domain/injected-fault.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { EventCode } from '../../src/domain/run-record.ts';
import {
  CHARGE,
  CHARGE_AND_HOLD,
  CHARGE_AND_REST,
  CHARGE_LONG,
  COLD_REST,
  PLATE,
  WARM_REST,
} from './hazard-recipes.ts';
import type { HazardRun, TruthMoment } from './hazard-rig.ts';

/** Every row of the table of docs/safety.md, and how it is played. */

/** What of the plant a row is about. */
export type Quantity = 'temperature' | 'current' | 'voltage' | 'pressure';

/** What must be seen of a hazard. */
export interface HazardWanted {
  /** Any of these events is the detection, if its message fits. */
  readonly codes: readonly EventCode[];
  readonly message: RegExp;
  /** What the table says: from the fault, or from the moment at which the limit is truly passed. */
  readonly statedSecond: number;
  /** A trip ends the run in its safe state and latches; an alarm and news let it go on. */
  readonly reaction: 'trip' | 'fault' | 'alarm' | 'news' | 'nothing';
  /** Instruments that cannot confirm that they are safe. */
  readonly unconfirmed: readonly string[];
  readonly quantity: Quantity;
  /** When the hazard is truly there, where that is later than the fault. */
  readonly isThere?: (moment: TruthMoment) => boolean;
}

export interface HazardCase {
  readonly run: HazardRun;
  readonly wanted: HazardWanted;
}

/** Makes one trial of a row. */
export type HazardRow = (seed: number) => HazardCase;

const BATTERY = 'nmc-lgps-lnto350';
const SYMMETRIC = 'li-li3ps4-li';
const CELL_SENSOR = 'cell-temperature';
/** The oven is known after its approach and a time of holding. */
const WARM_SECOND = 5400;
const SAMPLE_SECOND = 5;
/** The clock is looked at with every commit, which follows a record by a second at most. */
const COMMIT_SECOND = SAMPLE_SECOND + 1;
/** The witness looks so often. */
export const WITNESS_SECOND = 1;

interface Play {
  readonly recipe: string;
  readonly cell?: string;
  readonly hasHeater?: boolean;
  /** When the fault is played at the earliest, and over how long a time it may be. */
  readonly fromSecond: number;
  readonly withinSecond: number;
  readonly faults: readonly {
    readonly name: FaultName;
    readonly sensor?: string;
    readonly lateSecond?: number;
  }[];
}

function play(seed: number, name: string, options: Play): HazardRun {
  const { recipe, cell = BATTERY, hasHeater = true, fromSecond, withinSecond } = options;
  const random = new Random(deriveSeed(seed, `${name} moment`));
  const at = fromSecond + withinSecond * random.uniform();
  const faults = options.faults.map(
    ({ name: fault, sensor, lateSecond = 0 }): InjectedFault => ({
      name: fault,
      at: at + lateSecond,
      seed: deriveSeed(seed, `${name} ${fault}`) >>> 1,
      ...(sensor === undefined ? {} : { sensor }),
    }),
  );
  return { recipe, cell, hasHeater, seed, faults };
}

const TRIP = {
  codes: ['interlock'],
  reaction: 'trip',
  unconfirmed: [],
  quantity: 'temperature',
} as const;
const SOON = { fromSecond: 900, withinSecond: 1200 } as const;
const WARM = { recipe: WARM_REST, cell: SYMMETRIC, fromSecond: WARM_SECOND, withinSecond: 900 };

/** The rows, by their ids. */
export const HAZARD_ROWS: Readonly<Record<string, HazardRow>> = {
  H1: (seed) => ({
    run: play(seed, 'H1', { ...SOON, recipe: PLATE, cell: SYMMETRIC, faults: [{ name: 'short' }] }),
    wanted: {
      ...TRIP,
      codes: ['cellShort'],
      message: /has shorted/,
      quantity: 'voltage',
      statedSecond: 2 * SAMPLE_SECOND,
    },
  }),
  H2: (seed) => softShort(seed),
  H3: (seed) => ({
    run: play(seed, 'H3', { ...SOON, recipe: CHARGE, faults: [{ name: 'openLead' }] }),
    wanted: { ...TRIP, message: /Voltage/, quantity: 'voltage', statedSecond: 2 * SAMPLE_SECOND },
  }),
  H4: (seed) => ({
    run: play(seed, 'H4', { ...SOON, recipe: CHARGE, faults: [{ name: 'overCurrent' }] }),
    wanted: {
      ...TRIP,
      message: /Current .* above the limit/,
      quantity: 'current',
      statedSecond: SAMPLE_SECOND,
    },
  }),
  H5: (seed) => ({
    run: play(seed, 'H5', { ...SOON, recipe: CHARGE, faults: [{ name: 'stall' }] }),
    wanted: {
      ...TRIP,
      codes: ['interlock', 'instrumentFault'],
      message: /potentiostat|voltage/i,
      statedSecond: 30,
      reaction: 'fault',
      unconfirmed: ['potentiostat'],
    },
  }),
  H6: (seed) => ({
    run: play(seed, 'H6', { ...SOON, recipe: CHARGE, faults: [{ name: 'portLoss' }] }),
    wanted: {
      ...TRIP,
      codes: ['interlock', 'instrumentFault'],
      message: /potentiostat|port|link/i,
      statedSecond: 2,
      reaction: 'fault',
      unconfirmed: ['potentiostat'],
    },
  }),
  H7: (seed) => ({
    run: play(seed, 'H7', { ...WARM, faults: [{ name: 'heaterStuckOn' }] }),
    wanted: { ...TRIP, message: /power does not explain|goes on rising/, statedSecond: 10 },
  }),
  H8: (seed) => ({
    run: play(seed, 'H8', { ...WARM, faults: [{ name: 'heaterStuckOff' }] }),
    wanted: {
      ...TRIP,
      message: /power should have brought|does not come nearer/,
      statedSecond: 10,
    },
  }),
  H9: (seed) => ({
    run: play(seed, 'H9', { ...SOON, recipe: COLD_REST, faults: [{ name: 'heaterLeak' }] }),
    wanted: { ...TRIP, message: /without power|does not explain/, statedSecond: 600 },
  }),
  H10: (seed) => ({
    run: play(seed, 'H10', { ...WARM, faults: [{ name: 'failingSensor', sensor: CELL_SENSOR }] }),
    wanted: {
      ...TRIP,
      message: /not a number|sensor|cannot be trusted|wrong|should have brought/,
      // Two readings of a thermometer after the first that shows it.
      statedSecond: 6,
    },
  }),
  H11: (seed) => ({
    run: play(seed, 'H11', { ...WARM, faults: [{ name: 'stall', sensor: CELL_SENSOR }] }),
    wanted: { ...TRIP, message: /has been silent/, statedSecond: 5 },
  }),
  H12: (seed) => ({
    run: play(seed, 'H12', { ...WARM, faults: [{ name: 'stuckSensor', sensor: CELL_SENSOR }] }),
    wanted: { ...TRIP, message: /Cell temperature/, statedSecond: 300 },
  }),
  H13: (seed) => drift(seed),
  H14: (seed) => ({
    run: play(seed, 'H14', {
      ...SOON,
      recipe: CHARGE_LONG,
      hasHeater: false,
      faults: [{ name: 'hotRoom' }],
    }),
    wanted: {
      ...TRIP,
      message: /temperature .* above the limit/,
      statedSecond: 2,
      isThere: ({ cellCelsius }) => cellCelsius > 60,
    },
  }),
  H15: (seed) => (seed % 2 === 0 ? gas(seed) : cold(seed)),
  H16: (seed) => ({
    run: play(seed, 'H16', { ...WARM, faults: [{ name: 'brownOut' }] }),
    wanted: {
      ...TRIP,
      codes: ['interlock', 'instrumentFault'],
      message: /silent|answer|potentiostat/,
      statedSecond: 10,
      reaction: 'fault',
      unconfirmed: ['potentiostat'],
    },
  }),
  H17: (seed) => ({
    run: play(seed, 'H17', { ...SOON, recipe: CHARGE, faults: [{ name: 'clockJump' }] }),
    wanted: {
      codes: ['clockStep'],
      message: /./,
      statedSecond: COMMIT_SECOND,
      reaction: 'news',
      unconfirmed: [],
      quantity: 'current',
    },
  }),
  H18: (seed) => {
    const name = seed % 2 === 0 ? 'stall' : 'portLoss';
    const second = { name: 'failingSensor', sensor: CELL_SENSOR, lateSecond: 0.5 } as const;
    return {
      run: play(seed, 'H18', { ...WARM, faults: [{ name }, second] }),
      wanted: {
        ...TRIP,
        codes: ['interlock', 'instrumentFault'],
        message: /./,
        statedSecond: 10,
        reaction: 'fault',
        unconfirmed: ['potentiostat'],
      },
    };
  },
  H19: (seed) => ({
    run: play(seed, 'H19', { ...SOON, recipe: PLATE, cell: SYMMETRIC, faults: [{ name: 'dips' }] }),
    wanted: {
      codes: ['alarmEscalated'],
      message: /Nobody has acknowledged softShort for 10 min/,
      // Three dips, and ten minutes in which nobody comes.
      statedSecond: 600 + 600,
      reaction: 'alarm',
      unconfirmed: [],
      quantity: 'voltage',
    },
  }),
  H20: (seed) => {
    const recipes = [CHARGE, WARM_REST, CHARGE_AND_REST, CHARGE_AND_HOLD];
    const recipe = recipes[seed % recipes.length] ?? CHARGE;
    const cell = recipe === WARM_REST ? SYMMETRIC : BATTERY;
    return {
      run: play(seed, 'H20', { ...SOON, recipe, cell, faults: [] }),
      wanted: {
        codes: [],
        message: /./,
        statedSecond: Number.POSITIVE_INFINITY,
        reaction: 'nothing',
        unconfirmed: [],
        quantity: 'temperature',
      },
    };
  },
};

/** Dips while it is plated, a filament at rest, and one at a held voltage. */
function softShort(seed: number): HazardCase {
  const wanted = {
    codes: ['softShort'],
    reaction: 'alarm',
    unconfirmed: [],
    quantity: 'voltage',
  } as const;
  switch (seed % 3) {
    case 0:
      return {
        run: play(seed, 'H2', {
          ...SOON,
          recipe: PLATE,
          cell: SYMMETRIC,
          faults: [{ name: 'dips' }],
        }),
        wanted: { ...wanted, message: /has dipped/, statedSecond: 600 },
      };
    case 1:
      return {
        run: play(seed, 'H2', {
          recipe: CHARGE_AND_REST,
          // From the start of the rest on, or hours into it.
          fromSecond: 7300,
          withinSecond: 4 * 3600,
          faults: [{ name: 'leak' }],
        }),
        wanted: { ...wanted, message: /drifts by|begun to fall/, statedSecond: 3 * 3600 },
      };
    default:
      return {
        run: play(seed, 'H2', {
          recipe: CHARGE_AND_HOLD,
          fromSecond: 5 * 3600,
          withinSecond: 2 * 3600,
          faults: [{ name: 'leak' }],
        }),
        wanted: { ...wanted, message: /has risen|stays at/, statedSecond: 3600 },
      };
  }
}

/** Told by the time at which it is 2 °C off, and a little for noise and the oven's lag. */
function drift(seed: number): HazardCase {
  const run = play(seed, 'H13', { ...WARM, faults: [{ name: 'drift', sensor: CELL_SENSOR }] });
  const rate = Math.abs(run.faults[0] ? driftPerSecond(run.faults[0], '°C') : Number.NaN);
  return {
    run,
    wanted: { ...TRIP, message: /wrong|power|rising|nearer/, statedSecond: 2.2 / rate },
  };
}

function gas(seed: number): HazardCase {
  return {
    run: play(seed, 'H15', { ...SOON, recipe: CHARGE, faults: [{ name: 'gas' }] }),
    wanted: {
      ...TRIP,
      message: /pressure .* above the limit/,
      quantity: 'pressure',
      statedSecond: 10,
      isThere: ({ pascal }) => pascal > 21e6,
    },
  };
}

function cold(seed: number): HazardCase {
  return {
    run: play(seed, 'H15', {
      ...SOON,
      recipe: CHARGE_LONG,
      hasHeater: false,
      faults: [{ name: 'coldRoom' }],
    }),
    wanted: {
      ...TRIP,
      message: /temperature .* below the limit/,
      statedSecond: 2,
      isThere: ({ cellCelsius }) => cellCelsius < 5,
    },
  };
}

/** The times of the table of docs/safety.md that the figures above stand for. */
export const STATED_TIMES: Readonly<Record<string, string>> = {
  H1: '2 samples',
  H2: '3 dips; without current within 3 h',
  H3: '2 samples',
  H4: '1 sample',
  H5: '30 s',
  H6: 'told within 2 s',
  H7: '10 s with two thermometers',
  H8: '10 s with two thermometers, if the block loses 0.2 °C by then',
  H9: '10 min',
  H10: '2 samples',
  H11: '5 s at one reading each 2 s',
  H12: '5 min',
  H13: 'until it is 2 °C off',
  H14: '1 sample',
  H15: '1 sample',
  H16: '10 s',
  H17: 'at once',
  H18: '5 s',
  H19: '10 min',
  H20: '-',
  H21: 'off within 1.0 s',
  H22: 'off within 1.0 s',
  H23: 'off within 1.0 s',
  H24: 'off within 0.3 s',
  H25: 'off within 1.0 s',
  H26: 'off within 1.0 s',
};
