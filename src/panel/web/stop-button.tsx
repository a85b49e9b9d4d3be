import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunModel } from './run-model.ts';

const HOLD_MS = 600;
const HINT_MS = 4000;
const ESCAPE_TWICE_WITHIN_MS = 1000;

export interface StopButtonProps {
  readonly model: RunModel;
  readonly onStop: () => void;
}

/** Press and hold, or Escape twice: a stray tap does nothing but say so. No dialog. */
export function StopButton({ model, onStop }: StopButtonProps) {
  const [holding, setHolding] = useState(false);
  const [hint, setHint] = useState('');
  const holdTimer = useRef(0);
  const ended = model.status !== 'running';

  const fire = (): void => {
    setHint('');
    onStop();
  };
  const begin = (): void => {
    if (ended || holdTimer.current !== 0) return;
    setHint('');
    setHolding(true);
    holdTimer.current = window.setTimeout(() => {
      holdTimer.current = 0;
      setHolding(false);
      fire();
    }, HOLD_MS);
  };
  const release = (): void => {
    if (holdTimer.current === 0) return;
    window.clearTimeout(holdTimer.current);
    holdTimer.current = 0;
    setHolding(false);
    setHint('Not stopped: hold for 0.6 s');
  };

  useEscapeTwice(!ended, fire, () => setHint('Press Esc again to stop'));
  useEffect(() => {
    if (hint === '') return;
    const timer = window.setTimeout(() => setHint(''), HINT_MS);
    return () => window.clearTimeout(timer);
  }, [hint]);

  return (
    <div class="stop">
      <button
        type="button"
        class={`stop-button${holding ? ' holding' : ''}`}
        aria-disabled={ended}
        aria-describedby="stop-note"
        onPointerDown={(event) => {
          if (event.button === 0) begin();
        }}
        onPointerUp={release}
        onPointerLeave={release}
        onPointerCancel={release}
        onKeyDown={(event) => {
          if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) begin();
        }}
        onKeyUp={release}
        onBlur={release}
        onContextMenu={(event) => event.preventDefault()}
      >
        <span class="stop-fill" aria-hidden="true" />
        <span class="stop-text">{ended ? 'Run ended' : 'STOP'}</span>
      </button>
      <div class="stop-words">
        <p class="stop-hint" role="status" aria-live="assertive">
          {(isWaiting(model) && hint) || stopText(model)}
        </p>
        <p class="stop-note" id="stop-note">
          Not a substitute for the hardware emergency stop
        </p>
      </div>
    </div>
  );
}

/** Nothing is on its way: a hint may take the place of the state. */
function isWaiting({ status, stop }: RunModel): boolean {
  return status === 'running' && (stop.state === 'idle' || stop.state === 'failed');
}

function stopText({ status, stop, connection }: RunModel): string {
  if (status !== 'running') return `The run has ended (${status})`;
  switch (stop.state) {
    case 'idle':
      return connection === 'lost'
        ? 'No connection: Stop may not arrive'
        : 'Hold 0.6 s, or Esc twice';
    case 'sent':
      return 'Stop sent…';
    case 'requested':
      return 'Stopping: going to the safe state…';
    case 'done':
      return 'Safe state confirmed';
    case 'failed':
      return `${stop.message}. Use the hardware emergency stop`;
  }
}

function useEscapeTwice(active: boolean, onTwice: () => void, onOnce: () => void): void {
  const firstMs = useRef(Number.NEGATIVE_INFINITY);
  const latest = useRef({ onTwice, onOnce });
  latest.current = { onTwice, onOnce };
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.repeat) return;
      const nowMs = performance.now();
      const twice = nowMs - firstMs.current <= ESCAPE_TWICE_WITHIN_MS;
      firstMs.current = twice ? Number.NEGATIVE_INFINITY : nowMs;
      if (twice) latest.current.onTwice();
      else latest.current.onOnce();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [active]);
}
