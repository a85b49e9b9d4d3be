import type { Cell } from '../domain/cell.ts';
import type { Cycle, Estimate } from '../domain/cycling.ts';
import type { Recover } from '../domain/scorecard.ts';
import { medianEstimate } from './cycling-line.ts';
import { cyclesOf, findHalfCycles } from './cycling-summary.ts';
import {
  type ElectricalSeries,
  firstNotBefore,
  type RunTrace,
  seriesWithin,
} from './cycling-trace.ts';
import { findInterruptions } from './ohmic-drop.ts';
import { literal } from './scorecard-given.ts';
import { bindingEnergy, peakSpacing, phaseShare } from './scorecard-peaks.ts';
import {
  chargeVolumeCubicMetre,
  conductingShare,
  lithiumThicknessMetre,
} from './scorecard-quantities.ts';
import { activationEnergy, arcResistance, conductivity } from './scorecard-spectra.ts';
import { divided, passesOf, single } from './scorecard-steps.ts';
import { lithiumShare, protrusionLength, voidShare, volumeGrowth } from './scorecard-volumes.ts';
import { findPulses, type TitrationGeometry } from './titration.ts';
import { findVoltammogramPeaks, peakSeparations } from './voltammogram.ts';

/** What a run of an experiment says about one figure; undefined when it says nothing. */
export function recoverFigure(recover: Recover, trace: RunTrace, cell: Cell): Estimate | undefined {
  switch (recover.method) {
    case 'diffusivity':
      return diffusivity(recover, trace, cell);
    case 'ohmicDrop':
      return ohmicDrop(recover, trace);
    case 'arcResistance':
      return arcResistance(recover, trace);
    case 'conductivity':
      return conductivity(recover, trace, cell);
    case 'activationEnergy':
      return activationEnergy(recover, trace, cell);
    case 'shortTime':
      return single(shortOf(trace, recover.steps)?.elapsedSecond);
    case 'shortChargePerArea':
      return single(divided(shortOf(trace, recover.steps)?.chargeCoulomb, cell.area));
    case 'lithiumThickness':
      return lithiumThickness(recover, trace, cell);
    case 'specificCapacity':
      return single(
        divided(passCharge(trace, recover.steps, recover.pass), cell.activeMass ?? Number.NaN),
      );
    case 'chargeRatio':
      return single(
        divided(passCharge(trace, recover.steps, 1), passCharge(trace, recover.over, 1)),
      );
    case 'coulombicEfficiency':
      return single(cycleOf(trace, cell, recover.cycle)?.coulombicEfficiency);
    case 'retention':
      return retention(recover, trace);
    case 'hysteresis':
      return single(cycleOf(trace, cell, recover.cycle)?.hysteresisVolt ?? undefined);
    case 'peakSeparation':
      return peakSeparation(recover, trace);
    case 'chargePerArea':
      return single(divided(totalCharge(trace, recover.steps), cell.area));
    case 'chargeVolume':
      return chargeVolume(recover, trace);
    case 'stepCharge':
      return single(totalCharge(trace, recover.steps));
    case 'stepCurrent':
      return stepCurrent(recover, trace);
    case 'dischargeCapacity':
      return single(
        divided(
          cycleOf(trace, cell, recover.cycle)?.discharge.chargeCoulomb,
          cell.activeMass ?? Number.NaN,
        ),
      );
    case 'scanCount':
      return single(trace.scans.filter(({ complete }) => complete).length);
    case 'voidShare':
      return voidShare(recover, trace);
    case 'protrusionLength':
      return protrusionLength(recover, trace);
    case 'volumeGrowth':
      return volumeGrowth(recover, trace);
    case 'lithiumShare':
      return lithiumShare(recover, trace);
    case 'peakSpacing':
      return peakSpacing(recover, trace);
    case 'phaseShare':
      return phaseShare(recover, trace);
    case 'bindingEnergy':
      return bindingEnergy(recover, trace);
    case 'conductingShare':
      return single(conductingShare(recover.products.map(productOf)));
    default:
      return recover satisfies never;
  }
}

type Of<K extends Recover['method']> = Extract<Recover, { readonly method: K }>;

function diffusivity(
  { steps, reading }: Of<'diffusivity'>,
  trace: RunTrace,
  cell: Cell,
): Estimate | undefined {
  const geometry = geometryOf(cell);
  if (!geometry) return undefined;
  const key = reading === 'slope' ? 'fromSlope' : reading;
  const values = passesOf(trace, steps).flatMap((span) =>
    findPulses(seriesWithin(trace.electrical, span), geometry).flatMap(
      ({ diffusivity }) => diffusivity?.[key] ?? [],
    ),
  );
  return medianEstimate(values);
}

