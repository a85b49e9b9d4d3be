import { formatDuration } from './display.ts';
import { EVENTS_MAX, type RunModel } from './run-model.ts';

const MARKS = { info: '•', warning: '▲', alarm: '■' } as const;

/** What happened, newest first. */
export function EventLog({ model }: { readonly model: RunModel }) {
  return (
    <section class="card log" aria-labelledby="log-title">
      <div class="card-head">
        <h2 id="log-title">Events</h2>
        {model.eventsForgotten > 0 && (
          <span class="aside">
            newest {EVENTS_MAX}; {model.eventsForgotten} older ones are in the run file
          </span>
        )}
      </div>
      {model.events.length === 0 && <p class="empty">Nothing has happened yet.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls needs the keyboard */}
      <ol class="events" aria-live="polite" aria-labelledby="log-title" tabIndex={0}>
        {model.events.map(({ sequence, severity, timeSecond, message }) => (
          <li key={sequence} class={severity}>
            <time>{formatDuration(timeSecond)}</time>
            <span class="mark" role="img" aria-label={severity}>
              {MARKS[severity]}
            </span>
            <span>{message}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
