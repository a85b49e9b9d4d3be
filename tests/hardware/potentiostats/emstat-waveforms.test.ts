import { describe, expect, it } from 'vitest';
import { EmStat } from '../../../hardware/potentiostats/emstat.ts';
import { fullCapability } from '../../../hardware/potentiostats/emstat-identity.ts';
import { WaveformCollector } from '../../../hardware/potentiostats/emstat-waveform.ts';
import { DEVICES } from '../../../hardware/potentiostats/methodscript-devices.ts';
import { decodeVariable } from '../../../hardware/potentiostats/methodscript-value.ts';
import { SineLockIn } from '../../../src/analysis/lock-in.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import type { Impedance } from '../../../src/domain/technique.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { LockInKernel } from '../../../src/kernels/lock-in-kernel.ts';
import { loadKernelModule } from '../../../src/kernels/wasm-module.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { CIRCUIT, collect, connectedBench, runToEnd } from './emstat-bench.ts';
import { type WirePair, WirePairs } from './wire-pairs.ts';

const never = new AbortController().signal;

const SWEEP: Impedance = {
  kind: 'impedance',
  frequencyHertzMax: 200e3,
  frequencyHertzMin: 1,
  pointCount: 22,
  waveforms: true,
  excitation: {
    mode: 'potentiostatic',
    amplitudeVoltRms: 0.01,
    biasVolt: 0.2,
    versusOpenCircuit: false,
  },
};

type Point = Extract<Reading, { readonly kind: 'impedancePoint' }>;

function pointsOf(readings: readonly Reading[]): Point[] {
  return readings.flatMap((reading) => (reading.kind === 'impedancePoint' ? [reading] : []));
}

/** Line by line; the empty line that ends a script brings what the instrument sends. */
function script(lines: string, ...answered: readonly string[]): WirePair[] {
  return [['e'], ...lines.split('\n').map((line): WirePair => [line]), ['', ...answered]];
}

const CONNECTING: readonly WirePair[] = [
  [''],
  ['Z', 'Z!0006'],
  ['t', 'tes4_hr1500#Mar 12 2026 14:28:01', 'R*'],
  ['i', 'iES4HR20B0008'],
  ['v', 'v01.09.00'],
  ['CM', `CM${'F'.repeat(64)}`],
  ...script('cell_off', 'e', ''),
];

const SCRIPT = `var f
var r
var j
var eac
var edc
var iac
var idc
var k
var n
var s
var e
array u 4096
array c 4096
set_pgstat_chan 0
set_pgstat_mode 3
set_max_bandwidth 200k
set_acquisition_frac_autoadjust 50
set_range ab 6
set_autoranging ab 6 6
set_range ba 100m
set_autoranging ba 100n 100m
store_var e 200m ab
set_range_minmax da e e
set_e e
cell_on
meas_loop_eis f r j 10m 1k 10 2i e eis_tdd(u c n s 0) eis_acdc(eac edc iac idc)
pck_start
pck_add f
pck_add r
pck_add j
pck_add edc
pck_add idc
pck_add s
pck_add n
pck_end
store_var k 0i ja
loop k < n
pck_start
pck_add u[k]
pck_add c[k]
pck_end
add_var k 1i
endloop
endloop
on_finished:
cell_off`;

const TWO_POINTS: Impedance = {
  ...SWEEP,
  frequencyHertzMax: 1000,
  frequencyHertzMin: 10,
  pointCount: 2,
};
const DIRECT = 'ci8030D40u,10,206;ck80003E8u,10,215';
const FIRST = `Pdc80003E8 ;cc8000064 ,10,215;cd7FFFFCE ,10,206;${DIRECT};cg8001F40 ;ja8000003i`;
const SECOND = `Pdc800000A ;cc80000C8 ,10,215;cd7FFFFCE ,10,206;${DIRECT};cg8000050 ;ja8000002i`;
const SAMPLES = ['Pce8030D40u;cf80003E8u', 'Pce8033450u;cf80003FCu', 'Pce802E630u;cf80003D4u'];

/** Readings of the two-point sweep when the instrument sends these lines. */
async function readingsOf(...sent: readonly string[]) {
  const link = new WirePairs([...CONNECTING, ...script(SCRIPT, 'e', ...sent)]);
  const clock = new VirtualClock();
  const driver = new EmStat({ id: 'pot', link, clock, provenance: 'measured' });
  await runToEnd(clock, driver.connect(never));
  const readings = await runToEnd(clock, collect(driver.measure(TWO_POINTS, never)));
  link.finish();
  const { losses } = driver;
  await driver.disconnect();
  return { points: pointsOf(readings), readings, losses };
}

