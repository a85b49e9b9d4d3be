/**
 * What is judged of a heater beside the limits of its temperature: pure functions of one more
 * temperature. The figures of the approach are those of Klipper's verify_heater, with a gain
 * window of two minutes for ovens.
 */

/** Within this of its target a temperature is in control, °C. */
export const CONTROL_BAND_KELVIN = 5;
/** Outside the band, without coming nearer, so much may add up, °C·s. */
export const CUMULATIVE_KELVIN_SECOND_MAX = 120;
/** Above the band an oven may overshoot, by what its block still holds: only what goes on counts. */
export const OVERSHOOT_KELVIN_SECOND_MAX = 600;
/** Noise of a temperature that is as high as it has ever been. */
const HIGHEST_KELVIN = 0.2;
/** What an oven that heats must gain in its window. */
export const GAIN_KELVIN = 2;
export const GAIN_SECOND = 120;
/** A slow oven is known by its model; before that it must at least be seen to move. */
const GAIN_KELVIN_UNKNOWN = 0.3;
/** While a controller still raises its power by this much in a window, little says nothing, */
const GROWN_DUTY = 0.01;
/** at most for so long. */
const GROWING_SECOND_MAX = 1800;
/** After this no thermometer shows heat any more that was on its way before. */
export const SETTLE_SECOND = 300;
/** Of what the model expects, a heater with so much lost is stuck. */
const GAIN_SHARE = 0.5;

/** One more temperature of the thing that is heated. */
export interface HeatedLook {
  readonly timeSecond: number;
  readonly celsius: number;
  readonly targetCelsius: number | undefined;
  /** Undefined while the power stage has not said it. */
  readonly dutyFraction: number | undefined;
  /** °C/s that the power should bring; undefined while nobody knows the oven. */
  readonly expectedRate: number | undefined;
}

/** What the approach to a target has come to. */
export interface Approach {
  readonly targetCelsius: number | undefined;
  /** When the target was set, or the first of a ramp, and when it was looked at last. */
  readonly setSecond: number;
  readonly timeSecond: number;
  /** Outside the band without progress, °C·s. */
  readonly errorKelvinSecond: number;
  /** Where and when the present gain window began; undefined when it was not met. */
  readonly window:
    | {
        readonly fromCelsius: number;
        readonly fromSecond: number;
        readonly fromDuty: number;
        readonly expectedKelvin: number;
      }
    | undefined;
  /** The lowest since heat from before has arrived: from there it may only fall towards a lower target. */
  readonly lowestCelsius: number;
  readonly highestCelsius: number;
}

export type Judged<State> = {
  readonly state: State;
  /** Why the heater is not in control: one sentence without its subject and final stop. */
  readonly fault: string | undefined;
};

/** Stuck heater, and cumulative error below or above the target. */
export function approachAfter(before: Approach | undefined, look: HeatedLook): Judged<Approach> {
  const { timeSecond, celsius, targetCelsius } = look;
  if (targetCelsius === undefined || before?.targetCelsius !== targetCelsius) {
    return { state: approachFrom(look, before), fault: undefined };
  }
  const stepSecond = Math.max(0, timeSecond - before.timeSecond);
  const { setSecond } = before;
  // Until then it may rise by heat that was on its way when the target was set.
  const isSettled = timeSecond - setSecond >= SETTLE_SECOND;
  const lowestCelsius = isSettled ? Math.min(before.lowestCelsius, celsius) : celsius;
  const highestCelsius = isSettled ? Math.max(before.highestCelsius, celsius) : celsius;
  const common = { targetCelsius, setSecond, timeSecond, lowestCelsius, highestCelsius };
  const missing = targetCelsius - CONTROL_BAND_KELVIN - celsius;
  if (missing > 0) {
    const window = windowAfter(before, look, stepSecond);
    const errorKelvinSecond = window ? 0 : before.errorKelvinSecond + missing * stepSecond;
    const state = { ...common, window, errorKelvinSecond };
    return {
      state,
      fault: tooMuch(errorKelvinSecond) ? stuckText(celsius, targetCelsius) : undefined,
    };
  }
  const excess = celsius - targetCelsius - CONTROL_BAND_KELVIN;
  // A target far below is reached by cooling, as slow as the oven is: that is no excess.
  const isRising = celsius > lowestCelsius + 1 && celsius >= highestCelsius - HIGHEST_KELVIN;
  const grown = before.errorKelvinSecond + (isRising ? excess * stepSecond : 0);
  const errorKelvinSecond = excess > 0 ? grown : 0;
  const state = { ...common, errorKelvinSecond, window: newWindow(look) };
  if (!(errorKelvinSecond > OVERSHOOT_KELVIN_SECOND_MAX)) return { state, fault: undefined };
  const fault = `at ${celsius.toFixed(1)} °C goes on rising far above its target of ${targetCelsius} °C`;
  return { state, fault };
}

function approachFrom(look: HeatedLook, before: Approach | undefined): Approach {
  const { targetCelsius = 0 } = look;
  // A step of a ramp is no new beginning: there is little heat on its way to above the new target.
  const isStep =
    before?.targetCelsius !== undefined &&
    targetCelsius >= before.targetCelsius - CONTROL_BAND_KELVIN;
  return {
    targetCelsius: look.targetCelsius,
    setSecond: isStep ? before.setSecond : look.timeSecond,
    timeSecond: look.timeSecond,
    errorKelvinSecond: 0,
    window: newWindow(look),
    lowestCelsius: look.celsius,
    highestCelsius: look.celsius,
  };
}

