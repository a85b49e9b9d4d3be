import { useEffect, useRef, useState } from 'preact/hooks';
import type { PictureHeader } from '../protocol.ts';
import { formatNumber } from './display.ts';
import { percentileWindow, toRgba } from './grey-scale.ts';
import type { RunModel } from './run-model.ts';

const CUTS_PERCENT = [0, 0.5, 2, 5];
const CUT_DEFAULT_PERCENT = 0.5;

/** The slice that is being reconstructed, and how much of it is known. */
export function SliceCard({ model }: { readonly model: RunModel }) {
  const [cutPercent, setCutPercent] = useState(CUT_DEFAULT_PERCENT);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { picture } = model;
  const grey = picture ? percentileWindow(picture.pixels, cutPercent) : undefined;

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!picture || !grey || !context) return;
    const { size } = picture.header;
    context.canvas.width = size;
    context.canvas.height = size;
    context.putImageData(new ImageData(toRgba(picture.pixels, grey), size, size), 0, 0);
  }, [picture, cutPercent]);

  return (
    <section class="card slice" aria-label="Live slice">
      <div class="card-head">
        <h2>Live slice</h2>
        {picture && (
          <span class="aside">
            {picture.header.scanId}, detector row {picture.header.row}
          </span>
        )}
        {picture && (
          <select
            aria-label="Contrast"
            value={String(cutPercent)}
            onChange={(event) => setCutPercent(Number(event.currentTarget.value))}
          >
            {CUTS_PERCENT.map((cut) => (
              <option key={cut} value={String(cut)}>
                {cut === 0 ? 'Full range' : `Contrast ${cut}–${100 - cut} %`}
              </option>
            ))}
          </select>
        )}
      </div>
      {!picture && <p class="empty">No scan yet.</p>}
      <div class="slice-body" hidden={!picture}>
        <canvas
          ref={canvas}
          class="slice-canvas"
          role="img"
          aria-label={describe(picture?.header)}
        />
        {picture && grey && (
          <div class="slice-facts">
            <Coverage header={picture.header} />
            <GreyBar
              low={attenuationAt(picture.header, grey.low)}
              high={attenuationAt(picture.header, grey.high)}
            />
            <p class="aside">
              {picture.header.size} × {picture.header.size} pixels
              {picture.header.binning > 1 &&
                `, each the mean of ${picture.header.binning} × ${picture.header.binning}`}
              {model.picturesDropped > 0 && `; ${model.picturesDropped} older pictures skipped`}
            </p>
          </div>
        )}
      </div>
    </section>
  );
}

function Coverage({ header }: { readonly header: PictureHeader }) {
  const { viewsDone, viewsTotal, coverageFraction } = header;
  const complete = isComplete(header);
  return (
    <div class="coverage">
      <p>
        View <b>{viewsDone}</b> of {viewsTotal}
      </p>
      <progress max={1} value={coverageFraction} aria-label="Share of the half turn seen" />
      <p class={complete ? 'complete' : 'incomplete'}>
        {complete
          ? 'Half turn complete'
          : `Incomplete: ${Math.floor(100 * coverageFraction)} % of the half turn seen; streaks are expected`}
      </p>
    </div>
  );
}

function isComplete({ viewsDone, viewsTotal, coverageFraction }: PictureHeader): boolean {
  return viewsDone >= viewsTotal && coverageFraction > 0.995;
}

function GreyBar({ low, high }: { readonly low: number; readonly high: number }) {
  return (
    <div class="grey">
      <div class="grey-bar" aria-hidden="true" />
      <p>
        <span>{formatNumber(low, 2)}</span>
        <span>{formatNumber(high, 2)}</span>
      </p>
      <p class="grey-label">Attenuation / pixel⁻¹</p>
    </div>
  );
}

function attenuationAt({ valueMin, valueMax }: PictureHeader, grey: number): number {
  return valueMin + ((valueMax - valueMin) * grey) / 255;
}

function describe(header: PictureHeader | undefined): string {
  if (!header) return 'No slice yet';
  return `Reconstructed slice of ${header.scanId}, ${header.viewsDone} of ${header.viewsTotal} views`;
}
