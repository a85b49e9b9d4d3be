/**
 * Whether a thermometer on the cell and one on the oven can both be right. The cell follows the
 * oven with a lag that nobody has told: several are tried side by side, and the one that has
 * explained most, with its neighbours, says where the cell may be. Lags differ while the oven
 * changes and at no other time: what is learned of them is learned then. So a start at rest, or in
 * the midst of a change as after an interruption, is no less sure, but for a while less sharp.
 */

const LAGS_SECOND = [0, 10, 20, 40, 80, 160, 320] as const;
/** How far the cell may be from where its oven puts it, °C. */
export const DISAGREEMENT_KELVIN_MAX = 2;
/** So far apart must the lags put the cell that noise does not decide between them, °C. */
const TELLING_KELVIN = DISAGREEMENT_KELVIN_MAX / 2;
/** Until they were so far apart for so long every one of them is possible. */
const KNOWN_SECOND_MIN = 600;
/** What has explained most is learned over so much of that time. */
const LEARN_SECOND = 7200;
/** A constant difference is no fault of either: the room takes heat away from one of them. */
const OFFSET_SECOND = 3600;

interface Follower {
  readonly lagSecond: number;
  celsius: number;
  square: number;
}

export class SensorAgreement {
  #followers: Follower[] | undefined;
  /** Until when the lags were followed. */
  #followedSecond = 0;
  #cellSecond: number | undefined;
  #ovenCelsius: number | undefined;
  #knownSecond = 0;
  #offsetKelvin = 0;

  addOven(timeSecond: number, celsius: number): void {
    this.#follow(timeSecond, this.#ovenCelsius ?? celsius);
    this.#ovenCelsius = celsius;
  }

  /** @returns how many °C the cell is from where it can be; undefined while the oven is unknown. */
  addCell(timeSecond: number, celsius: number): number | undefined {
    if (this.#ovenCelsius === undefined) return undefined;
    // Nobody has seen where the oven was before: whatever its lag, the cell is where it is.
    this.#followers ??= LAGS_SECOND.map((lagSecond) => ({ lagSecond, celsius, square: 0 }));
    const followers = this.#followers;
    this.#follow(timeSecond, this.#ovenCelsius);
    const stepSecond = Math.max(0, timeSecond - (this.#cellSecond ?? timeSecond));
    this.#cellSecond = timeSecond;
    const possible = this.#possible(followers).map((one) => one.celsius + this.#offsetKelvin);
    const low = Math.min(...possible);
    const high = Math.max(...possible);
    const away = Math.max(0, low - celsius, celsius - high);
    if (away < DISAGREEMENT_KELVIN_MAX / 2) this.#learn(followers, celsius, stepSecond);
    return away;
  }

  #learn(followers: readonly Follower[], celsius: number, stepSecond: number): void {
    if (spreadOf(followers) >= TELLING_KELVIN) this.#learnLag(followers, celsius, stepSecond);
    const nearest = this.#best(followers);
    const error = celsius - nearest.celsius - this.#offsetKelvin;
    const drift = (stepSecond / OFFSET_SECOND) * error;
    const bound = DISAGREEMENT_KELVIN_MAX / 2;
    this.#offsetKelvin = Math.min(bound, Math.max(-bound, this.#offsetKelvin + drift));
  }

  #learnLag(followers: readonly Follower[], celsius: number, stepSecond: number): void {
    this.#knownSecond += stepSecond;
    const weight = Math.min(1, stepSecond / Math.min(Math.max(this.#knownSecond, 1), LEARN_SECOND));
    for (const one of followers) {
      one.square += weight * ((celsius - one.celsius - this.#offsetKelvin) ** 2 - one.square);
    }
  }

  #possible(followers: readonly Follower[]): readonly Follower[] {
    if (this.#knownSecond < KNOWN_SECOND_MIN) return followers;
    const best = followers.indexOf(this.#best(followers));
    return followers.slice(Math.max(0, best - 1), best + 2);
  }

  #best(followers: readonly Follower[]): Follower {
    return followers.reduce((best, one) => (one.square < best.square ? one : best));
  }

  /** Every follower moves towards the oven as it was last seen. */
  #follow(timeSecond: number, ovenCelsius: number): void {
    const stepSecond = Math.max(0, timeSecond - this.#followedSecond);
    this.#followedSecond = Math.max(timeSecond, this.#followedSecond);
    for (const one of this.#followers ?? []) {
      const decay = one.lagSecond === 0 ? 0 : Math.exp(-stepSecond / one.lagSecond);
      one.celsius = ovenCelsius + (one.celsius - ovenCelsius) * decay;
    }
  }
}

/** How far apart the lags put the cell, °C. */
function spreadOf(followers: readonly Follower[]): number {
  const all = followers.map(({ celsius }) => celsius);
  return Math.max(...all) - Math.min(...all);
}
