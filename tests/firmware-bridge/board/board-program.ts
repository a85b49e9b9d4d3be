import { type ChildProcess, fork, spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BoardAction, HeatedBoardState } from '../../../hardware/simulated/heated-board.ts';
import { REPOSITORY } from '../../bench/repository.ts';

const MAIN = join(REPOSITORY, 'dist', 'src', 'app', 'main.js');
const HOST = join(REPOSITORY, 'tests', 'firmware-bridge', 'board', 'heating-host.mjs');
/** Of real time: a machine with other work is slow, and nothing is judged by this. */
const PATIENCE_SECOND = 60;
const LOOK_EVERY_MS = 10;
const NEW_LINE = 0x0a;

/** The simulated board as the program ships it: a process of its own behind a pseudo-terminal. */
export class BoardProgram {
  readonly path: string;
  readonly #folder: string;
  readonly #record: string;
  readonly #child: ChildProcess;
  readonly #states: HeatedBoardState[] = [];
  #readBytes = 0;
  #errors = '';

  constructor() {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm test, or npm run build`);
    this.#folder = mkdtempSync(join(tmpdir(), 'operando-board-'));
    this.path = join(this.#folder, 'port');
    this.#record = join(this.#folder, 'states.jsonl');
    const words = ['simulate', 'board', '--pty', this.path, '--record', this.#record, '--control'];
    this.#child = spawn(process.execPath, [MAIN, ...words], { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    // One that has ended is told by what waits for its states.
    this.#child.stdin?.on('error', () => {});
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** Every state so far. */
  states(): readonly HeatedBoardState[] {
    if (!existsSync(this.#record)) return [];
    const file = openSync(this.#record, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#readBytes);
      readSync(file, bytes, 0, bytes.length, this.#readBytes);
      // The last line may still be under way.
      const whole = bytes.lastIndexOf(NEW_LINE) + 1;
      const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
      this.#states.push(...lines.map((line) => JSON.parse(line) as HeatedBoardState));
      this.#readBytes += whole;
    } finally {
      closeSync(file);
    }
    return this.#states;
  }

  /** @returns the newest state */
  now(): HeatedBoardState {
    const state = this.states().at(-1);
    if (!state) throw new Error(`the board has no state yet\n${this.#errors}`);
    return state;
  }

  /** Waits for a state that is newer than `after`. @returns the first such */
  async until(
    isWanted: (state: HeatedBoardState) => boolean,
    after = Number.NEGATIVE_INFINITY,
  ): Promise<HeatedBoardState> {
    return eventually(
      () => newest(this.states(), after).find(isWanted),
      () =>
        `the board never came to that state: ${JSON.stringify(this.states().at(-1))}\n${this.#errors}`,
    );
  }

  /** Waits until so much of the board's own time has passed. */
  async live(boardSecond: number): Promise<HeatedBoardState> {
    const untilSecond = this.now().boardSecond + boardSecond;
    return this.until(() => true, untilSecond);
  }

  /** @returns the state in which it was done */
  async act(action: BoardAction): Promise<HeatedBoardState> {
    const before = this.states().length;
    this.#child.stdin?.write(`${action}\n`);
    return eventually(
      () => this.states().find((state, at) => at >= before && state.action === action),
      () => `the board did not ${action}\n${this.#errors}`,
    );
  }

  async ready(): Promise<void> {
    await this.until(() => true);
    await this.#portThere();
  }

  async plugIn(): Promise<void> {
    await this.act('plugIn');
    await this.#portThere();
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await gone(this.#child);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await gone(this.#child);
  }

  async #portThere(): Promise<void> {
    await eventually(
      () => existsSync(this.path) || undefined,
      () => `there is no ${this.path}\n${this.#errors}`,
    );
  }
}

/** What a heating host says. */
export interface HostMessage {
  readonly kind: 'found' | 'heating' | 'lost' | 'tripped' | 'stalled';
  readonly trip?: string;
  readonly duty?: number;
  readonly relay?: number;
}

/** A host in a process of its own, which may be killed. */
export class HeatingHost {
  readonly #child: ChildProcess;
  readonly messages: HostMessage[] = [];
  #errors = '';

  constructor(path: string, dutyFraction: number, mode: 'heat' | 'watch' = 'heat') {
    this.#child = fork(HOST, [path, String(dutyFraction), mode], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.on('message', (message) => this.messages.push(message as HostMessage));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
  }

  /** Waits for a message of this kind. @param after so many messages are passed over */
  async until(kind: HostMessage['kind'], after = 0): Promise<HostMessage> {
    return eventually(
      () => this.messages.slice(after).find((one) => one.kind === kind),
      () => `the host was never ${kind}: ${JSON.stringify(this.messages)}\n${this.#errors}`,
    );
  }

  stall(durationMs: number): void {
    this.#child.send({ stallMs: durationMs });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await gone(this.#child);
  }
}

/** Those after a moment of the board's own time; the record is long, and asked again and again. */
function newest(states: readonly HeatedBoardState[], after: number): readonly HeatedBoardState[] {
  const last = states.findLastIndex(({ boardSecond }) => boardSecond <= after);
  return states.slice(last + 1);
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

/** Looks again and again. @throws Error with `lament` when it never comes */
export async function eventually<T>(look: () => T | undefined, lament: () => string): Promise<T> {
  const untilMs = performance.now() + PATIENCE_SECOND * 1000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error(lament());
    await pause(LOOK_EVERY_MS);
  }
}
