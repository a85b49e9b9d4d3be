import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Link } from '../../../firmware-bridge/link.ts';
import { EmStat } from '../../../hardware/potentiostats/emstat.ts';
import { readingsFrom } from '../../../hardware/potentiostats/emstat-reading.ts';
import { parseStreamLine } from '../../../hardware/potentiostats/methodscript.ts';
import { DEVICES } from '../../../hardware/potentiostats/methodscript-devices.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import type { ConstantVoltage, CyclicVoltammetry } from '../../../src/domain/technique.ts';
import { describeWithData, sharedData } from '../../support/shared-data.ts';
import { connectingAnswers } from './emstat-answers.ts';
import { CIRCUIT, collect, connectedBench, makeBench, runToEnd } from './emstat-bench.ts';

const never = new AbortController().signal;
const HOLD: ConstantVoltage = {
  kind: 'constantVoltage',
  voltageVolt: 0.6,
  sampleEverySecond: 2,
  durationSecond: 20,
  currentAmpereMax: 0.05,
};
const SWEEP: CyclicVoltammetry = {
  kind: 'cyclicVoltammetry',
  startVolt: 0.1,
  verticesVolt: [0.3, -0.1],
  rateVoltPerSecond: 0.01,
  cycles: 1,
  stepVolt: 0.01,
  currentAmpereMax: 0.05,
};
const OHM = CIRCUIT.seriesOhm + CIRCUIT.parallelOhm;

function electrical(readings: readonly Reading[]) {
  return readings.filter((reading) => reading.kind === 'electrical');
}

describe('constant voltage', () => {
  it('reads the held voltage and the current it takes, and opens the cell at the end', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const all = electrical(await runToEnd(clock, collect(driver.measure(HOLD, never))));
    expect(all).toHaveLength(10);
    for (const one of all) {
      expect(one.voltageVolt).toBeCloseTo(0.6, 6);
      expect(one.currentAmpere).toBeCloseTo(0.5 / OHM, 5);
      expect(one.quality).toBe('good');
      expect(one.currentQuality).toBeUndefined();
    }
    expect(terminals.isOpen).toBe(true);
  });

  it('charges a slow cell with a current that decays as its time constant says', async () => {
    // 1 V over 10 Ω in series with 90 Ω beside 1 F: 9 s with the series resistance closing it.
    const slow = { openCircuitVolt: 0, seriesOhm: 10, parallelOhm: 90, capacitanceFarad: 1 };
    const { clock, driver } = await connectedBench(slow);
    const hold = {
      ...HOLD,
      voltageVolt: 1,
      sampleEverySecond: 1,
      durationSecond: 40,
      currentAmpereMax: 0.1,
    };
    const startSecond = clock.nowSecond();
    const all = electrical(await runToEnd(clock, collect(driver.measure(hold, never)), 0.1));
    for (const one of all) {
      const seconds = one.timeSecond - startSecond;
      const expected = 0.01 + 0.09 * Math.exp(-seconds / 9);
      expect(Math.abs(one.currentAmpere - expected)).toBeLessThan(0.01 * expected);
    }
    expect(all).toHaveLength(40);
  });

  it.each([
    ['charge', 0.6],
    ['discharge', -0.4],
  ])('is ended by the instrument at the first sample beyond the current limit of %s', async (_, voltageVolt) => {
    const { clock, driver, terminals } = await connectedBench();
    const limited = { ...HOLD, voltageVolt, currentAmpereMax: 0.9e-3 };
    expect(await runToEnd(clock, collect(driver.measure(limited, never)))).toHaveLength(1);
    expect(terminals.isOpen).toBe(true);
  });

  it('goes on at a current just within its limit', async () => {
    const { clock, driver } = await connectedBench();
    const limited = { ...HOLD, currentAmpereMax: 1.1e-3 };
    expect(await runToEnd(clock, collect(driver.measure(limited, never)))).toHaveLength(10);
  });

  it('does not call a voltage held that takes more current than the instrument has', async () => {
    const { clock, driver } = await connectedBench({ ...CIRCUIT, seriesOhm: 1, parallelOhm: 1 });
    const strong = { ...HOLD, voltageVolt: 3, currentAmpereMax: 1 };
    const [first] = electrical(await runToEnd(clock, collect(driver.measure(strong, never))));
    expect(first?.quality).toBe('overload');
  });

  it('leaves the cell open when the signal aborts in the middle', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const abort = new AbortController();
    const work = collect(driver.measure(HOLD, abort.signal), (_, count) => {
      if (count === 3) abort.abort(new Error('enough'));
    });
    expect(await runToEnd(clock, work)).toHaveLength(3);
    expect(terminals.isOpen).toBe(true);
  });
});

