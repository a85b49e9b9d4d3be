import { CHANNELS } from '../domain/channel.ts';
import type { Safety } from '../domain/recipe.ts';
import type { Bench } from './bench.ts';
import { HoldShortDetector, type HoldShortVerdict } from './hold-short-detector.ts';
import type { ElectricalReading } from './intake.ts';
import { RestShortDetector, type RestShortVerdict } from './rest-short-detector.ts';
import { spokenValue } from './wording.ts';

/** What a sound cell may do, unless the recipe says: 3 mV/h, looked at after an hour. */
const RATE_VOLT_PER_SECOND = 3e-3 / 3600;
const AFTER_SECOND = 3600;
const SECOND_PER_HOUR = 3600;

/** What has shown of a short while no current was set. */
export type QuietShortVerdict = RestShortVerdict | HoldShortVerdict;

/** The same with the defaults in place. */
export function quietShortOptions({ softShort }: Pick<Safety, 'softShort'>) {
  return {
    rateVoltPerSecond: softShort?.rate ?? RATE_VOLT_PER_SECOND,
    residualAmpere: softShort?.residual,
    afterSecond: softShort?.after ?? AFTER_SECOND,
  };
}

/** Follows the cell of one step through its rests or its held voltage. */
export class QuietShortWatch {
  readonly #bench: Bench;
  readonly #hold: HoldShortDetector;
  #rest: RestShortDetector | undefined;

  /** @param chargeAmpere the step's current, where one comes before its voltage */
  constructor(bench: Bench, chargeAmpere: number | undefined) {
    this.#bench = bench;
    this.#hold = new HoldShortDetector({ ...quietShortOptions(bench.safety), chargeAmpere });
  }

  /** The next reading is the first of another rest. */
  restBegins(): void {
    this.#rest = undefined;
  }

  /** @param restStartSecond when the current was switched off; sweeps since then do not count */
  rest(reading: ElectricalReading, restStartSecond: number): RestShortVerdict | undefined {
    if (reading.quality !== 'good') return undefined;
    this.#rest ??= new RestShortDetector(quietShortOptions(this.#bench.safety), restStartSecond);
    const { timeSecond, voltageVolt } = reading;
    return this.#rest.add({ timeSecond, value: voltageVolt }, this.#celsius());
  }

  /** @param flowStartSecond when the voltage was last switched on */
  hold(reading: ElectricalReading, flowStartSecond: number): HoldShortVerdict | undefined {
    const isGood = reading.quality === 'good' && isUsable(reading);
    return isGood ? this.#hold.add(reading, flowStartSecond, this.#celsius()) : undefined;
  }

  #celsius(): number | undefined {
    return this.#bench.intake.newest(CHANNELS.temperature.name);
  }
}

/** A current too small for its range is a small current. */
function isUsable({ currentQuality }: ElectricalReading): boolean {
  return currentQuality === undefined || ['good', 'underload'].includes(currentQuality);
}

/** Writes it down: a warning that rises to an alarm unless somebody acknowledges it. */
export function reportQuietShort(
  { journal, charge }: Pick<Bench, 'journal' | 'charge'>,
  verdict: QuietShortVerdict,
  stepName: string,
): void {
  journal.event({
    code: 'softShort',
    severity: 'warning',
    message: `The cell shorts softly in ${stepName}: ${seenText(verdict)}.`,
    details: {
      charge_coulomb: charge.chargeCoulomb,
      sign: verdict.kind,
      ...('seenVolt' in verdict
        ? {
            seen_voltage_volt: verdict.seenVolt,
            voltage_rate_volt_per_second: verdict.rateVoltPerSecond,
          }
        : {
            seen_current_ampere: verdict.seenAmpere,
            usual_current_ampere: verdict.usualAmpere,
          }),
    },
  });
}

function seenText(verdict: QuietShortVerdict): string {
  switch (verdict.kind) {
    case 'drift':
      return `without current its voltage drifts by ${rateText(verdict)}, which relaxation does not explain`;
    case 'faster':
      return `without current its voltage has begun to fall by ${rateText(verdict)}, and relaxation only slows down`;
    case 'rising':
      return `at a held voltage its current has risen from ${spokenValue(verdict.usualAmpere, 'A')} to ${spokenValue(verdict.seenAmpere, 'A')}`;
    case 'residual':
      return `at a held voltage its current stays at ${spokenValue(verdict.seenAmpere, 'A')}, where ${spokenValue(verdict.usualAmpere, 'A')} may stay`;
    default:
      return verdict satisfies never;
  }
}

function rateText({ rateVoltPerSecond }: RestShortVerdict): string {
  return `${spokenValue(rateVoltPerSecond * SECOND_PER_HOUR, 'V')}/h`;
}
