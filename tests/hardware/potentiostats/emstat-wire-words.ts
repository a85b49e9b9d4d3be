import { EmStat, type EmStatOptions } from '../../../hardware/potentiostats/emstat.ts';
import type { Reading } from '../../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { type WirePair, WirePairs } from './wire-pairs.ts';

const never = new AbortController().signal;

/** All bits of a reply to `CM`. */
const EVERY_COMMAND = 'F'.repeat(64);

/** An instrument that runs nothing says so when it is told to stop. */
export const IDLE: readonly WirePair[] = [[''], ['Z', 'Z!0006']];

/** Who it is. */
export function identity(device: string, serialNumber: string, ...more: WirePair[]): WirePair[] {
  return [
    ['t', `t${device}1500#Mar 12 2026 14:28:01`, 'R*'],
    ['i', `i${serialNumber}`],
    ...more,
    ['v', 'v01.09.00'],
    ['CM', `CM${EVERY_COMMAND}`],
  ];
}

/** A script line by line; the empty line that ends it brings what the instrument sends. */
export function script(lines: string, ...answered: readonly string[]): WirePair[] {
  return [['e'], ...lines.split('\n').map((line): WirePair => [line]), ['', ...answered]];
}

/** The script that opens the cell. */
export const OPEN_CELL = script('cell_off', 'e', '');

/** All that a connection says to an EmStat4 HR. */
export const HR = [...IDLE, ...identity('es4_hr', 'ES4HR20B0008'), ...OPEN_CELL];

/** Connects, runs techniques, and checks that nothing is left over on the wire. */
export async function played(
  pairs: readonly WirePair[],
  options: Partial<EmStatOptions> = {},
  ...techniques: readonly ElectrochemicalTechnique[]
): Promise<{ driver: EmStat; readings: Reading[] }> {
  const clock = new VirtualClock();
  const link = new WirePairs(pairs);
  const driver = new EmStat({ id: 'pot', link, clock, provenance: 'measured', ...options });
  await runToEnd(clock, driver.connect(never));
  const readings: Reading[] = [];
  for (const technique of techniques) {
    readings.push(...(await runToEnd(clock, collect(driver.measure(technique, never)))));
  }
  link.finish();
  await driver.disconnect();
  return { driver, readings };
}