describe('cyclic voltammetry', () => {
  it('sweeps to both vertices and back to the start, a point per step at the scan rate', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const startSecond = clock.nowSecond();
    const all = electrical(await runToEnd(clock, collect(driver.measure(SWEEP, never))));
    const volts = all.map((one) => one.voltageVolt);
    expect(volts).toHaveLength(1 + 20 + 40 + 20);
    expect([volts[0], volts[20], volts[60], volts[80]]).toEqual([0.1, 0.3, -0.1, 0.1]);
    all.forEach((one, index) => {
      expect(one.timeSecond - startSecond).toBeCloseTo(index + 1, 3);
      expect(one.currentAmpere).toBeCloseTo((one.voltageVolt - 0.1) / OHM, 5);
    });
    expect(terminals.isOpen).toBe(true);
  });

  it('reads through the marks of several cycles and counts none of them as lost', async () => {
    const { clock, driver } = await connectedBench();
    const three = { ...SWEEP, cycles: 3 };
    const all = await runToEnd(clock, collect(driver.measure(three, never)));
    expect(all).toHaveLength(81 + 80 + 80);
    expect(driver.losses).toEqual({ discardedBytes: 0, unreadableLines: 0 });
  });

  it('is ended by the instrument in the cycle in which the current passes its limit', async () => {
    const { clock, driver, terminals } = await connectedBench();
    const limited = { ...SWEEP, cycles: 3, currentAmpereMax: 0.31e-3 };
    const all = electrical(await runToEnd(clock, collect(driver.measure(limited, never))));
    // 0.31 mA through 500 Ω: 0.155 V above the open circuit, passed at 0.26 V, the 17th point.
    expect(all).toHaveLength(17);
    expect(terminals.isOpen).toBe(true);
    expect(driver.losses.unreadableLines).toBe(0);
  });

  it('waits as long as a slow scan needs from point to point', async () => {
    const { clock, driver } = await connectedBench();
    const slow = { ...SWEEP, rateVoltPerSecond: 1e-4 };
    expect(await runToEnd(clock, collect(driver.measure(slow, never)), 20)).toHaveLength(81);
  });

  it('is given up when two points and a margin have not come', async () => {
    const { clock, hostEnd, twin } = makeBench();
    let isMuted = false;
    const link: Link = {
      name: hostEnd.name,
      get isOpen() {
        return hostEnd.isOpen;
      },
      open: (signal) => hostEnd.open(signal),
      write: (bytes) => hostEnd.write(bytes),
      onData: (listener) => hostEnd.onData((bytes) => isMuted || listener(bytes)),
      onClose: (listener) => hostEnd.onClose(listener),
      close: () => hostEnd.close(),
    };
    const driver = new EmStat({ id: 'pot', link, clock, provenance: 'simulated' });
    await twin.start();
    await runToEnd(clock, driver.connect(never));
    let lastSecond = 0;
    const work = collect(driver.measure(SWEEP, never), ({ timeSecond }, count) => {
      lastSecond = timeSecond;
      isMuted = count === 5;
    });
    await expect(runToEnd(clock, work)).rejects.toMatchObject({ code: 'timeout' });
    // Two points of 1 s, 5 s of margin, then three attempts of 2 s to stop the script.
    expect(clock.nowSecond() - lastSecond).toBeGreaterThan(7);
    expect(clock.nowSecond() - lastSecond).toBeLessThan(15);
  });

  it('counts a mark of a cycle in the wrong place as a line that makes no sense', async () => {
    const { clock, driver, deviceEnd } = await connectedBench();
    const work = collect(driver.measure(SWEEP, never), (_, count) => {
      if (count === 5) deviceEnd.write(new TextEncoder().encode('-\n'));
    });
    await runToEnd(clock, work);
    expect(driver.losses.unreadableLines).toBeGreaterThan(0);
  });
});

