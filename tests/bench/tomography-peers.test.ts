import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { hasHeader } from './native-program.ts';
import { accuracyOf, type SliceAccuracy } from './tomography-accuracy.ts';
import { geometryOf, iradonCase, tomographyCase } from './tomography-case.ts';
import { iradonPeer, nativePeers, removeCase, writeCase } from './tomography-native.ts';

const SIZE = {
  columns: 256,
  views: 360,
  secondsMax: 1,
  rmseMax: 0.03,
  ssimMin: 0,
  directRmseMax: 0.03,
};
const made = tomographyCase(SIZE);
const scan = writeCase(made, `test-${process.pid}`);
const shifted = writeCase(iradonCase(made), `test-${process.pid}-iradon`);
afterAll(() => {
  removeCase(scan);
  removeCase(shifted);
});

const kernel = new TomographyKernel(loadKernelModule('tomography'));
const accuracy = (slice: Float32Array): SliceAccuracy =>
  accuracyOf(slice, made.truth, SIZE.columns);
const gridded = accuracy(kernel.reconstructPair(geometryOf(made), made.sinogram, made.sinogram)[0]);

describe('the accuracy of a slice', () => {
  it('is perfect for the truth itself, and not for the truth moved by a pixel', () => {
    const perfect = accuracy(made.truth);
    expect(perfect).toMatchObject({ rmse: 0, bias: 0, gain: 1 });
    expect(perfect.ssim).toBeCloseTo(1, 9);
    expect(perfect.fittedRmse).toBeLessThan(1e-6);
    const moved = accuracy(Float32Array.from(made.truth, (_, at) => made.truth[at + 1] ?? 0));
    expect(moved.rmse).toBeGreaterThan(0.03);
    expect(moved.ssim).toBeLessThan(0.98);
  });

  it('does not mind a factor and an offset once they are fitted', () => {
    const scaled = accuracy(made.truth.map((value) => 3 * value - 0.5));
    expect(scaled.rmse).toBeGreaterThan(0.3);
    expect(scaled.fittedRmse).toBeLessThan(1e-6);
  });
});

describeWithFftw('native peers of the tomography bench', () => {
  it.each(
    nativePeers().map((peer) => [peer.name, peer] as const),
  )('%s makes the slice that our kernel makes', (name, peer) => {
    if (!('run' in peer)) throw new Error(peer.reason);
    const { slice, wallMs, cpuMs } = peer.run(scan, 1);
    const theirs = accuracy(slice);
    expect(wallMs).toBeGreaterThan(0);
    expect(cpuMs).toBeGreaterThan(0);
    if (name.startsWith('gridrec')) {
      // Its ramp has no mean and its padding wraps around: right but for a factor and an offset.
      expect(theirs.fittedRmse).toBeLessThan(1.6 * gridded.rmse);
      expect(theirs.rmse).toBeGreaterThan(theirs.fittedRmse);
    } else {
      expect(theirs.rmse).toBeLessThan(1.15 * gridded.rmse);
      expect(Math.abs(theirs.gain - 1)).toBeLessThan(3e-3);
      expect(Math.abs(theirs.bias)).toBeLessThan(3e-4);
    }
  });

  it('complains of a scan that it cannot read, or that is cut off', () => {
    const [peer] = nativePeers();
    if (!peer || !('run' in peer)) throw new Error('no native peer');
    expect(() => peer.run('/no/such.scan', 1)).toThrow('cannot open the scan');
    const short = writeCase(made, `test-${process.pid}-short`);
    writeFileSync(short, Buffer.alloc(40, 1));
    expect(() => peer.run(short, 1)).toThrow();
    removeCase(short);
  });
});

describe('peers that are not there', () => {
  it('say what is missing', () => {
    for (const peer of nativePeers('no-such-compiler')) {
      expect(peer).not.toHaveProperty('run');
      expect('reason' in peer ? peer.reason : '').toMatch(/no-such-compiler|libfftw3-dev/);
    }
  });
});

describe('scikit-image', () => {
  it('makes the slice that our kernel makes, or names the package that has it', () => {
    const peer = iradonPeer();
    if (!('run' in peer)) {
      expect(peer.reason).toContain('python3-skimage');
      return;
    }
    const { slice, version } = peer.run(shifted, 1);
    const theirs = accuracy(slice);
    expect(version).toContain('scikit-image');
    expect(theirs.rmse).toBeLessThan(1.15 * gridded.rmse);
    expect(Math.abs(theirs.gain - 1)).toBeLessThan(3e-3);
  });
});

/** Required in CI; elsewhere skipped, by name, where there is no C compiler with FFTW. */
function describeWithFftw(name: string, body: () => void): void {
  const hasCompiler = spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0;
  if (hasCompiler && hasHeader('fftw3.h')) describe(name, body);
  else if (process.env.CI) {
    throw new Error(`${name}: required in CI (apt-get install -y gcc libc6-dev libfftw3-dev)`);
  } else describe.skip(`${name} (skipped: cc or libfftw3-dev is not installed)`, body);
}
