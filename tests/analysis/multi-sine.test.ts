import { describe, expect, it } from 'vitest';
import { analyseMultiSine, type MultiSineRecord } from '../../src/analysis/multi-sine.ts';
import {
  designMultiSine,
  type MultiSine,
  type MultiSineRequest,
} from '../../src/analysis/multi-sine-design.ts';
import { Random } from '../../src/domain/random.ts';
import { caughtFault } from '../support/caught-fault.ts';
import {
  type DiscreteCircuit,
  heldImpedance,
  heldResponse,
  ONE_ARC,
  TWO_ARCS,
} from './discretised-circuit.ts';

const SEED = 20_261_121;
const REQUEST: MultiSineRequest = {
  sampleRateHertz: 1000,
  frequencyHertzMin: 0.5,
  frequencyHertzMax: 300,
  linesPerDecade: 8,
  phases: 'random',
  seed: SEED,
};
const DESIGN = designMultiSine(REQUEST);
const SHORT = designMultiSine({ ...REQUEST, frequencyHertzMin: 4, linesPerDecade: 6 });

/** The current of whole periods, 1 mA at its peak, and the voltage it causes. */
function recordOf(design: MultiSine, periods: number, circuit: DiscreteCircuit): MultiSineRecord {
  const current = Float64Array.from(
    { length: periods * design.samplesPerPeriod },
    (_, k) => 1e-3 * (design.waveform[k % design.samplesPerPeriod] ?? 0),
  );
  const voltage = heldResponse(circuit, current, design.sampleRateHertz);
  return { voltageVolt: voltage, currentAmpere: current, response: 'voltage' };
}

function worstError(
  design: MultiSine,
  circuit: DiscreteCircuit,
  points: ReturnType<typeof analyseMultiSine>['points'],
): number {
  const errors = points.map(({ frequencyHertz, zRealOhm, zImagOhm }) => {
    const { re, im } = heldImpedance(circuit, frequencyHertz, design.sampleRateHertz);
    return Math.hypot(zRealOhm - re, zImagOhm - im) / Math.hypot(re, im);
  });
  return Math.max(...errors);
}

describe('the design of a multi-sine', () => {
  it('excites odd lines only, about evenly in the logarithm, from the lowest frequency', () => {
    const harmonics = DESIGN.lines.map(({ harmonic }) => harmonic);
    expect(harmonics.every((harmonic) => harmonic % 2 === 1)).toBe(true);
    expect(harmonics[0]).toBe(1);
    expect(harmonics.at(-1)).toBeGreaterThan(450);
    expect(harmonics.at(-1)).toBeLessThanOrEqual(600);
    expect(new Set(harmonics).size).toBe(harmonics.length);
    expect(harmonics.length).toBeGreaterThan(15);
    expect(DESIGN.lines[0]?.frequencyHertz).toBe(0.5);
  });

  it('leaves even lines and some odd ones empty, within the excited band too', () => {
    const excited = new Set(DESIGN.lines.map(({ harmonic }) => harmonic));
    const empty = [...DESIGN.evenDetection, ...DESIGN.oddDetection];
    expect(empty.some((harmonic) => excited.has(harmonic))).toBe(false);
    expect(DESIGN.evenDetection.every((harmonic) => harmonic % 2 === 0)).toBe(true);
    expect(DESIGN.oddDetection.every((harmonic) => harmonic % 2 === 1)).toBe(true);
    expect(DESIGN.oddDetection.length).toBeGreaterThan(5);
    const dense = designMultiSine({ ...REQUEST, linesPerDecade: 60, frequencyHertzMax: 20 });
    expect(dense.oddDetection.filter((harmonic) => harmonic < 30).length).toBeGreaterThan(2);
  });

  it('is one period, exactly, with a peak of 1 and the crest factor it states', () => {
    const { waveform, crestFactor } = DESIGN;
    expect(waveform).toHaveLength(2000);
    const squares = waveform.reduce((total, value) => total + value * value, 0);
    const peak = Math.max(...waveform.map(Math.abs));
    expect(peak).toBe(1);
    expect(crestFactor).toBeCloseTo(1 / Math.sqrt(squares / 2000), 10);
    expect(crestFactor).toBeLessThan(3);
  });

  it('spreads its energy over the period with the phases of Schroeder', () => {
    const row = { ...REQUEST, linesPerDecade: 140, frequencyHertzMax: 30 };
    const { crestFactor, lines } = designMultiSine({ ...row, phases: 'schroeder' });
    // With all peaks at one moment it would be √(2 L) = 6.8.
    expect(lines).toHaveLength(23);
    expect(crestFactor).toBeLessThan(2.5);
  });

  it('has lower peaks still where they are lowered, with every line as strong', () => {
    const flat = designMultiSine({ ...REQUEST, phases: 'flat' });
    expect(flat.crestFactor).toBeLessThan(0.92 * DESIGN.crestFactor);
    const row = { ...REQUEST, linesPerDecade: 140, frequencyHertzMax: 30 };
    expect(designMultiSine({ ...row, phases: 'flat' }).crestFactor).toBeLessThan(1.7);
    expect(new Set(flat.lines.map(({ amplitude }) => amplitude)).size).toBe(1);
    expect(flat.lines.map(({ harmonic }) => harmonic)).toEqual(
      DESIGN.lines.map(({ harmonic }) => harmonic),
    );
    const result = analyseMultiSine(flat, recordOf(flat, 12, ONE_ARC), { periodsDiscarded: 6 });
    expect(worstError(flat, ONE_ARC, result.points)).toBeLessThan(1e-9);
  });

  it('is the same for the same seed, and another for another', () => {
    expect(designMultiSine(REQUEST)).toEqual(DESIGN);
    expect(designMultiSine({ ...REQUEST, seed: 1 }).waveform).not.toEqual(DESIGN.waveform);
  });

  it.each([
    [{ frequencyHertzMin: 0 }, 'lowest frequency'],
    [{ frequencyHertzMax: 0.4 }, 'expected at least the lowest'],
    [{ frequencyHertzMax: 451 }, 'expected at most 450 Hz'],
    [{ frequencyHertzMin: 1e-6 }, 'period: 1000000000 samples'],
    [{ linesPerDecade: 0 }, 'lines per decade'],
    [{ linesPerDecade: 1000 }, 'expected at most 256'],
    [{ seed: 0.1 }, 'seed'],
    [{ sampleRateHertz: NaN }, 'highest frequency'],
  ])('refuses %j', async (bad, message) => {
    const fault = await caughtFault(() => designMultiSine({ ...REQUEST, ...bad }));
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain(message);
  });
});

