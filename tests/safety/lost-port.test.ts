import { describe, expect, it } from 'vitest';
import { SerialLink } from '../../firmware-bridge/serial-link.ts';
import { EmStat } from '../../hardware/potentiostats/emstat.ts';
import { EmStatTwin } from '../../hardware/simulated/emstat-twin.ts';
import { Bus } from '../../src/domain/bus.ts';
import { sleep } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { planRun } from '../../src/run/planner.ts';
import { Runner } from '../../src/run/runner.ts';
import { describeWithPty, makePtyPair, type PtyPair } from '../firmware-bridge/pty.ts';
import { CIRCUIT } from '../hardware/potentiostats/emstat-bench.ts';
import { ResistorCapacitorTerminals } from '../hardware/potentiostats/resistor-capacitor-terminals.ts';
import { memoryRunInfo } from '../support/memory-run.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';
import { recipeOf, scriptedCell } from '../support/scripted-run.ts';
import { PLATING, runWithFaults } from './faulty-run.ts';

const GOES_ON = 'resume: { policy: resume, maxGap: "10 min" }';
const never = new AbortController().signal;

describe('a run whose potentiostat loses its port', () => {
  it('goes on by itself when the port is back, and says what nobody has seen', async () => {
    const recipe = PLATING.replace('steps:', `${GOES_ON}\nsteps:`);
    const run = await runWithFaults([{ name: 'portLoss', at: '60 min', for: '90 s' }], recipe);
    expect(run.outcome).toMatchObject({ status: 'done', exitCode: 0 });
    const codes = run.events.map(({ code }) => code);
    for (const code of ['instrumentFault', 'suspended', 'gap', 'suspensionEnded'] as const) {
      expect(codes.filter((one) => one === code)).toHaveLength(1);
    }
    const gap = run.events.find(({ code }) => code === 'gap');
    expect(gap?.message).toContain('its cell is off');
    expect(Number(gap?.details.length_second)).toBeLessThan(100);
  });

  it('goes on after a stall that passes', async () => {
    const recipe = PLATING.replace('steps:', `${GOES_ON}\nsteps:`);
    const run = await runWithFaults([{ name: 'stall', at: '60 min', for: '2 min' }], recipe);
    expect(run.outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(run.events.filter(({ code }) => code === 'gap')).toHaveLength(1);
  });
});

/** The twin lives behind its end of the pseudo-terminal, as an instrument does behind its plug. */
class PluggedTwin {
  readonly terminals: ResistorCapacitorTerminals;
  readonly #clock: SystemClock;
  readonly #pty: PtyPair;
  #twin: EmStatTwin | undefined;

  constructor(clock: SystemClock, pty: PtyPair) {
    this.#clock = clock;
    this.#pty = pty;
    this.terminals = new ResistorCapacitorTerminals(clock, CIRCUIT);
  }

  async start(): Promise<void> {
    const path = this.#pty.devicePath;
    const link = new SerialLink({ path, baudRate: 921_600, clock: this.#clock });
    const { terminals } = this;
    this.#twin = new EmStatTwin({ link, clock: this.#clock, terminals, seed: 1 });
    await this.#twin.start();
  }

  async stop(): Promise<void> {
    await this.#twin?.stop();
  }
}

describeWithPty('a run on a real serial port whose plug is pulled', () => {
  it('goes on after the plug was put back, with the cell confirmed off in between', async () => {
    const clock = new SystemClock();
    const pty = await makePtyPair();
    const plugged = new PluggedTwin(clock, pty);
    await plugged.start();
    const link = new SerialLink({ path: pty.hostPath, baudRate: 921_600, clock });
    const potentiostat = new EmStat({ id: 'pot', link, clock, provenance: 'simulated' });
    const steps = `
  - name: charge
    technique: constantCurrent
    current: "0.1 mA/cm²"
    record: { every: "100 ms" }
    until: { any: [{ time: "4 s" }] }`;
    const instruments = { potentiostat, sensors: [] };
    const safety = '\n  voltage: { min: "-2 V", max: "2 V" }\n  current: { max: "5 mA" }';
    const recipe = recipeOf(steps, safety, GOES_ON);
    const writer = new MemoryWriter(clock);
    const runner = new Runner({
      plan: planRun(recipe, scriptedCell, instruments),
      instruments,
      clock,
      bus: new Bus((name, error) => {
        throw new Fault('analysis', { where: name, message: String(error) });
      }),
      writer,
      spools: new MemorySpools(),
      info: memoryRunInfo(),
      analyses: [],
    });
    const running = runner.run();
    await sleep(clock, 1.5, never);
    const pulledSecond = clock.nowSecond();
    await plugged.stop();
    await pty.unplug();
    await sleep(clock, 1, never);
    await pty.plugIn();
    await plugged.start();
    const outcome = await running;
    expect(outcome.message).toContain('The recipe is done');
    expect(outcome.status).toBe('done');
    const lost = writer.of('event').find(({ code }) => code === 'instrumentFault');
    expect(Number(lost?.timeSecond) - pulledSecond).toBeLessThan(2);
    expect(writer.of('event').some(({ message }) => message.includes('its cell is off'))).toBe(
      true,
    );
    expect(plugged.terminals.isOpen).toBe(true);
    await plugged.stop();
    await pty.dispose();
  });
});
