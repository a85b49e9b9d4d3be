import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Bus } from '../domain/bus.ts';
import { type CancelTimer, type Clock, sleep } from '../domain/clock.ts';
import type { RunControl } from '../domain/run-control.ts';
import type { RunInfo } from '../domain/run-record.ts';
import type { RunReader } from '../domain/run-store.ts';
import { listen, messageOf, refuse, refuseUpgrade, reply } from './http-replies.ts';
import { isLoopbackHost, isOwnOrigin, loopbackAddress } from './origin-guard.ts';
import { PersonDesk } from './person-desk.ts';
import { PictureSource } from './picture-source.ts';
import { LIVE_PATH, type ServerMessage, STOP_PATH } from './protocol.ts';
import { RecordBatches } from './record-batches.ts';
import { CLOSE, Session } from './session.ts';
import {
  loadStaticFiles,
  SECURITY_HEADERS,
  type StaticFiles,
  serveStatic,
} from './static-files.ts';

export const SOCKETS_MAX = 32;
const CONNECTIONS_MAX = 128;
const PAYLOAD_BYTES_MAX = 64 * 1024;
const REQUEST_MS_MAX = 10_000;
/** Pictures, keep-alive and the retry of clients that had no room. */
const TICK_SECOND = 0.1;
const TICKS_PER_PROGRESS = 5;
/** Commits that come closer together than this share one reading. */
const PUMP_DELAY_SECOND = 0.02;
/** Pause between two messages of records, so that a long history leaves others the processor. */
const CATCH_UP_SECOND = 0.002;
/** How long a stopping panel lets its pages read the end of the run. */
const DRAIN_SECOND_MAX = 2;

