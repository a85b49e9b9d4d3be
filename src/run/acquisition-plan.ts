import type { Resource } from '../domain/recipe.ts';
import type {
  Acquisition,
  Interval,
  ScanSettings,
  SpectrumSettings,
} from '../domain/recipe-acquisitions.ts';
import { planAbsorption } from './absorption-plan.ts';
import { chargeOf, endsOnEvent, planCondition } from './condition-plan.ts';
import { planPeaks } from './peak-plan.ts';
import type {
  PlannedAcquisition,
  PlannedCondition,
  PlannedInterval,
  PlannedMeasure,
  PlannedScan,
  PlannedSpectrum,
} from './plan.ts';
import type { PlanSite } from './plan-site.ts';
import { checkSweepCadence, planSweep } from './sweep-plan.ts';
import { planVolumeAnalysis } from './volume-analysis-plan.ts';
import { spokenTime } from './wording.ts';

/** What the step around an acquisition does to the cell. */
export interface AcquisitionGround {
  /** 0 at open circuit; NaN when a voltage is held and nobody knows the current. */
  readonly currentAmpere: number;
  readonly until: readonly PlannedCondition[];
}

/** Makes the acquisitions of a step definite, and checks them together. */
export function planAcquisitions(
  site: PlanSite,
  during: readonly Acquisition[],
  ground: AcquisitionGround,
): PlannedAcquisition[] {
  const planned = during.map((one, at) => planAcquisition(site.at(`during[${at}]`), one, ground));
  checkTogether(site, planned, ground);
  return planned;
}

function planAcquisition(
  site: PlanSite,
  acquisition: Acquisition,
  ground: AcquisitionGround,
): PlannedAcquisition {
  const { every, on, faster } = acquisition;
  if (every === undefined && on.length === 0) {
    site.problem('', 'is never taken: give every, such as "30 min", or on, such as [short]');
  }
  const planned = every && planInterval(site, every);
  const what = planMeasure(site, acquisition, planned ? ground.currentAmpere : 0);
  const shortestSecond = Math.min(
    planned?.kind === 'time' ? planned.second : Number.POSITIVE_INFINITY,
    faster?.every ?? Number.POSITIVE_INFINITY,
  );
  if (planned?.kind === 'time') site.checkPositive('every', planned.second, 'the time between two');
  if (Number.isFinite(shortestSecond)) checkLength(site, what, shortestSecond);
  const isPotentiostatic = what.kind === 'impedance' && what.mode === 'potentiostatic';
  if (isPotentiostatic && planned && ground.currentAmpere !== 0) {
    site.problem(
      'mode',
      'a potentiostatic sweep would stop the constant current: expected galvanostatic',
    );
  }
  return {
    what,
    every: planned,
    on,
    faster: faster && {
      everySecond: faster.every,
      while: planCondition(site, 'faster.while', faster.while),
    },
  };
}

function planInterval(site: PlanSite, every: Interval): PlannedInterval {
  if (every.kind !== 'charge') return every;
  return { kind: 'charge', coulomb: chargeOf(site, 'every', every.charge) };
}

function planMeasure(site: PlanSite, acquisition: Acquisition, biasAmpere: number): PlannedMeasure {
  switch (acquisition.technique) {
    case 'impedance':
      return planSweep(site, acquisition, biasAmpere);
    case 'scan':
      return planScan(site, acquisition);
    case 'spectrum':
      return planSpectrum(site, acquisition);
    default:
      return acquisition satisfies never;
  }
}

function checkLength(site: PlanSite, what: PlannedMeasure, everySecond: number): void {
  if (what.kind === 'impedance') {
    checkSweepCadence(site, what, everySecond);
    return;
  }
  const takesSecond = measureSecond(what);
  if (takesSecond < everySecond) return;
  site.problem(
    'every',
    `a ${what.kind} takes ${spokenTime(takesSecond)}, longer than the ${spokenTime(everySecond)} between two of them`,
  );
}