describe('what a package says of voltage and current', () => {
  const read = (text: string) => {
    const line = parseStreamLine(text);
    return line.kind === 'package'
      ? readingsFrom('constantVoltage', line.variables, 1, DEVICES.es4_hr)[0]
      : undefined;
  };

  it.each([
    [
      'measured voltage, current too small for its range',
      'Pab8000001 ,10,206;ba8000001p,14,203',
      'good',
      'underload',
    ],
    [
      'applied voltage, current too small for its range',
      'Pda8000001 ;ba8000001p,14,203',
      'good',
      'underload',
    ],
    ['applied voltage that cannot be held', 'Pda8000001 ;ba8000001m,12,21B', 'overload', undefined],
    [
      'measured voltage, current overloaded',
      'Pab8000001 ,10,206;ba8000001m,12,21B',
      'good',
      'overload',
    ],
    [
      'voltage overloaded, good current',
      'Pab8000001 ,12,206;ba8000001m,10,215',
      'overload',
      'good',
    ],
    ['current that is not a number', 'Pab8000001 ,10,206;ba     nan', 'good', 'bad'],
    ['both late', 'Pab8000001 ,11,206;ba8000001m,11,215', 'late', undefined],
  ])('%s', (_, text, quality, currentQuality) => {
    const reading = read(text);
    expect(reading?.quality).toBe(quality);
    expect(reading?.kind === 'electrical' ? reading.currentQuality : 'none').toBe(currentQuality);
  });

  it('is no reading without a current, or without a voltage', () => {
    expect(read('Pda8000001 ')).toBeUndefined();
    expect(read('Pba8000001m')).toBeUndefined();
  });
});

describeWithData('a voltammogram as a real instrument of the family sent it', () => {
  it('is asked for and read literally: 197 points from 0 V to both vertices and back', async () => {
    const { clock, deviceEnd, driver } = makeBench();
    const sent = readFileSync(sharedData('wire/emstat-pico-a/021_cv_165737_raw.txt'), 'utf8');
    const stream = `${sent.slice(sent.indexOf('e\nM0005')).trimEnd()}\n\n`;
    const answers = connectingAnswers();
    const asked: string[] = [];
    await deviceEnd.open(never);
    deviceEnd.onData((bytes) => {
      const text = new TextDecoder().decode(bytes);
      asked.push(text);
      deviceEnd.write(new TextEncoder().encode(answers[text] ?? stream));
    });
    await runToEnd(clock, driver.connect(never));
    const sweep = { ...SWEEP, startVolt: 0, verticesVolt: [-0.5, 0.5] as const };
    const all = electrical(await runToEnd(clock, collect(driver.measure(sweep, never))));
    expect(asked.at(-1)).toContain('\nmeas_loop_cv e i 0 -500m 500m 10m 10m\npck_start\n');
    const volts = all.map((one) => one.voltageVolt);
    expect(volts).toHaveLength(197);
    expect([volts[0], volts[196]]).toEqual([0, 0]);
    expect([Math.min(...volts), Math.max(...volts)]).toEqual([
      expect.closeTo(-0.50017, 4),
      expect.closeTo(0.50017, 4),
    ]);
    // The lead was open: currents of picoampere, each marked underloaded, say nothing of the voltage.
    expect(all.every((one) => one.quality === 'good')).toBe(true);
    expect(all.some((one) => one.currentQuality === 'underload')).toBe(true);
    expect(driver.losses).toEqual({ discardedBytes: 0, unreadableLines: 0 });
  });
});
