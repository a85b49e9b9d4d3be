import { beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import {
  PersonDesk,
  type PersonRequest,
  REQUESTS_REMEMBERED_MAX,
} from '../../src/panel/person-desk.ts';
import { MemoryRun, ScriptedControl } from '../support/memory-run.ts';

let control: ScriptedControl;
let desk: PersonDesk;
let runId: string;

beforeEach(() => {
  const run = new MemoryRun();
  ({ runId } = run.info);
  control = new ScriptedControl(run);
  desk = new PersonDesk(control, runId);
});

const request = (changes: Partial<PersonRequest> = {}): PersonRequest =>
  ({
    type: 'acknowledge',
    alarm: 'interlock',
    requestId: 'one',
    runId,
    by: 'Ada',
    reason: 'The fuse was replaced',
    ...changes,
  }) as PersonRequest;

describe('what a person asks for at the panel', () => {
  it('is done in the name of the person, with the reason, and comes from the panel', async () => {
    expect(await desk.answer(request())).toMatchObject({ state: 'done', requestId: 'one' });
    expect(control.acknowledged).toEqual([
      { code: 'interlock', by: 'Ada', reason: 'The fuse was replaced', via: 'panel' },
    ]);
    expect(await desk.answer(request({ type: 'goOn', requestId: 'two' }))).toMatchObject({
      state: 'done',
      message: 'The run goes on',
    });
    expect(control.resumes).toEqual([{ by: 'Ada', reason: 'The fuse was replaced', via: 'panel' }]);
  });

  it('is done once when it comes twice, also while the first is on its way', async () => {
    const answers = await Promise.all([desk.answer(request()), desk.answer(request())]);
    expect(answers[0]).toEqual(answers[1]);
    await desk.answer(request());
    expect(control.acknowledged).toHaveLength(1);
  });

  it('is refused in the words of the run', async () => {
    control.onGoOn = () =>
      Promise.reject(new Fault('badInput', { where: 'run', message: 'it waits for nobody' }));
    expect(await desk.answer(request({ type: 'goOn' }))).toEqual({
      type: 'answer',
      requestId: 'one',
      state: 'failed',
      message: 'run: it waits for nobody',
    });
  });

  it('is refused for another run, whose page was left open', async () => {
    const answer = await desk.answer(request({ runId: 'the-run-before' }));
    expect(answer).toMatchObject({ state: 'failed' });
    expect(answer.message).toContain('load the page again');
    expect(control.acknowledged).toEqual([]);
    expect(control.resumes).toEqual([]);
  });

  it('is remembered for a bounded number of requests', async () => {
    for (let at = 0; at <= REQUESTS_REMEMBERED_MAX; at += 1) {
      await desk.answer(request({ requestId: `n${at}` }));
    }
    const before = control.acknowledged.length;
    await desk.answer(request({ requestId: `n${REQUESTS_REMEMBERED_MAX}` }));
    await desk.answer(request({ requestId: 'n1' }));
    expect(control.acknowledged).toHaveLength(before);
    await desk.answer(request({ requestId: 'n0' }));
    expect(control.acknowledged).toHaveLength(before + 1);
  });
});
