import { expect, test } from 'vitest';
import { openRig } from '../../../hardware/registry.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { FolderRecordings } from '../../../src/formats/recordings.ts';
import { describeWithData, sharedData } from '../../support/shared-data.ts';
import { readCell, readRig } from '../simulated/support.ts';

const never = new AbortController().signal;

async function openReplay() {
  const clock = new VirtualClock();
  const recordings = new FolderRecordings(sharedData('.'));
  const context = { clock, cell: readCell('replay-battery'), seed: 1, recordings };
  return { clock, recordings, rig: await openRig(readRig('replay'), context) };
}

/** Runs something to its end on a clock that goes from timer to timer. */
async function driven<T>(clock: VirtualClock, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const driving = clock.drive(Number.POSITIVE_INFINITY, stop.signal);
  try {
    return await work();
  } finally {
    stop.abort();
    await driving;
  }
}

describeWithData('the replay rig on data that others have measured', () => {
  test('plays all 65 spectra of the battery, value for value', async () => {
    const { clock, recordings, rig } = await openReplay();
    const spectra = await recordings.readSpectra('eis/battery-cycling');
    expect(spectra).toHaveLength(65);
    await driven(clock, async () => {
      for (const { points } of spectra) {
        const played = [];
        const sweep = {
          kind: 'impedance',
          frequencyHertzMax: 9.9e3,
          frequencyHertzMin: 0.021,
          pointCount: 57,
          excitation: {
            mode: 'potentiostatic',
            amplitudeVoltRms: 0.01,
            biasVolt: 0,
            versusOpenCircuit: true,
          },
        } as const;
        for await (const reading of rig.potentiostat.measure(sweep, never)) {
          if (reading.kind === 'impedancePoint') played.push(reading.point);
        }
        expect(played).toEqual(points.toSorted((a, b) => b.frequencyHertz - a.frequencyHertz));
      }
    });
  });

  test('plays all 91 views of the rod, count for count, with its angles', async () => {
    const { clock, recordings, rig } = await openReplay();
    const recorded = await recordings.readScan('tomo/savu-rod');
    const { scanner } = rig;
    if (!scanner) throw new Error('expected a scanner');
    const plan = {
      scanId: 'scan-1',
      views: 91,
      startAngleRadian: 0,
      spanRadian: Math.PI,
      durationSecond: 90,
    };
    const size = recorded.rows * recorded.columns;
    let views = 0;
    await driven(clock, async () => {
      for await (const { kind, index, pixels, angleRadian } of scanner.scan(plan, never)) {
        if (kind !== 'projection') continue;
        views += 1;
        expect(angleRadian).toBe(recorded.anglesRadian[index]);
        const expected = recorded.projections.subarray(index * size, (index + 1) * size);
        expect(pixels.every((count, at) => count === expected[at])).toBe(true);
      }
    });
    expect(views).toBe(91);
  });
});
