import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { chromium } from 'playwright-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { ServerMessage } from '../../src/panel/protocol.ts';
import { openRun } from '../../src/store/run-database.ts';
import { operando, ROOT, startOperando } from '../support/built.ts';
import { CHROMIUM_FLAGS, CHROMIUM_PATH, describeWithChromium } from '../support/chromium.ts';
import { recordsOf } from '../support/experiment-run.ts';

const CELL = 'operando/v1/lab/node-1/li-li3ps4-li';

/** The short is not what plating expects: the run trips. Resting needs no sound cell. */
const RECIPE = `recipe: unexpected-short
title: Plating in which the cell shorts
safety:
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "5 V" }
  current: { max: "10 mA" }
resume: { policy: resume, maxGap: "1 h" }
steps:
  - { name: plate, technique: constantCurrent, current: "0.4 mA/cm²", record: { every: "5 s" }, until: { any: [{ time: "1 h" }] } }
  - { name: rest, technique: openCircuit, record: { every: "5 s" }, until: { any: [{ time: "2 min" }] } }
`;

interface Tripped {
  readonly folder: string;
  readonly runId: string;
  readonly code: number | null;
}

async function trippedRun(): Promise<Tripped> {
  const out = mkdtempSync(join(tmpdir(), 'operando-people-'));
  const recipe = join(out, 'recipe.yaml');
  const rig = join(out, 'rig.yaml');
  writeFileSync(recipe, RECIPE);
  const sound = readFileSync(`${ROOT}hardware/rigs/simulated-small.yaml`, 'utf8');
  writeFileSync(rig, `${sound}\nfaults:\n  - { name: short, at: 10 min, seed: 1 }\n`);
  const runs = join(out, 'runs');
  const { code } = await operando(
    ...['run', recipe, '--rig', rig, '--cell', 'recipes/cells/li-li3ps4-li.yaml'],
    ...['--no-panel', '--broker', 'none', '--speed', '600', '--out', runs],
  );
  const [runId = ''] = readdirSync(runs);
  return { folder: join(runs, runId), runId, code };
}

/** Someone on the laboratory network. */
class Colleague {
  readonly #client: MqttClient;
  readonly #answers: Record<string, unknown>[] = [];
  readonly retained = new Map<string, string>();
  #wake = (): void => {};

  constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => {
      if (topic === 'answers/ada') this.#answers.push(JSON.parse(String(payload)));
      else this.retained.set(topic, String(payload));
      this.#wake();
    });
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The last answer to a command. */
  async ask(verb: string, id: string, words: object): Promise<Record<string, unknown>> {
    const payload = {
      correlation_id: id,
      issued_at_utc_ms: Date.now(),
      response_topic: 'answers/ada',
      ...words,
    };
    await this.#client.publishAsync(`${CELL}/cmd/${verb}`, JSON.stringify(payload), { qos: 1 });
    const isLast = (one: Record<string, unknown>): boolean =>
      one.correlation_id === id && one.state !== 'accepted';
    await this.until(() => this.#answers.some(isLast));
    return this.#answers.find(isLast) ?? {};
  }
}

/** Someone at the panel. */
class Visitor {
  readonly #socket: WebSocket;
  readonly #runId: string;
  #answers: Extract<ServerMessage, { type: 'answer' }>[] = [];
  #wake = (): void => {};

