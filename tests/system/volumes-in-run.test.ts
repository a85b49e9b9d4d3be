import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lithiumThicknessMetre } from '../../hardware/simulated/cell-interior.ts';
import { Phantom } from '../../hardware/simulated/phantom.ts';
import type { RunResults } from '../../src/app/run-results.ts';
import type { RecordKind, RecordOf } from '../../src/domain/run-record.ts';
import { parseQuantity } from '../../src/domain/units.ts';
import { openRun } from '../../src/store/run-database.ts';
import { operando, ROOT, startOperando } from '../support/built.ts';
import { recordsOf } from '../support/experiment-run.ts';
import { platingRecipe } from '../support/plating-recipe.ts';

const CELL = 'recipes/cells/li-li3ps4-li-25c.yaml';
const FILES = ['--rig', 'hardware/rigs/simulated.yaml', '--cell', CELL];
const ALONE = ['--no-panel', '--broker', 'none'];
const SEED = 1;
/** A run takes some 15 s of a core, of which a busy machine gives little. */
const RUN_MS_MAX = 240_000;

function planted(): { readonly runs: string; readonly words: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'operando-volumes-'));
  const recipe = join(folder, 'plating.yaml');
  writeFileSync(recipe, platingRecipe());
  const runs = join(folder, 'runs');
  return { runs, words: ['run', recipe, ...FILES, ...ALONE, '--out', runs] };
}

type Document = RunResults & { readonly folder: string };

function records<K extends RecordKind>(folder: string, kind: K): RecordOf<K>[] {
  const { reader, close } = openRun(folder);
  try {
    return recordsOf(reader, kind);
  } finally {
    close();
  }
}

/** What the simulated cell was given, in SI units. */
function givenCell() {
  const file = parse(readFileSync(ROOT + CELL, 'utf8'));
  const { electrolyte, lithium } = file.simulation;
  const si = (text: string, dimension: Parameters<typeof parseQuantity>[1]): number =>
    parseQuantity(text, dimension) ?? Number.NaN;
  return {
    areaSquareMetre: si(file.area, 'area'),
    electrolyteMetre: si(electrolyte.thickness, 'length'),
    seenFrom: si(lithium.electrolyteCharge, 'chargeDensity'),
    lithiumAtShortMetre: lithiumThicknessMetre(si(lithium.shortCharge, 'chargeDensity')),
  };
}

/** The cell as its pictures showed it, from the charge at which it shorted. */
function truthOf({ short }: Document) {
  const given = givenCell();
  const phantom = new Phantom(given, SEED);
  const shortCharge = (short?.chargeCoulomb ?? Number.NaN) / given.areaSquareMetre;
  const interior = (chargeCoulomb: number) => {
    const platedCharge = chargeCoulomb / given.areaSquareMetre;
    const share = (platedCharge - given.seenFrom) / (shortCharge - given.seenFrom);
    const filamentFraction = Math.max(0, Math.min(1, share));
    const platedThicknessMetre = lithiumThicknessMetre(platedCharge);
    return { platedCharge, platedThicknessMetre, filamentFraction, shorted: false };
  };
  return {
    lithiumCubicMetre: (chargeCoulomb: number) =>
      phantom.filamentCubicMetre(interior(chargeCoulomb)),
    voidFraction: () => {
      const voids = phantom
        .solids(interior(0))
        .flatMap((solid) => (solid.kind === 'ellipsoid' ? [solid] : []));
      const cubicMetre = voids.reduce((sum, { a, b, c }) => sum + (4 / 3) * Math.PI * a * b * c, 0);
      return cubicMetre / (given.areaSquareMetre * given.electrolyteMetre);
    },
    electrolyteMetre: given.electrolyteMetre,
  };
}

/** Charge in the middle of a scan. */
function middle({ body }: RecordOf<'volumeChange'>): number {
  return (body.startChargeCoulomb + body.stopChargeCoulomb) / 2;
}

let document: Document;

