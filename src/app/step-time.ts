import type { RecordOf } from '../domain/run-record.ts';

/**
 * How long a step had lasted at a moment: the clock since its beginning, without what nobody has
 * observed, without the way back to it after an interruption, and without suspensions.
 * @param at an event in the midst of the step
 * @param records steps and events of the run, each in order
 * @returns s; the time of the event itself when no step had begun
 */
export function stepElapsedSecond(
  at: Pick<RecordOf<'event'>, 'sequence' | 'timeSecond'>,
  records: {
    readonly step: readonly RecordOf<'step'>[];
    readonly event: readonly RecordOf<'event'>[];
  },
): number {
  const before = records.step.filter(({ sequence }) => sequence < at.sequence);
  const stepId = before.at(-1)?.body.stepId;
  // One that was stopped and taken up again has more than one beginning.
  const own = before.filter(({ body }) => body.stepId === stepId);
  const start = own.find(({ body }) => body.state === 'started');
  if (!start) return at.timeSecond;
  const since = records.event.filter(
    ({ sequence }) => sequence > start.sequence && sequence < at.sequence,
  );
  const ends = own.filter(({ body }) => body.state === 'ended');
  return at.timeSecond - start.timeSecond - standstillSecond(since, ends);
}

function standstillSecond(
  events: readonly RecordOf<'event'>[],
  ends: readonly RecordOf<'step'>[],
): number {
  let second = 0;
  let offSinceSecond: number | undefined;
  const inOrder = [...events, ...ends].sort((a, b) => a.sequence - b.sequence);
  for (const { body, timeSecond } of inOrder) {
    if (body.kind === 'step') offSinceSecond ??= timeSecond;
    else if (body.code === 'gap') {
      offSinceSecond ??= numberOr(body.details.start_second, timeSecond);
    } else if (body.code === 'suspensionEnded') {
      second += numberOr(body.details.suspended_second, 0);
    } else if (body.code === 'stepStarted' && offSinceSecond !== undefined) {
      // The step goes on.
      second += timeSecond - offSinceSecond;
      offSinceSecond = undefined;
    }
  }
  return second;
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
