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
export type RejectionCode =
  | 'badPayload'
  | 'issuedAtMissing'
  | 'stale'
  | 'otherRun'
  | 'badResponseTopic';

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
  | {
      readonly kind: 'accepted';
      readonly correlationId: string;
      /** What the command says beside its id, its time and its answer's address. */
      readonly words: Words;
      readonly to?: ReplyAddress;
    };

/** Texts that a verb asks for or allows, by their key in the payload. */
export type Words = Readonly<Record<string, string>>;

/** What a verb needs to be told, beside what every command says. */
export interface VerbWords {
  readonly needs: readonly string[];
  readonly allows: readonly string[];
}

export interface CommandCounts {
  readonly ignoredRetained: number;
  readonly rejected: number;
  readonly repeated: number;
  readonly accepted: number;
}

/** Decides whether a command may be carried out; what it has decided it remembers. */
export class CommandGuard {
  readonly #topics: Topics;
  readonly #runId: string;
  readonly #verbs: ReadonlyMap<string, VerbWords>;
  /** By topic and id: the id of one verb must not stand in the way of another, of a stop above all. */
  readonly #replies = new Map<string, Reply>();
  readonly #counts = { ignoredRetained: 0, rejected: 0, repeated: 0, accepted: 0 };

  /** @param verbs by their topic: a topic that is not there takes no words */
  constructor(topics: Topics, runId: string, verbs: ReadonlyMap<string, VerbWords>) {
    this.#topics = topics;
    this.#runId = runId;
    this.#verbs = verbs;
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
    const request = readRequest(message, this.#verbs.get(message.topic));
    const to = this.#addressOf(message, request);
    if (to === 'bad') {
      const problem = 'no reply may be sent there';
      return this.#reject(message, request, { code: 'badResponseTopic', message: problem });
    }
    if (request.correlationId === null) {
      const problem = request.problem ?? 'correlation_id: expected 1 to 64 of A-Z a-z 0-9 _ . : -';
      return this.#reject(message, request, { code: 'badPayload', message: problem, to });
    }
    const known = this.#replies.get(keyOf(message, request.correlationId));
    if (known) {
      this.#counts.repeated += 1;
      return { kind: 'repeated', reply: known, ...(to ? { to } : {}) };
    }
    const { correlationId, words } = request;
    const rejection =
      ageProblem(request.issuedAtUtcMs, nowUtcMs) ??
      (request.problem === undefined
        ? this.#runProblem(words)
        : { code: 'badPayload' as const, message: request.problem });
    if (rejection) return this.#reject(message, request, { ...rejection, to });
    this.#counts.accepted += 1;
    this.remember(message, { correlationId, state: 'accepted' });
    return { kind: 'accepted', correlationId, words, ...(to ? { to } : {}) };
  }

  /** What was meant for another run on this cell must not be done to this one. */
  #runProblem({ run }: Words): Rejection | undefined {
    if (run === undefined || run === this.#runId) return undefined;
    return { code: 'otherRun', message: `run: expected ${this.#runId}, the run that goes on here` };
  }

  /** Keeps the latest answer to a command for those who ask again. */
  remember(message: Pick<IncomingMessage, 'topic'>, reply: Reply): void {
    if (reply.correlationId === null) return;
    this.#replies.set(keyOf(message, reply.correlationId), reply);
    if (this.#replies.size <= COMMANDS_REMEMBERED_MAX) return;
    const [oldest] = this.#replies.keys();
    if (oldest !== undefined) this.#replies.delete(oldest);
  }

  #reject(
    command: IncomingMessage,
    { correlationId }: Request,
    { code, message, to }: Rejection & { readonly to?: ReplyAddress | undefined },
  ): Decision {
    this.#counts.rejected += 1;
    const reply: Reply = { correlationId, state: 'rejected', code, message };
    this.remember(command, reply);
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
  readonly words: Words;
  readonly problem?: string;
}

interface Rejection {
  readonly code: RejectionCode;
  readonly message: string;
}

function keyOf({ topic }: Pick<IncomingMessage, 'topic'>, correlationId: string): string {
  return `${topic} ${correlationId}`;
}

/** A request that cannot be read at all. */
function unreadable(problem: string): Request {
  return { correlationId: null, words: {}, problem };
}

function readRequest(message: IncomingMessage, verb: VerbWords | undefined): Request {
  if (message.payload.length > COMMAND_BYTES_MAX) {
    return unreadable(`expected at most ${COMMAND_BYTES_MAX} bytes`);
  }
  let json: unknown;
  try {
    json = JSON.parse(message.payload.toString('utf8'));
  } catch {
    return unreadable('expected a JSON object');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return unreadable('expected a JSON object');
  }
  const {
    correlation_id: id,
    issued_at_utc_ms: issuedAt,
    response_topic: topic,
  } = json as Record<string, unknown>;
  const givenId = id ?? message.correlationData?.toString('utf8');
  return {
    ...readWords(json as Record<string, unknown>, verb),
    correlationId: typeof givenId === 'string' && CORRELATION_ID.test(givenId) ? givenId : null,
    ...(typeof issuedAt === 'number' ? { issuedAtUtcMs: issuedAt } : {}),
    ...(typeof topic === 'string' ? { responseTopic: topic } : {}),
  };
}

/** Only what the verb knows is read; what it needs must be there. */
function readWords(
  json: Record<string, unknown>,
  { needs, allows }: VerbWords = { needs: [], allows: ['run'] },
): Pick<Request, 'words' | 'problem'> {
  const words: Record<string, string> = {};
  const problems: string[] = [];
  for (const key of [...needs, ...allows]) {
    const value = json[key];
    if (typeof value === 'string' && value.trim() !== '') words[key] = value;
    else if (value !== undefined || needs.includes(key)) problems.push(`${key}: expected a text`);
  }
  return { words, ...(problems.length > 0 ? { problem: problems.join('; ') } : {}) };
}

function ageProblem(issuedAtUtcMs: number | undefined, nowUtcMs: number): Rejection | undefined {
  if (issuedAtUtcMs === undefined) {
    const message = 'issued_at_utc_ms: expected the time of the command, ms since 1970';
    return { code: 'issuedAtMissing', message };
  }
  const ageMs = nowUtcMs - issuedAtUtcMs;
  if (Math.abs(ageMs) <= COMMAND_AGE_MS_MAX) return undefined;
  const message = `issued ${Math.round(ageMs)} ms ago, expected within ${COMMAND_AGE_MS_MAX} ms`;
  return { code: 'stale', message };
}
