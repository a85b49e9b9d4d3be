import { expect, it } from 'vitest';
import { recipeOf, runToEnd } from '../support/scripted-run.ts';

const REST = `
  - name: rest
    technique: openCircuit
    until: { any: [{ time: "1 min" }] }`;

it('a run writes down what its recipe assumes, before it does anything', async () => {
  const path = 'r.yaml:7: steps[0].until.any[0].time';
  const assumptions = [{ path, reason: 'the paper gives no time', assume: '1 min' }];
  const { writer, outcome } = await runToEnd(recipeOf(REST), { assumptions });
  expect(outcome.status).toBe('done');
  const events = writer.of('event');
  const at = events.findIndex(({ message }) => message.includes('is assumed'));
  expect(events[at]).toMatchObject({
    code: 'note',
    message: `${path} is assumed to be 1 min, for its source does not give it: the paper gives no time.`,
    details: { key: path, assumed: '1 min' },
  });
  expect(at).toBeGreaterThan(events.findIndex(({ code }) => code === 'runStarted'));
  expect(at).toBeLessThan(events.findIndex(({ code }) => code === 'stepStarted'));
});

it('a run whose recipe assumes nothing says nothing of it', async () => {
  const { writer } = await runToEnd(recipeOf(REST));
  expect(writer.of('event').filter(({ message }) => message.includes('assumed'))).toEqual([]);
});
