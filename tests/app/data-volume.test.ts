import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataVolumeOf } from '../../src/app/data-volume.ts';
import { CHANNELS } from '../../src/domain/channel.ts';
import type {
  Instruments,
  Potentiostat,
  Sensor,
  Spectrometer,
} from '../../src/domain/instrument.ts';
import type { RecordBody } from '../../src/domain/run-record.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import type { RunPlan } from '../../src/run/plan.ts';
import { planRun } from '../../src/run/planner.ts';
import { createRun } from '../../src/store/run-database.ts';
import { DATABASE_NAME } from '../../src/store/schema.ts';
import { RUN_INFO } from '../store/run-info.ts';
import { EVERY_KIND } from '../store/sample-run.ts';
import { recipeOf, scriptedCell, scriptedRig } from '../support/scripted-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { potentiostat, sensors, scanner } = scriptedRig().instruments;
const EVERY_SECOND = 5;

/** A simulated thermometer with a rhythm. */
const THERMOMETER: Sensor = {
  info: { id: 'thermometer', model: 'T', provenance: 'simulated' },
  channels: [CHANNELS.temperature],
  everySecond: EVERY_SECOND,
  connect: async () => {},
  disconnect: async () => {},
};

function planOf(instruments: Instruments, steps: string): RunPlan {
  return planRun(recipeOf(steps), scriptedCell, instruments);
}

/** Bytes of a closed run database that holds these records. */
function bytesOf(records: Iterable<readonly [second: number, body: RecordBody]>): number {
  const folder = join(temporaryFolder(), 'run');
  const run = createRun(folder, RUN_INFO, new VirtualClock());
  for (const [second, body] of records) run.writer.append(second, body);
  run.writer.finish('done');
  run.close();
  return statSync(join(folder, DATABASE_NAME)).size;
}

function sample(channel: string, value: number): RecordBody {
  return { kind: 'sample', channel, value, quality: 'good' };
}

const REST = `
  - name: rest
    technique: openCircuit
    record: { every: "1 s" }
    until: { any: [{ time: "6 h" }] }`;

/** @param tells whether each comes with its error, and the current with its range */
function* readings(count: number, tells: boolean): Generator<readonly [number, RecordBody]> {
  const { voltage, current, charge } = CHANNELS;
  for (let at = 0; at < count; at += 1) {
    const standardError = (1 + Math.cos(at) / 3) * 1e-4;
    const error = tells ? { standardError } : {};
    const range = tells ? { range: 0.01 } : {};
    const value = Math.sin(at) / 3;
    const second = at + 0.123456789;
    yield [second, { ...sample(voltage.name, value), ...error }];
    yield [second, { ...sample(current.name, value), ...error, ...range }];
    yield [second, sample(charge.name, value)];
  }
}

function* temperatures(lengthSecond: number): Generator<readonly [number, RecordBody]> {
  for (let second = 0; second < lengthSecond; second += EVERY_SECOND) {
    yield [second, sample(CHANNELS.temperature.name, 60 + Math.sin(second))];
  }
}

/** The same potentiostat, of which a maker states limits of error. */
const TELLING = {
  info: potentiostat.info,
  capability: {
    ...potentiostat.capability,
    accuracy: {
      voltageVolt: [{ fullScale: 10, gainRelative: 1e-3, offset: 1e-3 }],
      currentAmpere: [{ fullScale: 1, gainRelative: 1e-3, offset: 1e-6 }],
      source: 'a data sheet',
    },
  },
} as unknown as Potentiostat;

describe('the predicted size of the run database', () => {
  it.each([
    { whose: 'whose errors nobody knows', device: potentiostat, tells: false },
    { whose: 'that tells its errors and ranges', device: TELLING, tells: true },
  ])('is within a tenth of what the samples take of a potentiostat $whose', ({ device, tells }) => {
    const instruments = { potentiostat: device, sensors };
    const plan = planOf(instruments, REST);
    const bytes = bytesOf(readings(plan.estimates.samples / 3, tells));
    const { databaseBytes } = dataVolumeOf(plan, instruments);
    expect(Math.abs(databaseBytes / bytes - 1)).toBeLessThan(0.1);
  });

  it('is within a tenth where sensors write most of it', () => {
    const instruments = { potentiostat, sensors: [THERMOMETER] };
    const slow = REST.replace('1 s', '1 h').replace('6 h', '90 h');
    const plan = planOf(instruments, slow);
    const bytes = bytesOf(temperatures(plan.longestSecond));
    const { databaseBytes } = dataVolumeOf(plan, instruments);
    expect(Math.abs(databaseBytes / bytes - 1)).toBeLessThan(0.1);
  });
});

describe('the predicted size of detector spectra', () => {
  const CHANNELS_OF_REGION = 561;
  const spectrometer: Spectrometer = {
    info: { id: 'spectrometer', model: 'S', provenance: 'simulated' },
    regions: ['edxrd'],
    channelsMax: CHANNELS_OF_REGION,
    connect: async () => {},
    measure: () => Promise.reject(new Error('nothing is measured here')),
    stop: async () => {},
    disconnect: async () => {},
  };
  const axis = Float64Array.from({ length: CHANNELS_OF_REGION }, (_, at) => 58 + at * 0.025);

  function* spectra(count: number): Generator<readonly [number, RecordBody]> {
    for (let at = 0; at < count; at += 1) {
      const counts = axis.map((_, channel) => (at * 7919 + channel * 104_729) % 4000);
      const spectrum = {
        ...{ region: 'edxrd', axis, axisLabel: 'photon energy', axisUnit: 'keV', counts },
        liveSecond: 90,
      };
      yield [
        at * 60.5,
        {
          ...{ kind: 'detectorSpectrum', spectrumId: `spectrum-${at}`, spectrum },
          ...{ startSecond: at * 60.5, stopSecond: at * 60.5 + 30 },
          ...{ startChargeCoulomb: at / 3, stopChargeCoulomb: at / 3 + 0.1 },
        },
      ];
    }
  }

  it('is within a tenth of what they take', () => {
    const instruments = { potentiostat, sensors, spectrometer };
    const plan = planOf(
      instruments,
      `
  - name: rest
    technique: openCircuit
    record: { every: "1 h" }
    until: { any: [{ time: "10 h" }] }
    during: [{ technique: spectrum, regions: [edxrd], duration: "30 s", every: "1 min" }]`,
    );
    expect(plan.estimates.detectorSpectra).toBe(600);
    const bytes = bytesOf(spectra(plan.estimates.detectorSpectra));
    const { databaseBytes } = dataVolumeOf(plan, instruments);
    expect(Math.abs(databaseBytes / bytes - 1)).toBeLessThan(0.1);
  });
});

