import {
  type RodeostatRange,
  type RodeostatVariant,
  SAMPLE_PERIOD_MS,
} from '../potentiostats/rodeostat-variants.ts';
import { ELECTRODES, type Electrode, type RodeostatFrontEnd } from './rodeostat-twin-front-end.ts';
import { RodeostatRefusal } from './rodeostat-twin-json.ts';
import { isUnsigned, RodeostatTwinTest, TWIN_TESTS } from './rodeostat-twin-tests.ts';

/** A request as it was parsed. */
export type TwinRequest = Readonly<Record<string, unknown>>;
/** Filled by the command; what is in it is sent also when the command is refused. */
export type TwinResponse = Record<string, unknown>;
type Command = (request: TwinRequest, response: TwinResponse) => void;

/** What the commands act on. */
export interface TwinState {
  readonly variant: RodeostatVariant;
  readonly frontEnd: RodeostatFrontEnd;
  readonly firmware: string;
  samplePeriodMs: number;
  isAutoConnecting: boolean;
  isMuxEnabled: boolean;
  deviceId: number;
  /** Begins the test. */
  run(test: RodeostatTwinTest): void;
  stop(): void;
}

/** The commands of one variant, by name, with the refusals of the firmware word for word. */
export function twinCommands(state: TwinState): ReadonlyMap<string, Command> {
  const commands: Record<string, Command> = {
    ...testCommands(state),
    ...analogueCommands(state),
    ...settingCommands(state),
    ...(state.variant.hasSwitches ? switchCommands(state) : {}),
  };
  return new Map(Object.entries(commands));
}

function testCommands(state: TwinState): Record<string, Command> {
  const tests = new Map(TWIN_TESTS.map((name) => [name, new RodeostatTwinTest(name)]));
  const testOf = (request: TwinRequest, response: TwinResponse, missing: string) => {
    if (!('test' in request)) throw new RodeostatRefusal(missing);
    response.test = request.test;
    const test = tests.get(String(request.test));
    if (!test) throw new RodeostatRefusal('test not found');
    return test;
  };
  return {
    runTest(request, response) {
      const test = testOf(request, response, 'json does not contain key: test');
      if (state.isMuxEnabled) {
        throw new RodeostatRefusal('mux running, but no enabled working electrode channels');
      }
      state.run(test);
    },
    stopTest: () => state.stop(),
    getParam(request, response) {
      const test = testOf(request, response, 'json does not contain key: test');
      response.param = { ...test.param };
    },
    setParam(request, response) {
      const test = testOf(request, response, 'test key not found');
      if (!('param' in request)) throw new RodeostatRefusal('key param missing');
      if (!isObject(request.param)) throw new RodeostatRefusal('param not JsonObject');
      response.param = test.set(request.param);
    },
    getTestDoneTime(request, response) {
      response.testDoneTime = testOf(request, response, 'test key not found').doneMs;
    },
    getTestNames(_, response) {
      response.testNames = [...TWIN_TESTS];
    },
  };
}

function analogueCommands({ frontEnd, variant }: TwinState): Record<string, Command> {
  return {
    getVolt(_, response) {
      response.v = frontEnd.volt;
    },
    setVolt(request, response) {
      const { v } = request;
      if (!('v' in request)) throw missing('v');
      if (typeof v !== 'number') throw new RodeostatRefusal('unable to convert volt to float');
      frontEnd.setVolt(v);
      response.v = frontEnd.volt;
    },
    getCurr(_, response) {
      response.i = frontEnd.current().ampere * 1e6;
    },
    getRefVolt(_, response) {
      response.r = frontEnd.refVolt();
    },
    getVoltRange(_, response) {
      response.voltRange = frontEnd.voltRange.name;
    },
    setVoltRange(request, response) {
      const found = rangeNamed(request, 'voltRange', variant.voltageRanges);
      if (found) frontEnd.setVoltRange(found);
      response.voltRange = frontEnd.voltRange.name;
      if (!found) throw new RodeostatRefusal(`voltRange, ${request.voltRange}, not found`);
    },
    getCurrRange(_, response) {
      response.currRange = frontEnd.currRange.name;
    },
    setCurrRange(request, response) {
      const found = rangeNamed(request, 'currRange', variant.currentRanges);
      if (found) frontEnd.setCurrRange(found);
      response.currRange = frontEnd.currRange.name;
      if (!found) throw new RodeostatRefusal(`currRange, ${request.currRange}, not found`);
    },
  };
}

