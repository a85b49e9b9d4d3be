import { askPolitely, type FoundInstrument, type Identification } from '../identification.ts';
import { parseKeithleyIdentity } from './keithley-identity.ts';
import { KEITHLEY_MODELS } from './keithley-models.ts';

const TIMEOUT_SECOND = 1;
/** `*IDN?` of any instrument that speaks SCPI: maker, model, number, firmware (IEEE 488.2, 10.14). */
const IDENTITY = {
  text: '*IDN?\n',
  reply: /^"?[A-Za-z][A-Za-z .&-]*,[^,;]*,[^,;]*,/,
  timeoutSecond: TIMEOUT_SECOND,
};
const LANGUAGE = {
  text: '*LANG?\n',
  reply: /^(?:SCPI|SCPI2400|TSP)\s*$/,
  timeoutSecond: TIMEOUT_SECOND,
};
/** Models with more than one command set; a 2400 answers the question with an error. */
const HAS_LANGUAGES = '2450';

/**
 * Asks for the identity, and a 2450 for its command set. Both only read; asked again once, because
 * half a command of an earlier host spoils the first question.
 */
export const KEITHLEY_IDENTIFICATION: Identification = {
  protocol: 'SCPI',
  baudRates: [9600, 57_600],
  async identify(asking) {
    const reply = await askPolitely(asking, { ...IDENTITY, retriesMax: 1 });
    if (reply === undefined) return undefined;
    const spoken = parseKeithleyIdentity(reply);
    const model = KEITHLEY_MODELS.find(({ name }) => name === spoken?.model);
    if (!spoken || !model) return stranger(reply);
    const language =
      model.name === HAS_LANGUAGES ? (await askPolitely(asking, LANGUAGE))?.trim() : undefined;
    return {
      model: `Keithley ${model.name}`,
      serialNumber: spoken.serialNumber,
      firmware: spoken.firmware,
      driver: model.name === HAS_LANGUAGES ? 'keithley-2450' : 'keithley-2400',
      driverOptions: {},
      capability: model.capability,
      remarks:
        language === undefined || language === 'SCPI'
          ? []
          : [
              `it listens to the command set ${language}: send *LANG SCPI, then switch it off and on`,
            ],
    };
  },
};

/** Something that speaks SCPI and has no driver here. */
function stranger(reply: string): FoundInstrument {
  const [maker = '', model = '', serialNumber = '', firmware = ''] = reply.split(',');
  return {
    model: `${maker.trim()} ${model.trim()}`,
    serialNumber: serialNumber.trim(),
    firmware: firmware.trim(),
    driver: undefined,
    driverOptions: {},
    capability: undefined,
    remarks: ['it has no driver here'],
  };
}