describe('the predicted cost of looking into volumes', () => {
  const detector = { rows: 64, columns: 192, voxel: { acrossMetre: 60e-6, alongMetre: 20e-6 } };
  const STEPS = `
  - name: rest
    technique: openCircuit
    record: { every: "1 h" }
    until: { any: [{ time: "10 h" }] }
    during:
      - { technique: scan, views: 10, span: "180°", duration: "30 s", every: "1 min", analyse: { face: bottom, compareWith: first } }`;

  function instrumentsWith(size: object): Instruments {
    if (!scanner) throw new Error('the scripted rig has no scanner');
    const { info, viewsMax } = scanner;
    return {
      potentiostat,
      sensors,
      scanner: { info, viewsMax, ...size },
    } as unknown as Instruments;
  }

  /** Results with as many digits as they have, of a volume of 30 depths. */
  function* results(count: number): Generator<readonly [number, RecordBody]> {
    for (const [at, body] of Array.from({ length: count }).flatMap((_, index) =>
      EVERY_KIND.filter(({ kind }) => kind === 'segmentation' || kind === 'volumeChange').map(
        (one) => [index, one] as const,
      ),
    )) {
      const depths = Array.from({ length: 30 }, (_, bin) => ({
        fromMetre: bin * 2e-5 + 1e-19,
        toMetre: (bin + 1) * 2e-5 + 1e-19,
        fraction: Math.abs(Math.sin(at + bin)) / 100,
        standardError: Math.abs(Math.cos(at + bin)) / 1000,
      }));
      yield [
        at * 60.5,
        body.kind === 'segmentation' ? { ...body, result: { ...body.result, depths } } : body,
      ];
      for (const name of ['void-fraction', 'largest-void', 'protrusion-length'].slice(0, 3)) {
        yield [
          at * 60.5,
          {
            kind: 'derived',
            value: { name, value: Math.sin(at), standardError: Math.cos(at), source: 'scan-002' },
          },
        ];
      }
    }
  }

  it('is within a fifth of what their results take', () => {
    const instruments = instrumentsWith(detector);
    const plan = planOf(instruments, STEPS);
    expect(plan.estimates.scans).toBe(600);
    const without = planOf(instruments, STEPS.replace(/, analyse: \{.*?\}/, ''));
    const predicted =
      dataVolumeOf(plan, instruments).databaseBytes -
      dataVolumeOf(without, instruments).databaseBytes;
    const taken = bytesOf(results(600)) - bytesOf([]);
    expect(Math.abs(predicted / taken - 1)).toBeLessThan(0.2);
  });

  it('is a bound on memory, and none where nothing is looked into', () => {
    const of = (size: object, steps = STEPS): number => {
      const instruments = instrumentsWith({ ...detector, ...size });
      return dataVolumeOf(planOf(instruments, steps), instruments).analysisMemoryBytes;
    };
    expect(of({}, STEPS.replace(/, analyse: \{.*?\}/, ''))).toBe(0);
    const small = of({});
    expect(small).toBeGreaterThan(2 * 64 * 192 * 192 * 4);
    expect(small).toBeLessThan(300e6);
    expect(of({ rows: 2048, columns: 2048 })).toBeGreaterThan(small);
  });
});

describe('the predicted size of a scan', () => {
  const SCAN = `
  - { name: ct, technique: scan, views: 100, span: "180°", duration: "90 s" }`;

  it('is two bytes for each pixel of each view, and a volume of floats', () => {
    if (!scanner) throw new Error('the scripted rig has no scanner');
    const instruments = { potentiostat, sensors, scanner };
    const { rows, columns } = scanner;
    const { framesBytes, volumesBytes } = dataVolumeOf(planOf(instruments, SCAN), instruments);
    expect(framesBytes).toBe(100 * rows * columns * 2);
    expect(volumesBytes).toBeGreaterThan(rows * columns * columns * 4);
  });

  it('counts one for each photon energy', () => {
    const instruments = { potentiostat, sensors, ...(scanner && { scanner }) };
    const four = SCAN.replace('views', 'energies: ["7 keV", "7.1 keV", "7.2 keV", "8 keV"], views');
    const one = dataVolumeOf(planOf(instruments, SCAN), instruments);
    const many = dataVolumeOf(planOf(instruments, four), instruments);
    expect(many.framesBytes).toBe(4 * one.framesBytes);
    expect(many.volumesBytes).toBe(4 * one.volumesBytes);
  });

  it('is nothing without a scan', () => {
    const instruments = { potentiostat, sensors };
    const { framesBytes, volumesBytes } = dataVolumeOf(planOf(instruments, REST), instruments);
    expect({ framesBytes, volumesBytes }).toEqual({ framesBytes: 0, volumesBytes: 0 });
  });
});
