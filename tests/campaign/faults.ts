import { driftPerSecond, FAILINGS, failingOf } from '../../hardware/simulated/faults-sensor.ts';
import type { FaultName, InjectedFault } from '../../src/domain/injected-fault.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { CUT_OUT_CELSIUS, SAFETY, ThermalBench } from './thermal-bench.ts';

export const name = 'faults';
export const about =
  'every thermal fault of the hazard table, by seed, and days without one, with and without restarts: detection times, what the plant really reached, false trips';

/** Faults of heat and its sensors; those of the cell and its wires are in the safety tests. */
export const THERMAL_FAULTS = [
  'heaterStuckOn',
  'heaterStuckOff',
  'failingSensor',
  'stuckSensor',
  'drift',
  'stall',
  'brownOut',
] as const satisfies readonly FaultName[];
export type ThermalFault = (typeof THERMAL_FAULTS)[number];

const HOLD_CELSIUS = 65;
/** After two temperatures the oven is known, and it holds the third. */
const FAULT_SECOND = 7800;
/** A fault that is not seen by then counts as missed. */
const WATCH_SECOND = 5400;
const COAST_SECOND = 900;
/** Within this a fault must be seen, if physics lets it show by then. */
export const DETECTION_SECOND_MAX = 10;
/** Ten standard deviations of one reading: less than that in ten seconds nobody can see. */
const VISIBLE_KELVIN = 0.2;
/** Above the trip a lagging cell goes on rising while the block gives off its heat. */
const AFTERGLOW_KELVIN = 3;

export interface FaultTrial {
  readonly fault: InjectedFault;
  /** Undefined when it was not seen. */
  readonly detectedSecond: number | undefined;
  readonly message: string;
  /** Whether it can be seen within ten seconds at all; why not, otherwise. */
  readonly invisible: string | undefined;
  readonly hottestCelsius: number;
  /** What the plant may truly reach. */
  readonly limitCelsius: number;
}

/** Plays one fault while the oven holds its third temperature. */
export async function tryFault(kind: ThermalFault, seed: number): Promise<FaultTrial> {
  const random = new Random(deriveSeed(seed, `${kind} moment`));
  const isOfSensor = kind !== 'heaterStuckOn' && kind !== 'heaterStuckOff' && kind !== 'brownOut';
  const fault: InjectedFault = {
    name: kind,
    at: FAULT_SECOND + 1200 * random.uniform(),
    seed: deriveSeed(seed, kind),
    ...(isOfSensor ? { sensor: 'cell-temperature' } : {}),
  };
  const bench = new ThermalBench({ seed, spread: 1.5, faults: [fault] });
  await bench.start();
  await bench.hold(60);
  await bench.pass(3600);
  await bench.hold(45);
  await bench.pass(2400);
  await bench.hold(HOLD_CELSIUS);
  await bench.pass(fault.at - bench.clock.nowSecond() - 1e-3);
  const invisible = whyInvisible(bench, fault);
  await bench.pass(WATCH_SECOND);
  const [first] = bench.trips;
  await bench.coast(COAST_SECOND);
  await bench.stop();
  return {
    fault,
    detectedSecond: first && first.timeSecond - fault.at,
    message: first?.trip.message ?? 'not seen',
    invisible,
    hottestCelsius: bench.hottestCellCelsius,
    limitCelsius:
      kind === 'heaterStuckOn'
        ? CUT_OUT_CELSIUS
        : (SAFETY.temperature?.max ?? Number.NaN) - AFTERGLOW_KELVIN,
  };
}

