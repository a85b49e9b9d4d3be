import type { FoundInstrument } from '../../hardware/identification.ts';
import type { PortFinding } from '../../hardware/identify.ts';
import type { MeasuringRange, PotentiostatCapability } from '../domain/instrument.ts';
import { rhythmOf } from './describe-needs.ts';
import type { Finding } from './doctor-checks.ts';
import { prefixed, textTable } from './format-values.ts';

const MARKS = { good: 'ok', warning: 'look', bad: 'BAD' } as const;

/** The findings for people, one a line. */
export function describeFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, state, message }) => [check, MARKS[state], message]);
  return textTable(['', '', 'found'], rows);
}

/** What answers at a port, what it can do, and the lines of a rig file for it. */
export function describeFound(
  found: FoundInstrument,
  { protocol, provenance, baudRate }: PortFinding,
  place: { readonly key: 'serial' | 'tcp'; readonly value: string },
): string {
  const speed = baudRate === undefined ? '' : ` at ${baudRate} Bd`;
  const rows = [
    ['model', provenance === 'simulated' ? `${found.model} (simulated)` : found.model],
    ...(found.serialNumber === '' ? [] : [['serial number', found.serialNumber]]),
    ['firmware', found.firmware],
    ['speaks', `${protocol}${speed}`],
    ...(found.capability ? capabilityRows(found.capability) : []),
    ...found.remarks.map((remark) => ['remark', remark]),
  ];
  return [textTable(['', 'found'], rows), ...rigLines(found, { baudRate, place })].join('\n');
}

function capabilityRows(capability: PotentiostatCapability): string[][] {
  const { techniques, currentAmpereMax, voltageVoltMin, voltageVoltMax, accuracy } = capability;
  const { frequencyHertzMin, frequencyHertzMax, keepsVoltageLimits } = capability;
  const hasImpedance = techniques.includes('impedance');
  return [
    ['techniques', techniques.join(', ')],
    [
      'current',
      `up to ±${prefixed(currentAmpereMax, 'A')}${rangesOf(accuracy.currentAmpere, 'A')}`,
    ],
    [
      'voltage',
      `${prefixed(voltageVoltMin, 'V')} to ${prefixed(voltageVoltMax, 'V')}${rangesOf(accuracy.voltageVolt, 'V')}`,
    ],
    ...(hasImpedance
      ? [
          [
            'impedance',
            `${prefixed(frequencyHertzMin, 'Hz')} to ${prefixed(frequencyHertzMax, 'Hz')}`,
          ],
        ]
      : []),
    ['samples', `at the fastest one every ${rhythmOf(capability)}`],
    ['voltage limits', LIMITS[keepsVoltageLimits]],
    ['figures from', accuracy.source],
  ];
}

const LIMITS: Readonly<Record<PotentiostatCapability['keepsVoltageLimits'], string>> = {
  both: 'kept by the instrument, also without this computer',
  compliance: 'the one the current drives to is kept by the instrument, the other by this computer',
  none: 'kept by this computer alone, at each sample',
};

function rangesOf(ranges: readonly MeasuringRange[], unit: string): string {
  if (ranges.length === 0) return '';
  return `, ranges ${ranges.map(({ fullScale }) => prefixed(fullScale, unit)).join(', ')}`;
}

/** To be pasted; nothing where there is no driver. */
function rigLines(
  { driver, driverOptions }: FoundInstrument,
  {
    baudRate,
    place,
  }: {
    readonly baudRate: number | undefined;
    readonly place: { readonly key: string; readonly value: string };
  },
): readonly string[] {
  if (driver === undefined) return [];
  return [
    'For a rig file:',
    'instruments:',
    '  potentiostat:',
    `    driver: ${driver}`,
    '    options:',
    ...Object.entries(driverOptions).map(([key, value]) => `      ${key}: ${value}`),
    `      ${place.key}: ${JSON.stringify(place.value)}`,
    ...(baudRate === undefined ? [] : [`      baudRate: ${baudRate}`]),
    '',
  ];
}
