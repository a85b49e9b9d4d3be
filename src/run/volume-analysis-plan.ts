import type { Cell } from '../domain/cell.ts';
import type { Scanner } from '../domain/instrument.ts';
import type { ScanSettings } from '../domain/recipe-acquisitions.ts';
import { everyCondition } from '../domain/recipe-conditions.ts';
import type { RecipeStep } from '../domain/recipe-steps.ts';
import {
  COMPARED_QUANTITIES,
  isVolumeQuantity,
  SEGMENTED_QUANTITIES,
  VOLUME_SIDE_MIN,
  type VolumeAnalysis,
  type VoxelSize,
} from '../domain/volume-results.ts';
import type { PlanSite } from './plan-site.ts';

/** What is found out from the volumes of scans, and whether it is what the conditions ask for. */

/** Molar mass over density of lithium: 6.94 g/mol, 0.534 g/cm³. */
const LITHIUM_MOLAR_VOLUME = 6.94e-6 / 0.534; // m³/mol
/** Of the electrode's radius: the wall beside it blurs what lies at its rim. */
const RADIUS_SHARE = 0.97;

const NO_PIXELS = 'the scanner does not know its pixels: add analyse: { voxel: "2.5 µm" }';

/** Every number from volumes that a condition of these steps asks for. */
export function askedOfVolumes(steps: readonly RecipeStep[]): ReadonlySet<string> {
  const names = [...conditionsOf(steps, 'steps')].map(({ name }) => name);
  return new Set(names);
}

/**
 * What is to be found out from the volumes of a scan: as the recipe says, else what its conditions
 * ask for; undefined for nothing.
 */
export function planVolumeAnalysis(
  site: PlanSite,
  settings: ScanSettings,
): VolumeAnalysis | undefined {
  const { analyse } = settings;
  if (analyse?.radius !== undefined) {
    site.checkPositive('analyse.radius', analyse.radius, 'the radius');
  }
  if (analyse?.molarVolume !== undefined) {
    site.checkPositive('analyse.molarVolume', analyse.molarVolume, 'the molar volume');
  }
  if (analyse?.threshold !== undefined && !voxelOf(analyse.voxel, site.instruments.scanner)) {
    site.problem('analyse.threshold', NO_PIXELS);
  }
  if (analyse?.voxel !== undefined) {
    site.checkPositive('analyse.voxel', analyse.voxel, 'the side of a voxel');
  }
  if (analyse && settings.energies) {
    site.problem('analyse', 'volumes at several photon energies show no phases by one threshold');
    return undefined;
  }
  if (analyse && !analyse.segment && analyse.compareWith === undefined) {
    site.problem('analyse', 'says neither segment: true nor compareWith, so nothing is found out');
  }
  return analysisOf(settings, site.asked, site.cell, site.instruments.scanner);
}

function analysisOf(
  { analyse, energies }: ScanSettings,
  asked: ReadonlySet<string>,
  cell: Cell,
  scanner: Scanner | undefined,
): VolumeAnalysis | undefined {
  if (energies) return undefined;
  const asksAny = (names: readonly string[]): boolean => names.some((name) => asked.has(name));
  const segments = analyse ? analyse.segment : asksAny(SEGMENTED_QUANTITIES);
  const compareWith = analyse
    ? (analyse.compareWith ?? null)
    : asksAny(COMPARED_QUANTITIES)
      ? 'first'
      : null;
  if (!segments && compareWith === null) return undefined;
  return {
    segments,
    compareWith,
    electrode: analyse?.electrode ?? 'dark',
    thresholdPerMetre: analyse?.threshold ?? null,
    face: analyse?.face ?? null,
    radiusMetre: analyse?.radius ?? RADIUS_SHARE * Math.sqrt(cell.area / Math.PI),
    molarVolumeCubicMetre: analyse?.molarVolume ?? LITHIUM_MOLAR_VOLUME,
    voxel: voxelOf(analyse?.voxel, scanner),
  };
}

function voxelOf(given: number | undefined, scanner: Scanner | undefined): VoxelSize | null {
  if (given !== undefined) return { acrossMetre: given, alongMetre: given };
  return scanner?.voxel ?? null;
}

