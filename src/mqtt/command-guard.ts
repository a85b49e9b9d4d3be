import type { IncomingMessage } from './message.ts';
import type { Topics } from './topics.ts';

/** A command older (or newer) than this is refused: it was meant for another situation. */
export const COMMAND_AGE_MS_MAX = 10_000;
/** Commands remembered so that a repeated one is answered, not carried out again. */
export const COMMANDS_REMEMBERED_MAX = 1024;
/** Largest command in bytes. */
export const COMMAND_BYTES_MAX = 4096;

const CORRELATION_ID = /^[A-Za-z0-9_.:-]{1,64}$/;

export type CommandState = 'accepted' | 'rejected' | 'done' | 'failed';
export type RejectionCode = 'badPayload' | 'issuedAtMissing' | 'stale' | 'badResponseTopic';

/** Where the answer to a command goes. */
export interface ReplyAddress {
  readonly topic: string;
  readonly correlationData?: Buffer;
}

export interface Reply {
  readonly correlationId: string | null;
  readonly state: CommandState;
  readonly code?: RejectionCode;
  readonly message?: string;
}

export type Decision =
  | { readonly kind: 'ignored' }
  | { readonly kind: 'rejected' | 'repeated'; readonly reply: Reply; readonly to?: ReplyAddress }
  | { readonly kind: 'accepted'; readonly correlationId: string; readonly to?: ReplyAddress };

export interface CommandCounts {
  readonly ignoredRetained: number;
  readonly rejected: number;
  readonly repeated: number;
  readonly accepted: number;
}

/** Decides whether a command may be carried out; what it has decided it remembers. */
export class CommandGuard {
  readonly #topics: Topics;
  readonly #replies = new Map<string, Reply>();
  readonly #counts = { ignoredRetained: 0, rejected: 0, repeated: 0, accepted: 0 };

  constructor(topics: Topics) {
    this.#topics = topics;
  }

  get counts(): CommandCounts {
    return this.#counts;
  }

  decide(message: IncomingMessage, nowUtcMs: number): Decision {
    // A retained command would stop every run from now on.
    if (message.retain) {
      this.#counts.ignoredRetained += 1;
      return { kind: 'ignored' };
    }
    const request = readRequest(message);
    const to = this.#addressOf(message, request);
    if (to === 'bad') {
      return this.#reject(request, undefined, 'badResponseTopic', 'no reply may be sent there');
    }
    if (request.problem !== undefined || request.correlationId === null) {
      const problem = request.problem ?? 'correlation_id: expected 1 to 64 of A-Z a-z 0-9 _ . : -';
      return this.#reject(request, to, 'badPayload', problem);
    }
    const known = this.#replies.get(request.correlationId);
    if (known) {
      this.#counts.repeated += 1;
      return { kind: 'repeated', reply: known, ...(to ? { to } : {}) };
    }
    const rejection = ageProblem(request.issuedAtUtcMs, nowUtcMs);
    if (rejection) return this.#reject(request, to, rejection.code, rejection.message);
    this.#counts.accepted += 1;
    this.remember({ correlationId: request.correlationId, state: 'accepted' });
    return { kind: 'accepted', correlationId: request.correlationId, ...(to ? { to } : {}) };
  }

  /** Keeps the latest answer to a command for those who ask again. */
  remember(reply: Reply): void {
    if (reply.correlationId === null) return;
    this.#replies.set(reply.correlationId, reply);
    if (this.#replies.size <= COMMANDS_REMEMBERED_MAX) return;
    const [oldest] = this.#replies.keys();
    if (oldest !== undefined) this.#replies.delete(oldest);
  }

  #reject(
    request: Request,
    to: ReplyAddress | undefined,
    code: RejectionCode,
    message: string,
  ): Decision {
    this.#counts.rejected += 1;
    const { correlationId } = request;
    const reply: Reply = { correlationId, state: 'rejected', code, message };
    this.remember(reply);
    return { kind: 'rejected', reply, ...(to ? { to } : {}) };
  }

  /** A reply must not pass for one of our own topics, nor reach for the broker's. */
  #addressOf(message: IncomingMessage, request: Request): ReplyAddress | 'bad' | undefined {
    const topic = message.responseTopic ?? request.responseTopic;
    if (topic === undefined) return undefined;
    const isPlain = topic.length > 0 && topic.length <= 200 && !/[+#\0]/.test(topic);
    const isOurs = topic === this.#topics.root || topic.startsWith(`${this.#topics.root}/`);
    const isReply = topic.startsWith(this.#topics.replies);
    if (!isPlain || topic.startsWith('$') || (isOurs && !isReply)) return 'bad';
    const { correlationData } = message;
    return { topic, ...(correlationData ? { correlationData } : {}) };
  }
}

interface Request {
  readonly correlationId: string | null;
  readonly issuedAtUtcMs?: number;
  readonly responseTopic?: string;
  readonly problem?: string;
}

function readRequest(message: IncomingMessage): Request {
  if (message.payload.length > COMMAND_BYTES_MAX) {
    return { correlationId: null, problem: `expected at most ${COMMAND_BYTES_MAX} bytes` };
  }
  let json: unknown;
  try {
    json = JSON.parse(message.payload.toString('utf8'));
  } catch {
    return { correlationId: null, problem: 'expected a JSON object' };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { correlationId: null, problem: 'expected a JSON object' };
  }
  const {
    correlation_id: id,
    issued_at_utc_ms: issuedAt,
    response_topic: topic,
  } = json as Record<string, unknown>;
  const givenId = id ?? message.correlationData?.toString('utf8');
  return {
    correlationId: typeof givenId === 'string' && CORRELATION_ID.test(givenId) ? givenId : null,
    ...(typeof issuedAt === 'number' ? { issuedAtUtcMs: issuedAt } : {}),
    ...(typeof topic === 'string' ? { responseTopic: topic } : {}),
  };
}

function ageProblem(
  issuedAtUtcMs: number | undefined,
  nowUtcMs: number,
): { readonly code: RejectionCode; readonly message: string } | undefined {
  if (issuedAtUtcMs === undefined) {
    const message = 'issued_at_utc_ms: expected the time of the command, ms since 1970';
    return { code: 'issuedAtMissing', message };
  }
  const ageMs = nowUtcMs - issuedAtUtcMs;
  if (Math.abs(ageMs) <= COMMAND_AGE_MS_MAX) return undefined;
  const message = `issued ${Math.round(ageMs)} ms ago, expected within ${COMMAND_AGE_MS_MAX} ms`;
  return { code: 'stale', message };
}