beforeAll(async () => {
  const { words } = planted();
  const { code, errors, output } = await operando(...words, '--speed', 'max', '--json');
  expect(code, errors).toBe(0);
  document = JSON.parse(output) as Document;
}, RUN_MS_MAX);

describe('volumes of a run on the simulated cell', () => {
  it('are each looked into once, and tied to scan, time and charge', () => {
    const scans = records(document.folder, 'scan').map(({ body }) => body);
    const phases = records(document.folder, 'segmentation').map(({ body }) => body);
    const changes = records(document.folder, 'volumeChange').map(({ body }) => body);
    expect(scans.length).toBeGreaterThanOrEqual(6);
    expect(phases.map(({ scanId }) => scanId)).toEqual(scans.map(({ scanId }) => scanId));
    expect(changes.map(({ scanId }) => scanId)).toEqual(scans.slice(1).map(({ scanId }) => scanId));
    expect(new Set(changes.map(({ result }) => result.againstScanId))).toEqual(
      new Set(['scan-001']),
    );
    for (const [at, { startSecond, stopChargeCoulomb }] of scans.entries()) {
      expect(phases[at]).toMatchObject({ startSecond, stopChargeCoulomb });
    }
    const warnings = records(document.folder, 'event').filter(
      ({ body }) => body.code === 'analysisFault' || body.code === 'dropped',
    );
    expect(warnings).toEqual([]);
  });

  it('show as much lithium in the electrolyte as grew there', () => {
    const { lithiumCubicMetre } = truthOf(document);
    const pulls = records(document.folder, 'volumeChange').map((record) => {
      const { lithium } = record.body.result;
      const difference = (lithium?.value ?? Number.NaN) - lithiumCubicMetre(middle(record));
      return Math.abs(difference) / (lithium?.standardError ?? Number.NaN);
    });
    expect(Math.max(...pulls)).toBeLessThan(2.5);
    const [last] = records(document.folder, 'volumeChange').slice(-1);
    const { lithium, ratio } = last?.body.result ?? {};
    const truth = last ? lithiumCubicMetre(middle(last)) : Number.NaN;
    expect(Math.abs((lithium?.value ?? 0) / truth - 1)).toBeLessThan(0.1);
    // 90 % of all that was plated, as the simulated cell has it.
    expect(Math.abs((ratio?.value ?? 0) - 0.9)).toBeLessThan(0.1);
  });

  it('show voids that stay as they were, as many as there are within the error', () => {
    const truth = truthOf(document).voidFraction();
    for (const { body } of records(document.folder, 'segmentation')) {
      const { value = Number.NaN, standardError } = body.result.voidFraction ?? {};
      expect(Math.abs(value - truth)).toBeLessThan(2 * (standardError ?? 0));
    }
    const fractions = records(document.folder, 'segmentation').map(
      ({ body }) => body.result.voidFraction?.value ?? Number.NaN,
    );
    expect(Math.max(...fractions) - Math.min(...fractions)).toBeLessThan(0.15 * truth);
  });

  it('show lithium that has crossed the electrolyte when the cell has shorted', () => {
    const { electrolyteMetre } = truthOf(document);
    const [last] = records(document.folder, 'segmentation').slice(-1);
    const { value = 0 } = last?.body.result.protrusion ?? {};
    expect(value).toBeGreaterThan(0.9 * electrolyteMetre);
    expect(value).toBeLessThan(1.1 * electrolyteMetre);
  });

  it('end a step when what it waits for is seen, and not before', () => {
    const ends = records(document.folder, 'step')
      .filter(({ body }) => body.state === 'ended')
      .map(({ body }) => [body.name, body.endedBy]);
    expect(ends).toEqual([
      ['until-seen', 'derived: lithium-volume > 150000000 µm³'],
      ['until-short', 'event: short'],
    ]);
    const derived = records(document.folder, 'derived').filter(
      ({ body }) => body.value.name === 'lithium-volume',
    );
    const [ended] = records(document.folder, 'step').filter(({ body }) => body.state === 'ended');
    const before = derived.filter(({ sequence }) => sequence < (ended?.sequence ?? 0));
    expect(before.map(({ body }) => body.value.value > 1.5e-10)).toEqual([
      ...before.slice(1).map(() => false),
      true,
    ]);
    expect(derived.every(({ body }) => (body.value.standardError ?? 0) > 0)).toBe(true);
  });

  it('stand in the results of the run', () => {
    for (const { segmentation, volumeChange, scanId } of document.scans) {
      expect(segmentation?.voids, scanId).toBeGreaterThan(5);
      expect(volumeChange === null, scanId).toBe(scanId === 'scan-001');
    }
  });

  it('give their figures to the scorecard of the paper', async () => {
    const steps = 'until-*';
    const card = join(document.folder, 'card.yaml');
    writeFileSync(
      card,
      `scorecard: plating
source: test
figures:
  - quantity: voids
    dimension: ratio
    unit: "%"
    paper: { where: test }
    recover: { method: voidShare, steps: ${steps}, scan: 1 }
  - quantity: reach
    dimension: length
    unit: µm
    paper: { where: test }
    recover: { method: protrusionLength, steps: ${steps} }
  - quantity: growth
    dimension: volume
    unit: µm³
    paper: { where: test }
    recover: { method: volumeGrowth, steps: until-short }
  - quantity: seen over made
    dimension: ratio
    unit: "1"
    paper: { where: test }
    recover: { method: lithiumShare, steps: ${steps} }
`,
    );
    const { code, errors, output } = await operando(
      ...['scorecard', document.folder, '--scorecard', card, '--json'],
    );
    expect(code, errors).toBe(0);
    const { figures } = JSON.parse(output) as { figures: { verdict: string; recovered: number }[] };
    expect(figures.map(({ verdict }) => verdict)).toEqual(figures.map(() => 'measured'));
    const [voids = 0, reach = 0, growth = 0, share = 0] = figures.map(({ recovered }) => recovered);
    expect(voids).toBeGreaterThan(0.3);
    expect(voids).toBeLessThan(3);
    expect(reach).toBeGreaterThan(500);
    expect(growth).toBeGreaterThan(1e8);
    expect(Math.abs(share - 0.9)).toBeLessThan(0.1);
  });
});

