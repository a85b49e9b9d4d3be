import { CHANNELS } from '../domain/channel.ts';
import type { MeasurementStep } from '../domain/recipe-steps.ts';
import { measureSecond, planAcquisitions, planScan, planSpectrum } from './acquisition-plan.ts';
import { boundSecond, currentOf, planConditions } from './condition-plan.ts';
import type {
  PlannedCondition,
  PlannedConstantCurrent,
  PlannedConstantCurrentConstantVoltage,
  PlannedConstantVoltage,
  PlannedFreshCell,
  PlannedMeasurement,
  PlannedOpenCircuit,
  PlannedSoak,
  PlannedTitration,
} from './plan.ts';
import type { PlanSite } from './plan-site.ts';
import { planLinearSweep, planVoltage, planVoltammetry } from './potential-plan.ts';
import { planSweep } from './sweep-plan.ts';
import { spokenTime } from './wording.ts';

type StepOf<T extends MeasurementStep['technique']> = Extract<MeasurementStep, { technique: T }>;

/** Makes one step definite; what is wrong with it is left with the site. */
export function planMeasurement(site: PlanSite, step: MeasurementStep): PlannedMeasurement {
  const { name } = step;
  switch (step.technique) {
    case 'freshCell':
      return planFreshCell(site, name, step.within);
    case 'soak':
      return planSoak(site, step);
    case 'openCircuit':
      return planOpenCircuit(site, step);
    case 'constantCurrent':
      return planConstantCurrent(site, step);
    case 'constantVoltage':
      return planConstantVoltage(site, step);
    case 'constantCurrentConstantVoltage':
      return planConstantCurrentConstantVoltage(site, step);
    case 'cyclicVoltammetry':
      return planVoltammetry(site, step);
    case 'linearSweep':
      return planLinearSweep(site, step);
    case 'gitt':
      return planTitration(site, step);
    case 'impedance': {
      const sweep = planSweep(site, step, 0);
      return { ...sweep, name, longestSecond: sweep.expectedSecond };
    }
    case 'scan': {
      const scan = planScan(site, step);
      return { ...scan, name, longestSecond: measureSecond(scan) };
    }
    case 'spectrum': {
      const spectrum = planSpectrum(site, step);
      return { ...spectrum, name, longestSecond: measureSecond(spectrum) };
    }
    default:
      return step satisfies never;
  }
}

/** The exchange of the specimen, for a step or for a candidate of a screen. */
export function planFreshCell(
  site: PlanSite,
  name: string,
  withinSecond: number,
): PlannedFreshCell {
  site.checkPositive('within', withinSecond, 'the time to exchange a cell');
  if (!site.instruments.freshCell) {
    site.problem('technique', 'nobody can put a fresh cell into this rig while a run goes on');
  }
  return { kind: 'freshCell', name, withinSecond, longestSecond: withinSecond };
}

function planSoak(site: PlanSite, step: StepOf<'soak'>): PlannedSoak {
  const { temperature, tolerance, dwell, ramp, within } = step;
  const { heater } = site.instruments;
  if (!heater) {
    site.problem('technique', 'the rig has no heater, which a soak needs');
  } else if (temperature > heater.temperatureCelsiusMax) {
    site.problem(
      'temperature',
      `${temperature} °C is above the ${heater.temperatureCelsiusMax} °C that ${heater.info.model} may reach`,
    );
  }
  if (!site.measures(CHANNELS.temperature.name)) {
    site.problem('technique', `a soak needs a sensor that measures ${CHANNELS.temperature.name}`);
  }
  const limit = site.safety.temperature?.max;
  if (limit !== undefined && temperature + tolerance > limit) {
    site.problem(
      'temperature',
      `${temperature} °C with its tolerance of ${tolerance} °C passes safety.temperature.max, ${limit} °C`,
    );
  }
  site.checkPositive('tolerance', tolerance, 'the tolerance');
  if (ramp !== undefined) site.checkPositive('ramp', ramp, 'the ramp');
  if (dwell < 0) site.problem('dwell', 'the dwell must not be below 0');
  if (!(within > dwell)) {
    site.problem(
      'within',
      `${spokenTime(within)} leaves no time to heat before the dwell of ${spokenTime(dwell)}`,
    );
  }
  return {
    kind: 'soak',
    name: step.name,
    temperatureCelsius: temperature,
    toleranceKelvin: tolerance,
    dwellSecond: dwell,
    rampKelvinPerSecond: ramp,
    withinSecond: within,
    longestSecond: within,
  };
}

function planOpenCircuit(site: PlanSite, step: StepOf<'openCircuit'>): PlannedOpenCircuit {
  site.checkTechnique('openCircuit');
  return { kind: 'openCircuit', ...planElectrical(site, step, 0) };
}

function planConstantCurrent(
  site: PlanSite,
  step: StepOf<'constantCurrent'>,
): PlannedConstantCurrent {
  site.checkTechnique('constantCurrent');
  const currentAmpere = planCurrent(site, step);
  return { kind: 'constantCurrent', currentAmpere, ...planElectrical(site, step, currentAmpere) };
}

