import type { ElectrochemicalKind } from '../domain/technique.ts';
import type { PlannedMeasure, PlannedMeasurement, PlannedStep } from './plan.ts';

/** What a plan asks of the instruments, over all its steps. */
export interface PlanNeeds {
  readonly techniques: readonly ElectrochemicalKind[];
  /** The largest current that is set, whatever its sign; 0 when none is. */
  readonly currentAmpereMax: number;
  /** The potentials that are set; undefined when none is. */
  readonly voltageVolt: { readonly min: number; readonly max: number } | undefined;
  readonly frequencyHertz: { readonly min: number; readonly max: number } | undefined;
  /** The finest rhythm of rest, current and voltage; undefined when there is none. */
  readonly sampleEverySecondMin: number | undefined;
  readonly temperatureCelsiusMax: number | undefined;
  /** Of the largest scan; undefined when there is none. */
  readonly viewsMax: number | undefined;
  readonly regions: readonly string[];
  readonly freshCells: number;
}

interface Found {
  readonly techniques: Set<ElectrochemicalKind>;
  readonly currents: number[];
  readonly voltages: number[];
  readonly frequencies: number[];
  readonly rhythms: number[];
  readonly temperatures: number[];
  readonly views: number[];
  readonly regions: Set<string>;
  freshCells: number;
}

/** Everything a plan asks for, whichever way its branches go. */
export function needsOf(steps: readonly PlannedStep[]): PlanNeeds {
  const found: Found = {
    techniques: new Set(),
    currents: [0],
    voltages: [],
    frequencies: [],
    rhythms: [],
    temperatures: [],
    views: [],
    regions: new Set(),
    freshCells: 0,
  };
  for (const step of everyMeasurement(steps)) addMeasurement(found, step);
  return {
    techniques: [...found.techniques],
    currentAmpereMax: largest(found.currents) ?? 0,
    voltageVolt: rangeOf(found.voltages),
    frequencyHertz: rangeOf(found.frequencies),
    sampleEverySecondMin: rangeOf(found.rhythms)?.min,
    temperatureCelsiusMax: largest(found.temperatures),
    viewsMax: largest(found.views),
    regions: [...found.regions],
    freshCells: found.freshCells,
  };
}

/** Every measurement of a plan, once however often it is repeated. */
export function* everyMeasurement(steps: readonly PlannedStep[]): Generator<PlannedMeasurement> {
  for (const step of steps) {
    if (step.kind === 'loop') yield* everyMeasurement(step.steps);
    else if (step.kind === 'branch') {
      for (const way of [...step.cases.values(), step.otherwise]) yield* everyMeasurement(way);
    } else if (step.kind === 'screen') {
      for (const candidate of step.candidates) yield* everyMeasurement(candidate.steps);
    } else yield step;
  }
}

function addMeasurement(found: Found, step: PlannedMeasurement): void {
  const { techniques, currents, rhythms, voltages } = found;
  switch (step.kind) {
    case 'freshCell':
      found.freshCells += 1;
      return;
    case 'soak':
      found.temperatures.push(step.temperatureCelsius);
      return;
    case 'impedance':
    case 'scan':
    case 'spectrum':
      addMeasure(found, step);
      return;
    case 'gitt':
      techniques.add('constantCurrent').add('openCircuit');
      currents.push(Math.abs(step.currentAmpere));
      rhythms.push(step.sampleEverySecond, step.edgeEverySecond);
      return;
    case 'cyclicVoltammetry':
      techniques.add(step.kind);
      voltages.push(...step.verticesVolt);
      return;
    case 'linearSweep':
      techniques.add(step.kind);
      voltages.push(step.endVolt, step.startVolt ?? step.endVolt);
      currents.push(step.limitAmpere ?? 0);
      return;
    case 'constantCurrentConstantVoltage':
      techniques.add('constantCurrent').add('constantVoltage');
      break;
    default:
      techniques.add(step.kind);
  }
  rhythms.push(step.sampleEverySecond, step.edge?.everySecond ?? step.sampleEverySecond);
  if ('currentAmpere' in step) currents.push(Math.abs(step.currentAmpere));
  if ('voltageVolt' in step) voltages.push(step.voltageVolt);
  for (const { what } of step.during) addMeasure(found, what);
}

function addMeasure(found: Found, what: PlannedMeasure): void {
  if (what.kind === 'impedance') {
    found.techniques.add('impedance');
    found.frequencies.push(what.frequencyHertzMax, what.frequencyHertzMin);
  } else if (what.kind === 'scan') found.views.push(what.views);
  else for (const region of what.regions) found.regions.add(region);
}

function largest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}

function rangeOf(values: readonly number[]) {
  if (values.length === 0) return undefined;
  return { min: Math.min(...values), max: Math.max(...values) };
}
