import type { MeasuredNumber } from '../../domain/volume-results.ts';
import { formatDuration, formatQuantity, formatWithError } from './display.ts';
import type { RunModel, VolumeView } from './run-model.ts';
import { VolumeChart } from './volume-chart.tsx';

/** In millions of cubic micrometre. */
const MILLION_UM3 = 1e12;
const UM = 1e6;
const PERCENT = 100;

/** What volumes came to: lithium against what the charge makes, voids, and how far it reaches. */
export function VolumeCard({ model }: { readonly model: RunModel }) {
  const { volumes } = model;
  if (volumes.length === 0) return null;
  const waiting = volumes.filter((one) => !one.segmentation && !one.change).length;
  return (
    <section class="card volumes" aria-label="Volumes">
      <div class="card-head">
        <h2>Volumes</h2>
        <span class="aside">
          {volumes.length - waiting} of {volumes.length} looked into
        </span>
      </div>
      {volumes.some(({ change }) => change?.lithium) && <VolumeChart volumes={volumes} />}
      <div class="scroll">
        <table>
          <caption>Value ± one standard error; by charge: Faraday’s law</caption>
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">Time</th>
              <th scope="col">Charge</th>
              <th scope="col">Lithium / 10⁶ µm³</th>
              <th scope="col">of charge / %</th>
              <th scope="col">Voids / %</th>
              <th scope="col">Reach / µm</th>
            </tr>
          </thead>
          <tbody>
            {volumes.toReversed().map((volume) => (
              <VolumeRow key={volume.scanId} volume={volume} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function VolumeRow({ volume }: { readonly volume: VolumeView }) {
  const { change, segmentation } = volume;
  const isDoubtful = (change?.doubts.length ?? 0) + (segmentation?.remarks.length ?? 0) > 0;
  return (
    <tr title={[...(segmentation?.remarks ?? []), ...(change?.doubts ?? [])].join('; ')}>
      <th scope="row">
        {volume.number}
        {isDoubtful && '*'}
      </th>
      <td>{formatDuration(volume.startSecond)}</td>
      <td>{formatQuantity(volume.chargeCoulomb / 3600, 'Ah', 3)}</td>
      <td>{measuredText(change?.lithium, MILLION_UM3)}</td>
      <td>{measuredText(change?.ratio, PERCENT)}</td>
      <td>{measuredText(segmentation?.voidFraction, PERCENT)}</td>
      <td>{measuredText(segmentation?.protrusion, UM)}</td>
    </tr>
  );
}

function measuredText(measured: MeasuredNumber | null | undefined, scale: number): string {
  if (!measured) return '–';
  const { value, standardError } = measured;
  return formatWithError(value * scale, (standardError ?? Number.NaN) * scale);
}
