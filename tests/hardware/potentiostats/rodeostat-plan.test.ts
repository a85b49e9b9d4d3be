import { describe, expect, it } from 'vitest';
import {
  type RodeostatPlan,
  rodeostatPlan,
  type TestTechnique,
} from '../../../hardware/potentiostats/rodeostat-plan.ts';
import { rodeostatVariant } from '../../../hardware/potentiostats/rodeostat-variants.ts';
import { Random } from '../../../src/domain/random.ts';
import { variantOf } from './rodeostat-bench.ts';

const MICRO = '10V_microAmpV0.2';
const CYCLIC = {
  kind: 'cyclicVoltammetry',
  startVolt: 0,
  verticesVolt: [0.5, -0.5],
  rateVoltPerSecond: 0.1,
  cycles: 1,
  stepVolt: 0.01,
  currentAmpereMax: 1e-3,
} as const;
const HOLD = {
  kind: 'constantVoltage',
  voltageVolt: 0.3,
  sampleEverySecond: 1,
  durationSecond: 10,
  currentAmpereMax: 1e-3,
} as const;
const SWEEP = {
  kind: 'linearSweep',
  startVolt: 0.2,
  endVolt: -0.3,
  rateVoltPerSecond: 0.05,
  stepVolt: 0.001,
  currentAmpereMax: 1e-4,
} as const;

function planOf(technique: TestTechnique, variant = MICRO): RodeostatPlan {
  const plan = rodeostatPlan(technique, variantOf(variant));
  if ('test' in plan) return plan;
  throw new Error(plan.join('; '));
}

function problemsOf(technique: TestTechnique, variant = MICRO): readonly string[] {
  const plan = rodeostatPlan(technique, variantOf(variant));
  return 'test' in plan ? [] : plan;
}

/** The cyclic test as the firmware computes it, in whole µs and single precision parameters. */
function firmwareVolt(plan: RodeostatPlan, timeUs: number): number {
  if (plan.test.name !== 'cyclic') throw new Error('not a cyclic test');
  const { amplitude, offset, period, shift } = plan.test.param;
  const [size, middle] = [Math.fround(amplitude), Math.fround(offset)];
  const periodUs = period * 1000;
  const s = (timeUs + Math.trunc(Math.fround(shift) * periodUs)) % periodUs;
  const rising = s < Math.floor(periodUs / 2) ? s : periodUs - s;
  return (4 * size * rising) / periodUs + middle - size;
}

/** What was asked for: from turning point to turning point at the scan rate. */
function askedVolt(technique: typeof CYCLIC | TestTechnique, timeSecond: number): number {
  if (technique.kind !== 'cyclicVoltammetry') throw new Error('not a voltammogram');
  const { startVolt, verticesVolt, rateVoltPerSecond } = technique;
  let leftVolt = timeSecond * rateVoltPerSecond;
  let from = startVolt;
  for (const to of [...verticesVolt, startVolt]) {
    const pathVolt = Math.abs(to - from);
    if (leftVolt <= pathVolt) return from + Math.sign(to - from) * leftVolt;
    leftVolt -= pathVolt;
    from = to;
  }
  return startVolt;
}

