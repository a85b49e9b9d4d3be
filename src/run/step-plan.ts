import { CHANNELS } from '../domain/channel.ts';
import type { Acquisition, Condition, MeasurementStep, ScanSettings } from '../domain/recipe.ts';
import { timeBoundSecond } from './conditions.ts';
import type {
  PlannedAcquisition,
  PlannedConstantCurrent,
  PlannedMeasurement,
  PlannedOpenCircuit,
  PlannedScan,
  PlannedSoak,
} from './plan.ts';
import type { PlanSite } from './plan-site.ts';
import { checkSweepCadence, planSweep } from './sweep-plan.ts';
import { spokenTime, spokenValue } from './wording.ts';

type StepOf<T extends MeasurementStep['technique']> = Extract<MeasurementStep, { technique: T }>;

/** Makes one step definite; what is wrong with it is left with the site. */
export function planMeasurement(site: PlanSite, step: MeasurementStep): PlannedMeasurement {
  switch (step.technique) {
    case 'soak':
      return planSoak(site, step);
    case 'openCircuit':
      return planOpenCircuit(site, step);
    case 'constantCurrent':
      return planConstantCurrent(site, step);
    case 'impedance': {
      const sweep = planSweep(site, step, 0);
      return { ...sweep, name: step.name, longestSecond: sweep.expectedSecond };
    }
    case 'scan': {
      const scan = planScan(site, step);
      return { ...scan, name: step.name, longestSecond: scan.durationSecond };
    }
    default:
      return step satisfies never;
  }
}

function planSoak(site: PlanSite, step: StepOf<'soak'>): PlannedSoak {
  const { temperature, tolerance, dwell, within } = step;
  const { heater, sensors } = site.instruments;
  if (!heater) {
    site.problem('technique', 'the rig has no heater, which a soak needs');
  } else if (temperature > heater.temperatureCelsiusMax) {
    site.problem(
      'temperature',
      `${temperature} °C is above the ${heater.temperatureCelsiusMax} °C that ${heater.info.model} may reach`,
    );
  }
  const channels = [...sensors, ...(heater ? [heater] : [])].flatMap((one) => one.channels);
  if (!channels.some(({ name }) => name === CHANNELS.temperature.name)) {
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
    withinSecond: within,
    longestSecond: within,
  };
}

function planOpenCircuit(site: PlanSite, step: StepOf<'openCircuit'>): PlannedOpenCircuit {
  for (const [at, condition] of step.until.any.entries()) {
    if ('event' in condition) {
      site.problem(`until.any[${at}]`, 'a short is seen only while a current flows');
    }
  }
  return {
    kind: 'openCircuit',
    name: step.name,
    sampleEverySecond: step.record.every,
    until: step.until.any,
    longestSecond: checkElectrical(site, step),
  };
}

function planConstantCurrent(
  site: PlanSite,
  step: StepOf<'constantCurrent'>,
): PlannedConstantCurrent {
  const currentAmpere =
    step.current.kind === 'absolute'
      ? step.current.ampere
      : step.current.amperePerSquareMetre * site.cell.area;
  site.checkCurrent('current', currentAmpere, 'current');
  if (currentAmpere === 0) site.problem('current', 'no current is the technique openCircuit');
  const longestSecond = checkElectrical(site, step);
  const during = step.during.map((one, at) =>
    planAcquisition(site.at(`during[${at}]`), one, currentAmpere),
  );
  checkAcquisitionsTogether(site, during, step.until.any);
  return {
    kind: 'constantCurrent',
    name: step.name,
    currentAmpere,
    sampleEverySecond: step.record.every,
    until: step.until.any,
    during,
    longestSecond,
  };
}

