import { RodeostatRefusal } from './rodeostat-twin-json.ts';

/** Parameters as the firmware shows them: times in ms, potentials in V. */
export type TestParameters = Record<string, number>;

interface Waveform {
  /** At power-on. */
  readonly initial: TestParameters;
  /** Those that are a time or a count: whole, never negative. */
  readonly whole: readonly string[];
  /** Without the quiet time, ms. */
  durationMs(param: TestParameters): number;
  /** V, so many ms after the quiet time. */
  volt(param: TestParameters, ms: number): number;
  /** Beside the quiet value: what the range is chosen by. */
  extremes(param: TestParameters): readonly number[];
}

const QUIET = { quietValue: 0, quietTime: 0 };
const PERIODIC = { ...QUIET, amplitude: 1, offset: 0, period: 1000, numCycles: 10, shift: 0 };
const of = (param: TestParameters, key: string): number => param[key] ?? 0;

/** Both periodic tests end after whole periods; `shift` moves the phase at the start. */
function periodic(shape: (phase: number) => number): Waveform {
  const extremes = (param: TestParameters): readonly number[] => {
    const offset = of(param, 'offset');
    return [offset - of(param, 'amplitude'), offset + of(param, 'amplitude')];
  };
  return {
    initial: PERIODIC,
    whole: ['quietTime', 'period', 'numCycles'],
    durationMs: (param) => of(param, 'period') * of(param, 'numCycles'),
    volt(param, ms) {
      const periodUs = of(param, 'period') * 1000;
      const shiftUs = Math.trunc(of(param, 'shift') * periodUs);
      const phase = ((Math.round(ms * 1000) + shiftUs) % periodUs) / periodUs;
      return of(param, 'amplitude') * shape(phase) + of(param, 'offset');
    },
    extremes,
  };
}

const WAVEFORMS: Readonly<Record<string, Waveform>> = {
  cyclic: periodic((phase) => (phase < 0.5 ? 4 * phase : 4 * (1 - phase)) - 1),
  sinusoid: periodic((phase) => Math.sin(2 * Math.PI * phase)),
  constant: {
    initial: { ...QUIET, value: 1, duration: 5000 },
    whole: ['quietTime', 'duration'],
    durationMs: (param) => of(param, 'duration'),
    volt: (param) => of(param, 'value'),
    extremes: (param) => [of(param, 'value')],
  },
  linearSweep: {
    initial: { ...QUIET, startValue: -0.5, finalValue: 0.5, duration: 2000 },
    whole: ['quietTime', 'duration'],
    durationMs: (param) => of(param, 'duration'),
    volt: (param, ms) =>
      ((of(param, 'finalValue') - of(param, 'startValue')) * ms) / of(param, 'duration') +
      of(param, 'startValue'),
    extremes: (param) => [of(param, 'startValue'), of(param, 'finalValue')],
  },
};

/** The tests that the twin can run; the firmware has more. */
export const TWIN_TESTS = Object.keys(WAVEFORMS);

/** One test of the simulated firmware with the parameters it has now. */
export class RodeostatTwinTest {
  readonly name: string;
  readonly #waveform: Waveform;
  #param: TestParameters;

  /** @throws RodeostatRefusal in the firmware's words when there is no such test */
  constructor(name: string) {
    const waveform = Object.hasOwn(WAVEFORMS, name) ? WAVEFORMS[name] : undefined;
    if (!waveform) throw new RodeostatRefusal('test not found');
    this.name = name;
    this.#waveform = waveform;
    this.#param = { ...waveform.initial };
  }

  get param(): Readonly<TestParameters> {
    return this.#param;
  }

  get doneMs(): number {
    return of(this.#param, 'quietTime') + this.#waveform.durationMs(this.#param);
  }

  /** What the ranges must hold. */
  get extremes(): readonly number[] {
    return [of(this.#param, 'quietValue'), ...this.#waveform.extremes(this.#param)];
  }

  volt(ms: number): number {
    const quietMs = of(this.#param, 'quietTime');
    if (ms < quietMs) return of(this.#param, 'quietValue');
    return this.#waveform.volt(this.#param, ms - quietMs);
  }

  /**
   * Takes the parameters it knows. Those that are right are taken although another is wrong.
   * @returns the ones that were taken
   * @throws RodeostatRefusal in the firmware's words
   */
  set(given: Readonly<Record<string, unknown>>): TestParameters {
    const taken: TestParameters = {};
    const errors: string[] = [];
    for (const key of Object.keys(this.#param)) {
      const value = given[key];
      if (value === undefined) continue;
      const isWhole = this.#waveform.whole.includes(key);
      const isRight = typeof value === 'number' && (!isWhole || isUnsigned(value));
      if (isRight) taken[key] = isWhole ? value : Math.fround(value);
      else errors.push(`${key} not ${isWhole ? 'uint32' : 'a float'}`);
    }
    Object.assign(this.#param, taken);
    if (errors.length > 0) throw new RodeostatRefusal(errors.join(', '));
    return taken;
  }
}

export function isUnsigned(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
