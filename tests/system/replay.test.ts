import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operando } from '../support/built.ts';
import { recordsOf, startExperiment } from '../support/experiment-run.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { readVolume } from '../support/volumes.ts';

type Experiment = Awaited<ReturnType<typeof startExperiment>>;

describeWithData('recordings in the place of instruments', () => {
  let experiment: Experiment;
  let outcome: Awaited<ReturnType<Experiment['run']>>;

  beforeAll(async () => {
    experiment = await startExperiment({
      recipe: 'recipes/replay.yaml',
      rig: 'hardware/rigs/replay.yaml',
      cell: 'recipes/cells/replay-battery.yaml',
      data: sharedData('.'),
      speed: Number.POSITIVE_INFINITY,
    });
    outcome = await experiment.run();
  }, 120_000);

  afterAll(() => experiment.node.stop());

  const reader = () => experiment.node.database.reader;

  it('runs to its end and says that the data are recorded', () => {
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
    const { instruments } = reader().info;
    expect(instruments.map(({ provenance }) => provenance)).toEqual(['recorded', 'recorded']);
  });

  it('fits the 65 battery spectra, all but few to better than 1 %', () => {
    const finals = recordsOf(reader(), 'fit').filter(({ body }) => body.final);
    expect(finals).toHaveLength(65);
    const rms = finals.map(({ body }) => body.fit.rmsPercent).sort((a, b) => a - b);
    expect(rms[32]).toBeLessThan(0.9);
    expect(rms[64]).toBeLessThan(1.2);
  });

  it('reconstructs the rod as the file command does, to 1e-5', async () => {
    const path = join(experiment.node.folder, 'rod-from-file.h5');
    const words = ['scan', 'reconstruct', sharedData('tomo/savu-rod'), '--out', path, '--json'];
    const { code, output } = await operando(...words);
    expect(code).toBe(0);
    const [replayed] = recordsOf(reader(), 'volume');
    const { axisPixel } = JSON.parse(output) as { axisPixel: number };
    expect(axisPixel).toBeCloseTo(replayed?.body.summary.axisPixel ?? Number.NaN, 9);

    const fromFile = await readVolume(path);
    const fromRun = await readVolume(join(experiment.node.folder, replayed?.body.file ?? ''));
    expect(fromRun.voxels.length).toBe(fromFile.voxels.length);
    let largest = 0;
    let difference = 0;
    fromFile.voxels.forEach((voxel, at) => {
      largest = Math.max(largest, Math.abs(voxel));
      difference = Math.max(difference, Math.abs(voxel - (fromRun.voxels[at] ?? Number.NaN)));
    });
    expect(largest).toBeGreaterThan(0.001);
    expect(difference / largest).toBeLessThan(1e-5);
  });
});
