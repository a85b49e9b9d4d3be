import { Fault } from '../../src/domain/fault.ts';
import type { RodeostatSession } from './rodeostat-session.ts';
import { type RodeostatVariant, rodeostatVariant } from './rodeostat-variants.ts';

/** Who answers. */
export interface RodeostatIdentity {
  readonly variant: RodeostatVariant;
  /** "FW0.1.0". */
  readonly firmware: string;
  /** A number that its owner gave it; 0 at delivery. */
  readonly deviceId: number;
}

/**
 * Finds out who is there.
 * @throws Fault instrumentUnable when it is a variant nobody knows, or its multiplexer is on;
 *   timeout, instrumentLost, instrumentReply
 */
export async function identifyRodeostat(
  session: RodeostatSession,
  signal?: AbortSignal,
): Promise<RodeostatIdentity> {
  const ask = { command: 'getVariant' };
  const { variant: name } = await session.question(ask, signal);
  if (typeof name !== 'string') throw session.misunderstanding(ask, 'a variant', name);
  const variant = rodeostatVariant(name);
  if (!variant) {
    throw unable(session, `expected a variant such as 10V_microAmpV0.2, found "${name}"`);
  }
  const askVersion = { command: 'getVersion' };
  const { version } = await session.question(askVersion, signal);
  if (typeof version !== 'string') throw session.misunderstanding(askVersion, 'a version', version);
  const askId = { command: 'getDeviceId' };
  const { deviceId } = await session.question(askId, signal);
  if (typeof deviceId !== 'number') throw session.misunderstanding(askId, 'a number', deviceId);
  // Firmware before 0.0.7 knows no multiplexer and refuses the question.
  const mux = await session.questionIfKnown({ command: 'getMuxEnabled' }, signal);
  if (mux?.muxEnabled === true) {
    throw unable(
      session,
      'its multiplexer is on, and it would measure several electrodes in turn: switch it off with setMuxEnabled, or switch the instrument off and on',
    );
  }
  return { variant, firmware: version, deviceId };
}

function unable({ place: where }: RodeostatSession, message: string): Fault {
  return new Fault('instrumentUnable', { where, message });
}
