import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { RIG_DRIVERS } from '../../../hardware/registry.ts';
import { INSTRUMENT_TWINS } from '../../../hardware/simulated/instrument-twins.ts';
import { Random } from '../../../src/domain/random.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from '../potentiostats/emstat-bench.ts';
import { expectCompleteCapability, expectWholeMeasurement } from './contract-checks.ts';
import {
  CELL,
  CONTRACT_DRIVERS,
  type ContractBench,
  type ContractDriver,
  contractBench,
} from './contract-drivers.ts';
import { extentOf, sortedBy, techniquesAround } from './contract-techniques.ts';

const NOTICE_SECOND_MAX = 2;
const STEP_SECOND = 0.1;
const QUICK_READINGS = 60;
const never = new AbortController().signal;
const TECHNIQUES = Object.values(techniquesAround(CELL.openCircuitVolt));

async function connected(row: ContractDriver): Promise<ContractBench> {
  const bench = contractBench(row);
  await bench.twin.start();
  await runToEnd(bench.clock, bench.driver.connect(never), STEP_SECOND);
  return bench;
}

/** What the instrument and its driver leave on the cell. */
function expectAtRest(row: ContractDriver, { terminals }: ContractBench): void {
  if (row.leaves === 'open')
    expect([terminals.isOpen, terminals.currentAmpere()]).toEqual([true, 0]);
  else expect(terminals.isOpen).toBe(false);
}

function declaredOf({ driver }: ContractBench) {
  return sortedBy(driver.capability, TECHNIQUES);
}

/** One that draws a current. */
function flowOf(row: ContractDriver, bench: ContractBench): ElectrochemicalTechnique {
  const { declared } = declaredOf(bench);
  const found =
    declared.find(({ kind }) => kind === 'constantCurrent') ??
    declared.find(({ kind }) => kind === 'constantVoltage');
  if (!found) throw new Error(`${row.title} neither has a constant current nor voltage`);
  return found;
}

describe('the contract', () => {
  it('is kept by every driver of the registry that reaches an instrument', () => {
    const names = Object.keys(RIG_DRIVERS.potentiostat);
    const tried = new Set(CONTRACT_DRIVERS.flatMap(({ entries }) => entries));
    // It plays spectra that were recorded, and has no cell to switch.
    expect(names.filter((name) => !tried.has(name))).toEqual(['spectra-replay']);
    expect([...tried].filter((name) => !names.includes(name))).toEqual([]);
    for (const { driver } of Object.values(INSTRUMENT_TWINS)) expect([...tried]).toContain(driver);
  });
});

