import type { PulseDiffusivity, TitrationPulse } from '../domain/cycling.ts';
import { mean, straightLine } from './cycling-line.ts';
import { type ElectricalSeries, sliceOf } from './cycling-trace.ts';
import { largestSize, switchAt } from './ohmic-drop.ts';
import { EquilibriumCurve } from './titration-curve.ts';

/** What eq. 1 of Weppner and Huggins (1977) needs of the cell. */
export interface TitrationGeometry {
  readonly activeMassKilogram: number;
  readonly molarVolumeCubicMetre: number;
  readonly molarMassKilogram: number;
  /** Contact area S of electrolyte and electrode. */
  readonly areaSquareMetre: number;
}

/** Between rest and pulse lies half of the pulse's current. */
const PULSE_SHARE_MIN = 0.5;
/** Charge-transfer arcs have settled by then. */
const SLOPE_SECOND_MIN = 1;
/** Later the finite thickness shows: the √t law holds for t much shorter than L²/D. */
const SLOPE_SHARE_MAX = 1 / 3;
const SLOPE_READINGS_MIN = 5;
/** The end of a rest and of a pulse is the mean of this many readings. */
const END_READINGS = 5;

/** m V_M / (M S): the length over which the lithium of the pulse spreads. */
export function titrationLengthMetre(geometry: TitrationGeometry): number {
  const { activeMassKilogram, molarVolumeCubicMetre, molarMassKilogram, areaSquareMetre } =
    geometry;
  return (activeMassKilogram * molarVolumeCubicMetre) / (molarMassKilogram * areaSquareMetre);
}

/**
 * The pulses of a titration, each with a rest before and after it; the others say nothing.
 * @param geometry without it the voltages are found, but no diffusion coefficient
 */
export function findPulses(
  series: ElectricalSeries,
  geometry?: TitrationGeometry,
): readonly TitrationPulse[] {
  const phases = phasesOf(series);
  const found = phases.flatMap((pulse, at) => {
    const before = phases[at - 1];
    const after = phases[at + 1];
    if (!pulse.flows || !before || before.flows || !after || after.flows) return [];
    const measured = measurePulse(series, { before, pulse, after });
    return measured ? [{ phase: pulse, measured }] : [];
  });
  if (!geometry) return found.map(({ measured }) => measured);
  const rests = restsOf(found.map(({ measured }) => measured));
  const curve = EquilibriumCurve.through(rests);
  return found.map(({ phase, measured }) => ({
    ...measured,
    diffusivity: {
      ...asPrinted(measured, geometry),
      fromSlope:
        (curve && fromCurve(series, phase, measured, { curve, geometry })) ??
        fromLine(measured, geometry),
    },
  }));
}

/** The equilibrium curve: charge against the voltage at the end of each rest. */
function restsOf(pulses: readonly TitrationPulse[]) {
  let chargeCoulomb = 0;
  const rests = pulses.map((pulse) => {
    const rest = { chargeCoulomb, voltageVolt: pulse.restVolt };
    chargeCoulomb += pulse.chargeCoulomb;
    return rest;
  });
  const last = pulses.at(-1);
  if (!last) return rests;
  return [...rests, { chargeCoulomb, voltageVolt: last.restVolt + last.steadyVolt }];
}

interface Phase {
  readonly flows: boolean;
  readonly from: number;
  /** Index after its last reading. */
  readonly to: number;
}

function phasesOf({ currentAmpere }: ElectricalSeries): readonly Phase[] {
  const limit = PULSE_SHARE_MIN * largestSize(currentAmpere);
  const phases: Phase[] = [];
  let from = 0;
  for (let at = 1; at <= currentAmpere.length; at += 1) {
    const flows = Math.abs(currentAmpere[from] ?? 0) > limit;
    const same = at < currentAmpere.length && Math.abs(currentAmpere[at] ?? 0) > limit === flows;
    if (same) continue;
    phases.push({ flows, from, to: at });
    from = at;
  }
  return phases;
}

