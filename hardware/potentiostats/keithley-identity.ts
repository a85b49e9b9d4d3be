import { Fault } from '../../src/domain/fault.ts';
import { KEITHLEY_MODELS, type KeithleyDialect, type KeithleyModel } from './keithley-models.ts';
import type { KeithleySession } from './keithley-session.ts';

/** Who answers, and in which language. */
export interface KeithleyIdentity {
  readonly model: KeithleyModel;
  readonly dialect: KeithleyDialect;
  readonly serialNumber: string;
  readonly firmware: string;
}

/** What a reply to `*IDN?` says, of any Keithley. */
export interface SpokenIdentity {
  readonly model: string;
  readonly serialNumber: string;
  readonly firmware: string;
}

/** "KEITHLEY INSTRUMENTS INC.,MODEL 2400,0987654,C30 …": 2400 manual 16-3; a 2450 the same without INC. */
const IDENTITY =
  /^KEITHLEY INSTRUMENTS[^,]{0,20},\s*MODEL ([\w-]{1,16}),\s*([^,]{0,32}),(.{0,80})$/i;

/** The parts of a reply to `*IDN?`; undefined when no Keithley sends it. */
export function parseKeithleyIdentity(reply: string): SpokenIdentity | undefined {
  const match = IDENTITY.exec(reply.trim());
  if (!match) return undefined;
  const [, model = '', serialNumber = '', firmware = ''] = match;
  return {
    model: model.toUpperCase(),
    serialNumber: serialNumber.trim(),
    firmware: firmware.trim(),
  };
}

const LANGUAGE = /^(SCPI|SCPI2400|TSP)$/;

/**
 * Finds out who is there and in which language it listens.
 * @param reply to `*IDN?`
 * @throws Fault instrumentUnable when it is another model, or listens in a language that is not
 *   spoken here; timeout, instrumentReply
 */
export async function identifyKeithley(
  session: KeithleySession,
  reply: string,
  signal: AbortSignal,
): Promise<KeithleyIdentity> {
  const spoken = parseKeithleyIdentity(reply);
  const model = KEITHLEY_MODELS.find(({ name }) => name === spoken?.model);
  if (!spoken || !model) throw unknownModel(session.place, reply);
  const { serialNumber, firmware } = spoken;
  const dialect = model.name === '2450' ? await languageOf(session, signal) : '2400';
  return { model, dialect, serialNumber, firmware };
}

/** Only the newer family has more than one language; a 2400 does not know the question. */
async function languageOf(session: KeithleySession, signal: AbortSignal): Promise<KeithleyDialect> {
  const language = (await session.ask('*LANG?', LANGUAGE, signal)).trim();
  if (language === 'SCPI') return '2450';
  if (language === 'SCPI2400') return '2400';
  throw new Fault('instrumentUnable', {
    where: session.place,
    message: `it listens to ${language}, expected SCPI: send *LANG SCPI to it, or choose SCPI under Menu, System, Settings, Command Set, then switch it off and on`,
  });
}

function unknownModel(where: string, reply: string): Fault {
  const names = KEITHLEY_MODELS.map(({ name }) => name).join(', ');
  return new Fault('instrumentUnable', {
    where,
    message: `expected a Keithley ${names}, found "${reply}": check the port in the rig file`,
  });
}