describe('the cyclic test', () => {
  it.each([
    ['up first', 0, [0.5, -0.5]],
    ['down first', 0, [-0.5, 0.5]],
    ['from the upper vertex down', 0.5, [-0.5, 0.5]],
    ['from the lower vertex up', -0.5, [0.5, -0.5]],
    ['at the first vertex already', 0.5, [0.5, -0.5]],
    ['at the lower first vertex already', -0.5, [-0.5, 0.5]],
    ['not around zero', 3.7, [4.2, 2.5]],
    ['not around zero, down first', 3.7, [2.5, 4.2]],
  ] as const)('goes through the potentials asked for: %s', (_, startVolt, verticesVolt) => {
    const technique = { ...CYCLIC, startVolt, verticesVolt };
    const plan = planOf(technique);
    for (let ms = 0; ms <= plan.durationMs; ms += 25) {
      const asked = askedVolt(technique, ms / 1000);
      expect(Math.abs(firmwareVolt(plan, ms * 1000) - asked)).toBeLessThan(2e-6);
    }
  });

  it('goes through the potentials asked for, whatever they are', () => {
    const random = new Random(11);
    for (let round = 0; round < 500; round += 1) {
      const [first, second] = [random.uniform() * 8 - 4, random.uniform() * 8 - 4];
      const startVolt = first + random.uniform() * (second - first);
      const rateVoltPerSecond = 10 ** (random.uniform() * 3 - 4);
      const technique = {
        ...CYCLIC,
        startVolt,
        verticesVolt: [first, second],
        rateVoltPerSecond,
      } as const;
      if (Math.abs(first - second) < 0.05) continue;
      const plan = planOf(technique);
      for (let part = 0; part <= 40; part += 1) {
        const ms = (plan.durationMs * part) / 40;
        const asked = askedVolt(technique, ms / 1000);
        // The period is in whole ms: half of one, at the most, is what the sweep is ahead or behind.
        const allowed = 2e-6 + rateVoltPerSecond * 0.5e-3;
        expect(Math.abs(firmwareVolt(plan, Math.round(ms * 1000)) - asked)).toBeLessThan(allowed);
      }
    }
  });

  it('comes back to the start after each of its cycles', () => {
    const plan = planOf({ ...CYCLIC, startVolt: 0.1, cycles: 3 });
    expect(plan.durationMs).toBe(60_000);
    for (const cycle of [0, 1, 2, 3]) {
      expect(firmwareVolt(plan, cycle * 20_000_000)).toBeCloseTo(0.1, 6);
    }
  });

  it.each([0.6, -0.6])('is refused when it is to begin outside the vertices: %f V', (startVolt) => {
    expect(problemsOf({ ...CYCLIC, startVolt })).toEqual([
      `its cyclic test begins between the vertices: a start at ${startVolt} V is not between 0.5 V and -0.5 V`,
    ]);
  });

  it('is refused when whole milliseconds would change the scan rate', () => {
    // 20 mV at 7 V/s take 5.714 ms: 6 ms would be another rate.
    const fast = { ...CYCLIC, verticesVolt: [0.005, -0.005] as const, rateVoltPerSecond: 3.5 };
    expect(problemsOf(fast)[0]).toContain('whole ms');
    expect(problemsOf({ ...CYCLIC, rateVoltPerSecond: 2 })).toEqual([]);
  });
});

describe('the other tests', () => {
  it('hold a potential for the time asked for', () => {
    expect(planOf(HOLD)).toMatchObject({
      test: {
        name: 'constant',
        param: { quietValue: 0.3, quietTime: 0, value: 0.3, duration: 10_000 },
      },
      durationMs: 10_000,
    });
  });

  it('sweep once, in either direction', () => {
    expect(planOf(SWEEP)).toMatchObject({
      test: {
        name: 'linearSweep',
        param: {
          quietValue: 0.2,
          quietTime: 0,
          startValue: 0.2,
          finalValue: -0.3,
          duration: 10_000,
        },
      },
      samplePeriodMs: 20,
      samplesPerReading: 1,
    });
  });

  it('never last longer than the firmware can count', () => {
    const week = { ...HOLD, durationSecond: 7 * 86_400 };
    expect(problemsOf(week)).toEqual([]);
    expect(problemsOf({ ...HOLD, durationSecond: 60 * 86_400 })[0]).toContain('longer than its');
    expect(problemsOf({ ...CYCLIC, rateVoltPerSecond: 1e-6, cycles: 3 })[0]).toContain('longer');
  });
});

