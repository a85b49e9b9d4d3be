import { expect, it } from 'vitest';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { collect, runToEnd } from '../../hardware/potentiostats/emstat-bench.ts';
import { WirePairs } from '../../hardware/potentiostats/wire-pairs.ts';
import { Voltmeter } from './voltmeter.ts';

it('asks a VM-1 for its potential, and for nothing else', async () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const link = new WirePairs([
    ['ID?', 'VM-1 10042'],
    ['VOLT?', '+3.70000E+00 V'],
    ['VOLT?', '-1.20000E-03 V'],
  ]);
  const driver = new Voltmeter({ id: 'cell-7', link, clock, provenance: 'measured' });
  await driver.connect(signal);
  const rest = { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 2 } as const;
  const readings = await runToEnd(clock, collect(driver.measure(rest, signal)));
  await driver.disconnect();
  link.finish();
  expect(readings).toMatchObject([
    { voltageVolt: 3.7, currentAmpere: 0, quality: 'good' },
    { voltageVolt: -0.0012, currentAmpere: 0, quality: 'good' },
  ]);
});