function measurePulse(
  series: ElectricalSeries,
  {
    before,
    pulse,
    after,
  }: { readonly before: Phase; readonly pulse: Phase; readonly after: Phase },
): TitrationPulse | undefined {
  const { currentAmpere, timeSecond } = series;
  // The current flows from the rest's last reading on, and until its own last one.
  const startSecond = timeSecond[before.to - 1] ?? Number.NaN;
  const stopSecond = timeSecond[pulse.to - 1] ?? Number.NaN;
  const restSecond = (timeSecond[after.to - 1] ?? Number.NaN) - stopSecond;
  const pulseSecond = stopSecond - startSecond;
  const rise = rootTimeLine(series, earlyReadings(series, pulse, { startSecond, pulseSecond }));
  if (!rise || !(pulseSecond > 0) || !(restSecond > 0)) return undefined;
  const ampere = mean([...currentAmpere.subarray(pulse.from, pulse.to)]);
  const restVolt = endVolt(series, before);
  return {
    startSecond,
    pulseSecond,
    restSecond,
    currentAmpere: ampere,
    chargeCoulomb: ampere * pulseSecond,
    restVolt,
    steadyVolt: endVolt(series, after) - restVolt,
    transientVolt: lastVolt(series, pulse) - rise.intercept,
    slopeVoltPerRootSecond: rise.slope,
    interruption: switchAt(series, after.from),
  };
}

/** V over √t at the beginning of the pulse: its intercept is what the ohmic drop leaves. */
function rootTimeLine(
  { voltageVolt }: ElectricalSeries,
  times: readonly { readonly at: number; readonly root: number }[],
) {
  if (times.length < SLOPE_READINGS_MIN) return undefined;
  return straightLine(
    times.map(({ root }) => root),
    times.map(({ at }) => voltageVolt[at] ?? 0),
  );
}

/** Readings at the beginning of the pulse, where the √t law holds. */
function earlyReadings(
  { timeSecond }: ElectricalSeries,
  { from, to }: Phase,
  { startSecond, pulseSecond }: { readonly startSecond: number; readonly pulseSecond: number },
): readonly { readonly at: number; readonly root: number }[] {
  const early: { at: number; root: number }[] = [];
  for (let at = from; at < to; at += 1) {
    const elapsed = (timeSecond[at] ?? 0) - startSecond;
    if (elapsed < SLOPE_SECOND_MIN || elapsed > SLOPE_SHARE_MAX * pulseSecond) continue;
    early.push({ at, root: Math.sqrt(elapsed) });
  }
  return early;
}

function endVolt(series: ElectricalSeries, { from, to }: Phase): number {
  const { voltageVolt } = sliceOf(series, Math.max(from, to - END_READINGS), to);
  return mean([...voltageVolt]);
}

/** A pulse still rises at its end: only its very last reading is the end. */
function lastVolt({ voltageVolt }: ElectricalSeries, { to }: Phase): number {
  return voltageVolt[to - 1] ?? Number.NaN;
}

/** Eq. 1 with the voltages as they are, for both meanings of τ. */
function asPrinted(
  { pulseSecond, restSecond, steadyVolt, transientVolt }: TitrationPulse,
  geometry: TitrationGeometry,
): Pick<PulseDiffusivity, 'tauPulse' | 'tauRest'> {
  const square = (4 / Math.PI) * titrationLengthMetre(geometry) ** 2;
  const ratio = (steadyVolt / transientVolt) ** 2;
  return { tauPulse: (square / pulseSecond) * ratio, tauRest: (square / restSecond) * ratio };
}

/** With ΔE_t = dE/d√t √τ the length of the pulse stays only in ΔE_s over it. */
function fromLine(
  { pulseSecond, steadyVolt, slopeVoltPerRootSecond }: TitrationPulse,
  geometry: TitrationGeometry,
): number {
  const square = (4 / Math.PI) * titrationLengthMetre(geometry) ** 2;
  return square * (steadyVolt / (slopeVoltPerRootSecond * pulseSecond)) ** 2;
}

/**
 * The same with each voltage turned into the charge at the surface by the equilibrium curve, so
 * that its curvature does no harm: q_s - q_0 = 2 I L √t / √(π D).
 */
function fromCurve(
  series: ElectricalSeries,
  phase: Phase,
  pulse: TitrationPulse,
  { curve, geometry }: { readonly curve: EquilibriumCurve; readonly geometry: TitrationGeometry },
): number | undefined {
  const ohmicVolt = pulse.currentAmpere * pulse.interruption.resistanceOhm;
  const surface = earlyReadings(series, phase, pulse).flatMap(({ at, root }) => {
    const charge = curve.chargeAt((series.voltageVolt[at] ?? Number.NaN) - ohmicVolt);
    return charge === undefined ? [] : [{ root, charge }];
  });
  if (surface.length < SLOPE_READINGS_MIN) return undefined;
  const rise = straightLine(
    surface.map(({ root }) => root),
    surface.map(({ charge }) => charge),
  );
  if (!rise || rise.slope === 0) return undefined;
  const length = titrationLengthMetre(geometry);
  return (4 / Math.PI) * ((pulse.currentAmpere * length) / rise.slope) ** 2;
}
