import { useState } from 'preact/hooks';
import type { FitParameter } from '../../domain/circuit-fit.ts';
import { DataTable } from './data-table.tsx';
import { formatDuration, formatNumber, formatQuantity, formatWithError } from './display.ts';
import { NyquistChart } from './nyquist-chart.tsx';
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

interface ResistanceTableProps {
  readonly spectra: readonly SpectrumView[];
  readonly shown: SpectrumView;
  readonly onChoose: (spectrumId: string) => void;
}

/** R-values of every spectrum, newest first, each with one standard error. */
function ResistanceTable({ spectra, shown, onChoose }: ResistanceTableProps) {
  const names = resistanceNames(spectra);
  return (
    <div class="scroll resistances">
      <table>
        <caption>
          {shown.fit ? shown.fit.circuit : 'No fit yet'}; value ± one standard error
        </caption>
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">Time</th>
            <th scope="col">Charge</th>
            {names.map((name) => (
              <th key={name} scope="col">
                {name} / Ω
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {spectra.toReversed().map((spectrum) => (
            <tr key={spectrum.spectrumId} class={spectrum === shown ? 'shown' : ''}>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  aria-label={`Show spectrum ${spectrum.number}`}
                  onClick={() => onChoose(spectrum.spectrumId)}
                >
                  {spectrum.number}
                </button>
              </th>
              <td>{formatDuration(spectrum.startSecond)}</td>
              <td>
                {spectrum.chargeCoulomb === undefined
                  ? 'measuring'
                  : formatQuantity(spectrum.chargeCoulomb / 3600, 'Ah', 3)}
              </td>
              {names.map((name) => (
                <ResistanceCell key={name} spectrum={spectrum} name={name} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ResistanceCellProps {
  readonly spectrum: SpectrumView;
  readonly name: string;
}

function ResistanceCell({ spectrum, name }: ResistanceCellProps) {
  const { fit } = spectrum;
  if (!fit) return <td class="aside">–</td>;
  if (fit.status === 'failed') return <td class="aside">fit failed</td>;
  const parameter = fit.parameters.find((one) => one.name === name);
  if (!parameter) return <td class="aside">–</td>;
  const known = isKnown(parameter);
  return (
    <td class={`resistance${known ? '' : ' aside'}${spectrum.fitIsFinal ? '' : ' passing'}`}>
      {known ? <Determined {...parameter} /> : 'not determined'}
    </td>
  );
}

/** The error may stand below the value where the page is narrow. */
function Determined({ value, standardError }: { value: number; standardError: number }) {
  const [number, error] = formatWithError(value, standardError).split(' ± ');
  return (
    <>
      {number} {error !== undefined && <span class="error">± {error}</span>}
    </>
  );
}

function isKnown(parameter: FitParameter): parameter is FitParameter & { standardError: number } {
  return parameter.identifiable && parameter.standardError !== null;
}

/** R0, R1, … as the circuits of the run name them. */
function resistanceNames(spectra: readonly SpectrumView[]): string[] {
  const names = spectra.flatMap(({ fit }) => (fit?.parameters ?? []).map(({ name }) => name));
  return [...new Set(names)].filter((name) => /^R\d+$/.test(name)).sort();
}
