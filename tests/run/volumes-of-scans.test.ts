import { describe, expect, it } from 'vitest';
import type { BusEvents } from '../../src/domain/bus.ts';
import { EVERY_KIND } from '../store/sample-run.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import { recipeOf, type Scripts, scriptedRun } from '../support/scripted-run.ts';

/** A scan in the midst of a current that says what is wanted of its volume. */
const PLATE = (analyse = ', analyse: { voxel: "5 µm", compareWith: first }') => `
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "10 s" }
    until: { any: [{ time: "10 min" }] }
    during:
      - { technique: scan, views: 9, span: "180°", duration: "90 s", every: "5 min"${analyse} }`;

type Event =
  | { readonly name: 'wanted'; readonly event: BusEvents['volumeWanted'] }
  | { readonly name: 'ended' | 'begun' | 'freshCell' };

async function heardIn(steps: string, scripts: Scripts = {}) {
  const run = scriptedRun(recipeOf(steps), scripts);
  const heard: Event[] = [];
  run.bus.on('volumeWanted', (event) => heard.push({ name: 'wanted', event }));
  run.bus.on('scanEnded', () => heard.push({ name: 'ended' }));
  run.bus.on('runBegun', () => heard.push({ name: 'begun' }));
  run.bus.on('freshCell', () => heard.push({ name: 'freshCell' }));
  await advanceUntil(run.clock, run.runner.run());
  return { ...run, heard };
}

describe('a scan that says what is wanted of its volume', () => {
  it('has it on record and tells it, with its span, before it says that it has ended', async () => {
    const { heard, writer } = await heardIn(PLATE());
    expect(heard.map(({ name }) => name)).toEqual(['begun', 'wanted', 'ended', 'wanted', 'ended']);
    const [scan] = writer.of('scan');
    const [, wanted] = heard;
    expect(scan?.analysis).toMatchObject({ segments: true, compareWith: 'first' });
    expect(wanted).toEqual({
      name: 'wanted',
      event: {
        scanId: 'scan-001',
        analysis: scan?.analysis,
        startSecond: scan?.startSecond,
        stopSecond: scan?.stopSecond,
        startChargeCoulomb: scan?.startChargeCoulomb,
        stopChargeCoulomb: scan?.stopChargeCoulomb,
      },
    });
  });

  it('wants nothing of one that was cut off', async () => {
    const { heard, writer } = await heardIn(PLATE(), { scanner: { failsAtView: 4 } });
    expect(writer.of('scan')[0]).toMatchObject({ complete: false });
    expect(heard.map(({ name }) => name)).toEqual(['begun', 'ended']);
  });

  it('is silent where the recipe says nothing', async () => {
    const { heard, writer } = await heardIn(PLATE(''));
    expect(heard.map(({ name }) => name)).toEqual(['begun', 'ended', 'ended']);
    expect(writer.of('scan')[0]).not.toHaveProperty('analysis');
  });

  it('is told of the exchange of the cell', async () => {
    const steps = `
  - { name: next, technique: freshCell }${PLATE()}`;
    const { heard } = await heardIn(steps, { freshCell: async () => {} });
    expect(heard.slice(0, 3).map(({ name }) => name)).toEqual(['begun', 'freshCell', 'wanted']);
  });
});

describe('what was found out from a volume', () => {
  const phases = EVERY_KIND.flatMap((one) => (one.kind === 'segmentation' ? [one.result] : []))[0];
  const growth = EVERY_KIND.flatMap((one) => (one.kind === 'volumeChange' ? [one.result] : []))[0];

  it('is written down with its scan: phases first, then what has grown', async () => {
    const run = scriptedRun(recipeOf(PLATE()));
    run.bus.on('volumeWanted', ({ analysis: _, ...scan }) => {
      run.bus.publish('volumeResults', {
        ...scan,
        segmentation: phases,
        change: scan.scanId === 'scan-001' ? undefined : growth,
      });
    });
    await advanceUntil(run.clock, run.runner.run());
    expect(run.writer.of('segmentation').map(({ scanId }) => scanId)).toEqual([
      'scan-001',
      'scan-002',
    ]);
    const [change, ...others] = run.writer.of('volumeChange');
    expect(others).toEqual([]);
    expect(growth).toBeDefined();
    const [, second] = run.writer.of('scan');
    expect(change).toMatchObject({
      scanId: 'scan-002',
      startSecond: second?.startSecond,
      stopChargeCoulomb: second?.stopChargeCoulomb,
      result: growth,
    });
  });
});
