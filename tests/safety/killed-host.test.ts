import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PtyLink } from '../../firmware-bridge/pty-link.ts';
import { sleep } from '../../src/domain/clock.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { describeWithPty } from '../firmware-bridge/pty.ts';
import { CELL, CONTRACT_DRIVERS, type FailingTwin } from '../hardware/contract/contract-drivers.ts';
import { ResistorCapacitorTerminals } from '../hardware/potentiostats/resistor-capacitor-terminals.ts';
import { type RunningProgram, startOperando } from '../support/built.ts';

const clock = new SystemClock();
/** The step of the recipe; killed in its middle, something is left of it. */
const STEP_SECOND = 8;
const FLOW_SECOND_MAX = 20;
const LOOK_SECOND = 0.02;

interface Family {
  readonly title: string;
  /** Lines of the options of its driver, besides the port. */
  readonly rig: string;
  readonly technique: string;
}

const FAMILIES: readonly Family[] = [
  {
    title: 'EmStat4 HR',
    rig: 'driver: emstat\n    options: { model: EmStat4 HR, ',
    technique: 'technique: constantCurrent\n    current: "100 µA"',
  },
  {
    title: 'Keithley 2400',
    rig: 'driver: keithley-2400\n    options: { ',
    technique: 'technique: constantCurrent\n    current: "100 µA"',
  },
  {
    title: 'Rodeostat 10V_10MilliAmpV0.2',
    rig: 'driver: rodeostat\n    options: { variant: 10V_10MilliAmpV0.2, ',
    technique: 'technique: constantVoltage\n    voltage: "0.4 V"',
  },
];

/** The files of a run of one step on the instrument behind that port. */
function filesOf({ rig, technique }: Family, folder: string, port: string) {
  const files = { recipe: join(folder, 'recipe.yaml'), rig: join(folder, 'rig.yaml') };
  writeFileSync(
    files.recipe,
    `recipe: killed
title: A current that is cut off from its host
safety:
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }
steps:
  - name: flow
    ${technique}
    record: { every: "500 ms" }
    until: { any: [{ time: "${STEP_SECOND} s" }] }
`,
  );
  writeFileSync(
    files.rig,
    `rig: killed
title: One instrument
instruments:
  potentiostat:
    ${rig}serial: ${port} }
`,
  );
  return files;
}

describeWithPty('a host that is killed with SIGKILL in the middle of a current', () => {
  const programs: RunningProgram[] = [];
  const twins: FailingTwin[] = [];
  /** Of all tests, which run side by side. */
  let all = '';

  beforeAll(() => {
    all = mkdtempSync(join(tmpdir(), 'operando-killed-'));
  });

  afterAll(async () => {
    for (const { child } of programs.splice(0)) child.kill('SIGKILL');
    for (const twin of twins.splice(0)) await twin.stop();
    rmSync(all, { recursive: true, force: true });
  });

  async function until(isSo: () => boolean, secondsMax: number): Promise<number> {
    const fromSecond = clock.nowSecond();
    while (!isSo() && clock.nowSecond() - fromSecond < secondsMax) await sleep(clock, LOOK_SECOND);
    return clock.nowSecond() - fromSecond;
  }

  it.concurrent.each(
    FAMILIES.map((family) => [family.title, family] as const),
  )('%s: the instrument has its cell off by itself, within the time that is stated for it', async (title, family) => {
    const row = CONTRACT_DRIVERS.find((one) => one.title === title);
    if (!row) throw new Error(`no driver of a ${title}`);
    const folder = join(all, title.replaceAll(' ', '-'));
    mkdirSync(folder);
    const port = join(folder, 'port');
    const terminals = new ResistorCapacitorTerminals(clock, CELL);
    const twin = row.newTwin({
      link: new PtyLink({ path: port, clock }),
      clock,
      terminals,
      seed: 3,
    });
    twins.push(twin);
    await twin.start();
    const { recipe, rig } = filesOf(family, folder, port);
    const program = startOperando([
      ...['run', recipe, '--rig', rig, '--cell', 'recipes/cells/li-li3ps4-li.yaml'],
      ...['--out', join(folder, 'runs'), '--no-panel', '--broker', 'none'],
    ]);
    programs.push(program);
    const isFlowing = () => !terminals.isOpen && terminals.currentAmpere() > 5e-5;
    await until(isFlowing, FLOW_SECOND_MAX);
    expect(isFlowing(), program.errors()).toBe(true);
    await sleep(clock, STEP_SECOND / 4);
    program.child.kill('SIGKILL');
    await program.ended;
    expect(isFlowing()).toBe(true);
    const stated = row.lostHostSecondMax(STEP_SECOND);
    expect(await until(() => terminals.isOpen, 2 * stated)).toBeLessThanOrEqual(stated);
    expect(terminals.currentAmpere()).toBe(0);
  });
});