/** How long a measurement takes, with all its energies or regions. */
export function measureSecond(what: PlannedMeasure): number {
  switch (what.kind) {
    case 'impedance':
      return what.expectedSecond;
    case 'scan':
      return what.durationSecond * Math.max(1, what.energiesJoule.length);
    case 'spectrum':
      return what.durationSecond * what.regions.length;
    default:
      return what satisfies never;
  }
}

/** Problems that no acquisition of the step has alone. */
function checkTogether(
  site: PlanSite,
  during: readonly PlannedAcquisition[],
  { currentAmpere, until }: AcquisitionGround,
): void {
  const firstAt = new Map<string, number>();
  for (const [at, { what, every, on }] of during.entries()) {
    // A soft short is answered in the midst of the step; a hard one ends it, or trips.
    if (on.includes('short') && !endsOnEvent(until, 'short')) {
      site.problem(
        `during[${at}].on`,
        'the step does not end on a short, so this is never taken: add { event: short } to until',
      );
    }
    if (every === undefined) continue;
    checkExclusive(site, `during[${at}]`, what.kind, currentAmpere !== 0);
    const first = firstAt.get(what.kind);
    if (first === undefined) firstAt.set(what.kind, at);
    else if (what.kind !== 'impedance') {
      site.problem(
        `during[${at}].every`,
        `starts at the same moment as during[${first}], and there is one ${what.kind === 'scan' ? 'scanner' : 'spectrometer'}`,
      );
    }
  }
  for (const [at, { what, every }] of during.entries()) {
    for (const [other, otherAt] of firstAt) {
      if (every === undefined || other === what.kind || otherAt >= at) continue;
      checkExclusivePair(site, `during[${at}]`, what.kind, other as Resource, otherAt);
    }
  }
}

function checkExclusive(site: PlanSite, key: string, resource: Resource, flows: boolean): void {
  if (!flows || !site.areExclusive('current', resource)) return;
  site.problem(
    key,
    `a ${resource} would be taken while the current flows, and the recipe says they exclude each other: take it on stepEnd, or in a step of its own`,
  );
}

function checkExclusivePair(
  site: PlanSite,
  key: string,
  resource: Resource,
  other: Resource,
  otherAt: number,
): void {
  if (!site.areExclusive(resource, other)) return;
  site.problem(
    key,
    `a ${resource} starts at the same moment as the ${other} of during[${otherAt}], and the recipe says they exclude each other`,
  );
}

export function planScan(site: PlanSite, settings: ScanSettings): PlannedScan {
  const { scanner } = site.instruments;
  const { views, span, duration, energies = [] } = settings;
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
  const wrong = energies.findIndex((energy) => !(energy > 0));
  if (wrong >= 0) site.problem(`energies[${wrong}]`, 'the photon energy must be above 0');
  const absorption = planAbsorption(site, settings);
  const analysis = planVolumeAnalysis(site, settings);
  return {
    kind: 'scan',
    views,
    spanRadian: span,
    durationSecond: duration,
    energiesJoule: energies,
    ...(absorption ? { absorption } : {}),
    ...(analysis ? { analysis } : {}),
  };
}

export function planSpectrum(site: PlanSite, settings: SpectrumSettings): PlannedSpectrum {
  const { spectrometer } = site.instruments;
  const { regions, duration } = settings;
  site.checkPositive('duration', duration, 'the duration');
  const planned = {
    kind: 'spectrum',
    regions,
    durationSecond: duration,
    peaks: planPeaks(site, settings),
  } as const;
  if (!spectrometer) {
    site.problem('technique', 'the rig has no spectrometer, which a spectrum needs');
    return planned;
  }
  for (const [at, region] of regions.entries()) {
    if (spectrometer.regions.includes(region)) continue;
    site.problem(
      `regions[${at}]`,
      `${spectrometer.info.model} has no region "${region}"; it has ${spectrometer.regions.join(', ')}`,
    );
  }
  return planned;
}
