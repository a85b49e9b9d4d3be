import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ironAttenuation } from '../../hardware/simulated/iron-absorption.ts';
import {
  type AbsorptionSpectrum,
  edgeByDerivative,
  edgeByHalfStep,
  normaliseEdge,
  whiteLine,
} from '../../src/analysis/absorption-edge.ts';
import { type Curve, fitCombination } from '../../src/analysis/linear-combination.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';

const JOULE = 1.602_176_634e-19;
const ENERGY = Float64Array.from({ length: 421 }, (_, at) => 6960 + at);

/** What the simulated microscope sees of a particle with this share of pyrite. */
function particle(pyrite: number): AbsorptionSpectrum {
  const absorption = ENERGY.map((energy) => {
    const [core, shell] = (['FeS2', 'Fe'] as const).map((phase) =>
      ironAttenuation(phase, energy * JOULE),
    );
    return pyrite * (core ?? 0) + (1 - pyrite) * (shell ?? 0);
  });
  return { energy: ENERGY, absorption };
}

function normalisedOf(spectrum: AbsorptionSpectrum): Curve {
  return { energy: spectrum.energy, value: normaliseEdge(spectrum).normalised };
}

describe('the edge of simulated iron', () => {
  it('is where absorption rises most steeply, metal below pyrite', () => {
    expect(Math.abs(edgeByDerivative(particle(0)) - 7112)).toBeLessThanOrEqual(1);
    expect(Math.abs(edgeByDerivative(particle(1)) - 7118)).toBeLessThanOrEqual(1);
  });

  it('moves by half-step steadily from metal to pyrite', () => {
    const edges = [0, 0.25, 0.5, 0.75, 1].map((share) => {
      const { normalised } = normaliseEdge(particle(share), { edge: 7112 });
      return edgeByHalfStep(ENERGY, normalised) ?? Number.NaN;
    });
    expect(Math.abs((edges[0] ?? 0) - 7112)).toBeLessThan(0.5);
    expect((edges[4] ?? 0) - (edges[0] ?? 0)).toBeGreaterThan(4);
    for (const [at, edge] of edges.entries()) {
      if (at > 0) expect(edge).toBeGreaterThan(edges[at - 1] ?? 0);
    }
  });

  it('has a white line with pyrite', () => {
    const pyrite = normaliseEdge(particle(1));
    const line = whiteLine(ENERGY, pyrite);
    expect(Math.abs((line?.energy ?? 0) - 7120)).toBeLessThanOrEqual(1);
    expect(line?.height).toBeGreaterThan(1.1);
  });

  it('gives the shares of a mixture back', () => {
    const standards = [normalisedOf(particle(1)), normalisedOf(particle(0))];
    for (const share of [0, 0.3, 0.8, 1]) {
      const { edge } = normaliseEdge(particle(0.5));
      const mixed = { energy: ENERGY, value: normaliseEdge(particle(share), { edge }).normalised };
      const fit = fitCombination(mixed, standards, {
        from: 7092,
        to: 7162,
        constraint: 'free',
        nonNegative: true,
      });
      expect(Math.abs((fit.shares[0] ?? 0) - share)).toBeLessThan(0.02);
      expect(Math.abs(fit.sum - 1)).toBeLessThan(0.02);
    }
  });
});

describe('no edge is made up', () => {
  const flat = { energy: ENERGY, absorption: ENERGY.map((energy) => 1 - energy * 1e-5) };

  it('where absorption only falls, or steps down', async () => {
    const none = await caughtFault(() => edgeByDerivative(flat));
    expect(none.problems[0]?.message).toContain('no edge');
    const down = particle(1).absorption.map((value) => -value);
    const act = () => normaliseEdge({ energy: ENERGY, absorption: down }, { edge: 7117 });
    expect((await caughtFault(act)).problems[0]?.message).toContain('expected absorption to rise');
    expect(
      edgeByHalfStep(
        ENERGY,
        flat.absorption.map(() => 0.2),
      ),
    ).toBeUndefined();
  });

  it('out of one bad point', async () => {
    const { absorption } = particle(0);
    const odd = absorption.with(60, 1.05 * (absorption[60] ?? 0));
    expect(Math.abs(edgeByDerivative({ energy: ENERGY, absorption: odd }) - 7112)).toBeLessThan(2);
    const wild = absorption.with(60, 50 * (absorption[60] ?? 0));
    const fault = await caughtFault(() => edgeByDerivative({ energy: ENERGY, absorption: wild }));
    expect(fault.problems[0]?.message).toContain('no edge');
  });

  it('of energies that do not rise, of values that are none, or of too few', async () => {
    const { absorption } = particle(0);
    const wrong = [
      { energy: ENERGY.with(5, 6900), absorption },
      { energy: ENERGY, absorption: absorption.with(7, Number.NaN) },
      { energy: ENERGY.slice(0, 4), absorption: absorption.slice(0, 4) },
      { energy: ENERGY.slice(1), absorption },
    ];
    const faults = await Promise.all(wrong.map((one) => caughtFault(() => normaliseEdge(one))));
    const messages = faults.map(({ problems }) => problems[0]?.message ?? '');
    expect(messages[0]).toContain('must rise');
    expect(messages[1]).toContain('point 8 is no number');
    expect(messages[2]).toContain('4 energies and 4 values');
    expect(messages[3]).toContain('420 energies and 421 values');
  });

  it('with a range that has no points', async () => {
    const act = () => normaliseEdge(particle(0), { postFrom: 260, postTo: 261, degree: 2 });
    expect((await caughtFault(act)).problems[0]?.message).toContain('2 points from');
  });

  it('has no white line where absorption goes on rising', () => {
    const normalised = ENERGY.map((energy) => (energy - 6960) / 400);
    expect(whiteLine(ENERGY, { edge: 7112, normalised })).toBeUndefined();
  });
});

