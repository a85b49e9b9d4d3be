import type { Channel } from '../../domain/channel.ts';
import { DataTable } from './data-table.tsx';
import { formatDuration, formatQuantity } from './display.ts';
import type { RunModel } from './run-model.ts';
import { SeriesBuffer } from './series-buffer.ts';
import { TimeStrip, type TimeWindow } from './time-strip.tsx';

export interface TimeCardProps {
  readonly model: RunModel;
  readonly version: number;
  readonly class: string;
  readonly title: string;
  readonly channels: readonly Channel[];
  /** The part of the run that is looked at; undefined for all of it. */
  readonly window: TimeWindow | undefined;
  readonly onWindow: (window: TimeWindow | undefined) => void;
  /** Where the shared cursor stands. */
  readonly cursorSecond: number | undefined;
  readonly onCursor: (timeSecond: number | undefined) => void;
}

const STRIP_HEIGHT = 128;
const ELECTRICAL_STRIP_HEIGHT = 144;
const TIME_AXIS_HEIGHT = 42;
const NO_SERIES = new SeriesBuffer();

/** Channels of one kind, one above the other on the same time axis. */
export function TimeCard(props: TimeCardProps) {
  const { model, version, title, window, onWindow, cursorSecond } = props;
  const channels = props.channels.filter(({ name }) => model.series.has(name));
  const shown = window ?? { startSecond: 0, stopSecond: Math.max(60, model.timeSecond) };
  const last = channels.length - 1;
  return (
    <section class={`card time ${props.class}`} aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        <Readings {...props} channels={channels} firstColour={firstColour(props)} />
        {window && props.class === 'electrical' && (
          <button type="button" class="small" onClick={() => onWindow(undefined)}>
            Show all
          </button>
        )}
      </div>
      {channels.length === 0 && <p class="empty">No values yet.</p>}
      {channels.map((channel, at) => (
        <TimeStrip
          key={channel.name}
          channel={channel}
          series={model.series.get(channel.name) ?? NO_SERIES}
          steps={model.steps}
          window={shown}
          colourIndex={firstColour(props) + at}
          heightPixel={stripHeight(props) + (at === last ? TIME_AXIS_HEIGHT : 0)}
          withTimeAxis={at === last}
          withStepNames={at === 0 && props.class === 'electrical'}
          onZoom={onWindow}
          onCursor={props.onCursor}
          version={version}
        />
      ))}
      {channels.length > 0 && (
        <DataTable
          label={title}
          hint={
            cursorSecond === undefined
              ? 'Drag to zoom, double-click to show all'
              : `Values at ${formatDuration(cursorSecond)}`
          }
          head={['Time', ...channels.map(({ label }) => label)]}
          rows={(count) => newestRows({ model, channels, count })}
        />
      )}
    </section>
  );
}

function stripHeight(props: TimeCardProps): number {
  return props.class === 'electrical' ? ELECTRICAL_STRIP_HEIGHT : STRIP_HEIGHT;
}

function firstColour(props: TimeCardProps): number {
  return props.class === 'electrical' ? 0 : 2;
}

interface ReadingsProps {
  readonly model: RunModel;
  readonly channels: readonly Channel[];
  readonly firstColour: number;
  readonly cursorSecond: number | undefined;
}

/** The value of each channel under the cursor, else the newest, in the colour of its line. */
function Readings({ model, channels, firstColour, cursorSecond }: ReadingsProps) {
  return (
    <div class="readings">
      {channels.map(({ name, label, unit }, at) => {
        const series = model.series.get(name);
        const value =
          cursorSecond === undefined ? series?.newestValue : series?.valueAt(cursorSecond);
        const notGood = model.notGood.get(name) ?? 0;
        return (
          <span key={name} class={`reading series-${firstColour + at + 1}`}>
            <span class="key" aria-hidden="true" />
            <span class="aside">{label}</span>{' '}
            <b>{value === undefined ? '–' : formatQuantity(value, unit)}</b>
            {notGood > 0 && <span class="warn"> {notGood} not good, left out</span>}
          </span>
        );
      })}
    </div>
  );
}

interface RowsOptions {
  readonly model: RunModel;
  readonly channels: readonly Channel[];
  readonly count: number;
}

function newestRows({ model, channels, count }: RowsOptions): string[][] {
  const rows = new Map<number, string[]>();
  for (const [at, { name, unit }] of channels.entries()) {
    const series = model.series.get(name) ?? NO_SERIES;
    for (let back = 1; back <= Math.min(count, series.length); back++) {
      const timeSecond = series.times.at(-back) ?? 0;
      const value = series.values.at(-back) ?? null;
      const cells = rows.get(timeSecond) ?? channels.map(() => '');
      cells[at] = value === null ? 'not good' : formatQuantity(value, unit);
      rows.set(timeSecond, cells);
    }
  }
  return [...rows]
    .sort(([a], [b]) => b - a)
    .slice(0, count)
    .map(([timeSecond, cells]) => [formatDuration(timeSecond), ...cells]);
}
