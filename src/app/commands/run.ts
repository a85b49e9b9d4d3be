import type { Clock } from '../../domain/clock.ts';
import { Fault } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { VirtualClock } from '../../domain/virtual-clock.ts';
import { needsOf } from '../../run/plan-needs.ts';
import { freeBytes, RESERVE_BYTES } from '../../store/disk-space.ts';
import type { Command } from '../command.ts';
import { conductRun } from '../conduct-run.ts';
import { describeRun } from '../describe-run.ts';
import { EXPERIMENT_OPTIONS, experimentFiles, seedOf, speedOf } from '../experiment-options.ts';
import { brokerOf, OUTLET_HELP, OUTLET_OPTIONS, panelPortOf } from '../outlet-options.ts';
import { allInstruments, type PreparedExperiment, prepareExperiment } from '../prepare.ts';

export const runCommand: Command = {
  name: 'run',
  summary: 'run a recipe to its end',
  usage: 'operando run RECIPE --rig FILE --cell FILE [--speed N|max] [--out DIR] [--json]',
  optionHelp: [
    ['--rig FILE', 'the instruments'],
    ['--cell FILE', 'the specimen'],
    ['--speed N|max', 'simulated seconds per second (default 1; real instruments know only 1)'],
    ['--out DIR', 'folder for the run (default: runs)'],
    ['--data DIR', 'folder of recordings, for rigs that replay them'],
    ['--seed N', 'seed of everything random in simulated instruments (default 1)'],
    ...OUTLET_HELP,
  ],
  examples: [
    'operando run recipes/first-light.yaml --rig hardware/rigs/simulated.yaml --cell recipes/cells/li-li3ps4-li.yaml --speed 300',
    'operando run recipes/replay.yaml --rig hardware/rigs/replay.yaml --cell recipes/cells/replay-battery.yaml --data ../shared/data --speed max',
  ],
  options: {
    ...EXPERIMENT_OPTIONS,
    ...OUTLET_OPTIONS,
    speed: { type: 'string', default: '1' },
  },
  async run(line, terminal) {
    const speed = speedOf(line);
    const seed = seedOf(line);
    const outFolder = String(line.options.out);
    const clock: Clock = speed === 1 ? new SystemClock() : new VirtualClock(Date.now());
    const prepared = await prepareExperiment(experimentFiles(runCommand, line), clock, seed);
    checkSpeed(prepared, speed);
    refuseFullDisk(outFolder);
    refuseUnheard(prepared, panelPortOf(line) !== undefined || brokerOf(line) !== undefined);
    return conductRun(
      {
        prepared,
        info: describeRun(prepared, { speed, seed, utcMs: Date.now() }),
        clock,
        speed,
        outFolder,
        panelPort: panelPortOf(line),
        broker: brokerOf(line),
        json: line.options.json === true,
      },
      terminal,
    );
  },
};

/** @throws Fault badInput when a run could not even keep its reserve: nothing has moved yet */
export function refuseFullDisk(folder: string): void {
  const free = freeBytes(folder);
  if (!(free < 2 * RESERVE_BYTES)) return;
  throw new Fault('badInput', {
    where: folder,
    message: `${Math.floor(free / 2 ** 20)} MiB are free on its disk, expected at least ${(2 * RESERVE_BYTES) / 2 ** 20} MiB; free some space first`,
  });
}

/**
 * A fresh cell that a person puts in is announced by that person.
 * @throws Fault badInput when there is no way to say so
 */
export function refuseUnheard({ plan, instruments }: PreparedExperiment, isHeard: boolean): void {
  if (isHeard || !instruments.exchangedByPerson || needsOf(plan.steps).freshCells === 0) return;
  throw new Fault('badInput', {
    where: '--no-panel --broker none',
    message:
      'the recipe has a person put fresh cells in, whom the run could not hear; leave it the panel or a broker',
  });
}

/** Time can be sped up only where no real instrument takes part. */
export function checkSpeed(
  { instruments }: Pick<PreparedExperiment, 'instruments'>,
  speed: number,
): void {
  if (speed === 1) return;
  const measured = allInstruments(instruments).filter(
    ({ provenance }) => provenance === 'measured',
  );
  if (measured.length === 0) return;
  throw new Fault('badInput', {
    where: '--speed',
    message: `${measured.map(({ id }) => id).join(', ')} measure in real time; expected --speed 1`,
  });
}
