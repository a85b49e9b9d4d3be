import type { Bus } from '../domain/bus.ts';
import type { Journal } from './journal.ts';

/** Writes down what the analysis services say. Returns the way to stop listening. */
export function recordResults(bus: Bus, journal: Journal): () => void {
  const listeners = [
    bus.on('fit', ({ spectrumId, final, fit }) =>
      journal.record({ kind: 'fit', spectrumId, final, fit }),
    ),
    bus.on('volume', ({ scanId, summary, file }) => {
      journal.record({ kind: 'volume', scanId, summary, file });
      journal.commit();
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
      journal.event({
        code: 'dropped',
        severity: 'warning',
        message: `${count} of ${what} were left out: there was no time for them.`,
        details: { what, count },
      }),
    ),
  ];
  return () => {
    for (const forget of listeners) forget();
  };
}
