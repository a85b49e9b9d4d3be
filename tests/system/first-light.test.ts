import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { RunRecord } from '../../src/domain/run-record.ts';
import type { ServerMessage } from '../../src/panel/protocol.ts';
import { parameterValue, recordsOf, startExperiment } from '../support/experiment-run.ts';
import { readVolume } from '../support/volumes.ts';

const FIRST_LIGHT = {
  recipe: 'recipes/first-light.yaml',
  rig: 'hardware/rigs/simulated.yaml',
  cell: 'recipes/cells/li-li3ps4-li.yaml',
  speed: Number.POSITIVE_INFINITY,
};

interface FitMessage {
  readonly seq: number;
  readonly spectrum_id: string;
  readonly final: boolean;
}

/** A subscriber that is there before the run's first record. */
async function subscribeToFits(url: string) {
  const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
  const messages: FitMessage[] = [];
  client.on('message', (_topic, payload) => {
    messages.push(JSON.parse(payload.toString()) as FitMessage);
  });
  await client.subscribeAsync('operando/v1/+/+/+/t/fit', { qos: 1 });
  return { messages, close: () => client.endAsync() };
}

/** A page without its looks: it greets and keeps every record. */
async function watchPanel(url: string) {
  const socket = new WebSocket(url.replace(/^http(.*)\/$/, 'ws$1/live'), {
    origin: url.slice(0, -1),
  });
  const records: RunRecord[] = [];
  let pictures = 0;
  const reached = new Set<() => void>();
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      pictures += 1;
      return;
    }
    const message = JSON.parse(data.toString()) as ServerMessage;
    if (message.type === 'records') records.push(...message.records);
    for (const look of reached) look();
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.send(JSON.stringify({ type: 'hello', after: 0 }));
  const until = (sequence: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if ((records.at(-1)?.sequence ?? 0) >= sequence) resolve();
      };
      reached.add(look);
      look();
    });
  return { records, pictures: () => pictures, until, close: () => socket.close() };
}

type Experiment = Awaited<ReturnType<typeof startExperiment>>;
type Watched = Awaited<ReturnType<typeof watchPanel>>;
type Subscribed = Awaited<ReturnType<typeof subscribeToFits>>;

