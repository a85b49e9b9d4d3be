import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MqttOutlet } from '../../src/mqtt/json-outlet.ts';
import { PAYLOAD_BYTES_MAX } from '../../src/mqtt/record-messages.ts';
import { WINDOW_MAX } from '../../src/mqtt/supervisor.ts';
import type { RunDatabase } from '../../src/store/run-database.ts';
import { EVERY_KIND, fitBody, noteBody, sampleBody } from '../store/sample-run.ts';
import { circuitFit } from '../support/circuit-fit.ts';
import { outletBench, range, sequencesOf } from './outlet-bench.ts';
import { RecordingBroker } from './recording-broker.ts';

const DRAIN_MS = 600_000;
const CELL = 'operando/v1/lab-a/node-1/cell-7';

let broker: RecordingBroker;
beforeEach(async () => {
  broker = new RecordingBroker();
  await broker.start();
});
afterEach(() => broker.stop());

/** Records as a run makes them: samples of two channels, spectra with a fit for every point. */
function writeSpectra(run: RunDatabase, count: number, firstSecond = 0): void {
  for (let spectrum = 0; spectrum < count; spectrum += 1) {
    for (let index = 0; index < 10; index += 1) {
      const timeSecond = firstSecond + spectrum * 10 + index;
      for (let at = 0; at < 5; at += 1) {
        run.writer.append(timeSecond, sampleBody(at / 7));
        run.writer.append(timeSecond, sampleBody(at / 3, 'current_ampere'));
      }
      run.writer.append(
        timeSecond,
        fitBody(`s-${firstSecond}-${spectrum}`, index + 1, index === 9),
      );
    }
  }
  run.writer.commit();
}

const recordPayloads = (): Record<string, unknown>[] => [
  ...broker.messages
    .filter(({ topic }) => topic.startsWith(`${CELL}/t/`) || topic === `${CELL}/log`)
    .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>),
];

const fitsInDatabase = (run: RunDatabase): number[] =>
  run.reader
    .readAfter(0, 10_000)
    .filter((record) => record.body.kind === 'fit')
    .map((record) => record.sequence);

