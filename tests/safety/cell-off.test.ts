import { describe, expect, it } from 'vitest';
import type { Reading } from '../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import {
  CELL,
  CONTRACT_DRIVERS,
  type ContractBench,
  type ContractDriver,
  contractBench,
} from '../hardware/contract/contract-drivers.ts';
import { techniquesAround } from '../hardware/contract/contract-techniques.ts';
import { collect, runToEnd } from '../hardware/potentiostats/emstat-bench.ts';
import { caughtFault } from '../support/caught-fault.ts';

/**
 * However a measurement ends, the cell is off after it: looked at where it counts, at the
 * terminals of the simulated instrument.
 */

const STEP_SECOND = 0.1;
/** An instrument that still has a host has the cell off so soon after the end of a measurement. */
const SOON_SECOND_MAX = 3;
const DURATION_SECOND = 60;
const never = new AbortController().signal;
const { constantCurrent, constantVoltage } = techniquesAround(CELL.openCircuitVolt);

/** One minute of current. */
function flowOf({ driver }: ContractBench): ElectrochemicalTechnique {
  const isGalvanostat = driver.capability.techniques.includes('constantCurrent');
  const flow = isGalvanostat ? constantCurrent : constantVoltage;
  return { ...flow, durationSecond: DURATION_SECOND } as ElectrochemicalTechnique;
}

async function flowing(row: ContractDriver, signal = never) {
  const bench = contractBench(row);
  await bench.twin.start();
  await runToEnd(bench.clock, bench.driver.connect(never), STEP_SECOND);
  const beginSecond = bench.clock.nowSecond();
  const stream = bench.driver.measure(flowOf(bench), signal);
  return { ...bench, beginSecond, stream };
}

/** After 5 s current flows, and shows at the terminals. */
async function inTheMiddle({ clock, terminals }: ContractBench): Promise<void> {
  await clock.advance(5);
  expect(terminals.isOpen).toBe(false);
  expect(terminals.currentAmpere()).toBeGreaterThan(0);
}

/** Off, and it stays so; or, where the hardware has no switch, the voltage that is left on it. */
async function expectOff(row: ContractDriver, bench: ContractBench, leftVolt = 0): Promise<void> {
  const { clock, terminals } = bench;
  // A voltage is reached as fast as the cell follows.
  if (row.leaves === 'zero volt') await clock.advance(5);
  for (let minute = 0; minute < 3; minute += 1) {
    if (row.leaves === 'open') {
      expect([terminals.isOpen, terminals.currentAmpere()]).toEqual([true, 0]);
    } else {
      expect(terminals.isOpen).toBe(false);
      expect(Math.abs(terminals.voltageVolt() - leftVolt)).toBeLessThan(limitVolt(bench));
    }
    await clock.advance(60);
  }
}

/** Of the range of 1 V, in which every potential here lies. */
function limitVolt({ driver }: ContractBench): number {
  const [range] = driver.capability.accuracy.voltageVolt;
  if (!range) throw new Error('no range');
  return range.gainRelative * range.fullScale + range.offset;
}

/** Seconds until the cell is off at the terminals. */
async function secondsUntilOff(bench: ContractBench, secondsMax: number): Promise<number> {
  const fromSecond = bench.clock.nowSecond();
  while (!bench.terminals.isOpen && bench.clock.nowSecond() - fromSecond <= secondsMax) {
    await bench.clock.advance(STEP_SECOND);
  }
  return bench.clock.nowSecond() - fromSecond;
}

