import { formatDuration, formatQuantity } from './display.ts';
import type { RunModel } from './run-model.ts';

const STATUS_TEXT = {
  running: 'Running',
  done: 'Ended: done',
  stopped: 'Ended: stopped',
  faulted: 'Ended: faulted',
  tripped: 'Ended: safety trip',
} as const;

const TECHNIQUE_TEXT: Readonly<Record<string, string>> = {
  openCircuit: 'open circuit',
  constantCurrent: 'constant current',
  impedance: 'impedance',
  soak: 'soak',
  scan: 'scan',
};

/** What runs, where it stands, whether it is real, and whether the page hears of it. */
export function StateBar({ model }: { readonly model: RunModel }) {
  const { info, progress, status, waiting } = model;
  const unreal = provenanceLabels(model);
  return (
    <div class="state" data-sequence={model.sequence}>
      <div class="identity">
        <h1>{info ? info.cell : 'operando'}</h1>
        <span class={`chip status ${waiting ? 'stopped' : status}`}>
          {waiting ? 'Waiting' : STATUS_TEXT[status]}
        </span>
        {unreal.map((label) => (
          <span key={label.text} class="chip unreal" title={label.title}>
            {label.text}
          </span>
        ))}
        <ConnectionChip model={model} />
      </div>
      <dl class="facts">
        <Fact name="Recipe" value={info?.recipe ?? '–'} />
        <Fact
          name="Step"
          value={
            progress
              ? `${Math.min(progress.stepIndex + 1, progress.stepCount)}/${progress.stepCount} ${progress.stepName}`
              : '–'
          }
        />
        <Fact
          name="Technique"
          value={progress ? (TECHNIQUE_TEXT[progress.technique] ?? progress.technique) : '–'}
        />
        <Fact name="Elapsed" value={elapsedText(model)} />
        <Fact
          name="Charge"
          value={progress ? formatQuantity(progress.chargeCoulomb / 3600, 'Ah', 3) : '–'}
        />
        <Fact name="Records" value={recordsText(model)} />
      </dl>
      <ProgressLine model={model} />
      <LatestEvent model={model} />
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={value}>{value}</dd>
    </div>
  );
}

function ConnectionChip({ model }: { readonly model: RunModel }) {
  const isClosed = model.connection === 'lost' && model.status !== 'running';
  const text = {
    connecting: 'Connecting…',
    live: 'Live',
    lost: isClosed ? 'Panel closed' : 'Connection lost, trying again',
  }[model.connection];
  return (
    <span class={`chip connection ${isClosed ? 'closed' : model.connection}`} role="status">
      {text}
    </span>
  );
}

function ProgressLine({ model }: { readonly model: RunModel }) {
  const fraction = progressFraction(model);
  return (
    <progress class="progress" max={1} value={fraction} aria-label="Progress of the run">
      {Math.round(100 * fraction)} %
    </progress>
  );
}

/** The newest event, but an alarm stays until a newer alarm comes. */
function LatestEvent({ model }: { readonly model: RunModel }) {
  const event = model.events.find(({ severity }) => severity === 'alarm') ?? model.events[0];
  return (
    <p class={`latest ${event?.severity ?? ''}`}>
      {event ? `${formatDuration(event.timeSecond)}: ${event.message}` : '\u00a0'}
    </p>
  );
}

function progressFraction({ progress, status }: RunModel): number {
  if (!progress) return 0;
  if (status === 'done') return 1;
  return Math.min(1, progress.elapsedSecond / Math.max(1, progress.plannedSecond));
}

function elapsedText({ progress }: RunModel): string {
  if (!progress) return '–';
  const elapsed = formatDuration(progress.elapsedSecond);
  return progress.plannedSecond > 0
    ? `${elapsed} of ≤ ${formatDuration(progress.plannedSecond)}`
    : elapsed;
}

function recordsText({ sequence, lastSequence }: RunModel): string {
  const count = (value: number): string => value.toLocaleString('en').replaceAll(',', '\u202f');
  // A page that is catching up says how far it is.
  const behind = lastSequence - sequence > 1000;
  return behind ? `${count(sequence)} of ${count(lastSequence)}` : count(lastSequence);
}

/** Values that no instrument measures here and now carry this label wherever they are shown. */
function provenanceLabels({ info }: RunModel): { text: string; title: string }[] {
  const named = (provenance: string): string =>
    (info?.instruments ?? [])
      .filter((instrument) => instrument.provenance === provenance)
      .map(({ id }) => id)
      .join(', ');
  const speed = info?.speed === null ? ' at full speed' : ` × ${info?.speed ?? 1}`;
  const timed = info?.speed === 1 ? '' : speed;
  const simulated = named('simulated');
  const recorded = named('recorded');
  return [
    ...(simulated ? [{ text: `SIMULATED${timed}`, title: `Simulated: ${simulated}` }] : []),
    ...(recorded
      ? [
          {
            text: `RECORDED DATA${simulated ? '' : timed}`,
            title: `Played back from recordings, not measured now: ${recorded}`,
          },
        ]
      : []),
  ];
}
