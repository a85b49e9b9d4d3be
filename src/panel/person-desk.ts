import type { RunControl } from '../domain/run-control.ts';
import { messageOf } from './http-replies.ts';
import type { ClientMessage, ServerMessage } from './protocol.ts';

/** Requests remembered so that one that comes again is answered, not carried out again. */
export const REQUESTS_REMEMBERED_MAX = 256;

/** What a person asks for with a name and a reason. */
export type PersonRequest = Extract<ClientMessage, { readonly type: 'acknowledge' | 'goOn' }>;
export type PersonAnswer = Extract<ServerMessage, { readonly type: 'answer' }>;

/** Carries out what people ask for with their name and a reason, each request once. */
export class PersonDesk {
  readonly #control: RunControl;
  readonly #runId: string;
  readonly #answers = new Map<string, Promise<PersonAnswer>>();

  constructor(control: RunControl, runId: string) {
    this.#control = control;
    this.#runId = runId;
  }

  /** Never rejects: what was refused is said in the answer. */
  answer(request: PersonRequest): Promise<PersonAnswer> {
    const { requestId } = request;
    const known = this.#answers.get(requestId);
    if (known) return known;
    const answer = this.#carryOut(request).then(
      (message): PersonAnswer => ({ type: 'answer', requestId, state: 'done', message }),
      (error: unknown): PersonAnswer => ({
        type: 'answer',
        requestId,
        state: 'failed',
        message: messageOf(error),
      }),
    );
    this.#answers.set(requestId, answer);
    if (this.#answers.size > REQUESTS_REMEMBERED_MAX) {
      const [oldest] = this.#answers.keys();
      if (oldest !== undefined) this.#answers.delete(oldest);
    }
    return answer;
  }

  async #carryOut(request: PersonRequest): Promise<string> {
    // A page that was left open may show a run that is not this one.
    if (request.runId !== this.#runId) {
      throw new Error(`this is run ${this.#runId} now: load the page again`);
    }
    const { by, reason } = request;
    const signature = { by, reason, via: 'panel' };
    if (request.type === 'goOn') {
      await this.#control.goOn(signature);
      return 'The run goes on';
    }
    await this.#control.acknowledge(request.alarm, signature);
    return 'Acknowledged';
  }
}
