import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alarmsCommand } from '../../src/app/commands/alarms.ts';
import { refuseUnheard } from '../../src/app/commands/run.ts';
import { prepareExperiment } from '../../src/app/prepare.ts';
import type { EventCode, RecordBody } from '../../src/domain/run-record.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { createRun, reopenRun } from '../../src/store/run-database.ts';
import { RUN_INFO } from '../store/run-info.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';

function event(
  code: EventCode,
  message: string,
  details: Readonly<Record<string, string>> = {},
): RecordBody {
  return { kind: 'event', code, severity: 'alarm', message, details };
}

const acknowledgedBy = (alarm: EventCode, by: string, reason: string): RecordBody =>
  event('alarmAcknowledged', `${by} acknowledges ${alarm}: ${reason}`, {
    alarm,
    by,
    reason,
    via: 'panel',
  });

/** A run of two starts: the second began its UTC an hour late. */
function runOfTwoStarts() {
  const folder = join(mkdtempSync(join(tmpdir(), 'operando-alarms-')), RUN_INFO.runId);
  const clock = new SystemClock();
  const first = createRun(folder, RUN_INFO, clock);
  first.writer.append(
    60,
    event('interlock', 'Too hot.', { channel: 'surface_temperature_celsius' }),
  );
  first.writer.append(61, event('cellShort', 'The cell has shorted.'));
  first.close();
  const hourLaterMs = RUN_INFO.startedUtcMs + 3_600_000;
  const second = reopenRun(folder, clock, { startedSecond: 100, utcAtZeroMs: hourLaterMs });
  const { writer } = second;
  writer.append(110, acknowledgedBy('interlock', 'Ada', 'The sensor was loose.'));
  writer.append(
    120,
    event('interlock', 'Too hot again.', { channel: 'surface_temperature_celsius' }),
  );
  writer.append(130, event('alarmEscalated', 'Nobody.', { alarm: 'interlock' }));
  writer.append(140, acknowledgedBy('interlock', 'Ben', 'The sensor was replaced.'));
  writer.append(
    150,
    event('alarmEnded', 'It has ended.', { alarm: 'cellShort', reason: 'replaced' }),
  );
  writer.append(160, event('held', 'The run waits for a person.'));
  writer.commit();
  return { folder, second };
}

async function tell(folder: string, json: boolean): Promise<string> {
  const terminal = new RecordedTerminal();
  const options = { out: 'nowhere', json };
  expect(await alarmsCommand.run({ words: [folder], options }, terminal)).toBe(0);
  return terminal.output;
}

describe('operando alarms', () => {
  it('tells of a run that goes on who has acknowledged what and why, each in the time of its start', async () => {
    const { folder, second } = runOfTwoStarts();
    const { run, status, alarms } = JSON.parse(await tell(folder, true));
    expect([run, status]).toEqual([RUN_INFO.runId, 'running']);
    expect(alarms).toMatchObject([
      {
        alarm: 'interlock',
        state: 'acknowledged',
        severity: 'critical',
        cause: 'surface_temperature_celsius',
        count: 2,
        escalations: 1,
        first: { second: 60, utc: '2026-11-21T12:06:01.000Z' },
        last: { second: 120, utc: '2026-11-21T13:07:01.000Z' },
        acknowledgements: [
          { by: 'Ada', reason: 'The sensor was loose.', via: 'panel', at: { second: 110 } },
          { by: 'Ben', reason: 'The sensor was replaced.', via: 'panel', at: { second: 140 } },
        ],
        ended: null,
      },
      {
        alarm: 'cellShort',
        state: 'ended',
        acknowledgements: [],
        ended: { reason: 'replaced', at: { second: 150 } },
      },
      { alarm: 'held', state: 'open', latched: false },
    ]);
    second.close();
  });

  it('tells it in words', async () => {
    const { folder, second } = runOfTwoStarts();
    second.close();
    const text = await tell(folder, false);
    expect(text).toBe(`interlock: critical, acknowledged
  Too hot again.
  since 2026-11-21 12:06:01 UTC (1 min 00 s into the run), 2 times, last 2026-11-21 13:07:01 UTC (2 min 00 s into the run)
  cause: surface_temperature_celsius
  risen 1 ×
  acknowledged by Ada (panel) at 2026-11-21 13:06:51 UTC (1 min 50 s into the run): The sensor was loose.
  acknowledged by Ben (panel) at 2026-11-21 13:07:21 UTC (2 min 20 s into the run): The sensor was replaced.

cellShort: alarm, ended
  The cell has shorted.
  since 2026-11-21 12:06:02 UTC (1 min 01 s into the run)
  ended at 2026-11-21 13:07:31 UTC (2 min 30 s into the run): replaced

held: alarm, not acknowledged
  The run waits for a person.
  since 2026-11-21 13:07:41 UTC (2 min 40 s into the run)
`);
  });

  it('says that there are none', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'operando-alarms-')), RUN_INFO.runId);
    createRun(folder, RUN_INFO, new SystemClock()).close();
    expect(await tell(folder, false)).toBe(`no alarms in ${RUN_INFO.runId}\n`);
    expect(JSON.parse(await tell(folder, true)).alarms).toEqual([]);
  });
});

describe('a recipe that has a person put fresh cells in', () => {
  async function prepared(exchange: string) {
    const folder = mkdtempSync(join(tmpdir(), 'operando-fresh-'));
    const rig = join(folder, 'rig.yaml');
    const recipe = join(folder, 'recipe.yaml');
    writeFileSync(rig, readFileSync('hardware/rigs/simulated-small.yaml', 'utf8') + exchange);
    writeFileSync(
      recipe,
      `recipe: two-cells
title: Two cells
safety:
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "5 V" }
  current: { max: "10 mA" }
steps:
  - { name: change, technique: freshCell, within: "1 h" }
  - { name: rest, technique: openCircuit, record: { every: "5 s" }, until: { any: [{ time: "2 min" }] } }
`,
    );
    const cell = 'recipes/cells/li-li3ps4-li.yaml';
    return prepareExperiment({ recipe, rig, cell, data: undefined }, new VirtualClock(), 1);
  }

  it('is refused where the run could hear nobody, before anything moves', async () => {
    const byPerson = await prepared('\ncellExchange: person\n');
    expect(() => refuseUnheard(byPerson, false)).toThrow('whom the run could not hear');
    expect(() => refuseUnheard(byPerson, true)).not.toThrow();
  });

  it('is not refused where the rig exchanges its cell by itself', async () => {
    const byItself = await prepared('');
    expect(() => refuseUnheard(byItself, false)).not.toThrow();
  });
});
