import { useEffect, useState } from 'preact/hooks';
import { AlarmCard } from './alarm-card.tsx';
import { Connection } from './connection.ts';
import { EventLog } from './event-log.tsx';
import { ImpedanceCard } from './impedance-card.tsx';
import { RunModel } from './run-model.ts';
import { SliceCard } from './slice-card.tsx';
import { StateBar } from './state-bar.tsx';
import { StopButton } from './stop-button.tsx';
import { TimeCard } from './time-card.tsx';
import type { TimeWindow } from './time-strip.tsx';
import { VolumeCard } from './volume-card.tsx';

/** Messages that come closer together than this share one drawing. */
const DRAW_EVERY_MS = 100;

const ELECTRICAL = ['voltage_volt', 'current_ampere'];
/** Shown as a number in the state bar. */
const NOT_DRAWN = ['net_capacity_ah'];

/** The whole page. */
export function App() {
  const [{ model, connection, version }] = usePanel();
  const [window, setWindow] = useState<TimeWindow | undefined>(undefined);
  const [cursorSecond, onCursor] = useState<number | undefined>(undefined);
  const channels = model.info?.channels ?? [];
  const conditions = channels.filter(
    ({ name }) => !ELECTRICAL.includes(name) && !NOT_DRAWN.includes(name),
  );
  const time = { model, version, window, onWindow: setWindow, cursorSecond, onCursor };
  return (
    <>
      <header class="top">
        <StateBar model={model} />
        <StopButton model={model} onStop={() => connection.stop()} />
      </header>
      <main class="board">
        <AlarmCard model={model} connection={connection} />
        <div class="column wide">
          <TimeCard
            {...time}
            class="electrical"
            title="Voltage and current"
            channels={channels.filter(({ name }) => ELECTRICAL.includes(name))}
          />
          <TimeCard {...time} class="conditions" title="Conditions" channels={conditions} />
        </div>
        <div class="column">
          <ImpedanceCard model={model} />
          <SliceCard model={model} />
          <VolumeCard model={model} />
          <EventLog model={model} />
        </div>
      </main>
    </>
  );
}

interface Panel {
  readonly model: RunModel;
  readonly connection: Connection;
  readonly version: number;
}

/** The model of the run, kept up to date; a new value for every drawing. */
function usePanel(): [Panel] {
  const [panel, setPanel] = useState(makePanel);
  useEffect(() => {
    let timer = 0;
    let drawnMs = 0;
    const draw = (): void => {
      timer = 0;
      drawnMs = performance.now();
      setPanel((old) => ({ ...old, version: old.version + 1 }));
    };
    panel.listen(() => {
      if (timer !== 0) return;
      const waitMs = Math.max(0, DRAW_EVERY_MS - (performance.now() - drawnMs));
      timer = window.setTimeout(() => window.requestAnimationFrame(draw), waitMs);
    });
    panel.connection.start();
  }, []);
  return [panel];
}

function makePanel() {
  let listener = (): void => {};
  const model = new RunModel();
  const connection = new Connection(model, () => listener());
  return {
    model,
    connection,
    version: 0,
    listen: (next: () => void): void => {
      listener = next;
    },
  };
}
