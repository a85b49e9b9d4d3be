import { describe, expect, it } from 'vitest';
import { ContactDebounce } from '../../../hardware/gpio/contact-debounce.ts';

const DEBOUNCE_SECOND = 1;

/** @param readings closed or not, at this second */
function contact(...readings: readonly (readonly [boolean, number])[]): ContactDebounce {
  const debounce = new ContactDebounce(DEBOUNCE_SECOND);
  for (const [isClosed, timeSecond] of readings) debounce.add(isClosed, timeSecond);
  return debounce;
}

describe('a bouncing contact', () => {
  it('is nothing before it was read for long enough', () => {
    expect(contact().stateAt(100)).toBeUndefined();
    expect(contact([true, 0]).stateAt(0.9)).toBeUndefined();
    expect(contact([true, 0]).stateAt(1)).toBe('closed');
    expect(contact([false, 0]).stateAt(1)).toBe('open');
  });

  it('stays closed through a bounce that is shorter than the debounce time', () => {
    const debounce = contact([true, 0], [false, 2], [true, 2.9]);
    expect(debounce.stateAt(3.5)).toBe('closed');
    expect(debounce.isUnsettled(3.5)).toBe(true);
    expect(debounce.isUnsettled(3.9)).toBe(false);
  });

  it('is open as soon as it was open for the debounce time, by time alone', () => {
    const debounce = contact([true, 0], [false, 2]);
    expect(debounce.stateAt(2.9)).toBe('closed');
    expect(debounce.stateAt(3)).toBe('open');
    expect(debounce.isUnsettled(3)).toBe(false);
  });

  it('stays open until it was closed for the whole debounce time', () => {
    const debounce = contact([false, 0], [true, 2], [false, 2.5], [true, 3]);
    expect(debounce.stateAt(3.9)).toBe('open');
    expect(debounce.stateAt(4)).toBe('closed');
  });

  it('was open when it is read closed only after the debounce time', () => {
    const debounce = contact([true, 0], [false, 2]);
    debounce.add(true, 3.5);
    expect(debounce.stateAt(3.6)).toBe('open');
  });

  it('is open when it never comes to rest', () => {
    const debounce = contact([true, 0]);
    for (let half = 4; half < 13; half += 1) debounce.add(half % 2 === 1, half / 2);
    expect(debounce.stateAt(6.9)).toBe('closed');
    debounce.add(true, 6.9);
    expect(debounce.stateAt(7)).toBe('open');
    expect(debounce.stateAt(7.9)).toBe('closed');
  });
});