describe('waveforms, literally', () => {
  it('are asked for with the point and read behind it', async () => {
    const { readings, losses } = await readingsOf(
      ...['M000D', FIRST, 'L', ...SAMPLES, '+', SECOND, 'L', ...SAMPLES.slice(1), '+', '*', ''],
    );
    expect(readings.map(({ kind }) => kind)).toEqual([
      ...['electrical', 'impedancePoint', 'electrical', 'impedancePoint'],
    ]);
    expect(pointsOf(readings)).toMatchObject([
      {
        point: { frequencyHertz: 1000, zRealOhm: 100, zImagOhm: -50 },
        quality: 'good',
        waveform: {
          samplingHertz: 8000,
          potentialVolt: Float64Array.of(0.2, 0.21, 0.19),
          currentAmpere: Float64Array.of(1e-3, 1.02e-3, 0.98e-3),
        },
      },
      {
        point: { frequencyHertz: 10, zRealOhm: 200 },
        waveform: { samplingHertz: 80, potentialVolt: Float64Array.of(0.21, 0.19) },
      },
    ]);
    expect(losses).toEqual({ discardedBytes: 0, unreadableLines: 0 });
  });

  const rest = ['+', SECOND, 'L', ...SAMPLES.slice(1), '+', '*', ''];
  it.each([
    ['a sample is missing', [FIRST, 'L', ...SAMPLES.slice(1)], rest, 0],
    ['a sample came twice', [FIRST, 'L', ...SAMPLES, SAMPLES[0] ?? ''], rest, 0],
    ['a sample is damaged', [FIRST, 'L', ...SAMPLES.slice(1), 'Pce8030D40u;cf80'], rest, 1],
    ['a sample is no number', [FIRST, 'L', ...SAMPLES.slice(1), 'Pce     nan;cf80003E8u'], rest, 0],
    [
      'it announces more than it can have',
      [FIRST.replace('8000003i', '8002000i'), 'L', ...SAMPLES],
      rest,
      0,
    ],
    ['it announces none', [FIRST.replace('8000003i', '8000000i'), 'L', ...SAMPLES], rest, 0],
    [
      'its sampling frequency is no number',
      [FIRST.replace('cg8001F40 ', 'cg     nan'), 'L', ...SAMPLES],
      rest,
      0,
    ],
    ['its end is missing', [FIRST, 'L', ...SAMPLES.slice(1)], rest.slice(1), 1],
  ])('a point stands without its waveform, which is counted, when %s', async (_, first, after, unreadable) => {
    const { points, losses } = await readingsOf('M000D', ...first, ...after);
    expect(points).toHaveLength(2);
    expect(points[0]?.point.zRealOhm).toBe(100);
    expect(points[0]).not.toHaveProperty('waveform');
    expect(points[1]?.waveform?.currentAmpere).toEqual(Float64Array.of(1.02e-3, 0.98e-3));
    expect(losses).toEqual({ discardedBytes: 0, unreadableLines: unreadable, lostWaveforms: 1 });
  });

  it('a damaged point takes its samples with it, and no further one', async () => {
    const damaged = FIRST.replace('cc8000064 ', 'cc80064 ');
    const { points, losses } = await readingsOf('M000D', damaged, 'L', ...SAMPLES, ...rest);
    expect(points.map(({ point }) => point.frequencyHertz)).toEqual([10]);
    expect(points[0]?.waveform?.potentialVolt).toHaveLength(2);
    expect(losses.unreadableLines).toBe(1);
  });

  it('take no more memory than the largest there may be, whatever is announced and sent', () => {
    const collector = new WaveformCollector();
    const point: Point = {
      kind: 'impedancePoint',
      timeSecond: 0,
      point: { frequencyHertz: 1, zRealOhm: 1, zImagOhm: 0 },
      quality: 'good',
    };
    const variables = ['cg8001F40 ', 'ja87FFFFFi'].flatMap((text) => decodeVariable(text) ?? []);
    const sample = ['ce8000001 ', 'cf8000001 '].flatMap((text) => decodeVariable(text) ?? []);
    expect(collector.begin([point], variables)).toEqual([]);
    for (let k = 0; k < 5000; k += 1) expect(collector.addSample(sample)).toBe(true);
    expect(collector.end()).toEqual(point);
    expect(collector.end()).toBeUndefined();
  });
});

