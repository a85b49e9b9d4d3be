import type { WalkFrame, WalkState } from '../domain/run-store.ts';
import type { PlannedMeasurement, PlannedScreen, PlannedStep } from './plan.ts';

/** One step of the unfolded plan. */
export interface PlanPosition {
  readonly step: PlannedMeasurement;
  /** Counts from 0 over every step that was run, with its repetitions. */
  readonly stepIndex: number;
  /** Pass of the innermost loop the step stands in, from 0; 0 outside a loop. */
  readonly loopPass: number;
  /** `plate`, or `cycle/12/plate` in the twelfth pass of a loop or with a screen's candidate 12. */
  readonly stepId: string;
}

/** Where a plan begins. */
export const WALK_START: WalkState = { frames: [{ at: 0, pass: 0 }], stepIndex: 0, ends: {} };

/**
 * Unfolds loops and branches one step at a time, in the order the steps are run. Its state is
 * plain data: a walk made from the state of another goes on at the same step.
 */
export class PlanWalk {
  readonly #steps: readonly PlannedStep[];
  readonly #isLoopDone: (loopName: string) => boolean;
  #frames: WalkFrame[];
  #stepIndex: number;
  readonly #ends: Record<string, string>;

  /**
   * @param options.isLoopDone asked after each pass of a loop that has conditions
   * @param options.state of an earlier walk over the same plan
   */
  constructor(
    steps: readonly PlannedStep[],
    options: {
      readonly isLoopDone?: (loopName: string) => boolean;
      readonly state?: WalkState;
    } = {},
  ) {
    const { isLoopDone = () => false, state = WALK_START } = options;
    this.#steps = steps;
    this.#isLoopDone = isLoopDone;
    this.#frames = [...state.frames];
    this.#stepIndex = state.stepIndex;
    this.#ends = { ...state.ends };
    this.#descend();
  }

