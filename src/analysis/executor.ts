import { type MessagePort, parentPort, type TransferListItem, Worker } from 'node:worker_threads';
import { asFault, Fault, type FaultCode, type Problem } from '../domain/fault.ts';

/** A table of jobs: name to function. Arguments and results must survive structured cloning. */
export type Jobs = Record<string, (argument: never) => unknown>;
type ArgumentOf<J extends Jobs, K extends keyof J> = Parameters<J[K]>[0];
type ResultOf<J extends Jobs, K extends keyof J> = Awaited<ReturnType<J[K]>>;

/** Runs jobs somewhere: on a worker thread in the product, in place in unit tests. */
export interface Executor<J extends Jobs> {
  call<K extends keyof J & string>(
    job: K,
    argument: ArgumentOf<J, K>,
    transfer?: readonly TransferListItem[],
  ): Promise<ResultOf<J, K>>;
  close(): Promise<void>;
}

interface Request {
  readonly id: number;
  readonly job: string;
  readonly argument: unknown;
}

type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly code: FaultCode; readonly problems: readonly Problem[] };

interface Waiting {
  resolve(result: unknown): void;
  reject(fault: Fault): void;
}

/** More calls than this in flight means the caller does not keep its own bound. */
const CALLS_IN_FLIGHT_MAX = 1024;

/** Runs each job in place, on the caller's thread. */
export function inlineExecutor<J extends Jobs>(jobs: J): Executor<J> {
  return {
    async call(job, argument) {
      return (await jobs[job]?.(argument as never)) as never;
    },
    async close() {},
  };
}

/**
 * One worker thread that answers jobs in the order they are called. The first call starts it: one
 * that was never called keeps no process alive.
 */
export class WorkerExecutor<J extends Jobs> implements Executor<J> {
  readonly #entry: URL;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #closed = false;

  /** @param entry a module that calls `serveJobs`. */
  constructor(entry: URL) {
    this.#entry = entry;
  }

  call<K extends keyof J & string>(
    job: K,
    argument: ArgumentOf<J, K>,
    transfer: readonly TransferListItem[] = [],
  ): Promise<ResultOf<J, K>> {
    if (this.#closed || this.#waiting.size >= CALLS_IN_FLIGHT_MAX) {
      const message = this.#closed
        ? 'the worker has ended'
        : `more than ${CALLS_IN_FLIGHT_MAX} calls are waiting for the worker`;
      return Promise.reject(
        new Fault(this.#closed ? 'analysis' : 'capacity', { where: job, message }),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage({ id, job, argument } satisfies Request, [...transfer]);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const { pathname: where } = this.#entry;
    const worker = new Worker(this.#entry);
    worker.on('message', (reply: Reply) => this.#settle(reply));
    worker.on('error', (error) => this.#failAll(asFault(error, where)));
    worker.on('exit', (code) =>
      this.#failAll(new Fault('analysis', { where, message: `the worker ended with ${code}` })),
    );
    return worker;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('code' in reply) waiting?.reject(new Fault(reply.code, reply.problems));
    else waiting?.resolve(reply.result);
  }

  #failAll(fault: Fault): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(fault);
    this.#waiting.clear();
  }
}

/** The worker's side: answers every request from the table. Call once, at the end of an entry. */
export function serveJobs<J extends Jobs>(
  jobs: J,
  transferOf: (result: unknown) => readonly TransferListItem[] = () => [],
): void {
  const port = parentPort as MessagePort;
  // One after another, so that a job finds the state its predecessor left.
  let turn: Promise<void> = Promise.resolve();
  port.on('message', (request: Request) => {
    turn = turn.then(() => answer(port, jobs, request, transferOf));
  });
}

async function answer<J extends Jobs>(
  port: MessagePort,
  jobs: J,
  request: Request,
  transferOf: (result: unknown) => readonly TransferListItem[],
): Promise<void> {
  try {
    const result = await jobs[request.job]?.(request.argument as never);
    port.postMessage({ id: request.id, result } satisfies Reply, [...transferOf(result)]);
  } catch (error) {
    const fault = asFault(error, request.job);
    const { code, problems } = fault;
    port.postMessage({ id: request.id, code, problems } satisfies Reply);
  }
}
