import { expect, it } from 'vitest';
import { runWithFaults } from './faulty-run.ts';

/** The first voltage is past the window, for the instrument and for the host alike. */
const RECIPE = `
recipe: window
title: A window the cell is not in
safety:
  voltage: { min: "0.1 V", max: "2 V" }
  current: { max: "2 mA" }
steps:
  - name: plate
    technique: constantCurrent
    current: "-0.6 mA"
    record: { every: "10 s" }
    until: { any: [{ time: "1 h" }] }`;

it('confirms the cell off when host and instrument find the same limit passed in the same moment', async () => {
  const { outcome, events } = await runWithFaults([], RECIPE);
  expect(outcome).toMatchObject({ status: 'tripped', endedBy: 'interlock: voltage_volt' });
  const unconfirmed = events.filter(
    ({ code, details }) => code === 'safeState' && details.confirmed !== true,
  );
  expect(unconfirmed.map(({ message }) => message)).toEqual([]);
});