describe('a multi-sine through a circuit that is discretised exactly', () => {
  it.each([
    ['R + RC', ONE_ARC],
    ['R + RC + RC', TWO_ARCS],
  ])('gives every line to 1e-9 without noise: %s', (_, circuit) => {
    const result = analyseMultiSine(DESIGN, recordOf(DESIGN, 12, circuit), { periodsDiscarded: 6 });
    expect(worstError(DESIGN, circuit, result.points)).toBeLessThan(1e-9);
    expect(result.points).toHaveLength(DESIGN.lines.length);
    expect(result.points.every(({ zImagOhm }) => zImagOhm < 0)).toBe(true);
    expect([result.drifting, result.distortion.distorted, result.quality]).toEqual([
      false,
      false,
      'good',
    ]);
  });

  it('finds by itself how long the response settles', () => {
    const result = analyseMultiSine(DESIGN, recordOf(DESIGN, 16, TWO_ARCS));
    expect(result.periodsDiscarded).toBeGreaterThanOrEqual(2);
    expect(result.periodsDiscarded).toBeLessThanOrEqual(8);
    expect(worstError(DESIGN, TWO_ARCS, result.points)).toBeLessThan(1e-9);
    const none = analyseMultiSine(DESIGN, recordOf(DESIGN, 16, TWO_ARCS), { periodsDiscarded: 0 });
    expect(worstError(DESIGN, TWO_ARCS, none.points)).toBeGreaterThan(1e-5);
  });

  it('gives it to 1e-9 while the potential drifts by a hundred times the answer', () => {
    const record = recordOf(DESIGN, 12, ONE_ARC);
    const count = record.voltageVolt.length;
    const voltageVolt = record.voltageVolt.map(
      (v, k) => v + 3.7 + k / count - 0.4 * (k / count) ** 2,
    );
    const result = analyseMultiSine(DESIGN, { ...record, voltageVolt });
    expect(worstError(DESIGN, ONE_ARC, result.points)).toBeLessThan(1e-9);
    expect(result.drifting).toBe(false);
  });

  it('leaves samples after the last whole period aside', () => {
    const whole = recordOf(SHORT, 12, ONE_ARC);
    const more = recordOf(SHORT, 13, ONE_ARC);
    const end = whole.voltageVolt.length + 100;
    const cut = {
      ...more,
      voltageVolt: more.voltageVolt.subarray(0, end),
      currentAmpere: more.currentAmpere.subarray(0, end),
    };
    expect(analyseMultiSine(SHORT, cut)).toEqual(analyseMultiSine(SHORT, whole));
  });
});

