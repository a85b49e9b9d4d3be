import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import { EmStat } from '../../hardware/potentiostats/emstat.ts';
import { readingsFrom } from '../../hardware/potentiostats/emstat-reading.ts';
import { endsWaveform, WaveformCollector } from '../../hardware/potentiostats/emstat-waveform.ts';
import { parseStreamLine, StreamScopes } from '../../hardware/potentiostats/methodscript.ts';
import { DEVICES, type DeviceId } from '../../hardware/potentiostats/methodscript-devices.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Potentiostat } from '../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import { keithley } from './wire-protocols-keithley.ts';
import { RODEOSTAT } from './wire-protocols-rodeostat.ts';

/** What the fuzz needs to know of a protocol and its driver. */
export interface WireProtocol {
  readonly name: string;
  /** What the instrument sends, lines without their ends: they are mutated. */
  readonly corpus: readonly string[];
  readonly techniques: readonly ElectrochemicalTechnique[];
  /** The decoders alone, from bytes on. */
  newDecoder(): (bytes: Uint8Array) => void;
  newDriver(link: Link, clock: Clock): Potentiostat;
  /** What a sane instrument answers to each line it is told; '' for nothing. */
  newInstrument(): (line: string) => string;
}

const TECHNIQUES: readonly ElectrochemicalTechnique[] = [
  { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 60 },
  {
    kind: 'constantVoltage',
    voltageVolt: 0.3,
    sampleEverySecond: 1,
    durationSecond: 60,
    currentAmpereMax: 1e-3,
  },
  {
    kind: 'cyclicVoltammetry',
    startVolt: 0,
    verticesVolt: [0.5, -0.5],
    rateVoltPerSecond: 0.1,
    stepVolt: 0.01,
    cycles: 2,
    currentAmpereMax: 1e-3,
  },
  {
    kind: 'impedance',
    frequencyHertzMax: 1e4,
    frequencyHertzMin: 1,
    pointCount: 20,
    excitation: {
      mode: 'potentiostatic',
      amplitudeVoltRms: 0.01,
      biasVolt: 0,
      versusOpenCircuit: true,
    },
  },
];

/** With the samples behind each point, on a model that tells them. */
const WAVEFORM_SWEEP: ElectrochemicalTechnique = {
  kind: 'impedance',
  frequencyHertzMax: 1e4,
  frequencyHertzMin: 1,
  pointCount: 20,
  waveforms: true,
  excitation: {
    mode: 'potentiostatic',
    amplitudeVoltRms: 0.01,
    biasVolt: 0,
    versusOpenCircuit: true,
  },
};

const METHODSCRIPT_PACKAGES = [
  'Pda7F85F3Fu;ba48D503Dp,10,288',
  'Pab8000001u,10,206;ba8000001m,10,215',
  'PdcDF5DFF4u;cc896D904m,10,212;cd82DB1A8u,10,206;ci8393870u,10,206;ck80003E8n,10,212',
  'Pab     nan;ba     nan,14,203',
  'Pdc800000Am;cc8000001 ;cd7FFFFF6m',
  'Peb8000005m;ja8000001i',
  'PdcDF5DFF4u;cc896D904m,10,212;cd82DB1A8u,10,206;cg8001F40 ;ja8000003i',
  'L',
  'Pce8002710u;cf800C350n',
  'Pce80186A0u;cf7FF3CB0n',
  'Pce     nan;cf80186A0p',
  '+',
];

/** Mostly packages: a measurement must last to be tried. */
const METHODSCRIPT_CORPUS = [
  ...Array.from({ length: 20 }, () => METHODSCRIPT_PACKAGES).flat(),
  'M0005',
  'M000D',
  'C0000',
  'L',
  '*',
  '-',
  '+',
  '',
  'e',
  'eM0007',
  'Z',
  'Z!0006',
  'e!4001: Line 3, Col 7',
  '!0032: Line 12',
  'Thello',
  'tes4_hr1500#Mar 12 2026 14:28:01',
  'R*',
];

/** The family of PalmSens instruments; each model has limits and a pace of its own. */
export function methodScript(id: DeviceId): WireProtocol {
  return {
    name: `MethodSCRIPT, ${DEVICES[id].name}`,
    corpus: METHODSCRIPT_CORPUS,
    techniques: DEVICES[id].tellsWaveforms ? [...TECHNIQUES, WAVEFORM_SWEEP] : TECHNIQUES,
    newDecoder() {
      const waveforms = new WaveformCollector();
      const framer = new LineFramer({ lengthMax: 255, stripFlowControl: true });
      const scopes = new StreamScopes();
      return (bytes) => {
        for (const text of framer.push(bytes)) {
          const line = parseStreamLine(text);
          scopes.follow(line);
          if (endsWaveform(line)) waveforms.end();
          if (line.kind !== 'package') continue;
          waveforms.addSample(line.variables);
          const points = readingsFrom('impedance', line.variables, 0, DEVICES[id]);
          waveforms.begin(points, line.variables);
          for (const { kind } of TECHNIQUES) readingsFrom(kind, line.variables, 0, DEVICES[id]);
        }
      };
    },
    newDriver: (link, clock) => new EmStat({ id: 'fuzz', link, clock, provenance: 'simulated' }),
    newInstrument: () => methodScriptInstrument(id),
  };
}

function methodScriptInstrument(id: DeviceId): (line: string) => string {
  const answers: Readonly<Record<string, string>> = {
    t: `t${id}1500#Mar 12 2026 14:28:01\nR*\n`,
    i: 'iES4HR20B0008\n',
    m: 'mMES4HR20B0001\n',
    v: 'v01.09.00\n',
    CM: `CM${'F'.repeat(64)}\n`,
  };
  let script: string[] | undefined;
  let isRunning = false;
  return (line) => {
    if (script) {
      if (line !== '') {
        script.push(line);
        return '';
      }
      isRunning = script.length > 1;
      script = undefined;
      return isRunning ? 'e\n' : 'e\n\n';
    }
    if (line === 'Z') {
      const answer = isRunning ? 'Z\n\n' : 'Z!0006\n';
      isRunning = false;
      return answer;
    }
    if (line === 'e') script = [];
    return answers[line] ?? '';
  };
}

/** Every protocol that is fuzzed. */
export const WIRE_PROTOCOLS: readonly WireProtocol[] = [
  methodScript('es4_hr'),
  methodScript('espico'),
  keithley('2400'),
  keithley('2450'),
  RODEOSTAT,
];
