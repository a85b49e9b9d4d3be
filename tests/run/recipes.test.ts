import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadYaml } from '../../src/app/load-yaml.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import { AREA_CM2, scriptedRun } from '../support/scripted-run.ts';

const FOLDER = fileURLToPath(new URL('../../recipes/', import.meta.url));

function load(name: string) {
  return loadYaml(FOLDER + name, recipeSchema).value;
}

describe('the recipes that come with the software', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

  it.each(names)('%s is a valid recipe and names its schema for editors', (name) => {
    const text = readFileSync(`${FOLDER}${name}`, 'utf8');
    expect(text.split('\n')[0]).toBe(
      '# yaml-language-server: $schema=../docs/schemas/recipe.schema.json',
    );
    expect(load(name).recipe).toBe(name.replace('.yaml', ''));
  });
});

describe('first light on scripted instruments', () => {
  it('runs from the soak to the short, with spectra and scans on their grid', async () => {
    const plateSecond = 3.2 * 3600;
    let startSecond = Number.POSITIVE_INFINITY;
    const run = scriptedRun(load('first-light.yaml'), {
      potentiostat: {
        resistanceOhm: (now) => (now - startSecond >= plateSecond ? 2 : 300),
        noiseVolt: () => 0,
      },
    });
    run.bus.on('spectrumStarted', () => {
      startSecond = Math.min(startSecond, run.clock.nowSecond());
    });
    const outcome = await advanceUntil(run.clock, run.runner.run());

    expect(outcome).toMatchObject({ status: 'done', endedBy: 'recipe', exitCode: 0 });
    const ended = run.writer.of('step').filter(({ state }) => state === 'ended');
    expect(ended.map(({ name, endedBy }) => [name, endedBy])).toEqual([
      ['warm-up', 'dwell: 10 min'],
      ['rest', 'time: 10 min'],
      ['plate', 'event: short'],
    ]);
    const short = run.writer.of('event').find(({ code }) => code === 'cellShort');
    expect((short?.timeSecond ?? 0) - startSecond).toBeGreaterThanOrEqual(plateSecond);
    expect((short?.timeSecond ?? 0) - startSecond).toBeLessThanOrEqual(plateSecond + 20);
    expect(run.writer.of('spectrum')).toHaveLength(7);
    expect(run.writer.of('spectrum').every(({ complete }) => complete)).toBe(true);
    expect(run.writer.of('scan').map(({ views }) => views)).toEqual([180, 180, 180, 180, 180]);
    const coulomb = 0.8e-3 * AREA_CM2 * ((short?.timeSecond ?? 0) - startSecond);
    expect(short?.details.charge_coulomb).toBeCloseTo(coulomb, 9);
    expect(run.clock.armedTimers).toBe(0);
  });
});