describe('the stated standard deviation of a multi-sine', () => {
  it('is the scatter of 1000 measurements with white noise, to 10 %, at every line', () => {
    const random = new Random(SEED);
    const all = recordOf(SHORT, 18, ONE_ARC);
    const from = 10 * SHORT.samplesPerPeriod;
    const clean = {
      voltage: all.voltageVolt.subarray(from),
      current: all.currentAmpere.subarray(from),
    };
    const sums = SHORT.lines.map(() => ({ re: 0, im: 0, re2: 0, im2: 0, stated2: 0 }));
    let falseAlarms = 0;
    for (let trial = 0; trial < 1000; trial += 1) {
      const result = analyseMultiSine(
        SHORT,
        {
          voltageVolt: clean.voltage.map((v) => v + 3e-4 * random.normal()),
          currentAmpere: clean.current.map((i) => i + 1e-5 * random.normal()),
          response: 'voltage',
        },
        { periodsDiscarded: 0 },
      );
      if (result.drifting || result.distortion.distorted) falseAlarms += 1;
      for (const [k, point] of result.points.entries()) {
        const sum = sums[k];
        if (!sum) continue;
        sum.re += point.zRealOhm / 1000;
        sum.im += point.zImagOhm / 1000;
        sum.re2 += point.zRealOhm ** 2 / 1000;
        sum.im2 += point.zImagOhm ** 2 / 1000;
        sum.stated2 += point.sigmaOhm ** 2 / 1000;
      }
    }
    for (const [k, sum] of sums.entries()) {
      const stated = Math.sqrt(sum.stated2);
      expect(Math.abs(Math.sqrt(sum.re2 - sum.re ** 2) / stated - 1)).toBeLessThan(0.1);
      expect(Math.abs(Math.sqrt(sum.im2 - sum.im ** 2) / stated - 1)).toBeLessThan(0.1);
      const z = heldImpedance(ONE_ARC, SHORT.lines[k]?.frequencyHertz ?? NaN, 1000);
      expect(Math.hypot(sum.re - z.re, sum.im - z.im)).toBeLessThan((5 * stated) / Math.sqrt(1000));
    }
    expect(falseAlarms).toBeLessThan(20);
  });
});

