import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { runCommandLine } from '../../src/app/command-line.ts';
import { COMMANDS } from '../../src/app/commands.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CELL = join(ROOT, 'recipes/cells/li-li3ps4-li.yaml');
const LONG = { timeout: 600_000 };

/** A folder of its own with the rig, changed by the test, and its calibrations. */
function bench(change: (rig: Record<string, never>) => void = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'operando-board-'));
  mkdirSync(join(folder, 'rigs'));
  mkdirSync(join(folder, 'calibrations'));
  const calibrations = join(ROOT, 'hardware/calibrations');
  for (const name of readdirSync(calibrations)) {
    copyFileSync(join(calibrations, name), join(folder, 'calibrations', name));
  }
  const rig = parse(readFileSync(join(ROOT, 'hardware/rigs/board-simulated.yaml'), 'utf8'));
  change(rig);
  const path = join(folder, 'rigs/board.yaml');
  writeFileSync(path, stringify(rig));
  return { folder, path, calibration: (name: string) => join(folder, 'calibrations', name) };
}

/** Light enough to be warm in minutes. */
function light(rig: Record<string, never>): void {
  const { board, heater } = (rig as unknown as Written).instruments;
  Object.assign(board.options.oven as object, { heatCapacity: '120 J/K', cellLag: '10 s' });
  for (const key of ['identified', 'proportionalBand', 'integralTime']) delete heater.options[key];
}

interface Written {
  instruments: Record<'board' | 'heater', { options: Record<string, unknown> }>;
}

async function operando(...words: string[]) {
  const terminal = new RecordedTerminal();
  const code = await runCommandLine(COMMANDS, words, terminal);
  return { code, output: terminal.output, errors: terminal.errors };
}

function recipe(folder: string, steps: object[]): string {
  const path = join(folder, 'recipe.yaml');
  const safety = {
    temperature: { max: '85 °C' },
    voltage: { min: '-2 V', max: '2 V' },
    current: { max: '2 mA' },
    pressure: { max: '20 MPa' },
  };
  writeFileSync(path, stringify({ recipe: 'board', title: 'Through the board', safety, steps }));
  return path;
}

function soak(celsius: number, dwell: string) {
  return {
    name: 'warm',
    technique: 'soak',
    temperature: `${celsius} °C`,
    tolerance: '0.2 °C',
    dwell,
    within: '1 h',
  };
}

const RUN = ['--cell', CELL, '--speed', 'max', '--no-panel', '--broker', 'none', '--json'];

