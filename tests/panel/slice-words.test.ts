import { describe, expect, it } from 'vitest';
import type { PictureHeader } from '../../src/panel/protocol.ts';
import { describePlane, describeProgress, isComplete } from '../../src/panel/web/slice-words.ts';

const HEADER: PictureHeader = {
  scanId: 'scan-2',
  plane: 'horizontal',
  geometry: { centrePixel: [0, 0, 503.5], alongUnit: [1, 0, 0], downUnit: [0, 1, 0] },
  mode: 'difference',
  viewsDone: 37,
  viewsTotal: 100,
  coverageFraction: 0.376,
  seen: [],
  rows: 4,
  columns: 4,
  latencyMs: 9,
  binning: 2,
  valueMin: 0,
  valueMax: 1,
};
const HALF = Math.SQRT1_2;

describe('the words beside a live slice', () => {
  it('say where the plane lies', () => {
    expect(describePlane(HEADER)).toBe('Across the axis, row 503.5');
    const upright = { centrePixel: [0, 0, 9], downUnit: [0, 0, 1] } as const;
    const alongUnit = [0, 1, 0] as const;
    expect(
      describePlane({ ...HEADER, plane: 'verticalCross', geometry: { ...upright, alongUnit } }),
    ).toBe('Along the axis at 90°');
    const tilted = {
      centrePixel: [0, 0, 9],
      alongUnit: [HALF, HALF, 0],
      downUnit: [-0.5, 0.5, HALF],
    } as const;
    expect(describePlane({ ...HEADER, plane: 'oblique', geometry: tilted })).toBe(
      'Tilted 45° about 45°',
    );
  });

  it('say how complete it is', () => {
    expect(describeProgress(HEADER)).toBe('Difference: always a whole half turn, 37 % of it new');
    expect(describeProgress({ ...HEADER, mode: 'fillIn' })).toBe(
      'Incomplete: 37 % of the half turn seen; streaks are expected',
    );
    const whole = { ...HEADER, viewsDone: 100, coverageFraction: 1 };
    expect(describeProgress(whole)).toBe('Half turn complete');
    expect(describeProgress({ ...whole, mode: 'fillIn' })).toBe('Half turn complete');
  });

  it('call nothing complete before its last view, or with a gap', () => {
    expect(isComplete({ ...HEADER, viewsDone: 99, coverageFraction: 1 })).toBe(false);
    expect(isComplete({ ...HEADER, viewsDone: 100, coverageFraction: 0.99 })).toBe(false);
  });
});