/** Why nobody could see this fault within ten seconds; undefined when it shows. */
function whyInvisible(bench: ThermalBench, fault: InjectedFault): string | undefined {
  const { heaterPower, heatCapacity } = bench.parameters;
  const duty = bench.oven.dutyFraction();
  const lost = { heaterStuckOn: 1 - duty, heaterStuckOff: duty };
  switch (fault.name) {
    case 'heaterStuckOn':
    case 'heaterStuckOff': {
      const kelvin = ((heaterPower * lost[fault.name]) / heatCapacity) * DETECTION_SECOND_MAX;
      const text = `the block changes by only ${kelvin.toFixed(2)} °C in ${DETECTION_SECOND_MAX} s`;
      return kelvin < VISIBLE_KELVIN ? text : undefined;
    }
    case 'drift': {
      const kelvin = Math.abs(driftPerSecond(fault, '°C')) * DETECTION_SECOND_MAX;
      return kelvin < VISIBLE_KELVIN
        ? `it drifts by only ${kelvin.toFixed(3)} °C in ${DETECTION_SECOND_MAX} s`
        : undefined;
    }
    case 'stuckSensor':
      return 'a sound sensor repeats a value too: only a run of minutes says that it is stuck';
    default:
      return undefined;
  }
}

export interface QuietDays {
  readonly days: number;
  readonly trips: readonly string[];
}

/** Heating, holding and cooling at random, day and night, on ovens of every kind. */
export async function quietDays(seed: number, days: number): Promise<QuietDays> {
  const random = new Random(deriveSeed(seed, 'quiet days'));
  // Every third rig has no thermometer on its oven; ovens differ by a factor of two and a half.
  const bench = new ThermalBench({ seed, spread: 2.5, hasOvenThermometer: seed % 3 !== 0 });
  await bench.start();
  const reachable = reachableCelsius(bench);
  while (bench.clock.nowSecond() < days * 86_400 && bench.trips.length === 0) {
    if (random.uniform() < 0.15) await bench.off();
    else await bench.hold(Math.round(30 + (reachable - 30) * random.uniform()));
    await bench.pass(3600 * (0.5 + 6 * random.uniform()));
  }
  await bench.stop();
  return daysOf(bench);
}

function daysOf(bench: ThermalBench): QuietDays {
  return {
    days: bench.clock.nowSecond() / 86_400,
    // What follows the first trip is its own doing.
    trips: bench.trips
      .slice(0, 1)
      .map(({ timeSecond, trip }) => `${Math.round(timeSecond)} s: ${trip.message}`),
  };
}

/** Hosts that die in the midst of heating, holding and cooling, and take over again. */
export async function restartedDays(seed: number, days: number): Promise<QuietDays> {
  const random = new Random(deriveSeed(seed, 'restarts'));
  const bench = new ThermalBench({ seed, spread: 2.5, hasOvenThermometer: seed % 3 !== 0 });
  await bench.start();
  const reachable = reachableCelsius(bench);
  while (bench.clock.nowSecond() < days * 86_400 && bench.trips.length === 0) {
    const celsius = Math.round(30 + (reachable - 30) * random.uniform());
    await bench.hold(celsius);
    await bench.pass(3600 * random.uniform() ** 2);
    // Half of them come back at once, as from a restart of the software alone.
    await bench.restart(random.uniform() < 0.5 ? 0 : 600 * random.uniform());
    await bench.hold(celsius);
    await bench.pass(3600 * 2 * random.uniform());
  }
  await bench.stop();
  return daysOf(bench);
}

/** A target that the oven can hold with some of its power left. */
function reachableCelsius({ parameters }: ThermalBench): number {
  const highest = 22 + (0.85 * parameters.heaterPower) / parameters.heatLoss;
  return Math.min(75, highest);
}

export interface CampaignOptions {
  readonly seed: number;
  readonly tell: (line: string) => void;
  readonly trialsPerFault?: number;
  readonly quietRigs?: number;
  readonly daysPerRig?: number;
  /** Rigs whose host dies again and again, as many days each. */
  readonly restartedRigs?: number;
}

export interface CampaignFigures {
  readonly trials: number;
  readonly visible: number;
  readonly visibleInTime: number;
  readonly missed: number;
  readonly tooHot: number;
  readonly quietDays: number;
  readonly falseTrips: number;
  readonly restartedDays: number;
  readonly falseTripsAfterRestart: number;
}

