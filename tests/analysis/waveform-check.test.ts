import { describe, expect, it } from 'vitest';
import {
  checkWaveform,
  DISTORTION_PERCENT_MAX,
  withWaveforms,
} from '../../src/analysis/waveform-check.ts';
import { harmonicDistortionPercent } from '../../src/analysis/waveform-harmonics.ts';
import { Random } from '../../src/domain/random.ts';
import type { WaveformFinding } from '../../src/domain/spectrum-validity.ts';
import { LockInKernel } from '../../src/kernels/lock-in-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { spectrumValidity } from '../support/circuit-fit.ts';

const kernel = new LockInKernel(loadKernelModule('lock-in'));
const TURN = 2 * Math.PI;

/** Amplitudes of harmonics from the first, with a direct part that drifts. */
function signal(
  amplitudes: readonly number[],
  { samples = 240, perPeriod = 80, noise = 0, seed = 3 } = {},
): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: samples }, (_, k) => {
    const pure = amplitudes.reduce(
      (sum, amplitude, at) =>
        sum + amplitude * Math.cos((TURN * (at + 1) * k) / perPeriod + 0.7 * (at + 1)),
      0,
    );
    return 3 + 0.02 * (k / samples) + pure + noise * random.normal();
  });
}

const AT_10_HZ = { frequencyHertz: 10, samplingHertz: 800 };

describe('the harmonic distortion of a signal', () => {
  it.each([
    ['of a pure sine', [1], 0],
    ['with a second harmonic', [1, 0.07], 7],
    ['with a second and a third', [2, 0.06, 0.08], 5],
    ['up to the fifth', [1, 0.01, 0.01, 0.01, 0.01], 2],
  ])('is that which is in it: %s', (_, amplitudes, percent) => {
    expect(harmonicDistortionPercent(signal(amplitudes), AT_10_HZ)).toBeCloseTo(percent, 6);
    const uneven = { samples: 251, perPeriod: 80 };
    expect(harmonicDistortionPercent(signal(amplitudes, uneven), AT_10_HZ)).toBeCloseTo(percent, 6);
  });

  it('does not take noise for harmonics, and sees harmonics through it', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const pure = harmonicDistortionPercent(signal([1], { noise: 0.2, seed }), AT_10_HZ);
      expect(pure).toBeLessThan(DISTORTION_PERCENT_MAX);
      const bent = signal([1, 0.1], { noise: 0.05, seed });
      expect(Math.abs((harmonicDistortionPercent(bent, AT_10_HZ) ?? 0) - 10)).toBeLessThan(2.5);
    }
  });

  it.each([
    ['a second harmonic beyond the sampling', 240, { frequencyHertz: 10, samplingHertz: 40 }],
    ['less than a period', 60, AT_10_HZ],
    ['next to no samples', 20, { frequencyHertz: 10, samplingHertz: 100 }],
  ])('is not known from %s', (_, samples, sampling) => {
    const perPeriod = sampling.samplingHertz / sampling.frequencyHertz;
    const short = signal([1, 0.2], { samples, perPeriod });
    expect(harmonicDistortionPercent(short, sampling)).toBeUndefined();
  });
});

describe('what a waveform says beside its point', () => {
  const waveform = (amplitudes: readonly number[]) => ({
    samplingHertz: 800,
    potentialVolt: signal([0.5]),
    currentAmpere: signal(amplitudes),
  });

  it('is an impedance of its own and the distortion of the response', () => {
    const point = { frequencyHertz: 10, zRealOhm: 49, zImagOhm: 0 };
    const finding = checkWaveform(kernel, { point, waveform: waveform([0.01]) });
    expect(finding.zRealOhm).toBeCloseTo(50, 3);
    expect(finding.zImagOhm).toBeCloseTo(0, 3);
    expect(finding.disagreementPercent).toBeCloseTo(100 / 49, 2);
    expect(finding.distortionPercent).toBeCloseTo(0, 3);
    // The trend of a window of one period takes some of a second harmonic for the sine's own.
    const bent = checkWaveform(kernel, { point, waveform: waveform([0.01, 0.0002]) });
    expect(bent.distortionPercent).toBeCloseTo(2, 3);
    expect(Math.abs((bent.zRealOhm ?? 0) - 50)).toBeLessThan(0.03 * 50);
  });

  it('is nothing where it is too short, or no current flows', () => {
    const point = { frequencyHertz: 10, zRealOhm: 49, zImagOhm: 0 };
    const short = {
      samplingHertz: 800,
      potentialVolt: signal([0.5], { samples: 50 }),
      currentAmpere: signal([0.01], { samples: 50 }),
    };
    const nothing = { zRealOhm: null, zImagOhm: null, disagreementPercent: null };
    expect(checkWaveform(kernel, { point, waveform: short })).toEqual({
      ...{ frequencyHertz: 10, distortionPercent: null },
      ...nothing,
    });
    const idle = { ...waveform([0]), currentAmpere: signal([0], { noise: 1e-6 }) };
    expect(checkWaveform(kernel, { point, waveform: idle })).toMatchObject(nothing);
  });
});

describe('the verdict on a spectrum', () => {
  const finding = (given: Partial<WaveformFinding>): WaveformFinding => ({
    frequencyHertz: 10,
    zRealOhm: 50,
    zImagOhm: 0,
    disagreementPercent: 0.2,
    distortionPercent: 0.1,
    ...given,
  });

  it('stays as it is without waveforms, and with good ones has what they say', () => {
    const validity = spectrumValidity();
    expect(withWaveforms(validity, [])).toBe(validity);
    const findings = [finding({}), finding({ distortionPercent: null })];
    expect(withWaveforms(validity, findings)).toEqual({ ...validity, waveforms: findings });
  });

  it('fails when one response was not linear, and names the worst', () => {
    const findings = [
      finding({ distortionPercent: 6, frequencyHertz: 100 }),
      finding({ distortionPercent: 12.34, frequencyHertz: 0.1 }),
      finding({ distortionPercent: null, frequencyHertz: 1 }),
    ];
    const { verdict, reasons } = withWaveforms(spectrumValidity(), findings);
    expect(verdict).toBe('fail');
    expect(reasons).toEqual([
      'the response is not linear: harmonics of 12 % at 0.1 Hz (limit 5 %); use a smaller amplitude',
    ]);
  });

  it('has a remark and does not fail when the impedances differ', () => {
    const findings = [finding({ disagreementPercent: 4.2, frequencyHertz: 3 })];
    const { verdict, reasons } = withWaveforms(spectrumValidity(), findings);
    expect(verdict).toBe('pass');
    expect(reasons).toEqual([
      "at 3 Hz the impedance of the waveform is 4.2 % off the instrument's",
    ]);
  });
});