/** What rest and current steps share. Returns the step's bound on time. */
function checkElectrical(
  site: PlanSite,
  step: StepOf<'openCircuit'> | StepOf<'constantCurrent'>,
): number {
  const { capability, info } = site.potentiostat;
  if (!capability.techniques.includes(step.technique)) {
    const able = capability.techniques.join(', ');
    site.problem('technique', `${info.model} cannot do ${step.technique}; it can do ${able}`);
  }
  site.checkPositive('record.every', step.record.every, 'the time between two records');
  for (const [at, condition] of step.until.any.entries()) {
    checkCondition(site, `until.any[${at}]`, condition);
  }
  const bound = timeBoundSecond(step.until.any);
  if (bound === undefined) {
    site.problem('until', 'nothing bounds the time of this step: add { time: "6 h" } or the like');
  }
  return bound ?? 0;
}

function checkCondition(site: PlanSite, key: string, condition: Condition): void {
  if ('time' in condition) site.checkPositive(`${key}.time`, condition.time, 'the time');
  if (!('voltage' in condition)) return;
  const { above, volt } = condition.voltage;
  const { min, max } = site.safety.voltage;
  if (above ? volt >= max : volt <= min) {
    const limit = above
      ? `safety.voltage.max, ${spokenValue(max, 'V')}`
      : `safety.voltage.min, ${spokenValue(min, 'V')}`;
    site.problem(
      `${key}.voltage`,
      `${above ? '>' : '<'} ${spokenValue(volt, 'V')} can never end the step: ${limit}, trips first`,
    );
  }
}

function planAcquisition(
  site: PlanSite,
  acquisition: Acquisition,
  currentAmpere: number,
): PlannedAcquisition {
  const { every, on } = acquisition;
  if (every === undefined && on.length === 0) {
    site.problem('', 'is never taken: give every, such as "30 min", or on, such as [short]');
  }
  if (every !== undefined) site.checkPositive('every', every, 'the time between two');
  if (acquisition.technique === 'scan') {
    const scan = planScan(site, acquisition);
    if (every !== undefined && scan.durationSecond >= every) {
      site.problem(
        'every',
        `a scan takes ${spokenTime(scan.durationSecond)}, longer than the ${spokenTime(every)} between two of them`,
      );
    }
    return { what: scan, everySecond: every, on };
  }
  if (acquisition.mode === 'potentiostatic' && every !== undefined) {
    site.problem(
      'mode',
      'a potentiostatic sweep would stop the constant current: expected galvanostatic',
    );
  }
  const sweep = planSweep(site, acquisition, every === undefined ? 0 : currentAmpere);
  if (every !== undefined) checkSweepCadence(site, sweep, every);
  return { what: sweep, everySecond: every, on };
}

/** Problems that no acquisition of the step has alone. */
function checkAcquisitionsTogether(
  site: PlanSite,
  during: readonly PlannedAcquisition[],
  until: readonly Condition[],
): void {
  let scanAt: number | undefined;
  for (const [at, { what, everySecond, on }] of during.entries()) {
    const answered = on.find(
      (event) => !until.some((condition) => 'event' in condition && condition.event === event),
    );
    if (answered) {
      site.problem(
        `during[${at}].on`,
        `the step does not end on a ${answered}, so this is never taken: add { event: ${answered} } to until`,
      );
    }
    if (what.kind !== 'scan' || everySecond === undefined) continue;
    if (scanAt === undefined) scanAt = at;
    else {
      site.problem(
        `during[${at}].every`,
        `starts at the same moment as during[${scanAt}], and there is one scanner`,
      );
    }
  }
}

function planScan(site: PlanSite, settings: ScanSettings): PlannedScan {
  const { scanner } = site.instruments;
  const { views, span, duration } = settings;
  if (!scanner) {
    site.problem('technique', 'the rig has no scanner, which a scan needs');
  } else if (views > scanner.viewsMax) {
    site.problem(
      'views',
      `${views} are more than the ${scanner.viewsMax} of ${scanner.info.model}`,
    );
  }
  if (span === 0) site.problem('span', 'the angle must not be 0');
  site.checkPositive('duration', duration, 'the duration');
  return { kind: 'scan', views, spanRadian: span, durationSecond: duration };
}
