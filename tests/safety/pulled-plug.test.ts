import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import { Bus } from '../../src/domain/bus.ts';
import { Random } from '../../src/domain/random.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner } from '../../src/run/runner.ts';
import {
  CELL,
  CONTRACT_DRIVERS,
  type ContractDriver,
  contractBench,
} from '../hardware/contract/contract-drivers.ts';
import { ResistorCapacitorTerminals } from '../hardware/potentiostats/resistor-capacitor-terminals.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { memoryRunInfo } from '../support/memory-run.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';
import { Plug } from '../support/plug.ts';
import { recipeOf, scriptedCell } from '../support/scripted-run.ts';

const STEP_SECOND = 300;
const TURNS = 6;
const SAFETY = '\n  voltage: { min: "-1.5 V", max: "1.5 V" }\n  current: { max: "5 mA" }';
const GOES_ON = 'resume: { policy: resume, maxGap: "10 min" }';

function recipeFor(row: ContractDriver) {
  const { techniques } = contractBench(row).driver.capability;
  const flow = techniques.includes('constantCurrent')
    ? 'technique: constantCurrent\n    current: "100 µA"'
    : 'technique: constantVoltage\n    voltage: "0.4 V"';
  return recipeOf(
    `
  - name: flow
    ${flow}
    record: { every: "2 s" }
    until: { any: [{ time: "${STEP_SECOND} s" }] }`,
    SAFETY,
    GOES_ON,
  );
}

/** A run of five minutes whose plug is pulled once. */
async function pulled(row: ContractDriver, pullSecond: number, awaySecond: number) {
  const clock = new CountingClock();
  const terminals = new ResistorCapacitorTerminals(clock, CELL);
  const plug = new Plug();
  const [near, far] = createLinkPair('plug');
  const twin = row.newTwin({ link: plug.deviceEnd(far), clock, terminals, seed: 9 });
  await twin.start();
  const potentiostat = row.newDriver({ link: plug.hostEnd(near), clock });
  const instruments = { potentiostat, sensors: [] };
  const writer = new MemoryWriter(clock);
  const runner = new Runner({
    plan: planRun(recipeFor(row), scriptedCell, instruments),
    instruments,
    clock,
    bus: new Bus((name, error) => {
      throw new Error(`a listener of ${name} has thrown: ${String(error)}`);
    }),
    writer,
    spools: new MemorySpools(),
    info: memoryRunInfo(),
    analyses: [],
  });
  const running = runner.run();
  await clock.advance(pullSecond);
  await plug.pull();
  await clock.advance(awaySecond);
  plug.putBack();
  const outcome = await advanceUntil(clock, running);
  const isOpen = terminals.isOpen;
  await twin.stop();
  const cellIs = potentiostat.capability.cellOffLeaves ?? 'its cell is off';
  return { outcome, writer, isOpen, plug, cellIs, armedTimers: clock.armedTimers };
}

describe.each(
  CONTRACT_DRIVERS.map((row) => [row.title, row] as const),
)('a run with a %s whose plug is pulled and put back', (_, row) => {
  it('is told of it within 2 s, has the cell off, goes on, and passes as much charge', async () => {
    const whole = await pulled(row, STEP_SECOND + 60, 1);
    const charge = (writer: MemoryWriter) => writer.of('step').at(-1)?.chargeCoulomb ?? Number.NaN;
    const random = new Random(61);
    for (let turn = 0; turn < TURNS; turn += 1) {
      const pullSecond = 20 + (STEP_SECOND - 40) * random.uniform();
      const run = await pulled(row, pullSecond, 0.5 + 60 * random.uniform());
      expect(run.outcome.status, run.outcome.message).toBe('done');
      const lost = run.writer.of('event').find(({ code }) => code === 'instrumentFault');
      expect(Number(lost?.timeSecond) - pullSecond).toBeLessThan(2);
      const gap = run.writer.of('event').find(({ code }) => code === 'gap');
      expect(gap?.message).toContain(run.cellIs);
      // Two readings are 2 s apart; what flows at the switching on is that of the cell.
      expect(Math.abs(charge(run.writer) / charge(whole.writer) - 1)).toBeLessThan(0.03);
      expect(run.isOpen).toBe(row.leaves === 'open');
      expect(run.armedTimers).toBe(0);
    }
  });
});
