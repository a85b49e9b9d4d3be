import { describe, expect, it } from 'vitest';
import { BOARD_HAZARD_ROWS } from './board-hazard-cases.ts';
import { HAZARD_ROWS, STATED_TIMES } from './hazard-cases.ts';
import { hazardIds, statedTimes, tryHazard } from './hazards.ts';

const IDS = hazardIds();

describe('the hazard campaign, a slice of it', () => {
  it('plays every row of the table and no other', () => {
    expect(IDS.length).toBeGreaterThanOrEqual(20);
    expect([...Object.keys(HAZARD_ROWS), ...Object.keys(BOARD_HAZARD_ROWS)]).toEqual(IDS);
  });

  it('holds each row to the time that the table states', () => {
    expect(Object.entries(STATED_TIMES)).toEqual([...statedTimes()]);
  });

  it.each(IDS)('%s is seen, and the plant stays safe', async (id) => {
    const trial = await tryHazard(id, 1);
    expect(trial.failures).toEqual([]);
  });
});