function newWindow(look: HeatedLook): NonNullable<Approach['window']> {
  const { celsius, timeSecond, dutyFraction = 0 } = look;
  return {
    fromCelsius: celsius,
    fromSecond: timeSecond,
    fromDuty: dutyFraction,
    expectedKelvin: 0,
  };
}

/** The window goes on, begins anew when its gain is met, or is lost. */
function windowAfter(before: Approach, look: HeatedLook, stepSecond: number): Approach['window'] {
  const { celsius, timeSecond, expectedRate } = look;
  const { window } = before;
  if (!window) return undefined;
  const expectedKelvin = window.expectedKelvin + (expectedRate ?? 0) * stepSecond;
  const gained = celsius - window.fromCelsius;
  if (gained >= GAIN_KELVIN) return newWindow(look);
  if (timeSecond - window.fromSecond < GAIN_SECOND) {
    // A cell that still cools when the heater is switched on begins at its lowest.
    const fromCelsius = Math.min(window.fromCelsius, celsius);
    return { ...window, fromCelsius, expectedKelvin };
  }
  if (expectedRate === undefined && isPowerGrowing(before, look)) return newWindow(look);
  return gained >= wantedGain(expectedRate === undefined ? undefined : expectedKelvin)
    ? newWindow(look)
    : undefined;
}

/** A controller that begins gives little at first; who knows no oven cannot say how little it is. */
function isPowerGrowing({ window, setSecond }: Approach, look: HeatedLook): boolean {
  const { dutyFraction = 0, timeSecond } = look;
  const grown = dutyFraction - (window?.fromDuty ?? 0);
  return grown >= GROWN_DUTY && timeSecond - setSecond < GROWING_SECOND_MAX;
}

/** What a window must have gained. A controller that asks for little heat gets little. */
function wantedGain(expectedKelvin: number | undefined): number {
  if (expectedKelvin === undefined) return GAIN_KELVIN_UNKNOWN;
  if (expectedKelvin < GAIN_KELVIN / 2) return Number.NEGATIVE_INFINITY;
  return Math.min(GAIN_KELVIN, GAIN_SHARE * expectedKelvin);
}

function tooMuch(errorKelvinSecond: number): boolean {
  return errorKelvinSecond > CUMULATIVE_KELVIN_SECOND_MAX;
}

function stuckText(celsius: number, targetCelsius: number): string {
  return `at ${celsius.toFixed(1)} °C does not come nearer to its target of ${targetCelsius} °C: the heater is stuck or its sensor has come off`;
}

/** Without power, for longer than any thermometer lags, nothing may become so much warmer: */
export const UNPOWERED_KELVIN_MAX = 2;
/** in so short a time: a room warms too, but slower. */
export const UNPOWERED_SECOND = 600;
const UNPOWERED_DUTY_MAX = 0.01;
/** One point a minute is enough to see a rise of ten. */
const UNPOWERED_POINT_SECOND = 60;

export interface Unpowered {
  /** Since when there has been no power; undefined while there is. */
  readonly sinceSecond: number | undefined;
  readonly points: readonly { readonly timeSecond: number; readonly celsius: number }[];
}

export const NOT_UNPOWERED: Unpowered = { sinceSecond: undefined, points: [] };

/** Runaway: it heats although there is no power. */
export function unpoweredAfter(
  before: Unpowered,
  look: { readonly timeSecond: number; readonly celsius: number; readonly dutyFraction: number },
): Judged<Unpowered> {
  const { timeSecond, celsius, dutyFraction } = look;
  if (dutyFraction > UNPOWERED_DUTY_MAX) return { state: NOT_UNPOWERED, fault: undefined };
  const sinceSecond = before.sinceSecond ?? timeSecond;
  if (timeSecond - sinceSecond < SETTLE_SECOND) {
    return { state: { sinceSecond, points: [] }, fault: undefined };
  }
  const recent = before.points.filter((one) => one.timeSecond > timeSecond - UNPOWERED_SECOND);
  const lastSecond = recent.at(-1)?.timeSecond ?? Number.NEGATIVE_INFINITY;
  const isDue = timeSecond - lastSecond >= UNPOWERED_POINT_SECOND;
  const points = isDue ? [...recent, { timeSecond, celsius }] : recent;
  const lowest = points.reduce((least, one) => Math.min(least, one.celsius), celsius);
  const risen = celsius - lowest;
  const state = { sinceSecond, points };
  if (!(risen > UNPOWERED_KELVIN_MAX)) return { state, fault: undefined };
  const fault = `has risen by ${risen.toFixed(1)} °C without power: the heater cannot be switched off`;
  return { state, fault };
}

/** From one sample to the next no cell changes by more than this, °C, */
const JUMP_KELVIN = 3;
/** and for each second between them. */
const JUMP_KELVIN_PER_SECOND = 1;

/** Whether a temperature can follow another one so soon. */
export function isJump(
  before: { readonly timeSecond: number; readonly celsius: number },
  after: { readonly timeSecond: number; readonly celsius: number },
): boolean {
  const allowed = JUMP_KELVIN + JUMP_KELVIN_PER_SECOND * (after.timeSecond - before.timeSecond);
  return Math.abs(after.celsius - before.celsius) > allowed;
}
