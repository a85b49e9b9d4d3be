import { describe, expect, it } from 'vitest';
import { type IronPhase, ironAttenuation } from '../../hardware/simulated/iron-absorption.ts';
import { poisson } from '../../hardware/simulated/poisson.ts';
import { AbsorptionService } from '../../src/analysis/absorption-service.ts';
import { type AbsorptionPoint, fitPhaseShares } from '../../src/analysis/phase-shares.ts';
import type { AbsorptionPlace } from '../../src/domain/absorption.ts';
import { Bus, type BusEvents } from '../../src/domain/bus.ts';
import { Random } from '../../src/domain/random.ts';

const ELECTRON_VOLT = 1.602_176_634e-19;
const ENERGIES = [7092, 7110, 7114, 7118, 7122, 7128, 7140, 7162];
const JUMP_PER_METRE = 8.25e4;
const PATH_METRE = 8e-6;

/** Of a pure phase, with its edge step as 1; the other atoms are background. */
const standardOf = (phase: IronPhase, electronVolt: number): number =>
  ironAttenuation(phase, electronVolt * ELECTRON_VOLT) / JUMP_PER_METRE;

function placeOf(at: number): AbsorptionPlace {
  const energy = ENERGIES[at] ?? 0;
  const standards = { FeS2: standardOf('FeS2', energy), Fe: standardOf('Fe', energy) };
  return { at, count: ENERGIES.length, standards };
}

function absorbanceOf(pyrite: number, at: number): number {
  const energyJoule = (ENERGIES[at] ?? 0) * ELECTRON_VOLT;
  const mean =
    pyrite * ironAttenuation('FeS2', energyJoule) +
    (1 - pyrite) * ironAttenuation('Fe', energyJoule);
  return mean * PATH_METRE;
}

function pointsOf(pyrite: number, noise: () => number = () => 0): AbsorptionPoint[] {
  return ENERGIES.map((energy, at) => ({
    energyJoule: energy * ELECTRON_VOLT,
    absorbance: absorbanceOf(pyrite, at) + noise(),
    standards: placeOf(at).standards,
  }));
}

function sharesOf(points: readonly AbsorptionPoint[]) {
  const shares = fitPhaseShares(points);
  if (typeof shares === 'string') throw new Error(shares);
  return new Map(shares.map((one) => [one.phase, one]));
}

describe('shares of phases', () => {
  it.each([0, 0.2, 0.5, 0.9, 1])('come back from a mixture with %f of pyrite', (pyrite) => {
    const shares = sharesOf(pointsOf(pyrite));
    expect(shares.get('FeS2')?.share).toBeCloseTo(pyrite, 6);
    expect(shares.get('Fe')?.share).toBeCloseTo(1 - pyrite, 6);
  });

  it('do not depend on thickness, a level or a slope of the background', () => {
    const changed = pointsOf(0.3).map((point, at) => ({
      ...point,
      absorbance: 2.5 * point.absorbance + 0.7 - 0.01 * (ENERGIES[at] ?? 0),
    }));
    expect(sharesOf(changed).get('FeS2')?.share).toBeCloseTo(0.3, 6);
  });

  it('have errors that are right over many countings', () => {
    const random = new Random(4);
    const pulls = Array.from({ length: 400 }, () => {
      const share = sharesOf(pointsOf(0.4, () => 2e-3 * random.normal())).get('FeS2');
      return ((share?.share ?? 0) - 0.4) / (share?.standardError ?? 0);
    });
    const mean = pulls.reduce((sum, one) => sum + one, 0) / pulls.length;
    expect(Math.abs(mean)).toBeLessThan(0.2);
    // With four degrees of freedom: Student's t, of which 5 % lies beyond 2.78.
    const beyond = pulls.filter((one) => Math.abs(one) > 2.78).length / pulls.length;
    expect(beyond).toBeGreaterThan(0.02);
    expect(beyond).toBeLessThan(0.08);
  });

  it('are never below 0', () => {
    const beyond = pointsOf(1.2);
    const shares = sharesOf(beyond);
    expect(shares.get('Fe')).toEqual({ phase: 'Fe', share: 0, standardError: null });
    expect(shares.get('FeS2')?.share).toBe(1);
  });

  it('are not made up out of too few energies, equal standards, darkness or nothing', () => {
    const points = pointsOf(0.5);
    expect(fitPhaseShares(points.slice(0, 4))).toContain('expected 5 or more');
    const alike = points.map((point) => ({
      ...point,
      standards: { a: 1 * point.absorbance, b: point.absorbance },
    }));
    expect(fitPhaseShares(alike)).toContain('alike');
    const dark = points.map((point, at) =>
      at === 3 ? { ...point, absorbance: Number.NaN } : point,
    );
    expect(fitPhaseShares(dark)).toContain('no light');
    const inverted = points.map((point) => ({ ...point, absorbance: -point.absorbance }));
    expect(fitPhaseShares(inverted)).toContain('nothing of the standards');
    expect(fitPhaseShares([])).toContain('0 energies');
  });
});