/** Undefined when the cell file does not say what it takes. */
export function geometryOf({
  activeMass,
  activeMaterial,
  area,
}: Cell): TitrationGeometry | undefined {
  if (activeMass === undefined || !activeMaterial) return undefined;
  return {
    activeMassKilogram: activeMass,
    molarVolumeCubicMetre: activeMaterial.molarVolume,
    molarMassKilogram: activeMaterial.molarMass,
    areaSquareMetre: area,
  };
}

function ohmicDrop({ steps }: Of<'ohmicDrop'>, trace: RunTrace): Estimate | undefined {
  const drops = passesOf(trace, steps).flatMap((span) =>
    findInterruptions(seriesWithin(trace.electrical, span)).map(({ instantDropVolt, dropVolt }) =>
      Math.abs(instantDropVolt ?? dropVolt),
    ),
  );
  return medianEstimate(drops);
}

function shortOf(trace: RunTrace, steps: string) {
  for (const span of passesOf(trace, steps)) {
    const event = trace.events.find(
      ({ body, timeSecond }) =>
        body.code === 'cellShort' &&
        timeSecond >= span.startSecond &&
        timeSecond <= span.stopSecond,
    );
    if (!event) continue;
    const seenSecond =
      firstShorted(seriesWithin(trace.electrical, span), event) ?? event.timeSecond;
    return { elapsedSecond: seenSecond - span.startSecond, chargeCoulomb: span.chargeCoulomb };
  }
  return undefined;
}

/** The detector waits for a second reading: the first that shows the short is nearer to it. */
function firstShorted(
  { timeSecond, voltageVolt }: ElectricalSeries,
  { body, timeSecond: reportedSecond }: RunTrace['events'][number],
): number | undefined {
  const usual = Number(body.details.usual_voltage_volt);
  const shorted = Number(body.details.shorted_voltage_volt);
  const halfWay = Math.abs(usual + shorted) / 2;
  let first: number | undefined;
  for (let at = firstNotBefore(timeSecond, reportedSecond, true) - 1; at >= 0; at -= 1) {
    if (!(Math.abs(voltageVolt[at] ?? 0) < halfWay)) break;
    first = timeSecond[at];
  }
  return first;
}

function lithiumThickness(
  { steps }: Of<'lithiumThickness'>,
  trace: RunTrace,
  cell: Cell,
): Estimate | undefined {
  const coulomb = passCharge(trace, steps, 1);
  return single(coulomb === undefined ? undefined : lithiumThicknessMetre(coulomb / cell.area));
}

function chargeVolume(
  { steps, molarVolume }: Of<'chargeVolume'>,
  trace: RunTrace,
): Estimate | undefined {
  const coulomb = passCharge(trace, steps, 1);
  if (coulomb === undefined) return undefined;
  return single(
    chargeVolumeCubicMetre(coulomb, literal(molarVolume, 'molarVolume', 'molarVolume')),
  );
}

/** Size of the charge of one pass of a step, C. */
function passCharge(trace: RunTrace, steps: string, pass: number): number | undefined {
  const coulomb = passesOf(trace, steps)[pass - 1]?.chargeCoulomb;
  return coulomb === undefined ? undefined : Math.abs(coulomb);
}

function totalCharge(trace: RunTrace, steps: string): number | undefined {
  const passes = passesOf(trace, steps);
  if (passes.length === 0) return undefined;
  return Math.abs(passes.reduce((total, { chargeCoulomb }) => total + chargeCoulomb, 0));
}

function stepCurrent({ steps }: Of<'stepCurrent'>, trace: RunTrace): Estimate | undefined {
  const sizes = passesOf(trace, steps).flatMap((span) =>
    Array.from(seriesWithin(trace.electrical, span).currentAmpere, Math.abs),
  );
  return medianEstimate(sizes);
}

function cycleOf(trace: RunTrace, cell: Cell, number: number): Cycle | undefined {
  return cyclesOf(findHalfCycles(trace), { convention: cell.efficiency })[number - 1];
}

function retention({ steps }: Of<'retention'>, trace: RunTrace): Estimate | undefined {
  const passes = passesOf(trace, steps);
  const first = passes[0]?.chargeCoulomb;
  const last = passes.at(-1)?.chargeCoulomb;
  return passes.length < 2 ? undefined : single(divided(last, first));
}

function peakSeparation({ steps }: Of<'peakSeparation'>, trace: RunTrace): Estimate | undefined {
  const separations = passesOf(trace, steps).flatMap((span) =>
    peakSeparations(findVoltammogramPeaks(seriesWithin(trace.electrical, span))),
  );
  return medianEstimate(separations);
}

function productOf(product: Of<'conductingShare'>['products'][number]) {
  const { conducts, gramPerCubicCentimetre, gramPerMole, moles } = product;
  return {
    moles,
    conducts,
    molarMassKilogram: gramPerMole / 1000,
    densityKilogramPerCubicMetre: gramPerCubicCentimetre * 1000,
  };
}
