import type { Bus, BusEvents } from '../domain/bus.ts';
import type { Drops } from './drops.ts';
import type { Journal, JournalEvent } from './journal.ts';

/** Writes down what the analysis services say. Returns the way to stop listening. */
export function recordResults(bus: Bus, journal: Journal, drops: Drops): () => void {
  const listeners = [
    bus.on('fit', (result) => {
      journal.record({ kind: 'fit', ...result });
      const doubt = doubtOf(result);
      if (doubt) journal.event(doubt);
    }),
    bus.on('volume', ({ scanId, summary, file }) => {
      journal.record({ kind: 'volume', scanId, summary, file });
      journal.commit();
    }),
    bus.on('volumeResults', ({ segmentation, change, ...scan }) => {
      if (segmentation) journal.record({ kind: 'segmentation', ...scan, result: segmentation });
      if (change) journal.record({ kind: 'volumeChange', ...scan, result: change });
    }),
    bus.on('derived', ({ value }) => {
      journal.record({ kind: 'derived', value });
    }),
    bus.on('analysisFault', ({ where, message }) =>
      journal.event({
        code: 'analysisFault',
        severity: 'warning',
        message: `Analysis of ${where}: ${message}.`,
        details: { where },
      }),
    ),
    bus.on('dropped', ({ what, count }) =>
      drops.add({
        what,
        count,
        message: `${count} of ${what} were left out: there was no time for them.`,
      }),
    ),
  ];
  return () => {
    for (const forget of listeners) forget();
  };
}

/** A warning for a finished spectrum whose data fail their test; undefined when there is none. */
function doubtOf({ spectrumId, final, fit }: BusEvents['fit']): JournalEvent | undefined {
  const { validity } = fit;
  if (!final || validity?.verdict !== 'fail') return undefined;
  const { reasons, rmsPercent, worstPercent, worstFrequencyHertz, driftPercent } = validity;
  return {
    code: 'note',
    severity: 'warning',
    message: `The data of ${spectrumId} fail their validity test: ${spoken(reasons)}.`,
    details: {
      spectrum_id: spectrumId,
      validity: validity.verdict,
      rms_percent: rmsPercent,
      worst_percent: worstPercent,
      worst_frequency_hertz: worstFrequencyHertz,
      drift_percent: driftPercent,
    },
  };
}

/** One clause of the reasons, whether or not each ends with a full stop. */
function spoken(reasons: readonly string[]): string {
  if (reasons.length === 0) return 'no reason was given';
  return reasons.map((reason) => reason.replace(/\.$/, '')).join('; ');
}
