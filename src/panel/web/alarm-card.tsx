import { useEffect, useState } from 'preact/hooks';
import { type Alarm, needsPerson } from '../../domain/alarm.ts';
import type { EventCode } from '../../domain/run-record.ts';
import {
  alarmFacts,
  alarmHistory,
  alarmTitle,
  inOrderOfUrgency,
  levelText,
} from './alarm-words.ts';
import type { Connection } from './connection.ts';
import { formatDuration } from './display.ts';
import { PersonDialog } from './person-dialog.tsx';
import type { RunModel } from './run-model.ts';

interface AlarmCardProps {
  readonly model: RunModel;
  readonly connection: Connection;
}

/** What a dialog is open for. */
type Subject = { readonly kind: 'alarm'; readonly code: EventCode } | { readonly kind: 'goOn' };

/** The alarms of the run and what it waits for; nothing while there is neither. */
export function AlarmCard({ model, connection }: AlarmCardProps) {
  const [subject, setSubject] = useState<Subject | undefined>(undefined);
  const { waiting } = model;
  const close = (): void => {
    connection.forgetRequest();
    setSubject(undefined);
  };
  // Nothing can be said to a run that has ended.
  const isRunning = model.status === 'running';
  useEffect(() => {
    if (!isRunning && subject) close();
  }, [isRunning]);
  const alarms = inOrderOfUrgency(model.alarms.values());
  if (alarms.length === 0 && !waiting && !subject) return null;
  const open = alarms.filter(needsPerson).length;
  return (
    <section class="card alarms" aria-labelledby="alarms-title">
      <div class="card-head">
        <h2 id="alarms-title">Alarms</h2>
        <span class="aside" role="status">
          {open === 0 ? 'all acknowledged or ended' : `${open} not acknowledged`}
        </span>
      </div>
      <WaitingLine model={model} onGoOn={() => setSubject({ kind: 'goOn' })} />
      <ul class="alarm-list">
        {alarms.map((alarm) => (
          <AlarmLine
            key={alarm.code}
            alarm={alarm}
            labelOf={(cause) => channelLabel(model, cause)}
            canAcknowledge={isRunning}
            onAcknowledge={() => setSubject({ kind: 'alarm', code: alarm.code })}
          />
        ))}
      </ul>
      {!isRunning && open > 0 && (
        <p class="aside">
          The run has ended. Whoever takes it up again acknowledges them: operando resume{' '}
          {model.info?.runId}
        </p>
      )}
      {subject && (
        <SubjectDialog subject={subject} model={model} connection={connection} onClose={close} />
      )}
    </section>
  );
}

function WaitingLine({ model, onGoOn }: { readonly model: RunModel; readonly onGoOn: () => void }) {
  const { waiting } = model;
  if (!waiting) return null;
  return (
    <div class="waiting" role="status">
      <p>
        <b>Waiting since {formatDuration(waiting.sinceSecond)}.</b> {waiting.message}
      </p>
      {waiting.obstacle === null ? (
        <button type="button" class="act" onClick={onGoOn}>
          {waiting.kind === 'freshCell' ? 'The fresh cell is in…' : 'Go on…'}
        </button>
      ) : (
        <p class="obstacle">It cannot go on yet: {waiting.obstacle}.</p>
      )}
    </div>
  );
}

interface AlarmLineProps {
  readonly alarm: Alarm;
  readonly labelOf: (cause: string) => string;
  /** An ended run takes no more records. */
  readonly canAcknowledge: boolean;
  readonly onAcknowledge: () => void;
}

function AlarmLine({ alarm, labelOf, canAcknowledge, onAcknowledge }: AlarmLineProps) {
  const isOpen = needsPerson(alarm);
  return (
    <li class={`alarm-line ${isOpen ? alarm.severity : 'seen'}`} data-alarm={alarm.code}>
      <div>
        <p class="alarm-title">
          <span class="level">{levelText(alarm)}</span> {alarmTitle(alarm)}
        </p>
        <p>{alarm.message}</p>
        <p class="aside">{alarmFacts(alarm, labelOf)}</p>
        {alarmHistory(alarm).map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
      {isOpen && canAcknowledge && (
        <button
          type="button"
          class="act"
          aria-label={`Acknowledge: ${alarmTitle(alarm)}`}
          onClick={onAcknowledge}
        >
          Acknowledge…
        </button>
      )}
    </li>
  );
}

/** An instrument is called as it is. */
function channelLabel({ info }: RunModel, cause: string): string {
  return info?.channels.find(({ name }) => name === cause)?.label ?? cause;
}

interface SubjectDialogProps extends AlarmCardProps {
  readonly subject: Subject;
  readonly onClose: () => void;
}

function SubjectDialog({ subject, model, connection, onClose }: SubjectDialogProps) {
  if (subject.kind === 'goOn') {
    const isFresh = model.waiting?.kind === 'freshCell';
    return (
      <PersonDialog
        title={isFresh ? 'Is the fresh cell in?' : 'Let the run go on?'}
        text={`${model.waiting?.message ?? 'The run does not wait any more.'} Heater and current are switched on again as the recipe says. Look at the rig first.`}
        confirmText="Go on"
        request={model.request}
        onConfirm={(by, reason) => connection.goOn(by, reason)}
        onClose={onClose}
      />
    );
  }
  const alarm = model.alarms.get(subject.code);
  return (
    <PersonDialog
      title={`Acknowledge: ${alarm ? alarmTitle(alarm) : subject.code}`}
      text={`${alarm?.message ?? ''} Your name and your reason are written into the records. This switches nothing on.`}
      confirmText="Acknowledge"
      request={model.request}
      onConfirm={(by, reason) => connection.acknowledge(subject.code, by, reason)}
      onClose={onClose}
    />
  );
}
