import { Fault, type Problem } from '../../src/domain/fault.ts';
import type { ScanData } from '../../src/domain/scan.ts';
import type { ScanSource } from '../../src/domain/scan-source.ts';

/**
 * A scan that is in memory, as a source.
 * @throws Fault badInput when projections are missing, cut off, or not as many as angles
 */
export function memoryScan(scan: ScanData, where = 'scan'): ScanSource {
  const { rows, columns, projections } = scan;
  checkSizes(scan);
  const frameSize = rows * columns;
  const copy = (
    from: number,
    length: number,
    target: { set(of: ArrayLike<number>, at: number): void },
    at: number,
  ) => target.set(projections.subarray(from, from + length), at);
  return {
    where,
    rows,
    columns,
    anglesRadian: scan.anglesRadian,
    pixelType: projections instanceof Uint16Array ? 'uint16' : 'float32',
    flats: scan.flats,
    darks: scan.darks,
    ...(scan.flatsAfterViews ? { flatsAfterViews: scan.flatsAfterViews } : {}),
    async readView(view, target) {
      copy(view * frameSize, frameSize, target, 0);
    },
    async readRows(firstRow, rowCount, target) {
      const length = rowCount * columns;
      for (let view = 0; view < scan.anglesRadian.length; view++) {
        copy(view * frameSize + firstRow * columns, length, target, view * length);
      }
    },
    async close() {},
  };
}

function checkSizes({ rows, columns, anglesRadian, projections }: ScanData): void {
  const count = projections.length / (rows * columns);
  const problems: Problem[] = [];
  if (!Number.isInteger(count)) {
    const message = `${projections.length} values are not a whole number of frames of ${rows} x ${columns} pixels`;
    problems.push({ where: 'projections', message });
  } else if (count > 0 && count !== anglesRadian.length) {
    const message = `${anglesRadian.length} angles for ${count} projections; expected one angle per projection`;
    problems.push({ where: 'angles', message });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
}
