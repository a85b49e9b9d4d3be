import {
  type ClientMessage,
  decodePictures,
  LIVE_PATH,
  type ServerMessage,
  STOP_PATH,
} from '../protocol.ts';
import type { RunModel } from './run-model.ts';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 8000;
/** Progress comes twice a second; longer silence than this means that the line is dead. */
const SILENCE_MS_MAX = 6000;
/** An answer to a person's request that has not come by then may never come. */
const ANSWER_MS_MAX = 5000;
const NOT_KNOWN =
  'Nobody knows whether this arrived: the connection broke. Look at the list before trying again';
/** A stop that is not acknowledged in this time is sent a second way. */
const STOP_ACKNOWLEDGE_MS = 800;

/**
 * The page's one connection. It comes back on its own and then asks only for the records it does
 * not have. The browser's own timers are used here: the page has no part in the experiment.
 */
export class Connection {
  readonly #model: RunModel;
  readonly #onChange: () => void;
  #socket: WebSocket | undefined;
  #retryMs = RETRY_MS_MIN;
  #silenceTimer = 0;

  constructor(model: RunModel, onChange: () => void) {
    this.#model = model;
    this.#onChange = onChange;
  }

  start(): void {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${LIVE_PATH}`);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      const { sequence, info } = this.#model;
      socket.send(JSON.stringify({ type: 'hello', after: sequence, runId: info?.runId }));
    };
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = () => this.#lost(socket);
    this.#expectNews(socket);
  }

  /** Asks for the safe state by the socket, and over HTTP when that is not acknowledged. */
  stop(): void {
    this.#model.stop = { state: 'sent', message: 'Stop sent' };
    this.#onChange();
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      void this.#stopOverHttp();
      return;
    }
    this.#socket.send(JSON.stringify({ type: 'stop' }));
    window.setTimeout(() => {
      if (this.#model.stop.state === 'sent') void this.#stopOverHttp();
    }, STOP_ACKNOWLEDGE_MS);
  }

  /** Says that a person has seen an alarm. */
  acknowledge(alarm: string, by: string, reason: string): void {
    this.#ask((own) => ({ type: 'acknowledge', alarm, by, reason, ...own }));
  }

  /** A person lets the run go on. */
  goOn(by: string, reason: string): void {
    this.#ask((own) => ({ type: 'goOn', by, reason, ...own }));
  }

  /** The dialog is closed: its answer is not waited for. */
  forgetRequest(): void {
    this.#model.request = undefined;
    this.#onChange();
  }

  #ask(message: (own: { requestId: string; runId: string }) => ClientMessage): void {
    const requestId = crypto.randomUUID();
    const runId = this.#model.info?.runId;
    if (this.#socket?.readyState !== WebSocket.OPEN || runId === undefined) {
      const text = 'No connection: nothing was sent. Try again when the page is live';
      this.#model.request = { requestId, state: 'failed', message: text };
    } else {
      this.#model.request = { requestId, state: 'sent', message: 'Sent…' };
      this.#socket.send(JSON.stringify(message({ requestId, runId })));
      window.setTimeout(() => this.#giveUpAnswer(requestId), ANSWER_MS_MAX);
    }
    this.#onChange();
  }

  #giveUpAnswer(requestId: string): void {
    const { request } = this.#model;
    if (request?.requestId !== requestId || request.state !== 'sent') return;
    this.#model.request = { requestId, state: 'unknown', message: NOT_KNOWN };
    this.#onChange();
  }

  async #stopOverHttp(): Promise<void> {
    try {
      const response = await fetch(STOP_PATH, { method: 'POST' });
      if (!response.ok) throw new Error(`the panel answered ${response.status}`);
      this.#model.stop = { state: 'done', message: 'Safe state confirmed' };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#model.stop = { state: 'failed', message: `Stop was not delivered: ${message}` };
    }
    this.#onChange();
  }

  #receive(socket: WebSocket, data: unknown): void {
    this.#expectNews(socket);
    if (typeof data === 'string') {
      const message = JSON.parse(data) as ServerMessage;
      this.#model.apply(message);
      if (message.type === 'run') {
        this.#model.connection = 'live';
        this.#retryMs = RETRY_MS_MIN;
      }
    } else if (data instanceof ArrayBuffer) {
      this.#model.pictures = decodePictures(new Uint8Array(data));
    }
    this.#onChange();
  }

  #expectNews(socket: WebSocket): void {
    window.clearTimeout(this.#silenceTimer);
    this.#silenceTimer = window.setTimeout(() => this.#lost(socket), SILENCE_MS_MAX);
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    window.clearTimeout(this.#silenceTimer);
    socket.onmessage = null;
    socket.close();
    this.#model.connection = 'lost';
    if (this.#model.request) this.#giveUpAnswer(this.#model.request.requestId);
    this.#onChange();
    window.setTimeout(() => this.start(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }
}