function settingCommands(state: TwinState): Record<string, Command> {
  const { min, max } = SAMPLE_PERIOD_MS;
  return {
    getSamplePeriod(_, response) {
      response.samplePeriod = state.samplePeriodMs;
    },
    setSamplePeriod(request, response) {
      const { samplePeriod } = request;
      if (!('samplePeriod' in request)) throw missing('samplePeriod');
      const refuse = (what: string) => new RodeostatRefusal(`json samplePeriod value is ${what}`);
      // The spelling is the firmware's.
      if (!isUnsigned(samplePeriod)) throw refuse('not uin32_t');
      if (samplePeriod > max) throw refuse('too large');
      if (samplePeriod < min) throw refuse('too small');
      state.samplePeriodMs = samplePeriod;
      response.samplePeriod = samplePeriod;
    },
    getDeviceId(_, response) {
      response.deviceId = state.deviceId;
    },
    setDeviceId(request, response) {
      const { deviceId } = request;
      if (!('deviceId' in request)) throw missing('deviceId');
      if (!isUnsigned(deviceId)) throw new RodeostatRefusal('deviceId is not integer');
      state.deviceId = deviceId;
      response.deviceId = deviceId;
    },
    getVersion(_, response) {
      response.version = state.firmware;
    },
    getVariant(_, response) {
      response.variant = state.variant.name;
    },
    getMuxEnabled(_, response) {
      response.muxEnabled = state.isMuxEnabled;
    },
    setMuxEnabled(request, response) {
      const { muxEnabled } = request;
      if (!('muxEnabled' in request)) throw missing('muxEnabled');
      if (typeof muxEnabled !== 'boolean') {
        throw new RodeostatRefusal('unable to convert muxEnabled to bool');
      }
      // Only the older board has the pins for it.
      if (state.variant.hasSwitches)
        throw new RodeostatRefusal('multiplexer hardware not supported');
      state.isMuxEnabled = muxEnabled;
      response.muxEnabled = muxEnabled;
    },
  };
}

/** Hardware 0.2 only. */
function switchCommands(state: TwinState): Record<string, Command> {
  const { frontEnd, variant } = state;
  const commands: Record<string, Command> = {
    getElectAutoConnect(_, response) {
      response.autoConnect = state.isAutoConnecting;
    },
    setElectAutoConnect(request, response) {
      state.isAutoConnecting = flag(request, 'autoConnect');
      response.autoConnect = state.isAutoConnecting;
    },
    getRefElectVoltRange(_, response) {
      response.voltRange = frontEnd.refRange.name;
    },
    setRefElectVoltRange(request, response) {
      const found = rangeNamed(request, 'voltRange', variant.voltageRanges);
      if (found) frontEnd.setRefRange(found);
      response.voltRange = frontEnd.refRange.name;
      if (!found) throw new RodeostatRefusal(`voltRange, ${request.voltRange}, not found`);
    },
    getHardwareVersion(_, response) {
      response.version = `V${variant.hardware}`;
    },
  };
  const groups: Readonly<Record<string, readonly Electrode[]>> = {
    Ref: ['Ref'],
    Ctr: ['Ctr'],
    Wrk: ['Wrk'],
    All: ELECTRODES,
  };
  for (const [name, electrodes] of Object.entries(groups)) {
    const areConnected = () => electrodes.every((one) => frontEnd.isConnected(one));
    commands[`get${name}ElectConnected`] = (_, response) => {
      response.connected = areConnected();
    };
    commands[`set${name}ElectConnected`] = (request, response) => {
      const wanted = flag(request, 'connected');
      for (const one of electrodes) frontEnd.connect(one, wanted);
      response.connected = areConnected();
    };
  }
  return commands;
}

function rangeNamed(
  request: TwinRequest,
  key: string,
  ranges: readonly RodeostatRange[],
): RodeostatRange | undefined {
  if (!(key in request)) throw missing(key);
  return ranges.find(({ name }) => name === request[key]);
}

function flag(request: TwinRequest, key: string): boolean {
  const value = request[key];
  if (!(key in request)) throw missing(key);
  if (typeof value !== 'boolean') {
    throw new RodeostatRefusal(`unable to convert '${key}' to bool`);
  }
  return value;
}

function missing(key: string): RodeostatRefusal {
  return new RodeostatRefusal(`json does not contain key: ${key}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
