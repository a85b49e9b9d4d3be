import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Bus } from '../../src/domain/bus.ts';
import type { Fault } from '../../src/domain/fault.ts';
import { LIVE_PLANES } from '../../src/domain/scan.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { decodePictures, type Picture, type ServerMessage } from '../../src/panel/protocol.ts';
import { PanelServer, type PanelServerOptions, SOCKETS_MAX } from '../../src/panel/server.ts';
import { MemoryRun, memoryRunInfo, ScriptedControl } from '../support/memory-run.ts';
import { ScriptedExperiment } from '../support/scripted-experiment.ts';

/** A page as far as the protocol goes. */
class TestClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly pictures: Picture[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #waiters = new Set<() => void>();

  constructor(url: string, origin: string | undefined) {
    const options = origin === undefined ? {} : { origin };
    this.socket = new WebSocket(`${url.replace('http', 'ws')}live`, options);
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.pictures.push(...decodePictures(data));
      else this.messages.push(JSON.parse(data.toString()));
      for (const waiter of this.#waiters) waiter();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** Resolves on open; rejects with "Unexpected server response: 403" and the like. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  sequences(): number[] {
    return this.messages.flatMap((message) =>
      message.type === 'records' ? message.records.map((record) => record.sequence) : [],
    );
  }

  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isSo()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

describe('the panel server', () => {
  let staticFolder: string;
  let run: MemoryRun;
  let control: ScriptedControl;
  let bus: Bus;
  let panel: PanelServer;
  let url: string;
  let origin: string;
  const clients: TestClient[] = [];

  beforeEach(async () => {
    staticFolder = mkdtempSync(join(tmpdir(), 'panel-'));
    mkdirSync(join(staticFolder, 'assets'));
    writeFileSync(join(staticFolder, 'index.html'), '<!doctype html><title>panel</title>');
    writeFileSync(join(staticFolder, 'assets/index-1.js'), 'export {};');
    writeFileSync(join(staticFolder, '.secret.js'), 'hidden');
    run = new MemoryRun();
    control = new ScriptedControl(run);
    bus = new Bus((name, error) => {
      throw new Error(`listener of ${name} failed`, { cause: error });
    });
    panel = new PanelServer(options());
    ({ url } = await panel.start());
    origin = url.slice(0, -1);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.terminate();
    await panel.stop();
    rmSync(staticFolder, { recursive: true });
  });

  function options(changes: Partial<PanelServerOptions> = {}): PanelServerOptions {
    const clock = new SystemClock();
    return {
      reader: run,
      control,
      bus,
      clock,
      staticFolder,
      host: '127.0.0.1',
      port: 0,
      ...changes,
    };
  }

  function newClient(from: string | undefined = origin): TestClient {
    const client = new TestClient(url, from);
    clients.push(client);
    return client;
  }

  async function greeted(after = 0, runId?: string): Promise<TestClient> {
    const client = newClient();
    await client.opened();
    client.send({ type: 'hello', after, ...(runId === undefined ? {} : { runId }) });
    await client.until(() => client.messages.length >= 1);
    return client;
  }

  function ask({ method = 'GET', path = '/', headers = {} }: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const call = request({ hostname, port, method, path, headers }, (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += String(chunk);
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      });
      call.on('error', reject);
      call.end();
    });
  }

  function addSamples(count: number): void {
    for (let index = 0; index < count; index++) {
      run.append(index, { kind: 'sample', channel: 'voltage_volt', value: index, quality: 'good' });
    }
    run.commit();
  }

  describe('serves the page', () => {
    it('with a policy that allows nothing inline and nothing from elsewhere', async () => {
      const { status, headers, body } = await ask({});
      expect(status).toBe(200);
      expect(body).toContain('panel');
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain('unsafe');
      expect(policy).not.toContain('http');
      expect(headers['x-content-type-options']).toBe('nosniff');
    });

    it.each([
      '/../package.json',
      '/..%2fpackage.json',
      '/.secret.js',
      '/nothing',
      '//etc/passwd',
    ])('and no other file: %s', async (path) => {
      const { status, headers } = await ask({ path });
      expect(status).toBe(404);
      expect(headers['content-security-policy']).toBeDefined();
    });

    it('to GET and HEAD alone', async () => {
      expect((await ask({ method: 'HEAD' })).body).toBe('');
      expect((await ask({ method: 'PUT' })).status).toBe(405);
    });

    it('to a name of this machine alone, so that a rebound name gets nothing', async () => {
      expect((await ask({ headers: { host: 'evil.example:8080' } })).status).toBe(421);
      expect((await ask({ headers: { host: '127.0.0.1.evil.example' } })).status).toBe(421);
      expect((await ask({ headers: { host: 'localhost:9999' } })).status).toBe(200);
    });
  });

  describe('takes the word of a person', () => {
    const word = (changes: object = {}): object => ({
      type: 'acknowledge',
      requestId: 'one',
      runId: run.info.runId,
      alarm: 'interlock',
      by: 'Ada',
      reason: 'The fuse was replaced',
      ...changes,
    });
    const answers = (client: TestClient) =>
      client.messages.filter((message) => message.type === 'answer');

    it('and carries it out once, also when another page repeats it', async () => {
      const [first, second] = [await greeted(), await greeted()];
      first.send(word());
      await first.until(() => answers(first).length === 1);
      second.send(word());
      await second.until(() => answers(second).length === 1);
      expect(answers(second)).toEqual([
        { type: 'answer', requestId: 'one', state: 'done', message: 'Acknowledged' },
      ]);
      expect(control.acknowledged).toHaveLength(1);
      expect(control.acknowledged[0]).toMatchObject({ by: 'Ada', via: 'panel' });
    });

    it('and says why a run cannot go on', async () => {
      control.onGoOn = () => Promise.reject(new Error('run: it waits for nobody'));
      const client = await greeted();
      client.send({ ...word({ type: 'goOn' }), alarm: undefined });
      await client.until(() => answers(client).length === 1);
      expect(answers(client)).toMatchObject([
        { state: 'failed', message: 'run: it waits for nobody' },
      ]);
    });

    it('and tells every page what the run waits for', async () => {
      const waiting = { kind: 'held', sinceSecond: 7, message: 'Waits.', obstacle: null } as const;
      control.currentWaiting = waiting;
      const client = await greeted();
      await client.until(() => client.messages.some(({ type }) => type === 'progress'));
      expect(client.messages.find(({ type }) => type === 'progress')).toMatchObject({ waiting });
    });
  });

  describe('refuses a websocket', () => {
    it.each([
      undefined,
      'http://evil.example',
      'http://127.0.0.1:1',
      'https://127.0.0.1',
      'null',
    ])('from origin %s', async (from) => {
      const client = new TestClient(url, from);
      clients.push(client);
      await expect(client.opened()).rejects.toThrow('403');
    });

    it('on another path', async () => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}other`, { origin });
      await expect(
        new Promise((_, reject) => {
          socket.once('error', reject);
        }),
      ).rejects.toThrow('404');
    });

    it('beyond the 32nd', async () => {
      const many = Array.from({ length: SOCKETS_MAX }, () => newClient());
      await Promise.all(many.map((client) => client.opened()));
      await expect(newClient().opened()).rejects.toThrow('503');
    });
  });

  it('closes a client that sends more than 64 KiB at once', async () => {
    const client = await greeted();
    client.socket.send('x'.repeat(64 * 1024 + 1));
    expect((await client.closed).code).toBe(1009);
  });

  it('sends what the run is, its history, and then what is committed', async () => {
    addSamples(1300);
    const client = await greeted();
    const [first] = client.messages;
    expect(first).toMatchObject({ type: 'run', status: 'running', lastSequence: 1300, after: 0 });
    expect(JSON.stringify(first)).not.toContain('recipe text');
    await client.until(() => client.sequences().length === 1300);
    addSamples(3);
    await client.until(() => client.sequences().length === 1303);
    expect(client.sequences()).toEqual(Array.from({ length: 1303 }, (_, index) => index + 1));
  });

  it('says what the run is again when the instruments have said who they are', async () => {
    addSamples(3);
    const client = await greeted();
    await client.until(() => client.sequences().length === 3);
    const [first, ...others] = run.info.instruments;
    if (!first) throw new Error('the run has no instruments');
    const named = { ...first, model: 'EmStat4 HR SIM20B0008' };
    run.nameInstruments([named, ...others]);
    addSamples(2);
    await client.until(() => client.messages.filter(({ type }) => type === 'run').length === 2);
    const again = client.messages.filter(({ type }) => type === 'run').at(-1);
    expect(again).toMatchObject({ info: { instruments: [named, ...others] } });
    // From where the page stands: it keeps what it has.
    expect(again).not.toMatchObject({ after: 0 });
    await client.until(() => client.sequences().length === 5);
    expect(client.sequences()).toEqual([1, 2, 3, 4, 5]);
  });

  it('does not send what is not committed', async () => {
    const client = await greeted();
    addSamples(1);
    run.append(9, { kind: 'sample', channel: 'voltage_volt', value: 9, quality: 'good' });
    await client.until(() => client.messages.some(({ type }) => type === 'records'));
    expect(client.sequences()).toEqual([1]);
  });

  it('gives a client that comes back exactly the records it misses', async () => {
    addSamples(700);
    const first = await greeted();
    await first.until(() => first.sequences().length === 700);
    first.socket.terminate();
    addSamples(50);
    const second = await greeted(700, run.info.runId);
    await second.until(() => second.sequences().length >= 50);
    expect(second.sequences()).toEqual(Array.from({ length: 50 }, (_, index) => 701 + index));
  });

  it.each([
    ['another run', 10, 'another-run'],
    ['a longer run than this', 999, undefined],
  ])('starts at the beginning for a cursor of %s', async (_, after, runId) => {
    addSamples(20);
    const client = await greeted(after, runId);
    expect(client.messages[0]).toMatchObject({ type: 'run', after: 0 });
    await client.until(() => client.sequences().length === 20);
  });

  it('gives two clients the same records', async () => {
    const [one, two] = [await greeted(), await greeted()];
    addSamples(600);
    await Promise.all([one, two].map((each) => each.until(() => each.sequences().length === 600)));
    expect(one.sequences()).toEqual(two.sequences());
  });

  it('tells the progress again and again', async () => {
    const client = await greeted();
    const told = () => client.messages.filter(({ type }) => type === 'progress');
    await client.until(() => told().length >= 3);
    expect(told()[0]).toMatchObject({ progress: { stepName: 'soak' }, picturesDropped: 0 });
  });

  it('sends the newest live slice, counts the others, and keeps it for who comes later', async () => {
    const client = await greeted();
    const experiment = new ScriptedExperiment({ run, control, bus });
    experiment.playTo(9000);
    await client.until(() => client.pictures.length > 0);
    const { header, pixels } = client.pictures[0] as Picture;
    expect(header).toMatchObject({
      viewsDone: 45,
      viewsTotal: 90,
      plane: 'horizontal',
      rows: 160,
      columns: 160,
      binning: 2,
    });
    expect(client.pictures.map((picture) => picture.header.plane)).toEqual([...LIVE_PLANES]);
    expect(new Set(pixels).size).toBeGreaterThan(100);
    await client.until(() =>
      client.messages.some(
        (message) => message.type === 'progress' && message.picturesDropped === 44,
      ),
    );
    const late = await greeted();
    await late.until(() => late.pictures.length > 0);
    expect(late.pictures[0]?.header.viewsDone).toBe(45);
  });

  describe('stop', () => {
    it('by websocket is confirmed when the safe state is', async () => {
      const client = await greeted();
      client.send({ type: 'stop' });
      const answers = () => client.messages.filter((message) => message.type === 'stop');
      await client.until(() => answers().length === 2);
      expect(answers().map(({ state }) => state)).toEqual(['requested', 'done']);
      expect(control.stopsRequestedBy).toEqual(['panel']);
    });

    it('by POST is answered with the status of the run', async () => {
      const answer = await ask({ method: 'POST', path: '/api/stop', headers: { origin } });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toEqual({ status: 'stopped' });
      expect(control.stopsRequestedBy).toEqual(['panel']);
    });

    it.each<[string, Ask]>([
      ['a foreign page', { method: 'POST', headers: { origin: 'http://evil.example' } }],
      ['no origin at all', { method: 'POST' }],
      ['a rebound name', { method: 'POST', headers: { origin: 'http://e.x', host: 'e.x' } }],
      ['a link', { method: 'GET' }],
    ])('is not taken from %s', async (_, how) => {
      const { status } = await ask({ path: '/api/stop', ...how });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(control.stopsRequestedBy).toEqual([]);
    });

    it('from many hands at once is one request', async () => {
      let confirm = (): void => {};
      control.onStop = () =>
        new Promise((resolve) => {
          confirm = resolve;
        });
      const [one, two] = [await greeted(), await greeted()];
      for (const client of [one, two]) client.send({ type: 'stop' });
      const heard = (client: TestClient, state: string) =>
        client.until(() =>
          client.messages.some((message) => message.type === 'stop' && message.state === state),
        );
      await Promise.all([heard(one, 'requested'), heard(two, 'requested')]);
      expect(control.stopsRequestedBy).toEqual(['panel']);
      confirm();
      await Promise.all([heard(one, 'done'), heard(two, 'done')]);
    });

    it('that fails says so', async () => {
      control.onStop = () => Promise.reject(new Error('relay did not confirm'));
      const client = await greeted();
      client.send({ type: 'stop' });
      await client.until(() =>
        client.messages.some((message) => message.type === 'stop' && message.state === 'failed'),
      );
      const answer = await ask({ method: 'POST', path: '/api/stop', headers: { origin } });
      expect(answer.status).toBe(500);
      expect(answer.body).toContain('relay did not confirm');
    });
  });

  it('closes the pages, tells the bus once and lives on when the run cannot be read', async () => {
    const told: string[] = [];
    bus.on('analysisFault', ({ where, message }) => told.push(`${where}: ${message}`));
    const client = await greeted();
    run.failReads(new Error('disk I/O error'));
    addSamples(1);
    expect((await client.closed).code).toBe(1011);
    const again = await greeted();
    expect((await again.closed).code).toBe(1011);
    expect(told).toEqual(['panel: disk I/O error']);
    run.failReads(undefined);
    const healed = await greeted();
    await healed.until(() => healed.sequences().length === 1);
  });

  it('lets its pages read to the end of the run before it ends', async () => {
    const client = await greeted();
    addSamples(5000);
    run.finish('done');
    await panel.stop();
    expect(await client.closed).toEqual({ code: 1001, reason: 'the panel has ended' });
    expect(client.sequences()).toHaveLength(5000);
    expect(client.messages.at(-1)?.type).toBe('records');
  });

  it('ends even when a page has fallen asleep', { timeout: 10_000 }, async () => {
    const client = await greeted();
    client.socket.pause();
    await panel.stop();
    client.socket.resume();
    await client.closed;
  });

  it('may be stopped twice, or without having been started', async () => {
    await panel.stop();
    await panel.stop();
    await new PanelServer(options()).stop();
  });

  describe('does not start', () => {
    async function faultOf(changes: Partial<PanelServerOptions>): Promise<Fault> {
      return (await new PanelServer(options(changes)).start().catch((error) => error)) as Fault;
    }

    it.each(['0.0.0.0', '::', '192.168.1.7', 'edge.local', ''])('on host "%s"', async (host) => {
      const fault = await faultOf({ host });
      expect(fault.code).toBe('badInput');
      expect(fault.message).toContain('SSH tunnel');
    });

    it('on a port that is taken', async () => {
      const port = Number(new URL(url).port);
      const fault = await faultOf({ port });
      expect(fault.code).toBe('badInput');
      expect(fault.message).toContain(`panel port ${port}: is in use`);
    });

    it('without the built page', async () => {
      const fault = await faultOf({ staticFolder: join(staticFolder, 'nowhere') });
      expect(fault.code).toBe('fileMissing');
      expect(fault.message).toContain('npm run build');
    });
  });

  it('names itself by an address of IPv6 where that is asked for', async () => {
    const other = new PanelServer(options({ host: '::1' }));
    const started = await other.start().catch((error: Error) => error);
    if (started instanceof Error) {
      // A machine without IPv6 says so as a fault.
      expect(started.message).toContain('panel port');
    } else {
      expect(started.url).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
    }
    await other.stop();
  });

  it('says in the run message that a value is simulated', async () => {
    const client = await greeted();
    const [message] = client.messages;
    expect(message?.type === 'run' && message.info.instruments).toEqual(
      memoryRunInfo().instruments,
    );
  });
});
