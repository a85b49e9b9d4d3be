import { SystemClock } from '../../src/domain/system-clock.ts';
import { createRun } from '../../src/store/run-database.ts';
import { engineState } from '../support/engine-state.ts';
import { RUN_INFO } from './run-info.ts';

/** Writes records for ever and says on stdout which sequence number each commit has reached. */
function main(folder: string): void {
  const { writer, reader } = createRun(folder, RUN_INFO, new SystemClock());
  reader.onCommit(() => process.stdout.write(`${reader.lastSequence()}\n`));
  const turn = (): void => {
    for (let at = 0; at < 7; at += 1) {
      const sequence = writer.append(at, {
        kind: 'sample',
        channel: 'voltage_volt',
        value: at,
        quality: 'good',
      });
      writer.saveState(engineState({ chargeCoulomb: sequence }));
      if (sequence % 50 === 0) writer.commit();
    }
    setImmediate(turn);
  };
  turn();
}

main(process.argv[2] ?? '');
