import { Rodeostat } from '../../../hardware/potentiostats/rodeostat.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { electrical } from './keithley-bench.ts';
import { variantOf } from './rodeostat-bench.ts';
import { type WirePair, WirePairs } from './wire-pairs.ts';

/** The variant that is spoken to unless another is said. */
export const MICRO = '10V_microAmpV0.2';

/** A reply that was no refusal. */
export const ok = (response: string): string => `{"success":true,"response":{${response}}}\r`;

/** Half a request of an earlier host is ended first; the end marker follows the reply. */
export const STOP: readonly WirePair[] = [
  ['', '{"success":false,"message":"unable to parse json","response":{}}\r'],
  ['{"command":"stopTest"}', ok('"command":"stopTest"'), '{}\r'],
];

/** The electrodes come first, then 0 V. The DAC has no code for exactly 0 V. */
export const REST: readonly WirePair[] = [
  [
    '{"command":"setAllElectConnected","connected":false}',
    ok('"command":"setAllElectConnected","connected":false'),
  ],
  ['{"command":"getCtrElectConnected"}', ok('"command":"getCtrElectConnected","connected":false')],
  ['{"command":"getWrkElectConnected"}', ok('"command":"getWrkElectConnected","connected":false')],
  ['{"command":"setVolt","v":0}', ok('"command":"setVolt","v":-0.000244')],
];

/** What ends every measurement. */
export const OFF: readonly WirePair[] = [...STOP, ...REST];

/** Who it is. */
export const identity = (variant: string): readonly WirePair[] => [
  ['{"command":"getVariant"}', ok(`"command":"getVariant","variant":"${variant}"`)],
  ['{"command":"getVersion"}', ok('"command":"getVersion","version":"FW0.0.9"')],
  ['{"command":"getDeviceId"}', ok('"command":"getDeviceId","deviceId":0')],
  ['{"command":"getMuxEnabled"}', ok('"command":"getMuxEnabled","muxEnabled":false')],
];

/** All that a connection says. */
export const CONNECT: readonly WirePair[] = [
  ...STOP,
  ...identity(MICRO),
  ...REST,
  [
    '{"command":"setElectAutoConnect","autoConnect":true}',
    ok('"command":"setElectAutoConnect","autoConnect":true'),
  ],
];

/** Three samples of a held potential. */
export const HOLD: ElectrochemicalTechnique = {
  kind: 'constantVoltage',
  voltageVolt: 0.5,
  sampleEverySecond: 0.02,
  durationSecond: 0.06,
  currentAmpereMax: 100e-6,
};

/** A setting and the reply that repeats it. */
export const setting = (command: string, key: string, value: string | number): WirePair => {
  const body = `"command":"${command}","${key}":${JSON.stringify(value)}`;
  return [`{${body}}`, ok(body)];
};

/** What comes before the held potential runs. */
export const HOLD_SET_UP: readonly WirePair[] = [
  setting('setCurrRange', 'currRange', '100uA'),
  setting('setSamplePeriod', 'samplePeriod', 20),
  [
    '{"command":"setParam","test":"constant","param":{"quietValue":0.5,"quietTime":0,"value":0.5,"duration":60}}',
    ok(
      '"command":"setParam","test":"constant","param":{"quietValue":0.5,"quietTime":0,"value":0.5,"duration":60}',
    ),
  ],
  [
    '{"command":"getTestDoneTime","test":"constant"}',
    ok('"command":"getTestDoneTime","test":"constant","testDoneTime":60'),
  ],
];

/** Starts the held potential. */
export const RUN = '{"command":"runTest","test":"constant"}';

/** The reply to that. */
export const RUNS = ok('"command":"runTest","test":"constant"');

/** A driver on a wire that knows these pairs and no others. */
export function makeDriver(pairs: readonly WirePair[], variant = MICRO) {
  const clock = new VirtualClock();
  const link = new WirePairs(pairs);
  const driver = new Rodeostat({
    id: 'pot',
    link,
    clock,
    provenance: 'measured',
    variant: variantOf(variant),
  });
  const { signal } = new AbortController();
  const done = <T>(work: Promise<T>): Promise<T> => runToEnd(clock, work, 0.25);
  return { clock, link, driver, signal, done };
}

/** Connects, runs a technique, and checks that nothing is left over on the wire. */
export async function measured(technique: ElectrochemicalTechnique, pairs: readonly WirePair[]) {
  const { driver, link, signal, done } = makeDriver([...CONNECT, ...pairs]);
  await done(driver.connect(signal));
  const readings = electrical(await done(collect(driver.measure(technique, signal))));
  await driver.disconnect();
  link.finish();
  return readings;
}
