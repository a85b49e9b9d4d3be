import {
  boundingSecond,
  numberText,
  type StepDocument,
  type StepNames,
  timeText,
} from './imported-recipe.ts';
import type { UnicyclerMeasurement } from './unicycler-schema.ts';

/** A step as a recipe writes it, and what of the source it does not say. */
export interface MadeStep {
  readonly step: StepDocument;
  readonly losses: readonly string[];
}

/** One step of a unicycler protocol as one of ours. Charge is positive in both. */
export function unicyclerStep(
  step: UnicyclerMeasurement,
  names: StepNames,
  everySecond: number,
): MadeStep {
  const record = { every: timeText(everySecond) };
  switch (step.step) {
    case 'open_circuit_voltage': {
      const until = { any: [{ time: timeText(step.until_time_s) }] };
      return {
        step: { name: names.next('rest'), technique: 'openCircuit', record, until },
        losses: [],
      };
    }
    case 'constant_current':
      return currentStep(step, names, record);
    case 'constant_voltage':
      return voltageStep(step, names, record);
    case 'impedance_spectroscopy':
      return impedanceStep(step, names);
    default:
      return step satisfies never;
  }
}

type StepOf<K extends UnicyclerMeasurement['step']> = Extract<UnicyclerMeasurement, { step: K }>;

function currentStep(
  { rate_C, current_mA, until_time_s, until_voltage_V }: StepOf<'constant_current'>,
  names: StepNames,
  record: object,
): MadeStep {
  // A rate takes priority over a current where both are given.
  const signed = rate_C || current_mA || 0;
  const isCharge = signed > 0;
  const losses = rate_C && current_mA ? [`rate_C is taken, current_mA: ${current_mA} is not`] : [];
  const ends: object[] = [];
  if (until_voltage_V) ends.push({ voltage: `${isCharge ? '>' : '<'} ${until_voltage_V} V` });
  ends.push(timeEnd(until_time_s, boundingSecond(rate_C || undefined), losses));
  return {
    step: {
      name: names.next(isCharge ? 'charge' : 'discharge'),
      technique: 'constantCurrent',
      current: `${numberText(signed)} ${rate_C ? 'C' : 'mA'}`,
      record,
      until: { any: ends },
    },
    losses,
  };
}

function voltageStep(
  { voltage_V, until_time_s, until_rate_C, until_current_mA }: StepOf<'constant_voltage'>,
  names: StepNames,
  record: object,
): MadeStep {
  const losses: string[] = [];
  const ends: object[] = [];
  if (until_rate_C) ends.push({ current: `< ${numberText(Math.abs(until_rate_C))} C` });
  else if (until_current_mA) {
    ends.push({ current: `< ${numberText(Math.abs(until_current_mA))} mA` });
  }
  ends.push(timeEnd(until_time_s, boundingSecond(undefined), losses));
  return {
    step: {
      name: names.next('hold'),
      technique: 'constantVoltage',
      voltage: `${numberText(voltage_V)} V`,
      record,
      until: { any: ends },
    },
    losses,
  };
}

function timeEnd(given: number | undefined, boundSecond: number, losses: string[]): object {
  if (given) return { time: timeText(given) };
  losses.push(`no time given: ended after ${timeText(boundSecond)} at the latest`);
  return { time: timeText(boundSecond) };
}

function impedanceStep(step: StepOf<'impedance_spectroscopy'>, names: StepNames): MadeStep {
  const { amplitude_V, amplitude_mA = 0, start_frequency_Hz, end_frequency_Hz } = step;
  const losses = [
    'the amplitude is taken as that of the sine, so that its RMS value is 1/√2 of it',
  ];
  if (step.measures_per_point > 1) {
    losses.push(`measures_per_point: ${step.measures_per_point} is left to the instrument`);
  }
  if (step.drift_correction) losses.push('drift_correction is not carried over');
  if (start_frequency_Hz < end_frequency_Hz) {
    losses.push('the sweep goes up; ours goes down between the same frequencies');
  }
  const isPotentiostatic = amplitude_V !== undefined;
  const rms = Math.abs(amplitude_V ?? amplitude_mA) / Math.SQRT2;
  return {
    step: {
      name: names.next('impedance'),
      technique: 'impedance',
      mode: isPotentiostatic ? 'potentiostatic' : 'galvanostatic',
      from: `${Math.max(start_frequency_Hz, end_frequency_Hz)} Hz`,
      to: `${Math.min(start_frequency_Hz, end_frequency_Hz)} Hz`,
      pointsPerDecade: step.points_per_decade,
      amplitude: isPotentiostatic
        ? `${numberText(Number((rms * 1000).toPrecision(4)))} mV`
        : `${numberText(Number(rms.toPrecision(4)))} mA`,
    },
    losses,
  };
}