describe.each(
  CONTRACT_DRIVERS.map((row) => [row.title, row] as const),
)('the cell of a %s is off', (_, row) => {
  it('after the normal end of a measurement', async () => {
    const bench = await flowing(row);
    const readings = collect(bench.stream);
    await inTheMiddle(bench);
    expect(await runToEnd(bench.clock, readings, STEP_SECOND)).not.toEqual([]);
    const tookSecond = bench.clock.nowSecond() - bench.beginSecond;
    expect(tookSecond).toBeLessThan(DURATION_SECOND + SOON_SECOND_MAX);
    await expectOff(row, bench);
  });

  it('after an abort, soon', async () => {
    const stop = new AbortController();
    const bench = await flowing(row, stop.signal);
    const readings = collect(bench.stream);
    await inTheMiddle(bench);
    stop.abort(new Error('enough'));
    const abortedSecond = bench.clock.nowSecond();
    await runToEnd(bench.clock, readings, STEP_SECOND);
    expect(bench.clock.nowSecond() - abortedSecond).toBeLessThan(SOON_SECOND_MAX);
    await expectOff(row, bench);
  });

  it('after an error of the instrument in the middle of it, which is told', async () => {
    const bench = await flowing(row);
    const failing = caughtFault(() => collect(bench.stream));
    await inTheMiddle(bench);
    bench.twin.fail();
    const failedSecond = bench.clock.nowSecond();
    const fault = await runToEnd(bench.clock, failing, STEP_SECOND);
    expect(fault.code).toBe('instrumentReply');
    expect(fault.message).not.toContain('could not be confirmed open');
    expect(bench.clock.nowSecond() - failedSecond).toBeLessThan(SOON_SECOND_MAX + 2);
    await expectOff(row, bench);
  });

  it('after its reader has crashed', async () => {
    const bench = await flowing(row);
    const crash = new Error('a defect in whoever reads');
    let crashedSecond = Number.NaN;
    const crashing = (async () => {
      let count = 0;
      for await (const reading of bench.stream as AsyncIterable<Reading>) {
        count += 1;
        if (count < 4) continue;
        crashedSecond = bench.clock.nowSecond();
        throw new Error(reading.kind, { cause: crash });
      }
    })().catch((error: unknown) => error);
    const end = await runToEnd(bench.clock, crashing, STEP_SECOND);
    expect(end).toMatchObject({ cause: crash });
    expect(bench.clock.nowSecond() - crashedSecond).toBeLessThan(SOON_SECOND_MAX);
    await expectOff(row, bench);
  });

  it('after its host was lost for good, within the time that is stated for it', async () => {
    const bench = await flowing(row);
    const failing = caughtFault(() => collect(bench.stream));
    await inTheMiddle(bench);
    await bench.deviceEnd.close();
    const fault = await runToEnd(bench.clock, failing, STEP_SECOND);
    expect(fault.code).toBe('instrumentLost');
    expect(fault.message).toContain('the cell could not be confirmed open');
    const stated = row.lostHostSecondMax(DURATION_SECOND);
    const tookSecond = await secondsUntilOff(bench, 2 * stated);
    if (row.leaves === 'open') {
      expect(tookSecond).toBeLessThanOrEqual(stated);
      await expectOff(row, bench);
    } else {
      // Nothing but a relay opens it: the last potential of the test stays.
      const flow = flowOf(bench);
      const lastVolt = flow.kind === 'constantVoltage' ? flow.voltageVolt : Number.NaN;
      await expectOff(row, bench, lastVolt);
    }
  });

  it('after a host that hangs, within the same time, when nobody reads any more', async () => {
    const bench = await flowing(row);
    const iterator = bench.stream[Symbol.asyncIterator]();
    await runToEnd(bench.clock, iterator.next(), STEP_SECOND);
    expect(bench.terminals.isOpen).toBe(false);
    const stated = row.lostHostSecondMax(DURATION_SECOND);
    const tookSecond = await secondsUntilOff(bench, 2 * stated);
    if (row.leaves === 'open') {
      expect(tookSecond).toBeLessThanOrEqual(stated);
      await expectOff(row, bench);
    } else {
      const flow = flowOf(bench);
      const lastVolt = flow.kind === 'constantVoltage' ? flow.voltageVolt : Number.NaN;
      await expectOff(row, bench, lastVolt);
    }
    // The host that wakes up again finds it off, and says so.
    await runToEnd(bench.clock, bench.driver.cellOff(), STEP_SECOND);
    await expectOff(row, bench);
  });
});