  constructor(socket: WebSocket, runId: string) {
    this.#socket = socket;
    this.#runId = runId;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) return;
      const message = JSON.parse(data.toString()) as ServerMessage;
      if (message.type === 'answer') this.#answers.push(message);
      this.#wake();
    });
  }

  async ask(request: { readonly type: string; readonly alarm?: string }, reason: string) {
    this.#answers = [];
    const own = { requestId: `${request.type}-${reason}`, runId: this.#runId, by: 'Ben', reason };
    this.#socket.send(JSON.stringify({ ...request, ...own }));
    while (this.#answers.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#answers[0];
  }
}

describe('a run that a short has tripped', () => {
  let tripped: Tripped;

  beforeAll(async () => {
    tripped = await trippedRun();
  }, 60_000);

  it('has ended with two latched alarms, which the command lists', async () => {
    expect(tripped.code).toBe(4);
    const { code, output } = await operando('alarms', tripped.folder, '--json');
    expect(code).toBe(0);
    const { run, status, alarms } = JSON.parse(output);
    expect([run, status]).toEqual([tripped.runId, 'tripped']);
    const open = alarms.filter((one: { latched: boolean }) => one.latched);
    expect(open).toMatchObject([
      { alarm: 'cellShort', state: 'open', cause: 'voltage_volt', acknowledgements: [] },
      { alarm: 'interlock', state: 'open', cause: 'voltage_volt', acknowledgements: [] },
    ]);
    const people = await operando('alarms', tripped.folder);
    expect(people.output).toMatch(/^cellShort: alarm, not acknowledged\n {2}The cell has shorted/);
  });

  it('is not taken up where no person could be heard, not even by --yes', async () => {
    const alone = ['--no-panel', '--broker', 'none', '--yes'];
    const { code, errors } = await operando('resume', tripped.folder, ...alone);
    expect(code).toBe(2);
    expect(errors).toContain('give --acknowledge REASON and --by NAME');
    const half = await operando('resume', tripped.folder, '--acknowledge', 'I am in a hurry');
    expect(half.code).toBe(2);
    expect(half.errors).toContain('--by NAME');
  });

  it('goes on once one has acknowledged over MQTT, another at the panel, and one let it go on', async () => {
    const { folder, runId } = tripped;
    const ports = ['--panel-port', '0', '--mqtt-port', '0'];
    const program = startOperando(['resume', folder, '--yes', ...ports, '--json']);
    onTestFinished(() => void program.child.kill('SIGKILL'));
    const [brokerUrl] = await program.seen(/mqtt:\/\/[\d.:]+/);
    const [panelUrl] = await program.seen(/http:\/\/[\d.:]+\//);
    expect(program.errors()).toContain('the run will wait for a person');

    const client = await mqtt.connectAsync(brokerUrl, { reconnectPeriod: 0 });
    onTestFinished(() => void client.end(true));
    const ada = new Colleague(client);
    await client.subscribeAsync(['answers/ada', `${CELL}/state`, `${CELL}/alarm/+`], { qos: 1 });
    const held = (): boolean => (ada.retained.get(`${CELL}/state`) ?? '').includes('"kind":"held"');
    await ada.until(held);

    const socket = new WebSocket(`${panelUrl.replace('http', 'ws')}live`, {
      origin: panelUrl.slice(0, -1),
    });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    onTestFinished(() => socket.terminate());
    const ben = new Visitor(socket, runId);
    socket.send(JSON.stringify({ type: 'hello', after: 0 }));

    expect(await ada.ask('arm', 'too-soon', { run: runId })).toMatchObject({ state: 'failed' });
    expect(await ben.ask({ type: 'goOn' }, 'too soon')).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('cellShort and interlock must be acknowledged first'),
    });
    const seen = { run: runId, alarm: 'cell-short', by: 'Ada', reason: 'The cell was looked at' };
    expect(await ada.ask('acknowledge', 'seen', seen)).toMatchObject({ state: 'done' });
    await ada.until(() => (ada.retained.get(`${CELL}/alarm/cell-short`) ?? '').includes('"Ada"'));
    expect(await ben.ask({ type: 'goOn' }, 'half of it')).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('interlock must be acknowledged first'),
    });
    expect(
      await ben.ask({ type: 'acknowledge', alarm: 'interlock' }, 'The rig is sound'),
    ).toMatchObject({ state: 'done' });
    expect(held()).toBe(true);
    expect(await ada.ask('arm', 'now', { run: runId })).toMatchObject({ state: 'done' });
    expect(held()).toBe(true);
    const going = { arm: 'now', by: 'Ada', reason: 'Ben and I have looked' };
    expect(await ada.ask('resume', 'go', going)).toMatchObject({ state: 'done' });

    const { code, output, errors } = await program.ended;
    expect(code, errors).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ status: 'done' });
    await expectRecords(folder);
  }, 60_000);

  /** Who has said what stands in the records, and what each alarm has come to. */
  async function expectRecords(folder: string): Promise<void> {
    const { reader, close } = openRun(folder);
    const events = recordsOf(reader, 'event').map(({ body }) => body);
    close();
    const acknowledged = events.filter(({ code }) => code === 'alarmAcknowledged');
    expect(acknowledged.map(({ details }) => details)).toEqual([
      {
        alarm: 'cellShort',
        by: 'Ada',
        reason: 'The cell was looked at',
        via: 'mqtt:seen',
      },
      { alarm: 'interlock', by: 'Ben', reason: 'The rig is sound', via: 'panel' },
      { alarm: 'held', by: 'Ada', reason: 'Ben and I have looked', via: 'mqtt:go' },
    ]);
    const codes = events.map(({ code }) => code);
    const wentOn = codes.lastIndexOf('alarmAcknowledged');
    const secondBoot = events.slice(codes.indexOf('runResumed'), wentOn);
    expect(secondBoot.filter(({ code }) => code === 'stepStarted')).toEqual([]);
    const { output } = await operando('alarms', folder, '--json');
    const told = JSON.parse(output).alarms.map(
      (one: { alarm: string; state: string }) => `${one.alarm} ${one.state}`,
    );
    expect(told).toEqual(
      expect.arrayContaining(['cellShort acknowledged', 'interlock acknowledged', 'held ended']),
    );
    const people = await operando('alarms', folder);
    expect(people.output).toMatch(
      /acknowledged by Ada \(mqtt:seen\) at .* into the run\): The cell was looked at/,
    );
    expect(people.output).toMatch(/acknowledged by Ben \(panel\) at .*: The rig is sound/);
  }
});

