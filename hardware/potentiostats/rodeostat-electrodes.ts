import { Fault } from '../../src/domain/fault.ts';
import type { RodeostatSession } from './rodeostat-session.ts';
import { DAC_STEPS, type RodeostatVariant } from './rodeostat-variants.ts';

/**
 * Leaves the cell at rest, and confirms it. The electrodes are disconnected before the potential
 * is set to 0 V: the other way round the cell would be pulled to 0 V. Hardware 0.1 can only do the
 * latter: 0 V then stay on the cell.
 * @throws Fault instrumentReply when an electrode stays connected or 0 V is not reached
 */
export async function leaveAtRest(
  session: RodeostatSession,
  variant: RodeostatVariant,
  signal?: AbortSignal,
): Promise<void> {
  if (variant.hasSwitches) {
    await session.question({ command: 'setAllElectConnected', connected: false }, signal);
    // "getAllElectConnected" says false already when one of three is open: ask for both that matter.
    await expectConnected(session, 'Ctr', false, signal);
    await expectConnected(session, 'Wrk', false, signal);
  }
  const request = { command: 'setVolt', v: 0 };
  const { v } = await session.question(request, signal);
  const stepVolt = (2 * (variant.voltageRanges.at(-1)?.fullScale ?? 0)) / DAC_STEPS;
  if (typeof v === 'number' && Math.abs(v) <= stepVolt) return;
  throw session.misunderstanding(request, `0 V within ${stepVolt} V`, v);
}

/**
 * Connects the reference and the working electrode, and makes sure that the counter electrode is
 * not: no current can flow while the potential is read.
 */
export async function connectForRest(
  session: RodeostatSession,
  signal: AbortSignal,
): Promise<void> {
  await session.question({ command: 'setCtrElectConnected', connected: false }, signal);
  await expectConnected(session, 'Ctr', false, signal);
  await session.question({ command: 'setRefElectConnected', connected: true }, signal);
  await session.question({ command: 'setWrkElectConnected', connected: true }, signal);
  await expectConnected(session, 'Ref', true, signal);
  await expectConnected(session, 'Wrk', true, signal);
}

const ELECTRODES = { Ctr: 'counter', Wrk: 'working', Ref: 'reference' } as const;

async function expectConnected(
  session: RodeostatSession,
  electrode: keyof typeof ELECTRODES,
  wanted: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const request = { command: `get${electrode}ElectConnected` };
  const { connected } = await session.question(request, signal);
  if (connected === wanted) return;
  throw new Fault('instrumentReply', {
    where: session.place,
    message: `its ${ELECTRODES[electrode]} electrode is ${wanted ? 'not connected' : 'still connected'} although it was told otherwise (${request.command}: ${JSON.stringify(connected)})`,
  });
}
