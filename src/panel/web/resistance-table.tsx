import type { FitParameter } from '../../domain/circuit-fit.ts';
import { dataFail, FailMark } from './data-verdict.tsx';
import { formatDuration, formatNumber, formatQuantity, formatWithError } from './display.ts';
import type { SpectrumView } from './run-model.ts';

export interface ResistanceTableProps {
  readonly spectra: readonly SpectrumView[];
  readonly shown: SpectrumView;
  readonly onChoose: (spectrumId: string) => void;
}

/** R-values of every spectrum, newest first, each with one standard error. */
export function ResistanceTable({ spectra, shown, onChoose }: ResistanceTableProps) {
  const names = resistanceNames(spectra);
  return (
    <div class="scroll resistances">
      <table>
        <caption>
          {shown.fit ? shown.fit.circuit : 'No fit yet'}; value ± one standard error
          {spectra.some(hasPrior) &&
            '; prior: the spectrum before says more than the points so far'}
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
                {dataFail(spectrum.fit) && <FailMark />}
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
  if (isHeld(spectrum, parameter)) {
    return (
      <td class="resistance aside passing">
        {formatNumber(parameter.value)} <span class="error">prior</span>
      </td>
    );
  }
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

/** A value that the spectrum before holds rather than the points so far. */
function isHeld({ fitIsFinal }: SpectrumView, { priorDominated }: FitParameter): boolean {
  return priorDominated && !fitIsFinal;
}

function hasPrior(spectrum: SpectrumView): boolean {
  return (spectrum.fit?.parameters ?? []).some((parameter) => isHeld(spectrum, parameter));
}

function isKnown(parameter: FitParameter): parameter is FitParameter & { standardError: number } {
  return parameter.identifiable && parameter.standardError !== null;
}

/** R0, R1, … as the circuits of the run name them. */
function resistanceNames(spectra: readonly SpectrumView[]): string[] {
  const names = spectra.flatMap(({ fit }) => (fit?.parameters ?? []).map(({ name }) => name));
  return [...new Set(names)].filter((name) => /^R\d+$/.test(name)).sort();
}