describeWithChromium('the panel of a run that a short has tripped', () => {
  it('lets a person acknowledge and go on, in that order alone', async () => {
    const { folder } = await trippedRun();
    const ports = ['--panel-port', '0', '--broker', 'none'];
    const program = startOperando(['resume', folder, ...ports, '--json']);
    onTestFinished(() => void program.child.kill('SIGKILL'));
    const [panelUrl] = await program.seen(/http:\/\/[\d.:]+\//);
    const browser = await chromium.launch({
      executablePath: CHROMIUM_PATH ?? '',
      args: [...CHROMIUM_FLAGS],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(panelUrl);
    const sign = async (confirm: string): Promise<void> => {
      const dialog = page.getByRole('alertdialog');
      await dialog.getByLabel('Your name').fill('Ben');
      await dialog.getByLabel('Reason').fill('Looked at, and sound');
      await dialog.getByRole('button', { name: confirm }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    await page.getByText('cellShort and interlock must be acknowledged first').waitFor();
    await page.screenshot({ path: `${ROOT}test-output/panel-held.png` });
    await page.getByRole('button', { name: 'Acknowledge: The cell has shorted' }).click();
    await sign('Acknowledge');
    await page.getByText('It cannot go on yet: interlock must be acknowledged first').waitFor();
    expect(await page.getByRole('button', { name: 'Go on…' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Acknowledge: Safety limit left' }).click();
    await sign('Acknowledge');
    await page.getByRole('button', { name: 'Go on…' }).click();
    await sign('Go on');
    const { code, output, errors } = await program.ended;
    expect(code, errors).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ status: 'done' });
    expect(complaints.filter((text) => !text.includes('WebSocket'))).toEqual([]);
  }, 90_000);
});

describe('operando alarms', () => {
  it.each([
    [[], '0 runs given'],
    [['a', 'b'], '2 runs given'],
    [['no-such-run'], 'is no run in runs'],
  ])('refuses %j in words', async (words, expected) => {
    const { code, errors } = await operando('alarms', ...words);
    expect(code).toBe(2);
    expect(errors).toContain(expected);
  });
});
