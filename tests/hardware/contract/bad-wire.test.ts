import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TcpLink } from '../../../firmware-bridge/tcp-link.ts';
import { FaultSchedule } from '../../../hardware/simulated/faults.ts';
import { FaultyTerminals } from '../../../hardware/simulated/faults-terminals.ts';
import { INSTRUMENT_TWINS } from '../../../hardware/simulated/instrument-twins.ts';
import { SimulatedInstrument } from '../../../hardware/simulated/simulated-instrument.ts';
import { UnreliableLink, type WireFaultName } from '../../../hardware/simulated/unreliable-link.ts';
import { cellSchema } from '../../../src/domain/cell.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import { SystemClock } from '../../../src/domain/system-clock.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { runToEnd } from '../potentiostats/emstat-bench.ts';
import { electricalOf } from './contract-checks.ts';
import {
  type BenchChanges,
  CELL,
  CONTRACT_DRIVERS,
  type ContractBench,
  type ContractDriver,
  contractBench,
} from './contract-drivers.ts';
import { techniquesAround } from './contract-techniques.ts';

const STEP_SECOND = 0.1;
const DURATION_SECOND = 60;
/** When the wire goes bad, in the middle of the measurement. */
const BAD_SECOND = 20;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const never = new AbortController().signal;
const { constantCurrent, constantVoltage } = techniquesAround(CELL.openCircuitVolt);

/** One minute of a steady current of 0.1 mA, or of 0.1 V over the rest potential: 0.2 mA. */
function flowOf({ driver }: ContractBench): ElectrochemicalTechnique {
  const isGalvanostat = driver.capability.techniques.includes('constantCurrent');
  const flow = isGalvanostat ? constantCurrent : constantVoltage;
  return { ...flow, durationSecond: DURATION_SECOND } as ElectrochemicalTechnique;
}

function badWire(name: WireFaultName, seed: number): BenchChanges {
  return {
    deviceWire: (link, clock) =>
      new UnreliableLink(link, { clock, faults: [{ name, atSecond: BAD_SECOND, seed }] }),
  };
}

interface Outcome {
  readonly readings: readonly Reading[];
  readonly fault: Fault | undefined;
  readonly endSecond: number;
}

/** Measures to the end, whatever that is; anything but a Fault is thrown. */
async function measured(bench: ContractBench): Promise<Outcome> {
  await bench.twin.start();
  await runToEnd(bench.clock, bench.driver.connect(never), STEP_SECOND);
  const readings: Reading[] = [];
  const work = (async () => {
    for await (const one of bench.driver.measure(flowOf(bench), never)) readings.push(one);
  })();
  const fault = await runToEnd(
    bench.clock,
    work.then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof Fault) return error;
        throw error;
      },
    ),
    STEP_SECOND,
  );
  return { readings, fault, endSecond: bench.clock.nowSecond() };
}

/** What a good reading of the steady state must be, whatever the wire does. */
function expectTrue(readings: readonly Reading[]): void {
  // The first second is that of the cell, not of the wire.
  for (const { quality, voltageVolt, currentAmpere } of electricalOf(readings).slice(3)) {
    if (quality !== 'good') continue;
    const [volt, ampere] =
      currentAmpere < 1.5e-4
        ? [CELL.openCircuitVolt + 0.05, 1e-4]
        : [CELL.openCircuitVolt + 0.1, 2e-4];
    expect(Math.abs(voltageVolt - volt)).toBeLessThan(0.02);
    expect(Math.abs(currentAmpere - ampere)).toBeLessThan(5e-5);
  }
}

async function expectOff(row: ContractDriver, bench: ContractBench): Promise<void> {
  await bench.clock.advance(row.lostHostSecondMax(DURATION_SECOND));
  if (row.leaves === 'open') expect(bench.terminals.isOpen).toBe(true);
}

