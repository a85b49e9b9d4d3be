import { CHANNELS } from '../../src/domain/channel.ts';
import type { RunInfo } from '../../src/domain/run-record.ts';

/** A small made-up run for tests of the database and of the outlets that read it. */
export const RUN_INFO: RunInfo = {
  runId: '20261121-120501-first-light-7f3a',
  recipe: 'first-light',
  cell: 'li-li3ps4-li',
  rig: 'simulated',
  instruments: [
    { id: 'potentiostat', model: 'EmStat4', provenance: 'simulated' },
    { id: 'heater', model: 'oven', provenance: 'simulated' },
  ],
  channels: [CHANNELS.voltage, CHANNELS.current, CHANNELS.temperature],
  startedUtcMs: Date.UTC(2026, 10, 21, 12, 5, 1),
  speed: 300,
  seed: 42,
  softwareVersion: '0.1.0',
  sources: {
    recipe: 'recipe: first-light\n',
    cell: 'cell: li-li3ps4-li\n',
    rig: 'rig: simulated\n',
  },
};