/** The whole campaign: by default 20 of each fault, and 30 quiet days on six rigs with and without restarts. */
export async function run(options: CampaignOptions): Promise<CampaignFigures> {
  const { seed, tell, trialsPerFault = 20, quietRigs = 6, daysPerRig = 5 } = options;
  const { restartedRigs = quietRigs } = options;
  const trials: FaultTrial[] = [];
  for (const kind of THERMAL_FAULTS) {
    const some: FaultTrial[] = [];
    for (let at = 0; at < trialsPerFault; at += 1) some.push(await tryFault(kind, seed + at));
    tellFault(kind, some, tell);
    trials.push(...some);
  }
  const quiet: QuietDays[] = [];
  for (let at = 0; at < quietRigs; at += 1) {
    const one = await quietDays(seed + at, daysPerRig);
    quiet.push(one);
    for (const trip of one.trips) tell(`false trip on rig ${seed + at}: ${trip}`);
  }
  const restarted: QuietDays[] = [];
  for (let at = 0; at < restartedRigs; at += 1) {
    const one = await restartedDays(seed + at, daysPerRig);
    restarted.push(one);
    for (const trip of one.trips) tell(`false trip on restarted rig ${seed + at}: ${trip}`);
  }
  const figures = figuresOf(trials, quiet, restarted);
  tell(
    `${figures.visibleInTime} of ${figures.visible} faults that can show within ${DETECTION_SECOND_MAX} s were seen by then; ` +
      `${figures.missed} of ${figures.trials} were never seen; the plant was too hot in ${figures.tooHot}; ` +
      `${figures.falseTrips} false trips in ${figures.quietDays.toFixed(1)} quiet days, ` +
      `${figures.falseTripsAfterRestart} in ${figures.restartedDays.toFixed(1)} days with restarts`,
  );
  return figures;
}

function figuresOf(
  trials: readonly FaultTrial[],
  quiet: readonly QuietDays[],
  restarted: readonly QuietDays[],
): CampaignFigures {
  const visible = trials.filter(({ invisible }) => invisible === undefined);
  return {
    trials: trials.length,
    visible: visible.length,
    visibleInTime: visible.filter(isInTime).length,
    missed: trials.filter(({ detectedSecond }) => detectedSecond === undefined).length,
    tooHot: trials.filter(({ hottestCelsius, limitCelsius }) => hottestCelsius > limitCelsius)
      .length,
    quietDays: daysIn(quiet),
    falseTrips: tripsIn(quiet),
    restartedDays: daysIn(restarted),
    falseTripsAfterRestart: tripsIn(restarted),
  };
}

function daysIn(all: readonly QuietDays[]): number {
  return all.reduce((sum, { days }) => sum + days, 0);
}

function tripsIn(all: readonly QuietDays[]): number {
  return all.reduce((sum, { trips }) => sum + trips.length, 0);
}

function isInTime({ detectedSecond = Number.POSITIVE_INFINITY }: FaultTrial): boolean {
  return detectedSecond >= 0 && detectedSecond <= DETECTION_SECOND_MAX;
}

function tellFault(
  kind: ThermalFault,
  trials: readonly FaultTrial[],
  tell: (line: string) => void,
): void {
  const times = trials.flatMap(({ detectedSecond }) => detectedSecond ?? []).sort((a, b) => a - b);
  const at = (share: number): string =>
    (times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN).toFixed(1);
  const hottest = Math.max(...trials.map(({ hottestCelsius }) => hottestCelsius));
  const inTime = trials.filter(isInTime).length;
  const visible = trials.filter(({ invisible }) => invisible === undefined).length;
  const ways =
    kind === 'failingSensor'
      ? ` (${FAILINGS.filter((way) => trials.some(({ fault }) => failingOf(fault) === way)).join(', ')})`
      : '';
  tell(
    `${kind}${ways}: seen ${times.length} of ${trials.length}, after ${at(0.5)} s (median), ${at(0.95)} s (95 %), ${at(1)} s (longest); ` +
      `${inTime} within ${DETECTION_SECOND_MAX} s, where ${visible} can show so soon; hottest cell ${hottest.toFixed(1)} °C`,
  );
}
