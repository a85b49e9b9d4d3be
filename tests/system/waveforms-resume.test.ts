import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operando, startOperando } from '../support/built.ts';

const RIG = ['--rig', 'hardware/rigs/simulated-small.yaml'];
const CELL = ['--cell', 'recipes/cells/li-li3ps4-li.yaml'];
const ALONE = ['--no-panel', '--broker', 'none'];

/** The low frequencies take the time in which the program is killed. */
const RECIPE = `recipe: waveforms
title: The samples behind a spectrum
safety:
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "5 V" }
  current: { max: "10 mA" }
resume: { policy: resume, maxGap: "1 h" }
steps:
  - { name: look, technique: impedance, from: "1 kHz", to: "0.01 Hz", pointsPerDecade: 3, amplitude: "10 mV", waveforms: true }
`;
const POINTS = 16;
const FIRST = 'spectrum-001.waveforms.csv';
const AGAIN = 'spectrum-002.waveforms.csv';

/** Samples of each point in a file of waveforms, by the point's index. */
function samplesIn(path: string): ReadonlyMap<number, number> {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(head).toBe('point_index,frequency_hertz,time_second,potential_volt,current_ampere');
  const samples = new Map<number, number>();
  for (const line of lines) {
    const values = line.split(',').map(Number);
    expect(values).toHaveLength(5);
    expect(values.every(Number.isFinite)).toBe(true);
    const [point = Number.NaN] = values;
    samples.set(point, (samples.get(point) ?? 0) + 1);
  }
  return samples;
}

describe('waveforms of a spectrum that a kill has cut off', () => {
  it('are kept as far as they came, and all of it is measured again', async () => {
    const out = mkdtempSync(join(tmpdir(), 'operando-waveforms-'));
    const recipe = join(out, 'waveforms.yaml');
    writeFileSync(recipe, RECIPE);
    const runs = join(out, 'runs');
    const words = ['run', recipe, ...RIG, ...CELL, ...ALONE, '--speed', '120', '--out', runs];
    const program = startOperando(words);
    await program.seen(/ [5-8] min \d\d s of/);
    program.child.kill('SIGKILL');
    await program.ended;
    const [runId = ''] = readdirSync(runs);
    const folder = join(runs, runId);
    const cutOff = samplesIn(join(folder, FIRST));
    const resumed = await operando('resume', folder, ...ALONE, '--json');
    expect(resumed).toMatchObject({ code: 0 });
    // Only whole points, from the first one on, and nothing of them is touched again.
    expect([...cutOff.keys()]).toEqual(Array.from({ length: cutOff.size }, (_, at) => at));
    expect(new Set(cutOff.values()).size).toBe(1);
    expect(cutOff.size).toBeGreaterThan(0);
    expect(cutOff.size).toBeLessThan(POINTS);
    expect(samplesIn(join(folder, FIRST))).toEqual(cutOff);
    const again = samplesIn(join(folder, AGAIN));
    expect([...again.keys()]).toEqual(Array.from({ length: POINTS }, (_, at) => at));
    expect(new Set(again.values())).toEqual(new Set(cutOff.values()));
    rmSync(out, { recursive: true });
  });
});