export interface PanelServerOptions {
  readonly reader: RunReader;
  readonly control: RunControl;
  /** Live slices come from here; faults of the panel go there. */
  readonly bus: Bus;
  /** Real time: people wait for the panel, whatever the experiment's clock says. */
  readonly clock: Clock;
  /** The built page: dist/panel. */
  readonly staticFolder: string;
  /** A loopback address. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * The panel: the page over HTTP, the run over websockets. It reads the run database with one
 * cursor per page and never writes to it. It may ask for a stop and, with a person's name and
 * reason, acknowledge alarms and let a waiting run go on.
 */
export class PanelServer {
  readonly #options: PanelServerOptions;
  readonly #batches: RecordBatches;
  readonly #people: PersonDesk;
  readonly #pictures = new PictureSource();
  readonly #sessions = new Set<Session>();
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: PAYLOAD_BYTES_MAX,
    perMessageDeflate: false,
    clientTracking: false,
  });
  #files: StaticFiles = new Map();
  #http: Server | undefined;
  #undo: (() => void)[] = [];
  #tickTimer: CancelTimer = () => {};
  #pumpTimer: CancelTimer | undefined;
  #ticks = 0;
  #stopping: Promise<void> | undefined;
  #toldFault: string | undefined;
  #toldInfo: RunInfo;

  constructor(options: PanelServerOptions) {
    this.#options = options;
    this.#batches = new RecordBatches(options.reader);
    this.#toldInfo = options.reader.info;
    this.#people = new PersonDesk(options.control, options.reader.info.runId);
  }

  /** @throws Fault badInput (host, port taken) or fileMissing (page not built) */
  async start(): Promise<{ url: string }> {
    const { bus, reader } = this.#options;
    const host = loopbackAddress(this.#options.host);
    this.#files = loadStaticFiles(this.#options.staticFolder);
    const http = createServer((request, response) => this.#answer(request, response));
    http.requestTimeout = REQUEST_MS_MAX;
    http.headersTimeout = REQUEST_MS_MAX;
    http.maxConnections = CONNECTIONS_MAX;
    http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    await listen(http, host, this.#options.port);
    // Out of file descriptors, for one: the sockets that are open go on.
    http.on('error', (error) => this.#tell(error.message));
    this.#http = http;
    this.#undo = [
      bus.on('liveSlice', ({ slice }) => this.#pictures.offer(slice)),
      reader.onCommit(() => this.#schedulePump(PUMP_DELAY_SECOND)),
    ];
    this.#scheduleTick();
    const { port } = http.address() as AddressInfo;
    return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/` };
  }

  /** Lets the pages read to the end of the run for DRAIN_SECOND_MAX at most, then closes. */
  async stop(): Promise<void> {
    const http = this.#http;
    if (!http) return;
    this.#http = undefined;
    await this.#drain();
    for (const undo of this.#undo) undo();
    this.#tickTimer();
    this.#pumpTimer?.();
    this.#pumpTimer = undefined;
    for (const session of this.#sessions) session.close(CLOSE.goingAway, 'the panel has ended');
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    // The closing handshake gets a moment before the lines are cut.
    if (this.#sessions.size > 0) await sleep(this.#options.clock, TICK_SECOND);
    for (const session of this.#sessions) session.terminate();
    http.closeAllConnections();
    this.#sockets.close();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (!isLoopbackHost(request.headers.host)) {
      refuse(response, 421, 'this panel answers to 127.0.0.1 and localhost only');
    } else if (request.url === STOP_PATH) {
      this.#answerStop(request, response);
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      serveStatic(this.#files, request, response);
    } else {
      response.setHeader('Allow', 'GET, HEAD');
      refuse(response, 405, 'expected GET or HEAD');
    }
  }

  #answerStop(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      refuse(response, 405, 'expected POST');
    } else if (!isOwnOrigin(request.headers.origin, request.headers.host)) {
      refuse(response, 403, 'expected an Origin header of the panel itself');
    } else {
      // The body says nothing and is not read.
      void this.#requestStop().then(
        () => reply(response, 200, { status: this.#options.control.status() }),
        (error: unknown) => reply(response, 500, { message: messageOf(error) }),
      );
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { host, origin } = request.headers;
    if (request.url !== LIVE_PATH) {
      refuseUpgrade(socket, '404 Not Found');
    } else if (!isOwnOrigin(origin, host)) {
      refuseUpgrade(socket, '403 Forbidden');
    } else if (this.#sessions.size >= SOCKETS_MAX || !this.#http) {
      refuseUpgrade(socket, '503 Service Unavailable');
    } else {
      this.#sockets.handleUpgrade(request, socket, head, (client) => this.#open(client));
    }
  }

  #open(socket: WebSocket): void {
    const session: Session = new Session({
      socket,
      clock: this.#options.clock,
      batches: this.#batches,
      greet: (after, runId) => this.#greet(after, runId),
      progress: () => this.#progress(),
      stop: () => this.#stopFor(session),
      person: (request) => this.#people.answer(request),
    });
    this.#sessions.add(session);
    socket.on('message', (data, isBinary) => {
      this.#guard(() => session.receive(isBinary ? '' : data.toString()));
      this.#schedulePump(0);
    });
    socket.on('pong', () => session.heard());
    socket.on('close', () => this.#sessions.delete(session));
    // A protocol error (too long, bad UTF-8) is answered by ws with its close code; close follows.
    socket.on('error', () => session.close(CLOSE.policy, 'websocket error'));
  }

  #greet(after: number, runId: string | undefined): ServerMessage & { type: 'run' } {
    const { sources: _, ...info } = this.#options.reader.info;
    const lastSequence = this.#options.reader.lastSequence();
    const known = (runId === undefined || runId === info.runId) && after <= lastSequence;
    const status = this.#options.control.status();
    return { type: 'run', info, status, lastSequence, after: known ? after : 0 };
  }

  /** Pages learn who the instruments are as soon as that is known. */
  #tellInstruments(): void {
    const { info } = this.#options.reader;
    if (info === this.#toldInfo) return;
    this.#toldInfo = info;
    for (const session of this.#sessions) {
      if (session.cursor !== undefined) session.say(this.#greet(session.cursor, info.runId));
    }
  }

  #stopFor(session: Session): void {
    session.say({ type: 'stop', state: 'requested', message: 'Going to the safe state' });
    this.#requestStop().then(
      () => session.say({ type: 'stop', state: 'done', message: 'Safe state confirmed' }),
      (error: unknown) => {
        session.say({ type: 'stop', state: 'failed', message: messageOf(error) });
      },
    );
  }

  /** Many hands may press Stop: they share one request until it is answered. */
  #requestStop(): Promise<void> {
    this.#stopping ??= this.#options.control.stop('panel').finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  #schedulePump(delaySecond: number): void {
    this.#pumpTimer ??= this.#options.clock.after(delaySecond, () => {
      this.#pumpTimer = undefined;
      this.#guard(() => {
        if (this.#pump()) this.#schedulePump(CATCH_UP_SECOND);
      });
    });
  }

  #pump(): boolean {
    this.#tellInstruments();
    let more = false;
    for (const session of this.#sessions) more = session.pump() || more;
    return more;
  }

  #scheduleTick(): void {
    this.#tickTimer = this.#options.clock.after(TICK_SECOND, () => {
      this.#guard(() => this.#tick());
      this.#scheduleTick();
    });
  }

  #tick(): void {
    this.#ticks += 1;
    for (const session of this.#sessions) session.tick();
    if (this.#sessions.size === 0) return;
    this.#schedulePump(0);
    const picture = this.#pictures.take();
    const progress = this.#ticks % TICKS_PER_PROGRESS === 0 ? this.#progress() : undefined;
    for (const session of this.#sessions) {
      if (progress) session.offer(progress);
      if (picture) session.show(picture);
    }
  }

  #progress(): ServerMessage {
    const { control, reader } = this.#options;
    return {
      type: 'progress',
      progress: control.progress(),
      status: control.status(),
      lastSequence: reader.lastSequence(),
      picturesDropped: this.#pictures.dropped,
      waiting: control.waiting() ?? null,
    };
  }

  async #drain(): Promise<void> {
    const { clock, reader } = this.#options;
    const untilSecond = clock.nowSecond() + DRAIN_SECOND_MAX;
    const isBehind = (session: Session): boolean =>
      session.cursor !== undefined && session.cursor < reader.lastSequence();
    this.#guard(() => {
      for (const session of this.#sessions) session.offer(this.#progress());
    });
    while (clock.nowSecond() < untilSecond && [...this.#sessions].some(isBehind)) {
      this.#guard(() => this.#pump());
      await sleep(clock, CATCH_UP_SECOND);
    }
  }

  /**
   * The panel must never cost the run: trouble in reading or sending closes the pages, which
   * come back on their own, and is told on the bus.
   */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      for (const session of this.#sessions)
        session.close(CLOSE.serverError, 'reading the run failed');
      this.#tell(messageOf(error));
    }
  }

  /** The same trouble is told once, however often the pages come back to it. */
  #tell(message: string): void {
    if (message === this.#toldFault) return;
    this.#toldFault = message;
    this.#options.bus.publish('analysisFault', { where: 'panel', message });
  }
}
