import { Fault } from '../../src/domain/fault.ts';
import { askPolitely, type FoundInstrument, type Identification } from '../identification.ts';
import { identifyRodeostat, type RodeostatIdentity } from './rodeostat-identity.ts';
import { requestText } from './rodeostat-protocol.ts';
import { RodeostatSession } from './rodeostat-session.ts';

const QUESTION = {
  text: requestText({ command: 'getVariant' }),
  // Refused is an answer too: half a request of an earlier host spoils the first question.
  reply: /^\{"success":(?:true|false),/,
  timeoutSecond: 1,
};

/** Asks for variant, firmware and number; none of these touches a test or the electrodes. */
export const RODEOSTAT_IDENTIFICATION: Identification = {
  protocol: 'Rodeostat JSON',
  baudRates: [115_200],
  async identify(asking) {
    if ((await askPolitely(asking, QUESTION)) === undefined) return undefined;
    const { link, clock, signal } = asking;
    const session = new RodeostatSession({ link, clock, place: link.name });
    await session.conversation.open(signal);
    try {
      return found(await identifyRodeostat(session, signal));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'instrumentUnable') throw error;
      return unusable(error.problems.map(({ message }) => message));
    } finally {
      await session.conversation.close();
    }
  },
};

function found({ variant, firmware, deviceId }: RodeostatIdentity): FoundInstrument {
  return {
    model: `Rodeostat ${variant.name}`,
    serialNumber: String(deviceId),
    firmware,
    driver: 'rodeostat',
    driverOptions: { variant: variant.name },
    capability: variant.capability,
    remarks: variant.hasSwitches
      ? []
      : [
          'hardware 0.1 cannot open the cell: after each step it keeps 0 V on it, so put a relay between and write holdsZeroVoltAtEnd: true into the rig file',
        ],
  };
}

function unusable(remarks: readonly string[]): FoundInstrument {
  return {
    model: 'Rodeostat',
    serialNumber: '',
    firmware: '',
    driver: undefined,
    driverOptions: {},
    capability: undefined,
    remarks,
  };
}
