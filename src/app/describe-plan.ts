import type { VolumeAnalysis } from '../domain/volume-results.ts';
import type {
  PlannedAcquisition,
  PlannedInterval,
  PlannedMeasure,
  PlannedMeasurement,
  PlannedStep,
} from '../run/plan.ts';
import { describeCondition } from '../run/wording.ts';
import { duration, significant } from './format-values.ts';

/** The plan as rows of a table: name, what is done, how long at most. Loops are indented. */
export function* planRows(
  steps: readonly PlannedStep[],
  indent = '',
): Generator<[string, string, string]> {
  for (const step of steps) {
    const longest = duration(step.longestSecond);
    if (step.kind === 'loop') {
      const ends = step.until.map(describeCondition).join(' or ');
      const until = ends === '' ? '' : `, until ${ends}`;
      yield [`${indent}${step.name}`, `${step.repeat} ×${until}`, longest];
      yield* planRows(step.steps, `${indent}  `);
    } else if (step.kind === 'branch') {
      yield [`${indent}${step.name}`, `by the end of ${step.on}`, longest];
      for (const [end, inner] of step.cases) {
        yield [`${indent}  ${end}:`, '', ''];
        yield* planRows(inner, `${indent}    `);
      }
      if (step.otherwise.length > 0) {
        yield [`${indent}  otherwise:`, '', ''];
        yield* planRows(step.otherwise, `${indent}    `);
      }
    } else if (step.kind === 'screen') {
      const { reject, choose, candidates } = step;
      const rule = `${choose} of ${candidates.length} not ended by ${reject.join(' or ')}`;
      yield [`${indent}${step.name}`, `screening: the ${rule}`, longest];
      for (const { label, steps: inner } of candidates) {
        yield [`${indent}  ${label}:`, '', ''];
        yield* planRows(inner, `${indent}    `);
      }
    } else yield [`${indent}${step.name}`, measurementText(step), longest];
  }
}

function measurementText(step: PlannedMeasurement): string {
  switch (step.kind) {
    case 'freshCell':
      return 'a fresh cell is put in';
    case 'soak':
      return `soak at ${step.temperatureCelsius} °C for ${duration(step.dwellSecond)}`;
    case 'openCircuit':
      return `open circuit, recorded every ${duration(step.sampleEverySecond)}${acquisitionsText(step.during)}`;
    case 'constantCurrent':
      return `${milli(step.currentAmpere)} mA${acquisitionsText(step.during)}`;
    case 'constantVoltage':
      return `${significant(step.voltageVolt)} V${acquisitionsText(step.during)}`;
    case 'constantCurrentConstantVoltage':
      return `${milli(step.currentAmpere)} mA, then ${significant(step.voltageVolt)} V${acquisitionsText(step.during)}`;
    case 'cyclicVoltammetry': {
      const [first, second] = step.verticesVolt;
      return `${step.cycles} cycles of ${significant(first)} V to ${significant(second)} V at ${milli(step.rateVoltPerSecond)} mV/s`;
    }
    case 'linearSweep': {
      const from =
        step.startVolt === undefined ? 'open circuit' : `${significant(step.startVolt)} V`;
      const limit =
        step.limitAmpere === undefined ? '' : `, ended at ${milli(step.limitAmpere)} mA`;
      return `sweep from ${from} to ${significant(step.endVolt)} V at ${milli(step.rateVoltPerSecond)} mV/s${limit}`;
    }
    case 'gitt':
      return `up to ${step.pulsesMax} pulses of ${milli(step.currentAmpere)} mA for ${duration(step.pulseSecond)}, rests of ${duration(step.restSecond)}`;
    case 'impedance':
    case 'scan':
    case 'spectrum':
      return measureText(step);
    default:
      return step satisfies never;
  }
}

function acquisitionsText(during: readonly PlannedAcquisition[]): string {
  const texts = during.map(({ what, every, on }) => {
    const when = [...(every === undefined ? [] : [`every ${intervalText(every)}`]), ...on];
    return `${measureText(what)} (${when.join(', on ')})`;
  });
  return texts.length > 0 ? `, with ${texts.join(' and ')}` : '';
}

function intervalText(every: PlannedInterval): string {
  switch (every.kind) {
    case 'time':
      return duration(every.second);
    case 'charge':
      return `${significant(every.coulomb / 3.6)} mAh`;
    case 'voltage':
      return `${milli(every.volt)} mV`;
    default:
      return every satisfies never;
  }
}

function measureText(what: PlannedMeasure): string {
  switch (what.kind) {
    case 'impedance':
      return `impedance ${what.frequencyHertzMax}–${what.frequencyHertzMin} Hz in ${what.pointCount} points${what.waveforms ? ', with waveforms' : ''}`;
    case 'scan': {
      const energies = what.energiesJoule.length;
      const each = energies > 0 ? ` at each of ${energies} energies` : '';
      return `scan of ${what.views} views${each}${analysisText(what.analysis)}`;
    }
    case 'spectrum':
      return `spectra of ${what.regions.join(', ')}`;
    default:
      return what satisfies never;
  }
}

function analysisText(analysis: VolumeAnalysis | undefined): string {
  if (!analysis) return '';
  const { compareWith, segments } = analysis;
  const parts = [
    ...(segments ? ['phases'] : []),
    ...(compareWith ? [`growth since the ${compareWith}`] : []),
  ];
  return ` for ${parts.join(' and ')}`;
}

function milli(value: number): string {
  return significant(value * 1e3);
}