describe('the MQTT outlet', () => {
  it('delivers every fit exactly once and in order, and every record in one stream', async () => {
    const { run, outlet } = outletBench(broker.url);
    const mqtt = outlet();
    mqtt.start();
    for (let round = 0; round < 5; round += 1) {
      writeSpectra(run, 4, round * 1000);
      await broker.until(() => broker.on('/t/fit').length >= (round + 1) * 40);
    }
    expect(await mqtt.drain(DRAIN_MS)).toBe(0);
    const fits = broker.on('/t/fit');
    expect(fits.map((fit) => fit.seq)).toEqual(fitsInDatabase(run));
    expect(fits.filter((fit) => fit.final)).toHaveLength(20);
    const sequences = recordPayloads().flatMap(sequencesOf);
    expect(sequences.sort((a, b) => a - b)).toEqual(range(run.reader.lastSequence()));
    expect(run.reader.loadCursor('mqtt')).toBe(run.reader.lastSequence());
    expect(mqtt.statistics()).toMatchObject({ connections: 1, repeated: 0, remaining: 0 });
  });

  it('publishes each kind of record with its values under Battery Data Format names', async () => {
    const { run, outlet } = outletBench(broker.url);
    for (const body of EVERY_KIND) run.writer.append(1.5, body);
    run.writer.commit();
    const mqtt = outlet();
    mqtt.start();
    await mqtt.drain(DRAIN_MS);
    const common = {
      schema: 1,
      run: '20261121-120501-first-light-7f3a',
      boot: 0,
      clk: 'simulated',
    };
    expect(broker.on('/t/voltage_volt')).toEqual([
      {
        ...common,
        seq0: 1,
        n: 1,
        t0_second: 1.5,
        t0_utc: '2026-11-21T12:05:02.500Z',
        dseq: [0],
        dt: [0],
        v: [0.125],
      },
    ]);
    expect(broker.on('/t/fit')[0]).toMatchObject({
      ...common,
      seq: 7,
      t_second: 1.5,
      spectrum_id: 'spectrum-1',
      final: true,
      status: 'converged',
      parameters: [
        { name: 'R0', value: 12.5, unit: 'ohm', standard_error: 0.1, lower: 12.3, upper: 12.7 },
        {
          name: 'CPE1.n',
          value: 0.91,
          unit: '1',
          standard_error: null,
          identifiable: false,
          lower: null,
        },
      ],
      real_impedance_ohm: [12.6, 20.1, 31],
      imaginary_impedance_ohm: [-0.4, -7.5, -0.2],
    });
    expect(broker.on('/t/spectrum-point')[0]).toMatchObject({
      frequency_hertz: 1e5,
      imaginary_impedance_ohm: -0.5,
      quality: 'late',
    });
    expect(broker.on('/t/volume')[0]).toMatchObject({ axis_pixel: 31.25, file: 'scan-1.h5' });
    expect(broker.on('/t/scan')[0]).toMatchObject({ frames_file: 'scan-1.frames', views: 180 });
    expect(broker.on('/t/step').map((step) => step.ended_by)).toEqual([null, 'event: short']);
    expect(broker.on('/log')[0]).toMatchObject({ code: 'interlock', severity: 'alarm', seq: 2 });
  });

  it('retains status, description, state and alarms, and says offline when stopped', async () => {
    const { run, control, outlet } = outletBench(broker.url);
    for (const body of EVERY_KIND) run.writer.append(1.5, body);
    run.writer.commit();
    const mqtt = outlet();
    mqtt.start();
    await mqtt.drain(DRAIN_MS);
    expect(broker.on('node-1/status')[0]).toMatchObject({ state: 'ready', ver: '0.1.0' });
    expect(broker.on('node-1/desc')[0]).toMatchObject({
      channels: expect.arrayContaining([
        {
          name: 'voltage_volt',
          label: 'Voltage',
          unit: 'V',
          bdf_term:
            'https://w3id.org/battery-data-alliance/ontology/battery-data-format#voltage_volt',
          topic: `${CELL}/t/voltage_volt`,
        },
      ]),
      instruments: [
        { id: 'potentiostat', model: 'EmStat4', provenance: 'simulated' },
        { id: 'heater', model: 'oven', provenance: 'simulated' },
      ],
    });
    expect(broker.on('/state')[0]).toMatchObject({ status: 'running', step_name: 'Plating' });
    expect(broker.on('/alarm/interlock')[0]).toMatchObject({
      message: 'Temperature 82.1 °C is above the limit of 80 °C',
    });
    control.runStatus = 'tripped';
    await broker.until(() => broker.on('node-1/status').at(-1)?.state === 'safe');
    await mqtt.stop();
    await mqtt.stop();
    expect(broker.on('node-1/status').at(-1)).toMatchObject({ state: 'offline' });
    const kinds = ['node-1/status', 'node-1/desc', '/state', '/alarm/interlock', '/log', '/t/fit'];
    expect(
      kinds.map((end) => broker.messages.find(({ topic }) => topic.endsWith(end))?.retain),
    ).toEqual([true, true, true, true, false, false]);
  });

  it('describes the instruments anew when they have said who they are', async () => {
    const { run, outlet } = outletBench(broker.url);
    outlet().start();
    await broker.until(() => broker.on('node-1/desc').length === 1);
    const [first, ...others] = run.reader.info.instruments;
    if (!first) throw new Error('the run has no instruments');
    const named = { ...first, model: 'EmStat4 HR SIM20B0008', provenance: 'simulated' } as const;
    run.writer.nameInstruments([named, ...others]);
    await broker.until(() => broker.on('node-1/desc').length === 2);
    expect(broker.on('node-1/desc').at(-1)).toMatchObject({ instruments: [named, ...others] });
  });

  it('keeps every payload within 32 KiB, also after a long time away', async () => {
    const { run, outlet } = outletBench(broker.url);
    for (let at = 0; at < 20_000; at += 1) {
      run.writer.append(at * 0.123456789, sampleBody(Math.sin(at) * 1e-9));
    }
    run.writer.append(3000, {
      ...(fitBody('big', 1) as Extract<ReturnType<typeof fitBody>, { kind: 'fit' }>),
      fit: circuitFit({
        points: 3000,
        curve: range(3000).map((at) => ({ zRealOhm: at / 7, zImagOhm: -at / 11 })),
      }),
    });
    run.writer.commit();
    const mqtt = outlet();
    mqtt.start();
    expect(await mqtt.drain(DRAIN_MS)).toBe(0);
    const sizes = broker.messages.map(({ payload }) => Buffer.byteLength(payload));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(PAYLOAD_BYTES_MAX);
    expect(broker.on('/t/fit')[0]).toMatchObject({ curve_omitted: true, points: 3000 });
    expect(broker.on('/t/voltage_volt').flatMap((batch) => batch.v)).toHaveLength(20_000);
  });

  it('loses nothing when the broker is stopped and restarted in the middle', async () => {
    const { run, problems, outlet } = outletBench(broker.url);
    const mqtt = outlet();
    mqtt.start();
    for (let round = 0; round < 3; round += 1) {
      writeSpectra(run, 20, round * 1000);
      const seen = broker.messages.length;
      await broker.until(() => broker.messages.length > seen + 10);
      await broker.stop();
      writeSpectra(run, 5, round * 1000 + 500);
      await broker.start();
    }
    expect(await mqtt.drain(DRAIN_MS)).toBe(0);
    const sequences = recordPayloads().flatMap(sequencesOf);
    const unique = [...new Set(sequences)].sort((a, b) => a - b);
    expect(unique).toEqual(range(run.reader.lastSequence()));
    const fits = broker.on('/t/fit').map((fit) => fit.seq as number);
    expect([...new Set(fits)]).toEqual(fitsInDatabase(run));
    // What came twice was on its way when the connection broke: at most a window for each break.
    expect(fits.length - new Set(fits).size).toBeLessThanOrEqual(3 * WINDOW_MAX);
    expect(mqtt.statistics().connections).toBeGreaterThanOrEqual(4);
    expect(problems.length).toBeGreaterThan(0);
  });

  it('goes on from its saved cursor when the software is started again', async () => {
    const { run, outlet } = outletBench(broker.url);
    const first = outlet();
    first.start();
    writeSpectra(run, 3);
    await first.drain(DRAIN_MS);
    await first.stop();
    const before = recordPayloads().length;
    writeSpectra(run, 1, 500);
    const second = outlet();
    second.start();
    expect(await second.drain(DRAIN_MS)).toBe(0);
    const after = recordPayloads().slice(before).flatMap(sequencesOf);
    expect(Math.min(...after)).toBe(331);
    expect(after).toHaveLength(110);
  });

  it('has at most a window of messages on the way to a broker that does not acknowledge', async () => {
    const { run, outlet } = outletBench(broker.url);
    const mqtt = outlet();
    mqtt.start();
    await broker.until(() => broker.on('/state').length > 0);
    broker.hold();
    writeSpectra(run, 50);
    await broker.until(() => broker.heldCount >= 16);
    expect(run.reader.lastSequence()).toBe(5500);
    expect(mqtt.statistics().published - mqtt.statistics().acknowledged).toBeLessThanOrEqual(
      WINDOW_MAX,
    );
    expect(run.reader.loadCursor('mqtt')).toBe(0);
    broker.release();
    expect(await mqtt.drain(DRAIN_MS)).toBe(0);
    expect(broker.on('/t/fit').map((fit) => fit.seq)).toEqual(fitsInDatabase(run));
  });

  it('neither holds records in memory nor disturbs the run while there is no broker', async () => {
    await broker.stop();
    const { run, problems, outlet } = outletBench(broker.url);
    const mqtt = outlet();
    mqtt.start();
    for (let round = 0; round < 20; round += 1) writeSpectra(run, 20, round * 1000);
    run.writer.append(1e6, noteBody('still here'));
    run.writer.commit();
    expect(run.reader.lastSequence()).toBe(44_001);
    expect(await mqtt.drain(5000)).toBe(44_001);
    expect(mqtt.statistics()).toMatchObject({ isConnected: false, published: 0, connections: 0 });
    expect(problems[0]?.message).toContain('records wait in the run database');
    await broker.start();
    expect(await mqtt.drain(DRAIN_MS)).toBe(0);
    expect(new Set(broker.on('/t/fit').map((fit) => fit.seq)).size).toBe(4000);
  });

  it('is reported lost by its will when the connection breaks, and ready when it is back', async () => {
    const { outlet } = outletBench(broker.url);
    const states = (): unknown[] => broker.on('node-1/status').map((status) => status.state);
    outlet().start();
    await broker.until(() => states().length === 1);
    broker.cut();
    await broker.until(() => states().length === 3);
    expect(states()).toEqual(['ready', 'lost', 'ready']);
    expect(broker.messages.filter(({ topic, retain }) => /status$/.test(topic) && !retain)).toEqual(
      [],
    );
  });

  it('clears alarms that an earlier run left on the cell, not its own', async () => {
    const old = outletBench(broker.url);
    for (const body of EVERY_KIND) old.run.writer.append(1, body);
    old.run.writer.commit();
    const mqtt = old.outlet();
    mqtt.start();
    await mqtt.drain(DRAIN_MS);
    await mqtt.stop();
    await broker.publishRetained(`${CELL}/alarm/cell-short`, '{"run":"the-run-before"}');
    const again = old.outlet();
    again.start();
    await broker.until(() => broker.messages.some(({ payload }) => payload === ''));
    await again.drain(DRAIN_MS);
    expect(broker.messages.filter(({ payload }) => payload === '')).toEqual([
      { topic: `${CELL}/alarm/cell-short`, payload: '', retain: true },
    ]);
  });

  it('does not start with an id that has no place in a topic', () => {
    const { run, control, clock } = outletBench(broker.url);
    const outlet = new MqttOutlet({
      reader: run.reader,
      control,
      clock,
      broker: { url: broker.url, protocolVersion: 4 },
      site: 'Lab A/+',
      node: 'node-1',
      cell: 'cell-7',
      version: '0.1.0',
    });
    expect(() => outlet.start()).toThrow(expect.objectContaining({ code: 'badInput' }));
  });
});
