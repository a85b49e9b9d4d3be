import { type AbsorptionPlace, parsePhaseShare, phaseShareName } from '../domain/absorption.ts';
import type { DerivedComparison } from '../domain/derived-quantity.ts';
import type { ScanSettings } from '../domain/recipe-acquisitions.ts';
import type { MeasurementStep } from '../domain/recipe-steps.ts';
import type { PlanSite } from './plan-site.ts';

/** Sets of scans over an absorption edge: standards that fit their energies. */

/** A level and a slope of the background, and one energy more, so that there is a misfit. */
const ENERGIES_BESIDE_STANDARDS = 3;

/** What each scan of the set is; undefined where the recipe asks for no shares. */
export function planAbsorption(
  site: PlanSite,
  { absorption, energies = [] }: ScanSettings,
): readonly AbsorptionPlace[] | undefined {
  if (!absorption) return undefined;
  const standards = Object.entries(absorption.standards);
  const needed = standards.length + ENERGIES_BESIDE_STANDARDS;
  if (energies.length < needed) {
    site.problem(
      'energies',
      `${energies.length} cannot tell ${standards.length} standards and a background apart: expected ${needed} or more`,
    );
  }
  for (const [phase, values] of standards) {
    if (values.length === energies.length) continue;
    site.problem(
      `absorption.standards.${phase}`,
      `has ${values.length} values for ${energies.length} energies: expected one for each`,
    );
  }
  return energies.map((_, at) => ({
    at,
    count: energies.length,
    standards: Object.fromEntries(
      standards.map(([phase, values]) => [phase, values[at] ?? Number.NaN]),
    ),
  }));
}

/** The phases that the scans of some steps find the shares of. */
export function phasesOf(steps: Iterable<MeasurementStep>): string[] {
  const found = new Set<string>();
  for (const step of steps) {
    const inner = 'during' in step ? step.during : [];
    for (const one of [step, ...inner]) {
      if (one.technique !== 'scan') continue;
      for (const phase of Object.keys(one.absorption?.standards ?? {})) found.add(phase);
    }
  }
  return [...found];
}

/** A share that no scan finds can never end anything. */
export function checkShareFed(site: PlanSite, key: string, { name }: DerivedComparison): void {
  const phase = parsePhaseShare(name);
  if (phase === undefined || site.phases.includes(phase)) return;
  const known =
    site.phases.length === 0
      ? 'no scan of the recipe has absorption: with standards'
      : `the scans of the recipe give ${site.phases.map(phaseShareName).join(', ')}`;
  site.problem(key, `no scan gives "${name}": ${known}`);
}
