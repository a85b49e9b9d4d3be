import type { CancelTimer, Clock } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { RunControl, Signature } from '../domain/run-control.ts';
import {
  type CommandCounts,
  CommandGuard,
  type Reply,
  type ReplyAddress,
  type VerbWords,
  type Words,
} from './command-guard.ts';
import type { IncomingMessage } from './message.ts';
import { kebab, type Topics } from './topics.ts';

/** What was armed must be confirmed within this. */
export const ARMED_SECOND = 30;

export interface CommandDeskOptions {
  readonly topics: Topics;
  readonly runId: string;
  readonly control: RunControl;
  /** Real time. */
  readonly clock: Clock;
  readonly answer: (reply: Reply, to: ReplyAddress | undefined) => void;
  /** Told of what is not answered. */
  readonly report: (where: string, message: string) => void;
}

/** What the command says, and a name for whoever sent it. */
interface Asked {
  readonly correlationId: string;
  readonly words: Words;
  readonly via: string;
}

/** @returns what the last answer says beside `done` */
type Verb = (asked: Asked) => Promise<string | undefined>;

/** Takes the commands of one cell, has them judged, carries them out and answers. */
export class CommandDesk {
  readonly #options: CommandDeskOptions;
  readonly #guard: CommandGuard;
  readonly #verbs: ReadonlyMap<string, Verb>;
  #armed: { readonly id: string; readonly cancel: CancelTimer } | undefined;

  constructor(options: CommandDeskOptions) {
    this.#options = options;
    const { topics, runId } = options;
    const words = new Map<string, VerbWords>([
      [topics.acknowledge, { needs: ['run', 'alarm', 'by', 'reason'], allows: [] }],
      [topics.arm, { needs: ['run'], allows: [] }],
      [topics.resume, { needs: ['arm'], allows: ['run', 'by', 'reason'] }],
    ]);
    this.#guard = new CommandGuard(topics, runId, words);
    this.#verbs = new Map<string, Verb>([
      [topics.stop, (asked) => this.#stop(asked)],
      [topics.acknowledge, (asked) => this.#acknowledge(asked)],
      [topics.arm, (asked) => this.#arm(asked)],
      [topics.resume, (asked) => this.#resume(asked)],
    ]);
  }

  /** The topics it listens to. */
  get topics(): readonly string[] {
    return [...this.#verbs.keys()];
  }

  get counts(): CommandCounts {
    return this.#guard.counts;
  }

  /** Nothing stays armed. Idempotent. */
  stop(): void {
    this.#disarm();
  }

  receive(message: IncomingMessage): void {
    const verb = this.#verbs.get(message.topic);
    if (!verb) return;
    const { answer, clock, report } = this.#options;
    const decision = this.#guard.decide(message, clock.utcMs());
    if (decision.kind === 'ignored') {
      report(message.topic, 'a retained command is ignored; publish commands without retain');
      return;
    }
    if (decision.kind !== 'accepted') {
      answer(decision.reply, decision.to);
      return;
    }
    const { correlationId, words, to } = decision;
    answer({ correlationId, state: 'accepted' }, to);
    const conclude = (reply: Reply): void => {
      this.#guard.remember(message, reply);
      answer(reply, to);
    };
    verb({ correlationId, words, via: `mqtt:${correlationId}` }).then(
      (text) => conclude({ correlationId, state: 'done', ...(text ? { message: text } : {}) }),
      (error: unknown) => {
        const { message: text } = asFault(error, message.topic);
        conclude({ correlationId, state: 'failed', message: text });
      },
    );
  }

  async #stop({ via }: Asked): Promise<undefined> {
    await this.#options.control.stop(via);
    return undefined;
  }

  async #acknowledge({ words, via }: Asked): Promise<undefined> {
    const { control } = this.#options;
    const { alarm = '', by = '', reason = '' } = words;
    // As in the topic of the alarm, or as in the log.
    const known = control.alarms().find(({ code }) => kebab(code) === alarm);
    await control.acknowledge(known?.code ?? alarm, { by, reason, via });
    return undefined;
  }

  /** Refuses at once what would be refused in the end. */
  async #arm({ correlationId }: Asked): Promise<string> {
    const waiting = this.#options.control.waiting();
    const refusal = waiting ? waiting.obstacle : 'it waits for nobody';
    if (refusal !== null) throw new Fault('badInput', { where: 'run', message: refusal });
    this.#disarm();
    const cancel = this.#options.clock.after(ARMED_SECOND, () => this.#disarm());
    this.#armed = { id: correlationId, cancel };
    return `resume within ${ARMED_SECOND} s, with "arm":"${correlationId}"`;
  }

  async #resume({ words, via }: Asked): Promise<undefined> {
    const isArmed = this.#armed !== undefined && this.#armed.id === words.arm;
    if (!isArmed) {
      throw new Fault('badInput', {
        where: 'arm',
        message: `expected the correlation_id of a cmd/arm of the last ${ARMED_SECOND} s`,
      });
    }
    // One arming, one attempt.
    this.#disarm();
    await this.#options.control.goOn(signatureOf(words, via));
    return undefined;
  }

  #disarm(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
  }
}

/** Who sends a resume may be a script: it is named by its command then. */
function signatureOf({ by = '', reason = '' }: Words, via: string): Signature {
  return { by: by || via, reason: reason || 'the run may go on', via };
}