const ROWS = 4;
const COLUMNS = 16;
const OPEN = 30_000;

class Bench {
  readonly bus = new Bus((name, error) => {
    throw new Error(`${name}: ${error}`);
  });
  readonly derived: BusEvents['derived']['value'][] = [];
  readonly faults: string[] = [];
  readonly service = new AbsorptionService(this.bus);
  readonly #random = new Random(9);

  constructor() {
    this.bus.on('derived', ({ value }) => void this.derived.push(value));
    this.bus.on('analysisFault', ({ message }) => void this.faults.push(message));
  }

  scan(
    scanId: string,
    at: number,
    pyrite: number,
    change: { complete?: boolean; plain?: boolean } = {},
  ) {
    const plan = {
      scanId,
      views: 9,
      startAngleRadian: 0,
      spanRadian: Math.PI,
      durationSecond: 9,
      energyJoule: (ENERGIES[at] ?? 0) * ELECTRON_VOLT,
    };
    const absorption = change.plain ? {} : { absorption: placeOf(at) };
    this.bus.publish('scanStarted', { plan, rows: ROWS, columns: COLUMNS, ...absorption });
    this.#frames(scanId, 'dark', 2, 100);
    this.#frames(scanId, 'flat', 4, 100 + OPEN);
    this.#frames(scanId, 'projection', 9, 100 + OPEN * Math.exp(-absorbanceOf(pyrite, at)));
    this.bus.publish('scanEnded', { scanId, complete: change.complete ?? true });
  }

  set(name: string, pyrite: number): void {
    for (const at of ENERGIES.keys()) this.scan(`${name}-${at}`, at, pyrite);
  }

  #frames(scanId: string, kind: 'flat' | 'dark' | 'projection', count: number, mean: number): void {
    for (let index = 0; index < count; index += 1) {
      const pixels = Uint16Array.from({ length: ROWS * COLUMNS }, () =>
        poisson(this.#random, mean),
      );
      const place = { index, angleRadian: 0, timeSecond: 0, rows: ROWS, columns: COLUMNS };
      this.bus.publish('frame', { frame: { scanId, kind, pixels, ...place } });
    }
  }
}

describe('the absorption of sets of scans', () => {
  it('gives the share of each phase when the set is complete, and not before', async () => {
    const bench = new Bench();
    await bench.service.start();
    for (const at of ENERGIES.keys()) {
      expect(bench.derived).toEqual([]);
      bench.scan(`scan-${at}`, at, 0.7);
    }
    expect(bench.derived.map(({ name }) => name)).toEqual(['phase-share.FeS2', 'phase-share.Fe']);
    const [pyrite, iron] = bench.derived;
    expect(Math.abs((pyrite?.value ?? 0) - 0.7)).toBeLessThan(5 * (pyrite?.standardError ?? 0));
    expect(pyrite?.standardError).toBeLessThan(0.02);
    expect((pyrite?.value ?? 0) + (iron?.value ?? 0)).toBeCloseTo(1, 9);
    expect(pyrite?.source).toBe('scan-7');
    expect(bench.faults).toEqual([]);
  });

  it('begins anew with each set', async () => {
    const bench = new Bench();
    await bench.service.start();
    bench.set('first', 0.9);
    bench.set('second', 0.2);
    const shares = bench.derived.filter(({ name }) => name === 'phase-share.FeS2');
    expect(shares.map(({ value }) => Math.round(10 * value))).toEqual([9, 2]);
  });

  it('leaves a scan that was cut off to the one that is taken again', async () => {
    const bench = new Bench();
    await bench.service.start();
    for (const at of ENERGIES.keys()) {
      if (at === 3) bench.scan('cut-off', at, 0, { complete: false });
      bench.scan(`scan-${at}`, at, 0.7);
    }
    expect(Math.abs((bench.derived[0]?.value ?? 0) - 0.7)).toBeLessThan(0.05);
  });

  it('says so when it has not heard the whole set', async () => {
    const bench = new Bench();
    await bench.service.start();
    for (const at of [5, 6, 7]) bench.scan(`scan-${at}`, at, 0.7);
    expect(bench.derived).toEqual([]);
    expect(bench.faults[0]).toContain('3 of the 8 energies were heard');
  });

  it('keeps to scans that ask for it, and hears nothing once stopped', async () => {
    const bench = new Bench();
    await bench.service.start();
    for (const at of ENERGIES.keys()) bench.scan(`plain-${at}`, at, 0.7, { plain: true });
    await bench.service.stop();
    await bench.service.stop();
    bench.set('late', 0.5);
    expect([bench.derived, bench.faults]).toEqual([[], []]);
  });
});
