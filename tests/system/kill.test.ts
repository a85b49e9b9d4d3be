import { expect, it } from 'vitest';
import { run } from '../campaign/kill.ts';
import { MOSQUITTO } from '../campaign/mqtt-oracle.ts';

const SEED = 20261121;
const WHAT = `resumes killed runs with nothing missing, nothing twice, and charges and loops as if nothing had been (seed ${SEED})`;

if (MOSQUITTO === undefined && process.env.CI) {
  throw new Error('mosquitto is required in CI (apt-get install mosquitto)');
}

it.skipIf(MOSQUITTO === undefined)(WHAT, { timeout: 240_000 }, async () => {
  const figures = await run({
    seed: SEED,
    trials: 4,
    recipes: ['loops', 'phases'],
    tell: () => {},
  });
  expect(figures.failures).toEqual([]);
  expect(figures.kills).toBeGreaterThanOrEqual(4);
  expect(figures.heardRecords).toBeGreaterThan(10_000);
});