describe.each(
  CONTRACT_DRIVERS.map((row) => [row.title, row] as const),
)('a %s on a bad wire', (_, row) => {
  it('that cuts and joins what it sends is understood: nothing is lost', async () => {
    const plain = await measured(contractBench(row));
    for (const seed of SEEDS) {
      const bench = contractBench(row, badWire('chunks', seed));
      const { fault, readings } = await measured(bench);
      expect(fault).toBeUndefined();
      expect(readings).toHaveLength(plain.readings.length);
      expectTrue(readings);
      await expectOff(row, bench);
    }
  });

  it('that brings garbage reads nothing wrong as good, and ends in readings or in a Fault', async () => {
    for (const seed of SEEDS) {
      const bench = contractBench(row, badWire('garbage', seed));
      const { fault, readings } = await measured(bench);
      expectTrue(readings);
      if (fault) expect(['instrumentReply', 'timeout']).toContain(fault.code);
      else expect(readings.length).toBeGreaterThan(DURATION_SECOND / 2);
      await expectOff(row, bench);
    }
  });

  it('that loses line ends reads nothing wrong as good, and ends in readings or in a Fault', async () => {
    for (const seed of SEEDS) {
      const bench = contractBench(row, badWire('missingNewline', seed));
      const { fault, readings } = await measured(bench);
      expectTrue(readings);
      if (fault) expect(['instrumentReply', 'timeout']).toContain(fault.code);
      else expect(readings.length).toBeGreaterThan(DURATION_SECOND / 2);
      await expectOff(row, bench);
    }
  });

  it('that stalls is a timeout, which says that the cell may be on', async () => {
    const bench = contractBench(row, badWire('stall', 1));
    const { fault, readings, endSecond } = await measured(bench);
    expect(fault?.code).toBe('timeout');
    expect(fault?.message).toContain('the cell could not be confirmed open');
    expectTrue(readings);
    expect(endSecond - BAD_SECOND).toBeLessThan(30);
    await expectOff(row, bench);
  });

  it('that breaks in the middle of a package is a lost instrument, and can be joined again', async () => {
    for (const seed of SEEDS) {
      const bench = contractBench(row, badWire('disconnect', seed));
      const { fault, readings, endSecond } = await measured(bench);
      expect(fault?.code).toBe('instrumentLost');
      // It breaks at the first thing that is said after its moment.
      expect(endSecond - BAD_SECOND).toBeLessThan(4);
      expectTrue(readings);
      await bench.driver.disconnect();
      await bench.clock.advance(5);
      await runToEnd(bench.clock, bench.driver.connect(never), STEP_SECOND);
      if (row.leaves === 'open') expect(bench.terminals.isOpen).toBe(true);
    }
  });

  it('to a cell whose lead is off ends at a limit, or reads that nothing flows', async () => {
    const bench = contractBench(row, {
      terminals: (cell, clock) =>
        new FaultyTerminals(
          cell,
          new FaultSchedule([{ name: 'openLead', at: BAD_SECOND, seed: 1 }], clock),
        ),
    });
    const { fault, readings, endSecond } = await measured(bench);
    expect(fault).toBeUndefined();
    const last = electricalOf(readings).at(-1);
    if (!last) throw new Error('no reading');
    if (bench.driver.capability.techniques.includes('constantCurrent')) {
      // A galvanostat drives its voltage as far as it may.
      expect(endSecond).toBeLessThan(BAD_SECOND + 4);
      expect(last.voltageVolt).toBeGreaterThan(CELL.openCircuitVolt + 0.4);
    } else {
      expect(Math.abs(last.currentAmpere)).toBeLessThan(
        3 * Math.sqrt(3) * (last.currentErrorAmpere ?? 0),
      );
    }
    expect(bench.terminals.currentAmpere()).toBe(0);
  });
});

describe('a port that somebody else has open', () => {
  const running: SimulatedInstrument[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
  });
  const cellFile = new URL('../../../recipes/cells/li-li3ps4-li.yaml', import.meta.url);
  const cell = cellSchema.parse(parse(readFileSync(cellFile, 'utf8')));

  it.each(Object.keys(INSTRUMENT_TWINS))('%s turns its driver away', async (name) => {
    const clock = new SystemClock();
    const instrument = new SimulatedInstrument({
      instrument: name,
      cell,
      place: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      clock,
      seed: 1,
      faults: [{ name: 'busyPort', atSecond: 0 }],
    });
    running.push(instrument);
    await instrument.start(never);
    const row = CONTRACT_DRIVERS.find(({ title }) =>
      title.endsWith(instrument.kind.title.split(' ').at(-1) ?? ''),
    );
    if (!row) throw new Error(`no driver of a ${instrument.kind.title}`);
    const [host = '', port = ''] = instrument.place.replace('tcp:', '').split(':');
    const link = new TcpLink({ host, port: Number(port), clock });
    const driver = row.newDriver({ link, clock });
    const fault = await caughtFault(() => driver.connect(never));
    expect(fault.code).toBe('instrumentLost');
    expect(link.isOpen).toBe(false);
  });
});
