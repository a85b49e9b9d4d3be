import { describe, expect, it } from 'vitest';
import { HR, IDLE, identity, OPEN_CELL, played } from './emstat-wire-words.ts';
import type { WirePair } from './wire-pairs.ts';

describe('what is written and read, literally: connecting', () => {
  it('an EmStat4 HR', async () => {
    const { driver } = await played(HR);
    expect(driver.info.model).toBe('EmStat4 HR ES4HR20B0008');
  });

  it('a MultiEmStat4, asked for its frame too', async () => {
    const frame: WirePair = ['m', 'mMES4HR20B0001'];
    const pairs = [...IDLE, ...identity('mes4hr', 'ES4HR20B0009', frame), ...OPEN_CELL];
    const { driver } = await played(pairs);
    expect(driver.info.model).toBe('MultiEmStat4 HR ES4HR20B0009 in MES4HR20B0001');
  });

  it('one that was still measuring: what it sends up to its end is let pass', async () => {
    const busy: WirePair[] = [[''], ['Z', 'Pab8000001 ;ba8000001m', 'Z', '*', '']];
    const { driver } = await played([...busy, ...HR.slice(IDLE.length)]);
    expect(driver.losses.unreadableLines).toBe(0);
  });

  it('one whose script ended with an error and without an empty line', async () => {
    const failed: WirePair[] = [[''], ['Z', 'Z', '!0032: Line 9']];
    await played([...failed, ...HR.slice(IDLE.length)]);
  });

  it('one with commands missing can do less', async () => {
    // Bits 30 (meas_loop_ocp) and 31 (meas_loop_eis) alone.
    const commands = (3n << 30n).toString(16).toUpperCase().padStart(64, '0');
    const pairs = HR.map((pair): WirePair => (pair[0] === 'CM' ? ['CM', `CM${commands}`] : pair));
    const { driver } = await played(pairs);
    expect(driver.capability.techniques).toEqual(['openCircuit', 'impedance']);
    expect(driver.capability.excitations).toEqual(['potentiostatic']);
  });
});
