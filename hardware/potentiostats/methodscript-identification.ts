import { Fault } from '../../src/domain/fault.ts';
import {
  type Asking,
  askPolitely,
  type FoundInstrument,
  type Identification,
} from '../identification.ts';
import { identifyEmStat } from './emstat-identity.ts';
import { DEVICES } from './methodscript-devices.ts';
import { MethodScriptSession } from './methodscript-session.ts';

const QUESTION = { text: 't\n', reply: /^t(?:[a-z0-9_]{6}|![0-9A-F]{4})/, timeoutSecond: 1 };

/**
 * Asks for the firmware (`t`), and of what answers the serial number, the script version and the
 * script commands. None of these touches a script or the cell. The EmStat4 and the Nexus listen at
 * the first speed, the EmStat Pico at the second.
 */
export const METHODSCRIPT_IDENTIFICATION: Identification = {
  protocol: 'MethodSCRIPT',
  baudRates: [DEVICES.es4_hr.baudRate, DEVICES.espico.baudRate],
  async identify(asking) {
    const firmware = await askPolitely(asking, QUESTION);
    if (firmware === undefined) return undefined;
    if (firmware.startsWith('t!')) return busy();
    return identifyWhole(asking, firmware.slice(1));
  },
};

async function identifyWhole(asking: Asking, reply: string): Promise<FoundInstrument> {
  const { link, clock, signal } = asking;
  const session = new MethodScriptSession({ link, clock, place: link.name });
  await session.conversation.open(signal);
  try {
    const { capability, device, firmware, model, scriptVersion } = await identifyEmStat(
      session,
      {},
      signal,
    );
    return {
      model: device.name,
      serialNumber: model.slice(device.name.length).trim(),
      firmware: `${firmware}, MethodSCRIPT ${scriptVersion}`,
      driver: 'emstat',
      driverOptions: { model: device.name },
      capability,
      remarks: [],
    };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'instrumentUnable') throw error;
    return unusable(
      reply,
      error.problems.map(({ message }) => message),
    );
  } finally {
    await session.conversation.close();
  }
}

/** A bootloader, or a model that nobody here knows. */
function unusable(firmware: string, remarks: readonly string[]): FoundInstrument {
  return {
    model: firmware,
    serialNumber: '',
    firmware,
    driver: undefined,
    driverOptions: {},
    capability: undefined,
    remarks,
  };
}

function busy(): FoundInstrument {
  return unusable('a MethodSCRIPT instrument', [
    'it runs a script and tells nothing more meanwhile: let it end, or switch the instrument off and on',
  ]);
}