/** A step or loop that waits for a number that none of its scans gives would never end by it. */
export function checkVolumesFed(site: PlanSite, steps: readonly RecipeStep[]): void {
  for (const { name, path, scans } of conditionsOf(steps, 'steps')) {
    const reasons = scans.map((one) => whyNot(name, one.settings, site));
    if (reasons.includes(undefined)) continue;
    const [scan] = scans;
    site.problem(
      path,
      scan
        ? `"${name}" comes from the volumes of scans, and the one at ${scan.path} does not give it: ${reasons[0]}`
        : `"${name}" comes from the volumes of scans, and none is taken here: add { technique: scan, … } to during`,
    );
  }
}

/** Undefined when the scan feeds the quantity. */
function whyNot(name: string, settings: ScanSettings, site: PlanSite): string | undefined {
  const { scanner } = site.instruments;
  if (settings.energies) return 'it is taken at several photon energies';
  const analysis = analysisOf(settings, site.asked, site.cell, scanner);
  const isSegmented = SEGMENTED_QUANTITIES.some((one) => one === name);
  if (isSegmented && !analysis?.segments) return 'its analyse says segment: false';
  if (!isSegmented && !analysis?.compareWith) {
    return 'its analyse has no compareWith: add compareWith: first';
  }
  if (name.includes('void') && analysis?.electrode === 'bright') {
    return 'voids are told apart where the electrode is dark only';
  }
  const isDark = analysis?.electrode === 'dark';
  if (name === 'protrusion-length' && isDark && analysis.face === null) {
    return 'it must know where the electrode lies: add analyse: { face: top } or { face: bottom }';
  }
  if (name !== 'void-fraction' && !analysis?.voxel) {
    return NO_PIXELS;
  }
  const { rows = 0, columns = 0 } = scanner ?? {};
  if (scanner && Math.min(rows, columns) < VOLUME_SIDE_MIN) {
    return `its detector has ${rows} × ${columns} pixels; expected at least ${VOLUME_SIDE_MIN} each way`;
  }
  return undefined;
}

interface FoundScan {
  readonly settings: ScanSettings;
  readonly path: string;
}

interface VolumeCondition {
  readonly name: string;
  readonly path: string;
  /** Taken in the step that has the condition, or in the loop. */
  readonly scans: readonly FoundScan[];
}

/** Conditions on numbers from volumes, each with the scans that may feed it. */
function* conditionsOf(steps: readonly RecipeStep[], key: string): Generator<VolumeCondition> {
  for (const [at, step] of steps.entries()) {
    const path = `${key}[${at}]`;
    const scans = [...scansOf(step, path)];
    if ('until' in step && step.until) {
      yield* volumeConditions(step.until.any, `${path}.until.any`, scans);
    }
    if ('during' in step) {
      for (const [index, { faster }] of step.during.entries()) {
        if (!faster) continue;
        yield* volumeConditions([faster.while], `${path}.during[${index}].faster.while`, scans);
      }
    }
    for (const [inner, innerKey] of innerSteps(step, path)) yield* conditionsOf(inner, innerKey);
  }
}

function* volumeConditions(
  list: Parameters<typeof everyCondition>[0],
  path: string,
  scans: readonly FoundScan[],
): Generator<VolumeCondition> {
  for (const { condition, path: here } of everyCondition(list, path)) {
    if (!('derived' in condition) || !isVolumeQuantity(condition.derived.name)) continue;
    yield { name: condition.derived.name, path: `${here}.derived`, scans };
  }
}

function* scansOf(step: RecipeStep, path: string): Generator<FoundScan> {
  if (step.technique === 'scan') yield { settings: step, path };
  if ('during' in step) {
    for (const [at, one] of step.during.entries()) {
      if (one.technique === 'scan') yield { settings: one, path: `${path}.during[${at}]` };
    }
  }
  for (const [inner, key] of innerSteps(step, path)) {
    for (const [at, one] of inner.entries()) yield* scansOf(one, `${key}[${at}]`);
  }
}

function innerSteps(
  step: RecipeStep,
  path: string,
): readonly (readonly [readonly RecipeStep[], string])[] {
  if (step.technique === 'loop' || step.technique === 'screen') {
    return [[step.steps, `${path}.steps`]];
  }
  if (step.technique !== 'branch') return [];
  const cases = Object.entries(step.cases).map(
    ([end, inner]) => [inner, `${path}.cases.${end}`] as const,
  );
  return [...cases, [step.otherwise, `${path}.otherwise`] as const];
}