  /** The step to run now; undefined when the plan is done. */
  current(): PlanPosition | undefined {
    const lists = this.#lists();
    const frame = this.#frames.at(-1);
    const step = frame && lists.at(-1)?.[frame.at];
    if (!step || isNesting(step)) return undefined;
    const path: string[] = [];
    let loopPass = 0;
    for (const [depth, { at, pass }] of this.#frames.entries()) {
      const here = lists[depth]?.[at];
      if (!here) continue;
      if (here.kind === 'loop') {
        loopPass = pass;
        path.push(here.name, String(pass + 1));
      } else if (here.kind === 'screen') path.push(here.name, String(pass + 1));
      else if (here.kind !== 'branch') path.push(here.name);
    }
    return { step, stepIndex: this.#stepIndex, loopPass, stepId: path.join('/') };
  }

  /** The current step has ended like this; goes on to the next. */
  advance(end: string): void {
    const position = this.current();
    if (!position) return;
    this.#ends[position.step.name] = end;
    this.#stepIndex += 1;
    if (!this.#reject(end)) this.#toNext();
    this.#descend();
  }

  /** Whether a loop with conditions decides, when the current step has ended, if it goes on. */
  decidesLoop(): boolean {
    const lists = this.#lists();
    for (let depth = this.#frames.length - 1; depth > 0; depth -= 1) {
      const frame = this.#frames[depth];
      const outer = this.#frames[depth - 1];
      if (!frame || !outer || frame.at + 1 < (lists[depth]?.length ?? 0)) return false;
      const step = lists[depth - 1]?.[outer.at];
      if (step?.kind === 'loop' && outer.pass + 1 < step.repeat) return step.until.length > 0;
    }
    return false;
  }

  /** A screen that has rejected all its candidates: nothing after it has a value. */
  failedScreen(): string | undefined {
    const step = this.#innermostStep();
    return step?.kind === 'screen' && this.#isFailed(step) ? step.name : undefined;
  }

  state(): WalkState {
    return { frames: [...this.#frames], stepIndex: this.#stepIndex, ends: { ...this.#ends } };
  }

  #innermostStep(): PlannedStep | undefined {
    const frame = this.#frames.at(-1);
    return frame && this.#lists().at(-1)?.[frame.at];
  }

  #isFailed({ candidates }: PlannedScreen): boolean {
    return (this.#frames.at(-1)?.pass ?? 0) >= candidates.length;
  }

  /**
   * A step of a screen may have ended so that its candidate is rejected: the rest of its steps is
   * passed over. @returns whether it was
   */
  #reject(end: string): boolean {
    const lists = this.#lists();
    const depth = this.#frames.findIndex((frame, at) => lists[at]?.[frame.at]?.kind === 'screen');
    const frame = this.#frames[depth];
    if (!frame) return false;
    const screen = lists[depth]?.[frame.at];
    if (screen?.kind !== 'screen' || !screen.reject.includes(end)) return false;
    this.#frames = [...this.#frames.slice(0, depth), { at: frame.at, pass: frame.pass + 1 }];
    const isLast = frame.pass + 1 >= screen.candidates.length;
    // With one accepted before, the screen ends well after its last candidate.
    if (isLast && this.#ends[screen.name] !== undefined) this.#toNext();
    return true;
  }

  /** The list of steps of each frame, outermost first. */
  #lists(): (readonly PlannedStep[])[] {
    const lists = [this.#steps];
    for (const [depth, frame] of this.#frames.slice(0, -1).entries()) {
      lists.push(listIn(lists[depth]?.[frame.at], frame));
    }
    return lists;
  }

  /** One step on in the innermost list; out of lists that are done. */
  #toNext(): void {
    for (;;) {
      const frame = this.#frames.pop();
      if (!frame) return;
      const list = this.#innermostList();
      if (frame.at + 1 < list.length) {
        this.#frames.push({ at: frame.at + 1, pass: 0 });
        return;
      }
      // The list is done: that of a loop may begin again.
      const outer = this.#frames.pop();
      if (!outer) return;
      const step = this.#innermostList()[outer.at];
      const pass = outer.pass + 1;
      if (step?.kind === 'screen' && this.#triesOn(step, outer.pass)) {
        this.#frames.push({ at: outer.at, pass }, { at: 0, pass: 0 });
        return;
      }
      if (step?.kind === 'loop' && pass < step.repeat && !this.#endsLoop(step)) {
        this.#frames.push({ at: outer.at, pass }, { at: 0, pass: 0 });
        return;
      }
      this.#frames.push(outer);
    }
  }

  /** A candidate has come to the end of its steps: it is accepted. @returns whether more follow */
  #triesOn({ candidates, choose, name }: PlannedScreen, pass: number): boolean {
    this.#ends[name] = candidates[pass]?.label ?? '';
    return choose === 'last' && pass + 1 < candidates.length;
  }

  #endsLoop(loop: Extract<PlannedStep, { kind: 'loop' }>): boolean {
    return loop.until.length > 0 && this.#isLoopDone(loop.name);
  }

  /** The list that the last frame left on the stack stands before. */
  #innermostList(): readonly PlannedStep[] {
    const lists = [this.#steps];
    for (const [depth, frame] of this.#frames.entries()) {
      lists.push(listIn(lists[depth]?.[frame.at], frame));
    }
    return lists.at(-1) ?? [];
  }

  /** Into loops and branches until a measurement is reached; past branches that hold nothing. */
  #descend(): void {
    for (;;) {
      const frame = this.#frames.at(-1);
      const step = this.#innermostStep();
      if (!frame || !step || !isNesting(step)) return;
      if (step.kind === 'screen' && this.#isFailed(step)) return;
      if (step.kind === 'branch' && frame.chosen === undefined) {
        const end = this.#ends[step.on];
        const chosen = end !== undefined && step.cases.has(end) ? end : null;
        this.#frames[this.#frames.length - 1] = { ...frame, chosen };
      }
      const inner = listIn(step, this.#frames.at(-1) ?? frame);
      if (inner.length > 0) this.#frames.push({ at: 0, pass: 0 });
      else this.#toNext();
    }
  }
}

function isNesting(step: PlannedStep): step is Exclude<PlannedStep, PlannedMeasurement> {
  return step.kind === 'loop' || step.kind === 'branch' || step.kind === 'screen';
}

/** The steps inside a step: of a loop, of a branch's chosen case, of a screen's candidate. */
function listIn(step: PlannedStep | undefined, frame: WalkFrame): readonly PlannedStep[] {
  if (step?.kind === 'loop') return step.steps;
  if (step?.kind === 'screen') return step.candidates[frame.pass]?.steps ?? [];
  if (step?.kind !== 'branch') return [];
  const { chosen } = frame;
  return (chosen == null ? undefined : step.cases.get(chosen)) ?? step.otherwise;
}