function planConstantVoltage(
  site: PlanSite,
  step: StepOf<'constantVoltage'>,
): PlannedConstantVoltage {
  site.checkTechnique('constantVoltage');
  const voltageVolt = planVoltage(site, 'voltage', step.voltage);
  const electrical = planElectrical(site, step, Number.NaN);
  return { kind: 'constantVoltage', voltageVolt, ...electrical };
}

function planConstantCurrentConstantVoltage(
  site: PlanSite,
  step: StepOf<'constantCurrentConstantVoltage'>,
): PlannedConstantCurrentConstantVoltage {
  site.checkTechnique('constantCurrent');
  site.checkTechnique('constantVoltage');
  const currentAmpere = planCurrent(site, step);
  const voltageVolt = planVoltage(site, 'voltage', step.voltage);
  return {
    kind: 'constantCurrentConstantVoltage',
    currentAmpere,
    voltageVolt,
    ...planElectrical(site, step, Number.NaN),
  };
}

/** The current of a step; no current is another technique. */
function planCurrent(
  site: PlanSite,
  step: StepOf<'constantCurrent'> | StepOf<'constantCurrentConstantVoltage'> | StepOf<'gitt'>,
): number {
  const currentAmpere = currentOf(site, 'current', step.current);
  site.checkCurrent('current', currentAmpere, 'current');
  if (currentAmpere === 0) site.problem('current', 'no current is the technique openCircuit');
  return currentAmpere;
}

type ElectricalStep =
  | StepOf<'openCircuit'>
  | StepOf<'constantCurrent'>
  | StepOf<'constantVoltage'>
  | StepOf<'constantCurrentConstantVoltage'>;

/** @param currentAmpere NaN when a voltage is held and nobody knows the current */
function planElectrical(site: PlanSite, step: ElectricalStep, currentAmpere: number) {
  const { name, record } = step;
  site.checkPositive('record.every', record.every, 'the time between two records');
  site.checkRhythm('record.every', record.every, step.technique === 'openCircuit');
  const edge = planEdge(site, step);
  const until = planConditions(site, 'until.any', step.until.any);
  return {
    name,
    sampleEverySecond: record.every,
    ...(edge ? { edge } : {}),
    until,
    during: planAcquisitions(site, step.during, { currentAmpere, until }),
    longestSecond: checkedBound(site, until, Number.isNaN(currentAmpere) ? 0 : currentAmpere),
  };
}

/** @returns undefined where the recipe asks for an even rhythm */
function planEdge(site: PlanSite, { technique, record: { every, edges } }: ElectricalStep) {
  if (!edges) return undefined;
  site.checkPositive('record.edges.every', edges.every, 'the time between two records at an edge');
  site.checkRhythm('record.edges.every', edges.every, technique === 'openCircuit');
  if (edges.every >= every) {
    site.problem(
      'record.edges.every',
      `${spokenTime(edges.every)} is not shorter than record.every, ${spokenTime(every)}`,
    );
  }
  if (edges.for < edges.every) {
    site.problem(
      'record.edges.for',
      `${spokenTime(edges.for)} is shorter than record.edges.every, ${spokenTime(edges.every)}: nothing would be recorded`,
    );
  }
  return { everySecond: edges.every, durationSecond: edges.for };
}

function checkedBound(
  site: PlanSite,
  until: readonly PlannedCondition[],
  currentAmpere: number,
): number {
  const bound = boundSecond(until, currentAmpere);
  if (bound !== undefined) return bound;
  site.problem('until', 'nothing bounds the time of this step: add { time: "6 h" } or the like');
  return 0;
}

function planTitration(site: PlanSite, step: StepOf<'gitt'>): PlannedTitration {
  const { pulse, rest, record, edges, pulsesMax } = step;
  site.checkTechnique('constantCurrent');
  site.checkTechnique('openCircuit');
  const currentAmpere = planCurrent(site, step);
  site.checkPositive('pulse', pulse, 'the pulse');
  site.checkPositive('rest', rest, 'the rest');
  site.checkPositive('record.every', record.every, 'the time between two records');
  site.checkPositive('edges.every', edges.every, 'the time between two records at an edge');
  // The pulses and the rests between them have one rhythm.
  for (const isAtRest of [false, true]) {
    site.checkRhythm('record.every', record.every, isAtRest);
    site.checkRhythm('edges.every', edges.every, isAtRest);
  }
  if (edges.for >= pulse) {
    site.problem(
      'edges.for',
      `${spokenTime(edges.for)} is not shorter than the pulse, ${spokenTime(pulse)}`,
    );
  }
  return {
    kind: 'gitt',
    name: step.name,
    currentAmpere,
    pulseSecond: pulse,
    restSecond: rest,
    sampleEverySecond: record.every,
    edgeEverySecond: edges.every,
    edgeSecond: edges.for,
    pulsesMax,
    until: planConditions(site, 'until.any', step.until.any),
    longestSecond: pulsesMax * (pulse + rest),
  };
}
