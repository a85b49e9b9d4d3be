import { LineFramer } from '../../firmware-bridge/line-framer.ts';
import { Rodeostat } from '../../hardware/potentiostats/rodeostat.ts';
import { parseRodeostatLine } from '../../hardware/potentiostats/rodeostat-protocol.ts';
import { rodeostatVariant } from '../../hardware/potentiostats/rodeostat-variants.ts';
import type { WireProtocol } from './wire-protocols.ts';

const VARIANT = '10V_microAmpV0.2';
const REPLIES = [
  '{"success":true,"response":{"command":"setVolt","v":0.499878}}',
  '{"success":true,"response":{"command":"stopTest"}}',
  '{"success":false,"message":"unable to parse json","response":{}}',
  '{"success":true,"response":{"command":"getRefVolt","r":0.761661}}',
  '{"success":true,"response":{"command":"runTest","test":"cyclic"}}',
  '{}',
];
const SAMPLES = [
  '{"t":20,"v":-0.1,"i":-2.799983}',
  '{"t":1000,"v":0.3,"i":28.1935}',
  '{"t":1500,"v":0.3,"i":1000,"le":true}',
  '{"t":2000,"v":0.3,"i":1e-6}',
];

/** Whatever was done before. */
const STANDING_ANSWERS: Readonly<Record<string, object>> = {
  getVersion: { version: 'FW0.1.0' },
  getVariant: { variant: VARIANT },
  getDeviceId: { deviceId: 0 },
  getMuxEnabled: { muxEnabled: false },
  getRefVolt: { r: 0.3 },
};

/** IO Rodeo's potentiostat: JSON lines, and what it has neither can nor refuses by name. */
export const RODEOSTAT: WireProtocol = {
  name: 'Rodeostat JSON',
  corpus: [...REPLIES, ...SAMPLES, ...SAMPLES],
  techniques: [
    { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 60 },
    {
      kind: 'constantVoltage',
      voltageVolt: 0.3,
      sampleEverySecond: 0.5,
      durationSecond: 60,
      currentAmpereMax: 1e-3,
    },
    {
      kind: 'linearSweep',
      startVolt: 0,
      endVolt: 0.5,
      rateVoltPerSecond: 0.01,
      stepVolt: 0.005,
      currentAmpereMax: 1e-3,
    },
    {
      kind: 'constantCurrent',
      currentAmpere: 1e-4,
      sampleEverySecond: 1,
      durationSecond: 60,
      voltageVoltMin: -1,
      voltageVoltMax: 1,
    },
  ],
  newDecoder() {
    const framer = new LineFramer({ lengthMax: 4000 });
    return (bytes) => {
      for (const text of framer.push(bytes)) parseRodeostatLine(text);
    };
  },
  newDriver(link, clock) {
    const variant = rodeostatVariant(VARIANT);
    if (!variant) throw new Error(`no variant ${VARIANT}`);
    return new Rodeostat({ id: 'fuzz', link, clock, provenance: 'simulated', variant });
  },
  newInstrument: () => rodeostatInstrument(),
};

/** Answers requests as the firmware does, without a test that runs: samples come as inputs. */
function rodeostatInstrument(): (line: string) => string {
  const connected = new Set<string>();
  let doneMs = 0;
  return (line) => {
    const request = requestOf(line);
    const command = String(request?.command ?? '');
    if (!request || command === '') {
      return '{"success":false,"message":"unable to parse json","response":{}}\r\n';
    }
    const electrode = /^(get|set)(Ref|Ctr|Wrk|All)ElectConnected$/.exec(command);
    const extra: Record<string, unknown> = {};
    if (electrode) {
      const names = electrode[2] === 'All' ? ['Ref', 'Ctr', 'Wrk'] : [electrode[2] ?? ''];
      for (const name of electrode[1] === 'set' ? names : []) {
        if (request.connected === true) connected.add(name);
        else connected.delete(name);
      }
      extra.connected = names.every((name) => connected.has(name));
    }
    if (command === 'setParam') doneMs = Number(Object(request.param).duration);
    if (command === 'getTestDoneTime') extra.testDoneTime = doneMs;
    const response = { ...request, ...STANDING_ANSWERS[command], ...extra };
    const reply = JSON.stringify({ success: true, response });
    return `${reply}\r\n${command === 'stopTest' ? '{}\r\n' : ''}`;
  };
}

function requestOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
