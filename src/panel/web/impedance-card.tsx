import { useState } from 'preact/hooks';
import { DataTable } from './data-table.tsx';
import { VerdictNote } from './data-verdict.tsx';
import { formatDuration, formatNumber, formatQuantity } from './display.ts';
import { NyquistChart } from './nyquist-chart.tsx';
import { ResistanceTable } from './resistance-table.tsx';
import type { RunModel, SpectrumView } from './run-model.ts';

const NEWEST = 'newest';

/** Spectra as they come: Nyquist plot with the fit, and the resistances of each. */
export function ImpedanceCard({ model }: { readonly model: RunModel }) {
  const [chosen, setChosen] = useState(NEWEST);
  const { spectra } = model;
  const shown =
    (chosen === NEWEST ? undefined : spectra.find(({ spectrumId }) => spectrumId === chosen)) ??
    spectra.at(-1);
  return (
    <section class="card impedance" aria-label="Impedance">
      <div class="card-head">
        <h2>Impedance</h2>
        {shown && <span class="aside">{describeSpectrum(shown)}</span>}
        {spectra.length > 0 && (
          <select
            aria-label="Spectrum shown"
            value={shown && chosen !== NEWEST ? chosen : NEWEST}
            onChange={(event) => setChosen(event.currentTarget.value)}
          >
            <option value={NEWEST}>Newest</option>
            {spectra.toReversed().map(({ spectrumId, number, startSecond }) => (
              <option key={spectrumId} value={spectrumId}>
                #{number} at {formatDuration(startSecond)}
              </option>
            ))}
          </select>
        )}
      </div>
      {shown ? (
        <>
          <VerdictNote spectrum={shown} />
          <NyquistChart shown={shown} others={spectra.filter((other) => other !== shown)} />
          <ResistanceTable spectra={spectra} shown={shown} onChoose={setChosen} />
          <DataTable
            label={`Points of spectrum ${shown.number}`}
            head={['Frequency', 'Re Z / Ω', '−Im Z / Ω']}
            rows={(count) =>
              shown.points
                .slice(-count)
                .reverse()
                .map(({ frequencyHertz, zRealOhm, zImagOhm }) => [
                  formatQuantity(frequencyHertz, 'Hz'),
                  formatNumber(zRealOhm),
                  formatNumber(-zImagOhm),
                ])
            }
          />
        </>
      ) : (
        <p class="empty">No spectrum yet.</p>
      )}
    </section>
  );
}

function describeSpectrum({ number, points, state, fit }: SpectrumView): string {
  const progress =
    state === 'measuring' ? 'measuring, ' : state === 'incomplete' ? 'cut short, ' : '';
  const quality =
    fit && fit.status !== 'failed' ? `, fit ${formatNumber(fit.rmsPercent, 2)} % rms` : '';
  return `#${number}: ${progress}${points.length} points${quality}`;
}
