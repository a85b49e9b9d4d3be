import type { PastScan } from '../analysis/volume-results-service.ts';
import type { RecordOf } from '../domain/run-record.ts';
import type { RunReader } from '../domain/run-store.ts';

const READ_BATCH = 5000;

/** What earlier starts of the software have made of the scans of a run. */
export interface PastVolumes {
  /** Complete ones whose volumes are to be looked into, oldest first. */
  readonly scans: readonly PastScan[];
  /** Complete ones after the newest volume: theirs were cut off or never begun. */
  readonly withoutVolume: readonly string[];
  /** Cells that were in place before the one that is. */
  readonly specimens: number;
}

/** Reads a run once, from its first record to its last. */
export function readPastVolumes(reader: RunReader): PastVolumes {
  const found = new PastCollector();
  for (let after = 0; ; ) {
    const batch = reader.readAfter(after, READ_BATCH);
    const last = batch.at(-1);
    if (!last) return found.past();
    for (const { body } of batch) {
      if (body.kind === 'scan') found.scan(body);
      else if (body.kind === 'volume') found.volumes.set(body.scanId, body.summary);
      else if (body.kind === 'segmentation') found.segmented.add(body.scanId);
      else if (body.kind === 'volumeChange') {
        found.compared.add(body.scanId);
        found.referred.add(body.result.againstScanId);
      } else if (body.kind === 'step' && body.technique === 'freshCell' && body.state === 'ended') {
        found.specimens += 1;
      }
    }
    after = last.sequence;
  }
}

class PastCollector {
  readonly volumes = new Map<string, RecordOf<'volume'>['body']['summary']>();
  readonly segmented = new Set<string>();
  readonly compared = new Set<string>();
  readonly referred = new Set<string>();
  specimens = 0;
  readonly #scans: { readonly body: RecordOf<'scan'>['body']; readonly specimen: number }[] = [];

  scan(body: RecordOf<'scan'>['body']): void {
    if (body.complete) this.#scans.push({ body, specimen: this.specimens });
  }

  past(): PastVolumes {
    const newest = this.#scans.findLastIndex(({ body }) => this.volumes.has(body.scanId));
    return {
      scans: this.#scans.flatMap(({ body, specimen }) => {
        const { analysis, scanId, startSecond, stopSecond } = body;
        if (!analysis) return [];
        const { startChargeCoulomb, stopChargeCoulomb } = body;
        return [
          {
            scanId,
            analysis,
            specimen,
            startSecond,
            stopSecond,
            startChargeCoulomb,
            stopChargeCoulomb,
            made: this.volumes.get(scanId),
            isSegmented: this.segmented.has(scanId),
            isCompared: this.compared.has(scanId),
            isReferred: this.referred.has(scanId),
          },
        ];
      }),
      withoutVolume: this.#scans.slice(newest + 1).map(({ body }) => body.scanId),
      specimens: this.specimens,
    };
  }
}