describe('a combination that cannot be', () => {
  const pyrite = normalisedOf(particle(1));
  const options = { from: 7092, to: 7162, constraint: 'free', nonNegative: true } as const;
  const messageOf = async (standards: readonly Curve[], change: object = {}): Promise<string> => {
    const act = () => fitCombination(pyrite, standards, { ...options, ...change });
    return (await caughtFault(act)).problems[0]?.message ?? '';
  };

  it('is refused with its reason', async () => {
    expect(await messageOf([pyrite, pyrite])).toContain('alike');
    expect(await messageOf([])).toContain('0 standards');
    expect(await messageOf([pyrite], { from: 8000, to: 8100 })).toContain('no points');
    const short = { energy: ENERGY.slice(0, 150), value: pyrite.value.slice(0, 150) };
    expect(await messageOf([pyrite, short])).toContain('standard 2 covers 6960 to 7109 eV');
  });

  it('sets a weight below 0 to 0, with no error of its own, only when asked to', () => {
    const metal = normalisedOf(particle(0));
    const beyond = {
      energy: ENERGY,
      value: pyrite.value.map((one, at) => 1.2 * one - 0.2 * (metal.value[at] ?? 0)),
    };
    const kept = fitCombination(beyond, [pyrite, metal], { ...options, nonNegative: false });
    expect(kept.weights[1]).toBeCloseTo(-0.2, 9);
    const set = fitCombination(beyond, [pyrite, metal], options);
    expect(set.weights[1]).toBe(0);
    expect(set.errors[1]).toBeNull();
    expect(set.shares).toEqual([1, 0]);
  });
});

/** Columns of numbers; lines of other things are passed over. */
function columnsOf(path: string): { readonly energy: Float64Array; readonly value: Float64Array } {
  const rows = readFileSync(sharedData(`spectra/xanes/${path}`), 'latin1')
    .split(/\r?\n/)
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([energy = Number.NaN, value = Number.NaN]) => energy > 0 && Number.isFinite(value));
  return {
    energy: Float64Array.from(rows, ([energy = 0]) => energy),
    value: Float64Array.from(rows, ([, value = 0]) => value),
  };
}

/** The first group of an Athena project. */
function projectOf(path: string): AbsorptionSpectrum {
  const bytes = readFileSync(sharedData(`spectra/xanes/${path}`));
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('latin1');
  const listOf = (name: string): Float64Array => {
    const [, list = ''] = new RegExp(`@${name} = \\(([^)]*)\\)`).exec(text) ?? [];
    return Float64Array.from(list.split(','), (one) => Number(one.replaceAll("'", '')));
  };
  return { energy: listOf('x'), absorption: listOf('y') };
}

describeWithData('measured edges of iron', () => {
  const measured = (path: string): AbsorptionSpectrum => {
    const { energy, value } = columnsOf(path);
    return { energy, absorption: value };
  };

  it.each([
    ['FeS2.prj', 7117.0, 0.720755],
    ['FeO.prj', 7122.927, 1.382869],
    ['fe2o3_rt1.xmu', 7125.618, 1.338782],
    ['fe3c_rt.xdi', 7122.5, 2.449773],
  ])('of %s lies at %f eV with a step of %f, as in Larch', (path, edge, step) => {
    const spectrum = path.endsWith('.prj') ? projectOf(path) : measured(path);
    const found = normaliseEdge(spectrum);
    expect(found.edge).toBeCloseTo(edge, 2);
    expect(Math.abs(found.step / step - 1)).toBeLessThan(1e-4);
  });
});

describeWithData("the example of Larch's manual", () => {
  const example = (name: string): Curve => columnsOf(`larch-doc-example3/${name}.dat`);
  const options = { from: 11_870, to: 12_030, constraint: 'sumToOne', nonNegative: false } as const;
  const combine = (...names: string[]) =>
    fitCombination(example('unknown'), names.map(example), options);

  it('gives its two weights to eight digits, with their errors', () => {
    const { weights, errors, points, squares } = combine('s1', 's2');
    expect(points).toBe(160);
    expect(weights[0]).toBeCloseTo(0.47066003, 7);
    expect(weights[1]).toBeCloseTo(0.52933997, 7);
    for (const error of errors) expect(error).toBeCloseTo(0.00471, 4);
    expect(squares / 0.001 ** 2).toBeCloseTo(9339.1, 0);
  });

  it('gives its three weights', () => {
    const { weights, errors, squares, points } = combine('s1', 's2', 's5');
    for (const [at, weight] of [0.278665, 0.53207, 0.189264].entries()) {
      expect(weights[at]).toBeCloseTo(weight, 5);
    }
    for (const [at, error] of [0.01704, 0.00349, 0.01644].entries()) {
      expect(errors[at]).toBeCloseTo(error, 4);
    }
    expect(squares / 0.001 ** 2 / (points - 2)).toBeCloseTo(32.141, 2);
  });

  it('is worse with a standard it does not hold, and says how much', () => {
    expect(combine('s1', 's2').rFactor).toBeGreaterThan(combine('s1', 's2', 's5').rFactor);
    expect(combine('s3').rFactor).toBeGreaterThan(10 * combine('s1', 's2').rFactor);
  });
});
