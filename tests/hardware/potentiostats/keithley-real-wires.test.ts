import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Link } from '../../../firmware-bridge/link.ts';
import { PtyLink } from '../../../firmware-bridge/pty-link.ts';
import { SerialLink } from '../../../firmware-bridge/serial-link.ts';
import { TcpLink } from '../../../firmware-bridge/tcp-link.ts';
import { TcpServerLink } from '../../../firmware-bridge/tcp-server-link.ts';
import { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import type { KeithleyDialect } from '../../../hardware/potentiostats/keithley-models.ts';
import { Keithley2400Twin } from '../../../hardware/simulated/keithley-2400-twin.ts';
import { Keithley2450Twin } from '../../../hardware/simulated/keithley-2450-twin.ts';
import { SystemClock } from '../../../src/domain/system-clock.ts';
import { describeWithPty } from '../../firmware-bridge/pty.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { connectedKeithley, electrical } from './keithley-bench.ts';
import { type Circuit, ResistorCapacitorTerminals } from './resistor-capacitor-terminals.ts';

/** A battery that has settled within 4 ms: how fast this machine is does not matter. */
const QUICK: Circuit = {
  openCircuitVolt: 3.3,
  seriesOhm: 100,
  parallelOhm: 400,
  capacitanceFarad: 1e-5,
};
const TECHNIQUE = {
  kind: 'constantCurrent',
  currentAmpere: 1e-3,
  sampleEverySecond: 0.5,
  durationSecond: 2,
  voltageVoltMin: 2,
  voltageVoltMax: 4.5,
} as const;
const { signal } = new AbortController();

/** The same current on a real wire and in the process: what is read differs by its errors alone. */
async function compare(family: KeithleyDialect, host: Link, instrument: Link): Promise<void> {
  const clock = new SystemClock();
  const terminals = new ResistorCapacitorTerminals(clock, QUICK);
  const parts = { link: instrument, clock, terminals, seed: 7 };
  const twin = family === '2400' ? new Keithley2400Twin(parts) : new Keithley2450Twin(parts);
  const driver = new Keithley({ id: 'smu', link: host, clock, provenance: 'simulated', family });
  await twin.start();
  try {
    await driver.connect(signal);
    const readings = electrical(await collect(driver.measure(TECHNIQUE, signal)));
    expect(readings).toHaveLength(4);
    expect(terminals.isOpen).toBe(true);
    expect(twin.errors).toEqual([]);
    const bench = await connectedKeithley({ family, circuit: QUICK });
    const work = collect(bench.driver.measure(TECHNIQUE, signal));
    const inProcess = electrical(await runToEnd(bench.clock, work, 0.1));
    for (const [at, reading] of readings.entries()) {
      const other = inProcess[at];
      const { voltageErrorVolt = 0, currentErrorAmpere = 0 } = reading;
      const volt = Math.abs(reading.voltageVolt - (other?.voltageVolt ?? 0));
      const ampere = Math.abs(reading.currentAmpere - (other?.currentAmpere ?? 0));
      expect(volt).toBeLessThan(Math.sqrt(3) * voltageErrorVolt);
      expect(ampere).toBeLessThan(Math.sqrt(3) * currentErrorAmpere);
    }
  } finally {
    await driver.disconnect();
    await twin.stop();
  }
}

describe('a Keithley on the network', () => {
  it.each(['2400', '2450'] as const)('%s: the same as in the process', async (family) => {
    const clock = new SystemClock();
    const instrument = new TcpServerLink({ host: '127.0.0.1', port: 0, clock });
    // Its port is known once it listens: the twin opens it again.
    await instrument.open(signal);
    const { port } = instrument;
    await instrument.close();
    await compare(family, new TcpLink({ host: '127.0.0.1', port, clock }), instrument);
  }, 60_000);
});

describeWithPty('a Keithley on a serial port', () => {
  it('2400: the same as in the process', async () => {
    const clock = new SystemClock();
    const path = join(temporaryFolder(), 'keithley');
    const instrument = new PtyLink({ path, clock });
    await compare('2400', new SerialLink({ path, baudRate: 9600, clock }), instrument);
  }, 60_000);
});
