import { describe, expect, it } from 'vitest';
import { ChargeCounter } from '../../src/run/charge-counter.ts';

describe('the charge counter', () => {
  it('integrates a linear current exactly, at uneven times', () => {
    const charge = new ChargeCounter();
    for (const timeSecond of [0, 1, 4, 4.5, 10]) {
      charge.add({ timeSecond, currentAmpere: 0.2 * timeSecond });
    }
    expect(charge.chargeCoulomb).toBeCloseTo(0.1 * 10 ** 2, 12);
  });

  it('counts a switched current from the moment of the switch, without a ramp', () => {
    const charge = new ChargeCounter();
    charge.add({ timeSecond: 0, currentAmpere: 0 });
    charge.switchTo({ timeSecond: 10, currentAmpere: 2 });
    charge.add({ timeSecond: 15, currentAmpere: 2 });
    charge.switchTo({ timeSecond: 16, currentAmpere: 0 });
    charge.add({ timeSecond: 30, currentAmpere: 0 });
    expect(charge.chargeCoulomb).toBe(12);
  });

  it('takes charge away when the current is reversed, and starts from what was there', () => {
    const charge = new ChargeCounter(5);
    charge.switchTo({ timeSecond: 0, currentAmpere: -1 });
    charge.switchTo({ timeSecond: 3, currentAmpere: 0 });
    expect(charge.chargeCoulomb).toBe(2);
  });

  it('knows the charge between two readings', () => {
    const charge = new ChargeCounter();
    expect(charge.chargeCoulombAt(7)).toBe(0);
    charge.switchTo({ timeSecond: 10, currentAmpere: 2 });
    expect(charge.chargeCoulombAt(13)).toBe(6);
    expect(charge.chargeCoulombAt(9)).toBe(0);
    expect(charge.chargeCoulomb).toBe(0);
  });

  it('adds nothing for the same moment twice, nor for a reading from the past', () => {
    const charge = new ChargeCounter();
    charge.add({ timeSecond: 0, currentAmpere: 1 });
    charge.add({ timeSecond: 10, currentAmpere: 1 });
    charge.add({ timeSecond: 10, currentAmpere: 1 });
    charge.add({ timeSecond: 5, currentAmpere: 1 });
    expect(charge.chargeCoulomb).toBe(10);
    charge.add({ timeSecond: 12, currentAmpere: 1 });
    expect(charge.chargeCoulomb).toBe(12);
  });
});