describe('the first-light experiment, end to end', () => {
  let experiment: Experiment;
  let page: Watched;
  let subscriber: Subscribed;
  let outcome: Awaited<ReturnType<Experiment['run']>>;

  beforeAll(async () => {
    experiment = await startExperiment(FIRST_LIGHT);
    subscriber = await subscribeToFits(experiment.brokerUrl);
    page = await watchPanel(experiment.panelUrl);
    outcome = await experiment.run();
    await experiment.node.deliver();
    await page.until(experiment.node.database.reader.lastSequence());
  }, 240_000);

  afterAll(async () => {
    page.close();
    await subscriber.close();
    await experiment.node.stop();
  });

  const reader = () => experiment.node.database.reader;

  it('ends by the short, in the safe state, without a fault', () => {
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
    const events = recordsOf(reader(), 'event').map(({ body }) => body);
    const alarms = events.filter(({ severity }) => severity === 'alarm').map(({ code }) => code);
    expect(alarms).toEqual(['cellShort']);
    expect(events.filter(({ code }) => code === 'analysisFault')).toEqual([]);
    const safe = events.filter(({ code }) => code === 'safeState');
    expect(safe.length).toBeGreaterThanOrEqual(3);
    expect(safe.every(({ details }) => details.confirmed === true)).toBe(true);
  });

  it('shorts after the 2.56 mAh/cm² of the simulated cell, within its spread', () => {
    const [short] = recordsOf(reader(), 'event').filter(({ body }) => body.code === 'cellShort');
    const chargeCoulomb = Number(short?.body.details.charge_coulomb);
    const expectedCoulomb = 2.56 * 3.6 * 0.785;
    expect(Math.abs(chargeCoulomb / expectedCoulomb - 1)).toBeLessThan(0.05);
  });

  it('has fitted every spectrum point by point, and finally', () => {
    const spectra = recordsOf(reader(), 'spectrum');
    const fits = recordsOf(reader(), 'fit').map(({ body }) => body);
    expect(spectra.length).toBeGreaterThanOrEqual(6);
    for (const { body } of spectra) {
      const own = fits.filter(({ spectrumId }) => spectrumId === body.spectrumId);
      expect(own.filter(({ final }) => final)).toHaveLength(1);
      expect(own.length).toBeGreaterThan(30);
      expect(own.at(-1)?.final).toBe(true);
    }
  });

  it('finds R1 growing and R2 falling, as the simulated cell has them', () => {
    const finals = recordsOf(reader(), 'fit').filter(({ body }) => body.final);
    const before = finals.slice(0, 6).map(({ body }) => body.fit);
    expect(before.every(({ status }) => status === 'converged')).toBe(true);
    const r1 = before.map((fit) => parameterValue(fit, 'R1'));
    const r2 = before.map((fit) => parameterValue(fit, 'R2'));
    expect([...r1].sort((a, b) => a - b)).toEqual(r1);
    expect(r2.at(-1)).toBeLessThan((r2[0] ?? 0) * 0.9);
    expect(before.every(({ rmsPercent }) => rmsPercent < 0.5)).toBe(true);
  });

  it('brings every fit to a subscriber, once and in order', () => {
    const expected = recordsOf(reader(), 'fit').map(({ sequence }) => sequence);
    expect(expected.length).toBeGreaterThan(200);
    expect(subscriber.messages.map(({ seq }) => seq)).toEqual(expected);
  });

  it('brings every record to the page, once and in order, and pictures besides', () => {
    const sequences = page.records.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, at) => at + 1));
    const fits = page.records.filter(({ body }) => body.kind === 'fit');
    expect(fits).toEqual(recordsOf(reader(), 'fit'));
    expect(page.pictures()).toBeGreaterThan(0);
  });

  it('has reconstructed every scan, the one on the short too', async () => {
    const scans = recordsOf(reader(), 'scan');
    const volumes = recordsOf(reader(), 'volume').map(({ body }) => body);
    expect(scans.length).toBeGreaterThanOrEqual(4);
    expect(volumes.map(({ scanId }) => scanId)).toEqual(scans.map(({ body }) => body.scanId));
    for (const { summary, file } of volumes) {
      // The rig's axis stands 3.4 pixels beside the middle of 192 columns.
      expect(Math.abs(summary.axisPixel - 98.9)).toBeLessThan(0.5);
      const path = join(experiment.node.folder, file);
      expect(statSync(path).size).toBeGreaterThan(1e6);
      const picture = readFileSync(path.replace('.h5', '.png'));
      expect(picture.subarray(1, 4).toString()).toBe('PNG');
    }
    const last = volumes.at(-1);
    const volume = await readVolume(join(experiment.node.folder, last?.file ?? ''));
    expect([volume.slices, volume.rows, volume.columns]).toEqual([64, 192, 192]);
    expect(volume.voxels.every(Number.isFinite)).toBe(true);
    expect(Math.max(...volume.voxels.subarray(32 * 192 * 192, 33 * 192 * 192))).toBeGreaterThan(
      0.003,
    );
  });

  it('leaves a database that sqlite3 reads', () => {
    const sql = 'SELECT count(*) FROM fit; SELECT max(sequence) FROM sample;';
    const path = join(experiment.node.folder, 'run.sqlite');
    const rows = execFileSync('sqlite3', [path, sql], { encoding: 'utf8' }).trim().split('\n');
    expect(Number(rows[0])).toBe(recordsOf(reader(), 'fit').length);
    expect(Number(rows[1])).toBeGreaterThan(1000);
  });
});