describe('a run that is killed while a volume is looked into', () => {
  it(
    'looks into each volume once, with the numbers of a run that was not',
    async () => {
      const { runs, words } = planted();
      const program = startOperando([...words, '--speed', 'max']);
      const folder = await madeVolume(runs, 'scan-003.h5');
      program.child.kill('SIGKILL');
      await program.ended;
      expect(records(folder, 'segmentation').length).toBeLessThan(3);
      const resumed = await operando('resume', folder, ...ALONE, '--yes', '--json');
      expect(resumed.code, resumed.errors).toBe(0);
      const scans = records(folder, 'scan').filter(({ body }) => body.complete);
      const ids = scans.map(({ body }) => body.scanId);
      const phases = records(folder, 'segmentation').map(({ body }) => body);
      const changes = records(folder, 'volumeChange').map(({ body }) => body);
      expect(phases.map(({ scanId }) => scanId)).toEqual(ids);
      expect(changes.map(({ scanId }) => scanId)).toEqual(ids.slice(1));
      // What was taken before the kill is the same in both.
      const firstOf = <T>(all: readonly { readonly body: T }[], count: number): T[] =>
        all.slice(0, count).map(({ body }) => body);
      expect(phases.slice(0, 3)).toEqual(firstOf(records(document.folder, 'segmentation'), 3));
      expect(changes.slice(0, 2)).toEqual(firstOf(records(document.folder, 'volumeChange'), 2));
    },
    RUN_MS_MAX,
  );
});

/** Waits for a file in the only run of a folder. */
async function madeVolume(runs: string, name: string): Promise<string> {
  for (;;) {
    const [run] = existsSync(runs) ? readdirSync(runs) : [];
    if (run !== undefined && existsSync(join(runs, run, name))) return join(runs, run);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
