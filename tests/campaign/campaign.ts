/** How long and from which seed a campaign runs. */
export interface CampaignOptions {
  /** The seed of the first trial; each trial has one of its own. */
  readonly seed: number;
  /** How many trials; the campaign's own number unless given. */
  readonly trials?: number;
  /** Tells of progress, in a sentence. */
  readonly tell: (sentence: string) => void;
}

/** Something that a campaign must show, and whether it has. */
export interface Check {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
  readonly holds: boolean;
}

/** What came of all trials. */
export interface Findings {
  readonly trials: number;
  /** What was tried and how, in sentences: what a reader must know to judge the figures. */
  readonly method: readonly string[];
  readonly checks: readonly Check[];
  /** One row a trial or a kind of trial. */
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One subject of `npm run campaign -- NAME`. */
export interface Campaign {
  readonly name: string;
  /** One sentence for the list of campaigns. */
  readonly about: string;
  run(options: CampaignOptions): Promise<Findings>;
}

/** A number that must not be above another. */
export function checkAtMost(what: string, found: number, limit: number, unit = ''): Check {
  const text = (value: number): string => `${digits(value)}${unit === '' ? '' : ` ${unit}`}`;
  return { what, found: text(found), wanted: `at most ${text(limit)}`, holds: found <= limit };
}

/** A count that must be all there are. */
export function checkAll(what: string, found: number, all: number): Check {
  return { what, found: `${found} of ${all}`, wanted: `${all} of ${all}`, holds: found === all };
}

/** A share, 0 to 1, that must not be below another. */
export function checkShare(what: string, found: number, all: number, shareMin: number): Check {
  return {
    what,
    found: `${found} of ${all} (${((100 * found) / all).toFixed(0)} %)`,
    wanted: `at least ${(100 * shareMin).toFixed(0)} %`,
    holds: found >= shareMin * all,
  };
}

/** Four digits that count. */
export function digits(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** The value below which this share of them lies. @throws RangeError when there are none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (found === undefined) throw new RangeError('no values');
  return found;
}