describe.each(CONTRACT_DRIVERS.map((row) => [row.title, row] as const))('%s', (title, row) => {
  it('says what it is and what it can, before and after it is connected', async () => {
    const bench = contractBench(row);
    expectCompleteCapability(bench.driver.capability);
    const before = bench.driver.capability.techniques;
    await bench.twin.start();
    await runToEnd(bench.clock, bench.driver.connect(never), STEP_SECOND);
    expectCompleteCapability(bench.driver.capability);
    expect(bench.driver.info).toMatchObject({ id: 'pot', provenance: 'simulated' });
    expect(bench.driver.info.model).toContain(title.split(' ')[0]);
    expect([...bench.driver.capability.techniques].sort()).toEqual([...before].sort());
    expectAtRest(row, bench);
  });

  it('refuses to connect twice, and the first connection goes on', async () => {
    const bench = await connected(row);
    const fault = await caughtFault(() =>
      runToEnd(bench.clock, bench.driver.connect(never), STEP_SECOND),
    );
    expect(fault.code).toBe('instrumentLost');
    await runToEnd(bench.clock, bench.driver.cellOff(), STEP_SECOND);
  });

  it.each(
    CONTRACT_DRIVERS.filter((other) => other !== row).map((other) => [other.title, other] as const),
  )('refuses %s in its place, and nothing flows', async (otherTitle, other) => {
    const bench = contractBench(row, { newTwin: other.newTwin });
    await bench.twin.start();
    const { history } = bench.terminals;
    const before = history.length;
    const connecting = bench.driver.connect(never);
    const fault = await caughtFault(() => runToEnd(bench.clock, connecting, STEP_SECOND));
    const isSameFamily = otherTitle.split(' ')[0] === title.split(' ')[0];
    if (isSameFamily) expect(fault.code).toBe('instrumentUnable');
    expect(['instrumentUnable', 'timeout', 'instrumentReply']).toContain(fault.code);
    expect(fault.message).toContain('expected');
    expect(fault.message).toContain(row.title.split(' ')[0]);
    expect(bench.wire.isOpen).toBe(false);
    if (other.begins === 'open')
      expect(history.slice(before).filter((one) => one !== 'open')).toEqual([]);
    expect(bench.hostClock.armedTimers).toBe(0);
  });

  it('runs each technique it declares, to its end', async () => {
    const bench = await connected(row);
    const { declared } = declaredOf(bench);
    for (const technique of declared) {
      const beginSecond = bench.clock.nowSecond();
      const work = collect(bench.driver.measure(technique, never));
      const readings = await runToEnd(bench.clock, work, STEP_SECOND);
      const endSecond = bench.clock.nowSecond();
      const { capability } = bench.driver;
      expectWholeMeasurement(technique, readings, {
        capability,
        beginSecond,
        endSecond,
        restVolt: CELL.openCircuitVolt,
      });
      expectAtRest(row, bench);
      // A rest between two: the cell must be where it was.
      await bench.clock.advance(30);
    }
    expect(new Set(declared.map(({ kind }) => kind))).toEqual(
      new Set(bench.driver.capability.techniques),
    );
  });

  it('refuses each technique it does not declare, by name, before a byte is sent', async () => {
    const bench = await connected(row);
    const { undeclared } = declaredOf(bench);
    const before = bench.wire.writtenBytes;
    for (const technique of undeclared) {
      const fault = await caughtFault(() => collect(bench.driver.measure(technique, never)));
      expect(fault.code).toBe('instrumentUnable');
      expect(fault.message).toMatch(
        bench.driver.capability.techniques.includes(technique.kind)
          ? /galvanostatic|potentiostatic/
          : new RegExp(technique.kind),
      );
    }
    const beyond = {
      kind: 'constantVoltage',
      voltageVolt: 2 * bench.driver.capability.voltageVoltMax,
      sampleEverySecond: 1,
      durationSecond: 1,
      currentAmpereMax: 1e-3,
    } as const;
    const fault = await caughtFault(() => collect(bench.driver.measure(beyond, never)));
    expect(fault.code).toBe('instrumentUnable');
    expect(bench.wire.writtenBytes).toBe(before);
  });

  it('keeps up with the shortest interval it declares', async () => {
    const bench = await connected(row);
    const { sampleEverySecondMin } = bench.driver.capability;
    const flow = flowOf(row, bench);
    const quick = {
      ...flow,
      // What flows in the first moment must be within it too: 0.4 V at the most, through 100 Ω.
      ...(flow.kind === 'constantVoltage' && { currentAmpereMax: 4.5e-3 }),
      sampleEverySecond: sampleEverySecondMin,
      durationSecond: QUICK_READINGS * sampleEverySecondMin,
    } as ElectrochemicalTechnique;
    const readings = await runToEnd(
      bench.clock,
      collect(bench.driver.measure(quick, never)),
      STEP_SECOND,
    );
    expect(readings.length).toBeGreaterThanOrEqual(QUICK_READINGS - 1);
    expect(readings.length).toBeLessThanOrEqual(QUICK_READINGS + 1);
    expect(new Set(readings.map(({ quality }) => quality))).toEqual(new Set(['good']));
    const tooQuick = { ...quick, sampleEverySecond: 0.9 * sampleEverySecondMin };
    const fault = await caughtFault(() => collect(bench.driver.measure(tooQuick, never)));
    expect(fault.code).toBe('instrumentUnable');
    expect(fault.message).toContain(String(sampleEverySecondMin));
  });

  it('ends a technique at the limit it was given, with the reading that met it', async () => {
    const bench = await connected(row);
    const flow = flowOf(row, bench);
    const bounded: ElectrochemicalTechnique =
      flow.kind === 'constantCurrent'
        ? { ...flow, voltageVoltMax: CELL.openCircuitVolt + 0.04, durationSecond: 600 }
        : {
            kind: 'linearSweep',
            startVolt: CELL.openCircuitVolt,
            endVolt: CELL.openCircuitVolt + 0.5,
            rateVoltPerSecond: 0.02,
            stepVolt: 0.01,
            currentAmpereMax: 5e-4,
          };
    const work = collect(bench.driver.measure(bounded, never));
    const readings = await runToEnd(bench.clock, work, STEP_SECOND);
    expect(bench.clock.nowSecond()).toBeLessThan(30);
    const last = readings.at(-1);
    if (last?.kind !== 'electrical') throw new Error('no reading');
    if (bounded.kind === 'constantCurrent') {
      expect(last.voltageVolt).toBeGreaterThan(bounded.voltageVoltMax - 0.02);
    } else {
      expect(Math.abs(last.currentAmpere)).toBeGreaterThan(4.5e-4);
    }
    expectAtRest(row, bench);
  });

  it('has the cell at rest after an abort at any moment, without an error, and can go on', async () => {
    const random = new Random(31);
    const bench = await connected(row);
    const { declared } = declaredOf(bench);
    for (const technique of [...declared, ...declared, ...declared]) {
      const stop = new AbortController();
      const work = collect(bench.driver.measure(technique, stop.signal));
      await bench.clock.advance(extentOf(technique).durationSecond * random.uniform());
      stop.abort(new Error('enough'));
      await runToEnd(bench.clock, work, STEP_SECOND);
      expectAtRest(row, bench);
      expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
    }
    const [first] = declared;
    if (!first) throw new Error('it declares nothing');
    await runToEnd(bench.clock, collect(bench.driver.measure(first, never)), STEP_SECOND);
    await runToEnd(bench.clock, bench.driver.disconnect(), STEP_SECOND);
    expect(bench.hostClock.armedTimers).toBe(0);
  });

  it('has the cell at rest after an abort at each thing that it says', async () => {
    for (let cut = 1; ; cut += 1) {
      const bench = await connected(row);
      const stop = new AbortController();
      let isCut = false;
      let writes = 0;
      bench.wire.onWrite = () => {
        writes += 1;
        if (writes !== cut) return;
        isCut = true;
        stop.abort(new Error('enough'));
      };
      const work = collect(bench.driver.measure(flowOf(row, bench), stop.signal));
      await runToEnd(bench.clock, work, STEP_SECOND);
      // A measurement that nobody has aborted is the last that is tried.
      expectAtRest(row, bench);
      await runToEnd(bench.clock, bench.driver.disconnect(), STEP_SECOND);
      expect(bench.hostClock.armedTimers).toBe(0);
      if (!isCut) break;
      expect(cut).toBeLessThan(200);
    }
  });

  it('does nothing for a signal that has aborted already', async () => {
    const bench = await connected(row);
    const before = bench.wire.writtenBytes;
    const work = collect(bench.driver.measure(flowOf(row, bench), AbortSignal.abort()));
    expect(await runToEnd(bench.clock, work, STEP_SECOND)).toEqual([]);
    expect(bench.wire.writtenBytes).toBe(before);
  });

  it('refuses a second measurement while one is under way, which goes on', async () => {
    const bench = await connected(row);
    const flow = flowOf(row, bench);
    const first = collect(bench.driver.measure(flow, never));
    await bench.clock.advance(2);
    const fault = await caughtFault(() => collect(bench.driver.measure(flow, never)));
    expect(fault).toMatchObject({ code: 'instrumentUnable' });
    expect(fault.message).toContain('already measuring');
    const readings = await runToEnd(bench.clock, first, STEP_SECOND);
    expect(readings.length).toBeGreaterThanOrEqual(extentOf(flow).readings - 1);
  });

  it('opens the cell at any time, twice, and at once', async () => {
    const bench = await connected(row);
    const off = () => runToEnd(bench.clock, bench.driver.cellOff(), STEP_SECOND);
    await off();
    await off();
    const work = collect(bench.driver.measure(flowOf(row, bench), never));
    await bench.clock.advance(2.5);
    expect(bench.terminals.isOpen).toBe(false);
    await runToEnd(
      bench.clock,
      Promise.all([bench.driver.cellOff(), bench.driver.cellOff()]),
      STEP_SECOND,
    );
    expectAtRest(row, bench);
    await runToEnd(bench.clock, work, STEP_SECOND);
    await off();
    expectAtRest(row, bench);
    await bench.driver.disconnect();
    expect((await caughtFault(() => bench.driver.cellOff())).code).toBe('instrumentLost');
  });

  it('is disconnected twice without harm, also in the middle, with the cell at rest', async () => {
    const bench = await connected(row);
    const work = collect(bench.driver.measure(flowOf(row, bench), never));
    await bench.clock.advance(2.5);
    await runToEnd(bench.clock, bench.driver.disconnect(), STEP_SECOND);
    await runToEnd(bench.clock, bench.driver.disconnect(), STEP_SECOND);
    await runToEnd(
      bench.clock,
      work.catch(() => {}),
      STEP_SECOND,
    );
    expectAtRest(row, bench);
    expect(bench.wire.isOpen).toBe(false);
    expect(bench.hostClock.armedTimers).toBe(0);
  });

  it('is lost with its link, within 2 s, at any moment', async () => {
    const random = new Random(47);
    for (let turn = 0; turn < 8; turn += 1) {
      const bench = await connected(row);
      const work = caughtFault(() => collect(bench.driver.measure(flowOf(row, bench), never)));
      await bench.clock.advance(5 * random.uniform());
      await bench.deviceEnd.close();
      const lostSecond = bench.clock.nowSecond();
      const fault = await runToEnd(bench.clock, work, STEP_SECOND);
      expect(fault.code).toBe('instrumentLost');
      expect(bench.clock.nowSecond() - lostSecond).toBeLessThanOrEqual(NOTICE_SECOND_MAX);
      await bench.driver.disconnect();
      expect(bench.hostClock.armedTimers).toBe(0);
    }
  });

  it('is lost with its link also at every step of connecting and of opening the cell', async () => {
    for (let cut = 1; ; cut += 1) {
      const bench = contractBench(row);
      await bench.twin.start();
      let isCut = false;
      bench.wire.onWrite = (writes) => {
        if (writes !== cut) return;
        isCut = true;
        void bench.deviceEnd.close();
      };
      const work = bench.driver.connect(never).then(() => bench.driver.cellOff());
      const end = await runToEnd(bench.clock, quiet(work), STEP_SECOND);
      if (isCut) expect(end).toMatchObject({ code: 'instrumentLost' });
      expect(bench.clock.nowSecond()).toBeLessThan(NOTICE_SECOND_MAX);
      await bench.driver.disconnect();
      expect([bench.hostClock.armedTimers, bench.wire.listeners]).toEqual([0, 0]);
      if (!isCut) break;
      expect(cut).toBeLessThan(100);
    }
  });

  it('leaves no timer and no listener behind in 100 connections', async () => {
    const bench = contractBench(row);
    await bench.twin.start();
    const { signal } = new AbortController();
    for (let turn = 0; turn < 100; turn += 1) {
      await runToEnd(bench.clock, bench.driver.connect(signal), STEP_SECOND);
      await runToEnd(bench.clock, bench.driver.disconnect(), STEP_SECOND);
    }
    expect(bench.wire.listeners).toBe(0);
    expect(bench.hostClock.armedTimers).toBe(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

/** How it ends, as a value. */
async function quiet(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => error);
}