describe('waveforms of the simulated instrument', () => {
  it('give the lock-in the impedance that the instrument tells, within its accuracy', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const points = pointsOf(await runToEnd(clock, collect(driver.measure(SWEEP, never))));
    expect(points).toHaveLength(22);
    const kernel = new LockInKernel(loadKernelModule('lock-in'));
    const { modulusRelative = 0, phaseDegree = 0 } = driver.capability.accuracy.impedance ?? {};
    for (const { point, waveform } of points) {
      if (!waveform) throw new Error(`no waveform at ${point.frequencyHertz} Hz`);
      const { samplingHertz: sampleRateHertz, potentialVolt, currentAmpere } = waveform;
      const { frequencyHertz } = point;
      const lockIn = new SineLockIn(kernel, { frequencyHertz, sampleRateHertz });
      lockIn.push(potentialVolt, currentAmpere);
      const own = lockIn.result();
      const turn =
        Math.atan2(own.zImagOhm, own.zRealOhm) - Math.atan2(point.zImagOhm, point.zRealOhm);
      const ratio =
        Math.hypot(own.zRealOhm, own.zImagOhm) / Math.hypot(point.zRealOhm, point.zImagOhm);
      expect(Math.abs(ratio - 1)).toBeLessThan(modulusRelative);
      expect(Math.abs(turn)).toBeLessThan((phaseDegree * Math.PI) / 180);
      expect(own.voltageAmplitudeVolt).toBeCloseTo(0.01 * Math.SQRT2, 4);
      expect(potentialVolt.reduce((sum, volt) => sum + volt, 0) / potentialVolt.length).toBeCloseTo(
        0.2,
        2,
      );
    }
    expect(terminals.isOpen).toBe(true);
    expect(driver.losses).toEqual({ discardedBytes: 0, unreadableLines: 0 });
  });

  it('are not sent unless they are asked for', async () => {
    const { clock, driver } = await connectedBench();
    const plain = { ...SWEEP, waveforms: undefined };
    const points = pointsOf(await runToEnd(clock, collect(driver.measure(plain, never))));
    expect(points).toHaveLength(22);
    expect(points.some((point) => 'waveform' in point)).toBe(false);
  });

  it('also come from a Nexus, and from a firmware that tells no direct part', async () => {
    for (const twin of [{ device: 'nexus1' }, { tellsDirectPart: false }] as const) {
      const { clock, driver } = await connectedBench(CIRCUIT, { twin });
      const readings = await runToEnd(clock, collect(driver.measure(SWEEP, never)));
      expect(pointsOf(readings).every(({ waveform }) => waveform !== undefined)).toBe(true);
      expect(pointsOf(readings)).toHaveLength(22);
    }
  });

  it('end in the middle of a waveform when the measurement is aborted: cell open, ready again', async () => {
    const { clock, driver, hostEnd, terminals } = await connectedBench();
    const abort = new AbortController();
    let samples = 0;
    const unlisten = hostEnd.onData((bytes) => {
      samples += new TextDecoder().decode(bytes).split('Pce').length - 1;
      // 384 samples belong to a point at this frequency.
      if (samples > 384 + 100) abort.abort();
    });
    const work = collect(driver.measure(SWEEP, abort.signal));
    const points = pointsOf(await runToEnd(clock, work, 0.01));
    unlisten();
    expect(points).toHaveLength(1);
    expect(points[0]?.waveform?.potentialVolt).toHaveLength(384);
    expect(terminals.isOpen).toBe(true);
    const again = pointsOf(await runToEnd(clock, collect(driver.measure(SWEEP, never))));
    expect(again).toHaveLength(22);
    expect(again.every(({ waveform }) => waveform !== undefined)).toBe(true);
  });

  it('that lose the line in the middle end in a Fault', async () => {
    const { clock, deviceEnd, driver, hostEnd } = await connectedBench();
    let samples = 0;
    hostEnd.onData((bytes) => {
      samples += new TextDecoder().decode(bytes).split('Pce').length - 1;
      if (samples > 484) void deviceEnd.close();
    });
    const fault = await caughtFault(() =>
      runToEnd(clock, collect(driver.measure(SWEEP, never)), 0.01),
    );
    expect(fault.code).toBe('instrumentLost');
  });
});

describe('an instrument that does not tell waveforms', () => {
  const galvanostatic = {
    mode: 'galvanostatic',
    amplitudeAmpereRms: 1e-5,
    biasAmpere: 0,
  } as const;

  it('refuses them by name', async () => {
    const pico = await connectedBench(CIRCUIT, { twin: { device: 'espico' } });
    const slow = { ...SWEEP, frequencyHertzMax: 1e3 };
    const onPico = await caughtFault(() =>
      runToEnd(pico.clock, collect(pico.driver.measure(slow, never))),
    );
    expect(onPico.code).toBe('instrumentUnable');
    expect(onPico.message).toContain('does not tell the waveforms of potentiostatic impedance');
    const { clock, driver } = await connectedBench();
    const around = { ...SWEEP, excitation: galvanostatic };
    const fault = await caughtFault(() => runToEnd(clock, collect(driver.measure(around, never))));
    expect(fault.message).toContain('does not tell the waveforms of galvanostatic impedance');
  });

  it('says so in its capability, by model and by the commands of its firmware', async () => {
    expect(fullCapability(DEVICES.es4_hr).waveforms).toEqual(['potentiostatic']);
    expect(fullCapability(DEVICES.nexus1).waveforms).toEqual(['potentiostatic']);
    expect(fullCapability(DEVICES.espico).waveforms).toEqual([]);
    // Every command but `array` (2).
    const commands = ((1n << 256n) - 1n - 4n).toString(16).toUpperCase();
    const pairs = CONNECTING.map(
      (pair): WirePair => (pair[0] === 'CM' ? ['CM', `CM${commands}`] : pair),
    );
    const clock = new VirtualClock();
    const link = new WirePairs(pairs);
    const driver = new EmStat({ id: 'pot', link, clock, provenance: 'measured' });
    await runToEnd(clock, driver.connect(never));
    expect(driver.capability.excitations).toContain('potentiostatic');
    expect(driver.capability.waveforms).toEqual([]);
  });
});
