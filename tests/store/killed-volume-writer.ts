import { FileVolumeSpoolFactory } from '../../src/store/volume-spool.ts';
import { KILLED_FINGERPRINT, KILLED_SHAPE, killedSlice } from './sample-volume.ts';

/**
 * Writes the slices that are missing, in an order of its own, three at a time, and says on stdout
 * which ones it was promised.
 */
async function main(folder: string): Promise<void> {
  const spool = await new FileVolumeSpoolFactory(folder).open(
    'volume',
    KILLED_SHAPE,
    KILLED_FINGERPRINT,
  );
  const { slices } = KILLED_SHAPE;
  const order = Array.from({ length: slices }, (_, at) => (at * 23) % slices);
  const missing = order.filter((slice) => !spool.isWritten(slice));
  process.stdout.write('begun\n');
  const lane = async (): Promise<void> => {
    for (let slice = missing.pop(); slice !== undefined; slice = missing.pop()) {
      await spool.writeSlices(slice, killedSlice(slice));
      process.stdout.write(`${slice}\n`);
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  await spool.close();
}

await main(process.argv[2] ?? '');