describe('the rhythm', () => {
  it.each([
    // every s, ms of the instrument, samples per reading
    [0.001, 1, 1],
    [0.02, 20, 1],
    [0.5, 500, 1],
    [1, 500, 2],
    [2.5, 500, 5],
    [10, 500, 20],
    [0.7, 350, 2],
    [0.999, 333, 3],
    // No whole number of ms: a little more often.
    [0.0155, 15, 1],
    // A prime number of ms.
    [1.009, 336, 3],
  ])('of a sample every %f s', (sampleEverySecond, samplePeriodMs, samplesPerReading) => {
    const plan = planOf({ ...HOLD, sampleEverySecond });
    expect(plan).toMatchObject({ samplePeriodMs, samplesPerReading });
    expect(samplePeriodMs * samplesPerReading).toBeLessThanOrEqual(sampleEverySecond * 1000 + 1e-6);
    expect(samplePeriodMs).toBeLessThanOrEqual(500);
  });
});

describe('the ranges', () => {
  it.each([
    ['10V_nanoAmpV0.2', 50e-9, '60nA'],
    ['10V_nanoAmpV0.2', 5e-6, '10uA'],
    ['10V_microAmpV0.2', 1e-6, '1uA'],
    ['10V_microAmpV0.2', 1.01e-6, '10uA'],
    ['10V_microAmpV0.2', 1e-3, '1000uA'],
    ['10V_10MilliAmpV0.2', 2e-3, '10000uA'],
    ['10V_24MilliAmpV0.2', 12e-3, '12000uA'],
    ['AD8250_milliAmpV0.1', 20e-3, '24000uA'],
  ])('of a %s that is limited to %f A is %s', (variant, currentAmpereMax, name) => {
    expect(planOf({ ...HOLD, currentAmpereMax }, variant).currentRange.name).toBe(name);
  });

  it.each([
    ['10V_microAmpV0.2', [0.9, -0.9], '1V'],
    ['10V_microAmpV0.2', [1.1, -0.2], '2V'],
    ['10V_microAmpV0.2', [4.2, 2.5], '5V'],
    ['10V_microAmpV0.2', [-6, 6], '10V'],
    ['AD8251_microAmpV0.1', [4.2, 2.5], '8V'],
    ['AD8251_microAmpV0.1', [3.9, 2.5], '4V'],
  ] as const)('of a %s between %j V is %s', (variant, verticesVolt, name) => {
    const technique = { ...CYCLIC, startVolt: verticesVolt[0], verticesVolt };
    expect(planOf(technique, variant).voltageRange.name).toBe(name);
  });

  it('are refused when none is large enough', () => {
    expect(problemsOf({ ...HOLD, currentAmpereMax: 1.5e-3 })).toEqual([
      'a current limit of 0.0015 A is above its largest range of 0.001 A: lower the limit, or take another variant',
    ]);
    expect(problemsOf({ ...HOLD, voltageVolt: 9 }, 'AD8251_microAmpV0.1')).toHaveLength(1);
  });
});

describe('the variants', () => {
  it.each([
    ['10V_microAmpV0.2', true, 10, 1e-3],
    ['10V_10MilliAmpV0.2', true, 10, 10e-3],
    ['10V_24MilliAmpV0.2', true, 10, 24.048e-3],
    ['10V_nanoAmpV0.2', true, 10, 10e-6],
    ['microAmpV0.1', false, 10, 1e-3],
    ['AD8250_nanoAmpV0.1', false, 10, 10e-6],
    ['AD8251_milliAmpV0.1', false, 8, 24.048e-3],
  ])('%s', (name, hasSwitches, voltageVoltMax, currentAmpereMax) => {
    const { capability, ...variant } = variantOf(name);
    expect(variant.hasSwitches).toBe(hasSwitches);
    expect(capability).toMatchObject({ voltageVoltMax, currentAmpereMax });
    // The potential at rest can only be read with the counter electrode disconnected.
    expect(capability.techniques.includes('openCircuit')).toBe(hasSwitches);
    expect(capability.techniques).not.toContain('constantCurrent');
    expect(capability.techniques).not.toContain('impedance');
  });

  it.each([
    '',
    'microAmp',
    '10V_microAmpV0.3',
    '10V_picoAmpV0.2',
    'AD8252_microAmpV0.1',
    'toString',
  ])('do not include %j', (name) => {
    expect(rodeostatVariant(name)).toBeUndefined();
  });
});
