import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import { RecordingLink } from '../../firmware-bridge/recording-link.ts';
import { ReplayLink } from '../../firmware-bridge/replay-link.ts';
import { EmStat } from '../../hardware/potentiostats/emstat.ts';
import { EmStatTwin } from '../../hardware/simulated/emstat-twin.ts';
import type { Reading } from '../../src/domain/instrument.ts';
import type { ConstantCurrent } from '../../src/domain/technique.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { CIRCUIT, collect, runToEnd } from './potentiostats/emstat-bench.ts';
import { ResistorCapacitorTerminals } from './potentiostats/resistor-capacitor-terminals.ts';

const never = new AbortController().signal;
const TECHNIQUE: ConstantCurrent = {
  kind: 'constantCurrent',
  currentAmpere: 1e-4,
  sampleEverySecond: 1,
  durationSecond: 20,
  voltageVoltMin: -1,
  voltageVoltMax: 1,
};

async function measureOver(
  link: Link,
  clock: VirtualClock,
  technique: ConstantCurrent = TECHNIQUE,
): Promise<{ readonly model: string; readonly readings: readonly Reading[] }> {
  const driver = new EmStat({ id: 'pot', link, clock, provenance: 'simulated' });
  await runToEnd(clock, driver.connect(never), 0.01);
  const readings = await runToEnd(clock, collect(driver.measure(technique, never)), 0.01);
  await runToEnd(clock, driver.disconnect(), 0.01);
  return { model: driver.info.model, readings };
}

/** A trace of a whole measurement, and what it gave. */
async function recordOne() {
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('wire');
  const terminals = new ResistorCapacitorTerminals(clock, CIRCUIT);
  const twin = new EmStatTwin({ link: far, clock, terminals, seed: 3 });
  await twin.start();
  const file = join(temporaryFolder(), 'trace.jsonl');
  const link = new RecordingLink({ link: near, clock, file, instrument: 'potentiostat pot' });
  const recorded = await measureOver(link, clock);
  await twin.stop();
  expect(link.losses.entries).toBe(0);
  return { file, recorded };
}

describe('a recorded measurement', () => {
  it('played to the same driver gives the same readings at the same times', async () => {
    const { file, recorded } = await recordOne();
    expect(recorded.readings).toHaveLength(20);
    const clock = new VirtualClock();
    const replayed = await measureOver(new ReplayLink({ file, clock }), clock);
    expect(replayed.model).toBe(recorded.model);
    expect(replayed.readings).toHaveLength(20);
    for (const [at, reading] of replayed.readings.entries()) {
      const { timeSecond, ...rest } = reading;
      expect(rest).toEqual({ ...recorded.readings[at], timeSecond: undefined });
      // The hosts of both looked at their clocks each hundredth of a second.
      expect(Math.abs(timeSecond - (recorded.readings[at]?.timeSecond ?? 0))).toBeLessThan(0.05);
    }
  });

  it('played to a driver that asks for something else is a complaint with the line', async () => {
    const { file } = await recordOne();
    const clock = new VirtualClock();
    const link = new ReplayLink({ file, clock });
    const other = { ...TECHNIQUE, currentAmpere: 2e-4 };
    await expect(measureOver(link, clock, other)).rejects.toMatchObject({
      code: 'instrumentReply',
      message: expect.stringMatching(
        /trace\.jsonl:\d+: after ".*set_range db " the trace has "100u.*this was: "200u/,
      ),
    });
  });

  it('with a byte changed in an answer is not taken for the instrument', async () => {
    const { file } = await recordOne();
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, readFileSync(file, 'utf8').replace('tes4_hr', 'tes4_xx'));
    const clock = new VirtualClock();
    await expect(measureOver(new ReplayLink({ file, clock }), clock)).rejects.toMatchObject({
      code: 'instrumentUnable',
    });
  });
});
