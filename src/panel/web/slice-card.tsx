import { useEffect, useRef, useState } from 'preact/hooks';
import type { Picture, PictureHeader } from '../protocol.ts';
import { formatNumber, niceStep } from './display.ts';
import { type GreyWindow, percentileWindow, toRgba } from './grey-scale.ts';
import type { RunModel } from './run-model.ts';
import { SeenDial } from './seen-dial.tsx';
import { describePlane, describeProgress, isComplete } from './slice-words.ts';

const CUTS_PERCENT = [0, 0.5, 2, 5];
const CUT_DEFAULT_PERCENT = 0.5;
/** A scale bar is a round length of about this share of the picture. */
const SCALE_BARS_PER_PICTURE = 4;

/** The planes that are being reconstructed, and how much of them is known. */
export function SliceCard({ model }: { readonly model: RunModel }) {
  const [cutPercent, setCutPercent] = useState(CUT_DEFAULT_PERCENT);
  const { pictures } = model;
  const [first] = pictures;
  // One window for all, so that the same grey is the same material in every plane.
  const grey = percentileWindow(joined(pictures), cutPercent);
  return (
    <section class="card slice" aria-label="Live slices">
      <div class="card-head">
        <h2>Live slices</h2>
        {first && <span class="aside">{first.header.scanId}</span>}
        {first && (
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
      {!first && <p class="empty">No scan yet.</p>}
      <div class="slice-planes" hidden={!first}>
        {pictures.map((picture) => (
          <Plane key={picture.header.plane} picture={picture} grey={grey} />
        ))}
      </div>
      {first && (
        <div class="slice-facts">
          <Coverage header={first.header} />
          <GreyBar
            low={attenuationAt(first.header, grey.low)}
            high={attenuationAt(first.header, grey.high)}
          />
          <p class="aside">
            {first.header.binning > 1 &&
              `Each pixel is the mean of ${first.header.binning} × ${first.header.binning} of the detector. `}
            Shown {formatNumber(first.header.latencyMs, 2)} ms after its frame
            {model.picturesDropped > 0 && `; ${model.picturesDropped} older pictures skipped`}.
          </p>
        </div>
      )}
    </section>
  );
}

function Plane({ picture, grey }: { readonly picture: Picture; readonly grey: GreyWindow }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { header, pixels } = picture;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const { rows, columns } = header;
    context.canvas.width = columns;
    context.canvas.height = rows;
    context.putImageData(new ImageData(toRgba(pixels, grey), columns, rows), 0, 0);
  }, [picture, grey.low, grey.high]);
  const name = describePlane(header);
  return (
    <figure class="slice-plane">
      <div class="slice-frame">
        <canvas
          ref={canvas}
          class="slice-canvas"
          role="img"
          aria-label={`${name}, ${header.scanId}, ${header.viewsDone} of ${header.viewsTotal} views`}
        />
        <ScaleBar header={header} />
      </div>
      <figcaption>{name}</figcaption>
    </figure>
  );
}

/** Only where the size of a pixel is known. */
function ScaleBar({ header }: { readonly header: PictureHeader }) {
  const { pixelSizeUm, columns, binning } = header;
  if (pixelSizeUm === undefined) return null;
  const widthUm = columns * binning * pixelSizeUm;
  const lengthUm = niceStep(widthUm, SCALE_BARS_PER_PICTURE);
  const label =
    lengthUm >= 1000 ? `${formatNumber(lengthUm / 1000, 1)} mm` : `${formatNumber(lengthUm, 1)} µm`;
  return (
    <span class="scale-bar" style={{ width: `${(100 * lengthUm) / widthUm}%` }}>
      {label}
    </span>
  );
}

function Coverage({ header }: { readonly header: PictureHeader }) {
  const { viewsDone, viewsTotal, mode } = header;
  const isWedge = mode === 'fillIn' && !isComplete(header);
  return (
    <div class="coverage">
      <SeenDial header={header} />
      <div>
        <p>
          View <b>{viewsDone}</b> of {viewsTotal}
        </p>
        <p class={isWedge ? 'incomplete' : 'complete'}>{describeProgress(header)}</p>
      </div>
    </div>
  );
}

function GreyBar({ low, high }: { readonly low: number; readonly high: number }) {
  return (
    <div class="grey">
      <div class="grey-bar" aria-hidden="true" />
      <p>
        <span>{formatNumber(low, 2)}</span>
        <span>{formatNumber(high, 2)}</span>
      </p>
      <p class="grey-label">Attenuation / pixel⁻¹, the same for all planes</p>
    </div>
  );
}

function attenuationAt({ valueMin, valueMax }: PictureHeader, grey: number): number {
  return valueMin + ((valueMax - valueMin) * grey) / 255;
}

function joined(pictures: readonly Picture[]): Uint8Array {
  const all = new Uint8Array(pictures.reduce((sum, { pixels }) => sum + pixels.length, 0));
  let at = 0;
  for (const { pixels } of pictures) {
    all.set(pixels, at);
    at += pixels.length;
  }
  return all;
}
