import { describe, expect, it } from 'vitest';
import { bytesOf, checkCommand } from '../../src/app/commands/check.ts';
import { prepareExperiment } from '../../src/app/prepare.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';

const FILES = {
  recipe: 'recipes/first-light.yaml',
  rig: 'hardware/rigs/simulated.yaml',
  cell: 'recipes/cells/li-li3ps4-li.yaml',
  data: undefined,
};

describe('the dry run of an experiment', () => {
  it('counts frames and volumes into what the disk must take', async () => {
    const { plan, instruments } = await prepareExperiment(FILES, new VirtualClock(), 1);
    const { rows, columns } = instruments.scanner ?? { rows: 0, columns: 0 };
    const { scans, views } = plan.estimates;
    const withScans = bytesOf({ plan, instruments });
    const estimates = { ...plan.estimates, scans: 0, views: 0 };
    const without = bytesOf({ plan: { ...plan, estimates }, instruments });
    expect({ scans, views }).toEqual({ scans: 7, views: 1260 });
    const frames = views * rows * columns * 2;
    const volumes = scans * rows * columns * columns * 4;
    expect(withScans - without).toBe(frames + volumes);
  });

  it('shows each step and says whose samples it counts', async () => {
    const terminal = new RecordedTerminal();
    const options = { rig: FILES.rig, cell: FILES.cell };
    const code = await checkCommand.run({ words: [FILES.recipe], options }, terminal);
    expect(code).toBe(0);
    for (const text of ['warm-up', 'rest', 'plate', '6660 samples of the potentiostat']) {
      expect(terminal.output).toContain(text);
    }
  });
});
