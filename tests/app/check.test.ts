import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const volumes = scans * (rows * columns * columns * 4 + 52_000);
    const results = scans * 5200;
    expect(withScans - without).toBe(frames + volumes + results);
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

  it('says what the recipe asks of the rig, and which acquisitions meet', async () => {
    const terminal = new RecordedTerminal();
    const options = { rig: FILES.rig, cell: FILES.cell };
    await checkCommand.run({ words: [FILES.recipe], options }, terminal);
    expect(terminal.output).toMatch(/current +628 µA +up to/);
    expect(terminal.output).toMatch(/frequency +100 mHz to 200 kHz +.* to 200 kHz/);
    expect(terminal.output).toContain(
      'plate: impedance (during[0]) and scan (during[1]) meet 6 times, first after 0 s; both go on',
    );
    expect(terminal.output).not.toContain('assumed');
  });

  it('lists what is assumed, with file, line and reason', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'operando-check-'));
    const recipe = join(folder, 'assumed.yaml');
    const text = readFileSync(FILES.recipe, 'utf8');
    const unknown = '{ unknown: "the paper gives no limit", assume: "75 °C" }';
    writeFileSync(recipe, text.replace('max: "75 °C"', `max: ${unknown}`));
    const line = text.split('\n').findIndex((one) => one.includes('max: "75 °C"')) + 1;
    const options = { rig: FILES.rig, cell: FILES.cell };
    const people = new RecordedTerminal();
    await checkCommand.run({ words: [recipe], options }, people);
    expect(people.output).toContain(
      `${recipe}:${line}: safety.temperature.max is taken as 75 °C: the paper gives no limit`,
    );
    const machine = new RecordedTerminal();
    await checkCommand.run({ words: [recipe], options: { ...options, json: true } }, machine);
    expect(JSON.parse(machine.output).assumptions).toEqual([
      {
        path: `${recipe}:${line}: safety.temperature.max`,
        reason: 'the paper gives no limit',
        assume: '75 °C',
      },
    ]);
  });

  it('says an assumption once, with every line that makes it', async () => {
    const terminal = new RecordedTerminal();
    const options = { rig: FILES.rig, cell: 'recipes/cells/in-li-lsps-li2s.yaml' };
    await checkCommand.run({ words: ['recipes/sun-2018.yaml'], options }, terminal);
    const limits = terminal.output.split('\n').filter((one) => one.includes('taken as > 2.4 V'));
    expect(limits).toHaveLength(1);
    expect(limits[0]).toMatch(/also line \d+, \d+/);
  });

  it('tells machines everything it tells people', async () => {
    const terminal = new RecordedTerminal();
    const options = { rig: FILES.rig, cell: FILES.cell, json: true };
    await checkCommand.run({ words: [FILES.recipe], options }, terminal);
    const document = JSON.parse(terminal.output);
    expect(document).toMatchObject({
      recipe: 'first-light',
      stepCount: 3,
      needs: { techniques: ['openCircuit', 'constantCurrent', 'impedance'], viewsMax: 180 },
      collisions: [{ step: 'plate', times: 6, waits: false }],
      assumptions: [],
      exclusive: [],
    });
    expect(document.steps).toHaveLength(3);
    const { databaseBytes, waveformsBytes, framesBytes, volumesBytes } = document.data;
    expect(document.bytes).toBe(databaseBytes + waveformsBytes + framesBytes + volumesBytes);
  });
});
