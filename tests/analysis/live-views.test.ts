import { describe, expect, it } from 'vitest';
import { LiveCoverage } from '../../src/analysis/live-coverage.ts';
import { type ContainedView, OldViews } from '../../src/analysis/live-views.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { evenAngles } from '../kernels/tomography-phantom.ts';

function viewsAt(anglesRadian: ArrayLike<number>, weightRadian: number): ContainedView[] {
  return Array.from(anglesRadian, (angleRadian, slot) => ({
    slot,
    angleRadian,
    weightRadian,
    axisPixel: 0,
  }));
}

const slotsOf = (views: readonly ContainedView[]) => views.map(({ slot }) => slot);

describe('the old views in live slices', () => {
  it('are replaced one by one by the nearest, however the stage jitters', () => {
    const step = Math.PI / 40;
    const random = new Random(deriveSeed(5, 'jitter'));
    const jitter = () => 0.3 * step * (2 * random.uniform() - 1);
    const old = new OldViews(
      viewsAt(
        evenAngles(40).map((angle) => angle + jitter()),
        step,
      ),
    );
    for (const [view, angle] of evenAngles(40).entries()) {
      expect(slotsOf(old.replacedBy(angle + jitter(), step))).toEqual([view]);
    }
    expect(old.count).toBe(0);
  });

  it('never leave more or less than half a turn by much more than a step', () => {
    for (const [oldViews, newViews] of [
      [100, 100],
      [50, 100],
      [100, 50],
      [97, 61],
    ] as const) {
      const [oldStep, newStep] = [Math.PI / oldViews, Math.PI / newViews];
      const old = new OldViews(viewsAt(evenAngles(oldViews), oldStep));
      let total = Math.PI;
      for (const angle of evenAngles(newViews)) {
        total += newStep;
        for (const { weightRadian } of old.replacedBy(angle, newStep)) total -= weightRadian;
        expect(Math.abs(total - Math.PI)).toBeLessThan(2 * Math.max(oldStep, newStep));
      }
    }
  });

  it('are found across the end of the half turn, from behind as well', () => {
    const old = new OldViews(viewsAt([0.01, 1.5], 0.1));
    expect(slotsOf(old.replacedBy(Math.PI - 0.01, 0.1))).toEqual([0]);
    expect(slotsOf(old.replacedBy(1.5 + Math.PI, 0.1))).toEqual([1]);
  });

  it('of a full turn are replaced from the same side first', () => {
    const old = new OldViews(viewsAt([0.5, 0.5 + Math.PI], 0.1));
    expect(slotsOf(old.replacedBy(0.51 + Math.PI, 0.1))).toEqual([1]);
    expect(slotsOf(old.replacedBy(0.51, 0.1))).toEqual([0]);
  });

  it('stay when none that is new is near, and are all given at the end', () => {
    const old = new OldViews(viewsAt([0, 0.1, 1], 0.1));
    expect(old.replacedBy(0.6, 0.1)).toEqual([]);
    // What was not taken there is not taken twice here.
    expect(slotsOf(old.replacedBy(1.01, 0.1))).toEqual([2]);
    expect(slotsOf(old.rest())).toEqual([0, 1]);
    expect(old.count).toBe(0);
    expect(old.replacedBy(0, 0.1)).toEqual([]);
  });

  it('say when one of them was not kept', () => {
    const views = viewsAt([0, 1], 0.1);
    expect(new OldViews(views).areKept).toBe(true);
    expect(new OldViews([...views, { ...views[0], slot: -1 } as ContainedView]).areKept).toBe(
      false,
    );
  });
});

describe('the coverage of a live scan', () => {
  it('grows with the views and is whole after half a turn, in one range', () => {
    const coverage = new LiveCoverage(Math.PI / 90);
    expect(coverage.ranges()).toEqual([]);
    for (const angle of evenAngles(90)) coverage.add(angle);
    expect(coverage.fraction).toBeCloseTo(1, 6);
    expect(coverage.ranges()).toEqual([{ fromRadian: 0, toRadian: Math.PI }]);
  });

  it('shows the wedge that is missing, and both sides of direction 0', () => {
    const coverage = new LiveCoverage(Math.PI / 180);
    for (const angle of evenAngles(180)) {
      if (angle < 0.5 || angle > 2.5) coverage.add(angle + Math.PI);
    }
    const ranges = coverage.ranges();
    expect(ranges).toHaveLength(2);
    expect(ranges[0]?.fromRadian).toBe(0);
    expect(ranges[0]?.toRadian).toBeCloseTo(0.5, 1);
    expect(ranges[1]?.fromRadian).toBeCloseTo(2.5, 1);
    expect(ranges[1]?.toRadian).toBeCloseTo(Math.PI, 9);
  });

  it('has no more ranges than degrees, whatever the order and number of views', () => {
    const coverage = new LiveCoverage(1e-4);
    const random = new Random(deriveSeed(6, 'directions'));
    for (let view = 0; view < 200; view++) coverage.add(40 * random.uniform() - 20);
    expect(coverage.ranges().length).toBeLessThanOrEqual(90);
    expect(coverage.fraction).toBeLessThan(0.02);
  });
});