describe('distortion, drift and trouble in a multi-sine', () => {
  /** Voltage of a resistance that bends, with noise. */
  function bent(second: number, third: number, noise = 1e-7): MultiSineRecord {
    const random = new Random(SEED);
    const record = recordOf(SHORT, 8, ONE_ARC);
    const voltageVolt = record.currentAmpere.map((i) => {
      const x = i / 1e-3;
      return 0.02 * (x + second * x * x + third * x * x * x) + noise * random.normal();
    });
    return { ...record, voltageVolt };
  }

  it('tells quadratic from cubic distortion by the lines they fill', () => {
    const none = analyseMultiSine(SHORT, bent(0, 0)).distortion;
    const even = analyseMultiSine(SHORT, bent(0.02, 0)).distortion;
    const odd = analyseMultiSine(SHORT, bent(0, 0.02)).distortion;
    expect([none.distorted, even.distorted, odd.distorted]).toEqual([false, true, true]);
    expect(even.evenPercent).toBeGreaterThan(0.1);
    expect(even.oddPercent).toBeLessThan(0.01);
    expect(odd.oddPercent).toBeGreaterThan(0.1);
    expect(odd.evenPercent).toBeLessThan(0.01);
    expect(none.evenPercent).toBeLessThan(0.01);
    expect(analyseMultiSine(SHORT, bent(0.02, 0)).remarks.join()).toContain('smaller amplitude');
  });

  it('states the noise of the empty lines', () => {
    const loud = analyseMultiSine(SHORT, bent(0, 0, 1e-3)).distortion;
    const quiet = analyseMultiSine(SHORT, bent(0, 0, 1e-4)).distortion;
    expect(loud.noisePercent / quiet.noisePercent).toBeCloseTo(10, 0);
    expect(loud.distorted).toBe(false);
  });

  /** A resistance of 20 ohm that grows by 1 % of that per second. */
  function drifting(noise: number): MultiSineRecord {
    const random = new Random(SEED);
    const record = recordOf(SHORT, 12, ONE_ARC);
    const voltageVolt = record.currentAmpere.map(
      (i, k) => 20 * i * (1 + 1e-5 * k) + noise * random.normal(),
    );
    return { ...record, voltageVolt };
  }

  it.each([1e-7, 1e-5])('reports a cell that drifts, with %f V noise', (noise) => {
    const result = analyseMultiSine(SHORT, drifting(noise));
    expect(result.drifting).toBe(true);
    expect(Math.abs(result.driftPercent / (result.periodsUsed * 0.25) - 1)).toBeLessThan(0.35);
    expect(result.remarks.join()).toContain('the impedance drifted');
    for (const { driftOhmPerSecond } of result.points.slice(0, 1)) {
      expect(Math.abs(driftOhmPerSecond.re - 0.2)).toBeLessThan(0.05);
    }
  });

  it('corrects all lines to a common time', () => {
    const options = { periodsDiscarded: 0 };
    const at = (atSecond: number) =>
      analyseMultiSine(SHORT, drifting(1e-6), { ...options, atSecond }).points.at(-1)?.zRealOhm;
    expect(Math.abs((at(0) ?? NaN) - 20)).toBeLessThan(0.01);
    expect(Math.abs((at(3) ?? NaN) - 20.6)).toBeLessThan(0.01);
    const middle = analyseMultiSine(SHORT, drifting(1e-6), options);
    expect(middle.timeSecond).toBe(1.5);
    expect(Math.abs((middle.points.at(-1)?.zRealOhm ?? NaN) - 20.3)).toBeLessThan(0.01);
    const early = analyseMultiSine(SHORT, drifting(1e-6), { ...options, atSecond: 0 });
    for (const [k, point] of early.points.entries()) {
      expect(point.sigmaOhm).toBeGreaterThan(middle.points[k]?.sigmaOhm ?? NaN);
    }
  });

  it('marks clipped signals as overload, with and without a known range', () => {
    // Peaks of many samples: shorter ones show only against a known range.
    const smooth = designMultiSine({ ...REQUEST, frequencyHertzMax: 10 });
    const record = recordOf(smooth, 8, ONE_ARC);
    const peak = Math.max(...record.voltageVolt);
    const voltageVolt = record.voltageVolt.map((v) => Math.min(v, 0.7 * peak));
    expect(analyseMultiSine(smooth, record).quality).toBe('good');
    const clipped = analyseMultiSine(smooth, { ...record, voltageVolt });
    expect(clipped.distortion.distorted).toBe(true);
    expect(clipped.quality).toBe('overload');
    expect(clipped.remarks.join()).toContain('the voltage is clipped');
    const limited = analyseMultiSine(smooth, { ...record, currentLimitAmpere: 1e-3 });
    expect(limited.remarks.join()).toContain('the current is clipped');
  });

  it('refuses too few periods, unequal lengths, and values that are not finite', async () => {
    const record = recordOf(SHORT, 3, ONE_ARC);
    const refuse = async (bad: Partial<MultiSineRecord>, discarded?: number) => {
      const options = discarded === undefined ? {} : { periodsDiscarded: discarded };
      const fault = await caughtFault(() =>
        analyseMultiSine(SHORT, { ...record, ...bad }, options),
      );
      expect(fault.code).toBe('badInput');
      return fault.message;
    };
    const short = record.voltageVolt.subarray(0, 500);
    expect(await refuse({ voltageVolt: short, currentAmpere: short })).toContain('2 whole periods');
    expect(await refuse({}, 1)).toContain('2 whole periods of 250 samples left after 1 discarded');
    expect(await refuse({}, -1)).toContain('expected a whole number');
    expect(await refuse({ voltageVolt: short })).toContain('500 voltages and 750 currents');
    const nan = record.voltageVolt.slice().fill(Number.NaN, 7, 8);
    expect(await refuse({ voltageVolt: nan })).toContain('voltageVolt: sample 8 is NaN');
  });

  it('refuses a record in which no current flows', async () => {
    const record = recordOf(SHORT, 4, ONE_ARC);
    const none = { ...record, currentAmpere: record.currentAmpere.map(() => 0) };
    const fault = await caughtFault(() => analyseMultiSine(SHORT, none));
    expect(fault.code).toBe('analysis');
    expect(fault.message).toContain('no current flows');
  });
});
