import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import { Keithley } from '../../hardware/potentiostats/keithley.ts';
import { parseReading } from '../../hardware/potentiostats/keithley-2400-dialect.ts';
import { parseBufferReading } from '../../hardware/potentiostats/keithley-2450-dialect.ts';
import { describeScpiError, parseScpiError } from '../../hardware/potentiostats/keithley-errors.ts';
import { parseKeithleyIdentity } from '../../hardware/potentiostats/keithley-identity.ts';
import type { KeithleyDialect } from '../../hardware/potentiostats/keithley-models.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import type { WireProtocol } from './wire-protocols.ts';

const TECHNIQUES: readonly ElectrochemicalTechnique[] = [
  { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 60 },
  {
    kind: 'constantCurrent',
    currentAmpere: 1e-3,
    sampleEverySecond: 1,
    durationSecond: 60,
    voltageVoltMin: 2.5,
    voltageVoltMax: 4.5,
  },
  {
    kind: 'constantVoltage',
    voltageVolt: 3.8,
    sampleEverySecond: 1,
    durationSecond: 60,
    currentAmpereMax: 1e-2,
  },
  {
    kind: 'linearSweep',
    startVolt: 3.6,
    endVolt: 3.8,
    rateVoltPerSecond: 0.01,
    stepVolt: 0.01,
    currentAmpereMax: 1e-2,
  },
];

const NO_ERROR = '0,"No error"';
const IDENTITY: Readonly<Record<KeithleyDialect, string>> = {
  '2400': 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1098765,C30   Mar 17 2006 09:29:29/A02  /H/K',
  '2450': 'KEITHLEY INSTRUMENTS,MODEL 2450,04415918,1.7.12b',
};
const CORPUS: readonly string[] = [
  `+3.722345E+00,+1.300715E-04,+7.400000E-01,+4.233216E+06;+1.050000E-03;1;${NO_ERROR}`,
  `+9.900000E+37,+9.910000E+37,+7.400000E-01,+4.233224E+06;+1.050000E-03;1;${NO_ERROR}`,
  '1.300465406148690E-04,3.723887491012443E+00,1700000002,1.900000572204590E-01,200',
  `507;1.000000000000000E-03;1;${NO_ERROR}`,
  NO_ERROR,
  '-113,"Undefined header;1;2026/11/21 18:40:00.123"',
  '+803,"Not permitted with OUTPUT off"',
  'SCPI',
  '0',
  '1',
  ...Object.values(IDENTITY),
];

/** The Keithley source-measure units, one protocol for each command set. */
export function keithley(family: KeithleyDialect): WireProtocol {
  return {
    name: `SCPI, Keithley ${family}`,
    corpus: CORPUS,
    techniques: TECHNIQUES,
    newDecoder() {
      const framer = new LineFramer({ lengthMax: 512 });
      return (bytes) => {
        for (const line of framer.push(bytes)) {
          parseReading(line.split(';')[0] ?? '');
          parseBufferReading(line, 'current');
          parseKeithleyIdentity(line);
          const error = parseScpiError(line);
          if (error) describeScpiError(error);
        }
      };
    },
    newDriver: (link, clock) =>
      new Keithley({ id: 'fuzz', link, clock, provenance: 'simulated', family }),
    newInstrument: () => instrument(family),
  };
}

function instrument(family: KeithleyDialect): (line: string) => string {
  let readings = 0;
  const answers: Readonly<Record<string, string>> = {
    '*IDN?': IDENTITY[family],
    '*LANG?': 'SCPI',
    ':OUTP?': '0',
  };
  return (line) => {
    const known = answers[line];
    if (known !== undefined) return `${known}\n`;
    if (line.includes(':SENS:DATA:LAT?')) {
      readings += 1;
      return `+3.7E+00,+1.3E-04,${readings}.0,+4.233216E+06;+1.05E-03;1;${NO_ERROR}\n`;
    }
    if (line.startsWith(':TRAC:ACT?')) {
      readings += 1;
      return `${readings};1E-03;1;${NO_ERROR}\n`;
    }
    if (line.startsWith(':TRAC:DATA?')) return `1.3E-04,3.7E+00,${1.7e9 + readings},0.1,200\n`;
    return line.endsWith(':SYST:ERR?') ? `${NO_ERROR}\n` : '';
  };
}