describe('the commands on a rig with the operando board', () => {
  it('tune its heater through the firmware, and the run with it soaks at 70 °C', LONG, async () => {
    const { folder, path } = bench(light);
    const tuned = await operando(
      ...['heater', 'tune', '--rig', path, '--cell', CELL, '--speed', 'max', '--json'],
    );
    expect(tuned.code, tuned.errors).toBe(0);
    const found = JSON.parse(tuned.output);
    expect(Math.abs(found.riseKelvin / 120 - 1)).toBeLessThan(0.04);
    expect(Math.abs(found.timeConstantSecond / 240 - 1)).toBeLessThan(0.06);

    const rig = parse(readFileSync(path, 'utf8')) as Written;
    Object.assign(rig.instruments.heater.options, {
      proportionalBand: `${found.proportionalBandKelvin} °C`,
      integralTime: `${found.integralTimeSecond} s`,
      identified: {
        rise: `${found.riseKelvin} °C`,
        timeConstant: `${found.timeConstantSecond} s`,
        deadTime: `${found.deadTimeSecond} s`,
        room: `${found.roomCelsius} °C`,
      },
    });
    writeFileSync(path, stringify(rig));
    const file = recipe(folder, [soak(70, '5 min')]);
    const ran = await operando('run', file, '--rig', path, '--out', join(folder, 'runs'), ...RUN);
    expect(ran.code, ran.errors).toBe(0);
    const { status, durationSecond } = JSON.parse(ran.output);
    expect(status).toBe('done');
    // Warm and within 0.2 °C after four minutes, and not out of it once in five.
    expect(durationSecond).toBeLessThan(540);
  });

  it(
    'end the run as tripped when the board switches off, and refuse the next until it is cleared',
    LONG,
    async () => {
      const { folder, path } = bench((rig) => {
        const { board } = (rig as unknown as Written).instruments;
        Object.assign(board.options.limits as object, { ovenTemperatureMax: '30 °C' });
      });
      const file = recipe(folder, [soak(60, '10 s')]);
      const ran = await operando('run', file, '--rig', path, '--out', join(folder, 'runs'), ...RUN);
      expect(ran.code).toBe(4);
      expect(ran.errors).toContain(
        'A safety limit ended the run: board has switched heater and cell off by itself because the oven temperature was above its limit.',
      );
      const [run = ''] = readdirSync(join(folder, 'runs'));
      const refused = await operando(
        ...[
          'resume',
          run,
          '--out',
          join(folder, 'runs'),
          '--yes',
          '--no-panel',
          '--broker',
          'none',
        ],
      );
      expect(refused.code).toBe(2);
      expect(refused.errors).toContain('--acknowledge REASON and --by NAME');
    },
  );

  it('say in the check which calibration is overdue, and nothing when none is', async () => {
    const { path, calibration, folder } = bench();
    const file = recipe(folder, [soak(40, '10 s')]);
    const words = ['check', file, '--rig', path, '--cell', CELL];
    const name = calibration('pt100-reference.yaml');
    const text = readFileSync(name, 'utf8');
    writeFileSync(name, text.replace(/due: \S+/, 'due: 2999-01-01'));
    for (const other of ['type-k', 'load-cell', 'transducer']) {
      const one = calibration(`${other}-reference.yaml`);
      writeFileSync(one, readFileSync(one, 'utf8').replace(/due: \S+/, 'due: 2999-01-01'));
    }
    const sound = await operando(...words, '--json');
    expect(sound.code, sound.errors).toBe(0);
    expect(JSON.parse(sound.output).warnings).toEqual([]);
    writeFileSync(name, text.replace(/due: \S+/, 'due: 2020-01-01'));
    const overdue = await operando(...words);
    expect(overdue.code).toBe(0);
    expect(overdue.output).toContain(
      'calibration pt100-reference of 2026-03-02 was due again on 2020-01-01',
    );
  });

  it('name file and line of a calibration that is wrong, and one that is not there', async () => {
    const { path, calibration, folder } = bench((rig) => {
      const { sensors } = (rig as unknown as { instruments: { sensors: Record<string, unknown> } })
        .instruments;
      sensors['gas-pressure'] = { driver: 'board-pressure', options: { calibration: 'lost' } };
    });
    const file = recipe(folder, [soak(40, '10 s')]);
    const name = calibration('pt100-reference.yaml');
    writeFileSync(name, readFileSync(name, 'utf8').replace('100 Ω', '100'));
    const { code, errors } = await operando('check', file, '--rig', path, '--cell', CELL);
    expect(code).toBe(2);
    expect(errors).toMatch(
      /pt100-reference\.yaml:\d+: resistance: expected a resistance with its unit/,
    );
    expect(errors).toContain('lost.yaml: cannot be read');
  });

  it('clear nothing without a person and a reason, nor on a rig that has no board', async () => {
    const { path } = bench();
    const words = ['board', 'clear', '--rig', path, '--cell', CELL];
    expect((await operando(...words, '--by', 'me')).errors).toContain('--reason is missing');
    expect((await operando(...words, '--by', 'me', '--reason', ' ')).code).toBe(2);
    const plain = await operando(
      ...['board', 'clear', '--rig', join(ROOT, 'hardware/rigs/simulated.yaml'), '--cell', CELL],
      ...['--by', 'me', '--reason', 'because'],
    );
    expect(plain.code).toBe(2);
    expect(plain.errors).toContain('has nothing that latches below this software');
  });

  it('say when there is nothing to tune, or a step that cannot be', async () => {
    const { path } = bench((rig) => {
      const { instruments } = rig as unknown as { instruments: { heater?: unknown } };
      delete instruments.heater;
    });
    const none = await operando('heater', 'tune', '--rig', path, '--cell', CELL);
    expect(none.errors).toContain('this rig has nothing to tune');
    const step = await operando('heater', 'tune', '--rig', path, '--cell', CELL, '--step', '2');
    expect(step.code).toBe(2);
  });
});
