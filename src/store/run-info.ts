import type { Channel } from '../domain/channel.ts';
import { Fault } from '../domain/fault.ts';
import type { InstrumentInfo } from '../domain/instrument.ts';
import type { RunInfo, RunStatus } from '../domain/run-record.ts';
import {
  bounded,
  type Columns,
  isNullIn,
  jsonIn,
  jsonText,
  nameText,
  numberIn,
  selectList,
  textIn,
  wordIn,
} from './columns.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Longest recipe, cell or rig file in characters. */
export const SOURCE_CHARACTERS_MAX = 1_048_576;
/** Most channels a run may have. */
export const CHANNELS_MAX = 1000;

const STATUSES = {
  running: true,
  done: true,
  stopped: true,
  faulted: true,
  tripped: true,
} as const satisfies Record<RunStatus, true>;

const RUN_COLUMNS: Columns = {
  run_id: 'text',
  recipe: 'text',
  cell: 'text',
  rig: 'text',
  status: 'text',
  started_utc_ms: 'number',
  speed: 'number',
  seed: 'number',
  software_version: 'text',
  instruments: 'text',
  source_recipe: 'text',
  source_cell: 'text',
  source_rig: 'text',
};
const CHANNEL_COLUMNS: Columns = { name: 'text', label: 'text', unit: 'text' };

/** Writes what is known of a run before its first record. @throws Fault capacity, storage */
export function writeInfo(file: SqliteFile, info: RunInfo): void {
  if (info.channels.length > CHANNELS_MAX) {
    throw new Fault('capacity', {
      where: 'channels',
      message: `${info.channels.length} channels, expected at most ${CHANNELS_MAX}`,
    });
  }
  file
    .prepare(`INSERT INTO run VALUES (${new Array(13).fill('?').join(', ')})`)
    .run(
      nameText(info.runId, 'run id'),
      nameText(info.recipe, 'recipe'),
      nameText(info.cell, 'cell'),
      nameText(info.rig, 'rig'),
      'running' satisfies RunStatus,
      info.startedUtcMs,
      info.speed,
      info.seed,
      nameText(info.softwareVersion, 'software version'),
      jsonText(info.instruments, 'instruments'),
      bounded(info.sources.recipe, 'recipe file', SOURCE_CHARACTERS_MAX),
      bounded(info.sources.cell, 'cell file', SOURCE_CHARACTERS_MAX),
      bounded(info.sources.rig, 'rig file', SOURCE_CHARACTERS_MAX),
    );
  const channel = file.prepare('INSERT INTO channel VALUES (?, ?, ?, ?)');
  info.channels.forEach(({ name, label, unit }, position) => {
    channel.run(
      position,
      nameText(name, 'channel'),
      nameText(label, 'label'),
      nameText(unit, 'unit'),
    );
  });
}

/** @throws Fault storage when the row is missing or not understood. */
export function readInfo(file: SqliteFile): RunInfo {
  const row = file.prepare(`SELECT ${selectList(RUN_COLUMNS)} FROM run`).all()[0];
  if (!row) throw new Fault('storage', { where: file.path, message: 'holds no run' });
  return {
    runId: textIn(row, 'run_id'),
    recipe: textIn(row, 'recipe'),
    cell: textIn(row, 'cell'),
    rig: textIn(row, 'rig'),
    instruments: jsonIn(row, 'instruments') as readonly InstrumentInfo[],
    channels: readChannels(file),
    startedUtcMs: numberIn(row, 'started_utc_ms'),
    speed: isNullIn(row, 'speed') ? null : numberIn(row, 'speed'),
    seed: numberIn(row, 'seed'),
    softwareVersion: textIn(row, 'software_version'),
    sources: {
      recipe: textIn(row, 'source_recipe'),
      cell: textIn(row, 'source_cell'),
      rig: textIn(row, 'source_rig'),
    },
  };
}

/** @throws Fault storage */
export function readStatus(file: SqliteFile): RunStatus {
  const row = file.prepare(`SELECT ${selectList({ status: 'text' })} FROM run`).all()[0];
  if (!row) throw new Fault('storage', { where: file.path, message: 'holds no run' });
  return wordIn(row, 'status', STATUSES);
}

function readChannels(file: SqliteFile): readonly Channel[] {
  const rows = file
    .prepare(`SELECT ${selectList(CHANNEL_COLUMNS)} FROM channel ORDER BY position`)
    .all();
  return rows.map((row) => ({
    name: textIn(row, 'name'),
    label: textIn(row, 'label'),
    unit: textIn(row, 'unit'),
  }));
}
