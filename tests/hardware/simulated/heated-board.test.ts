import { describe, expect, it } from 'vitest';
import { TRIPS } from '../../../firmware-bridge/board-protocol.ts';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import { type BoardReport, OperandoBoard } from '../../../firmware-bridge/operando-board.ts';
import {
  type BoardAction,
  HeatedBoard,
  type HeatedBoardState,
} from '../../../hardware/simulated/heated-board.ts';
import { ovenSchema } from '../../../hardware/simulated/oven-plant.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { LIMITS, PROGRAM } from '../../firmware-bridge/board/board-bench.ts';

const never = new AbortController().signal;

async function heating() {
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('board');
  const states: HeatedBoardState[] = [];
  const board = new HeatedBoard({
    link: far,
    clock,
    program: PROGRAM,
    oven: ovenSchema.parse({}),
    onState: (state) => states.push(state),
  });
  await board.start();
  const host = new OperandoBoard({ id: 'cell-board', link: near, clock });
  const reports: BoardReport[] = [];
  host.listen({ onReport: (report) => reports.push(report) });
  const during = async <T>(work: Promise<T>): Promise<T> => {
    let isSettled = false;
    const settled = work.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    for (let step = 0; step < 2000 && !isSettled; step += 1) await clock.advance(0.005);
    return settled;
  };
  await during(host.start(never));
  await during(host.clearTrip('powerOn'));
  await during(host.setLimits(LIMITS));
  await clock.advance(0.3);
  await during(host.setOutputs({ dutyFraction: 0.8, isRelayClosed: true }));
  const stop = async (): Promise<void> => {
    await host.stop();
    await board.stop();
  };
  return { clock, board, host, reports, states, stop };
}

describe('a board whose heater warms an oven', () => {
  it('warms it by its duty, and its thermometers see that', async () => {
    const { clock, board, reports, stop } = await heating();
    await clock.advance(20);
    const { ovenCelsius, cellCelsius, dutyFraction } = board.state();
    expect(dutyFraction).toBeCloseTo(0.8, 4);
    // 48 W in 600 J/K, 0.5 W/K lost on the way: 1.6 K in 20 s.
    expect(ovenCelsius - 25).toBeCloseTo(1.59, 1);
    expect(cellCelsius).toBeLessThan(ovenCelsius);
    const last = reports.at(-1);
    const ohm = ((last?.thermometer ?? 0) / 2 ** 15) * 430;
    const celsius = (ohm / 100 - 1) / 3.9083e-3;
    // The square term of platinum is 0.1 K here, one code 0.03 K.
    expect(celsius).toBeCloseTo(cellCelsius - 0.1, 1);
    expect((last?.thermocouple ?? 0) / 128).toBeCloseTo(ovenCelsius, 0);
    await stop();
  });

  it.each([
    ['openThermometer', 'thermometerFailed'],
    ['shortThermometer', 'thermometerFailed'],
    ['openEmergencyStop', 'emergencyStop'],
    ['freeze', 'watchdog'],
    ['freezeMainLoop', 'watchdog'],
    ['brownOut', 'brownOut'],
  ] as const)('switches off within a second when it is told to %s', async (action, trip) => {
    const { clock, board, host, states, stop } = await heating();
    await board.act(action);
    const done = states.find((state) => state.action === action);
    expect(done?.dutyFraction).toBeGreaterThan(0);
    await clock.advance(1);
    expect(board.state()).toMatchObject({ dutyFraction: 0, isRelayClosed: false });
    await clock.advance(0.5);
    expect(host.status?.trip).toBe(TRIPS[trip]);
    await stop();
  });

  it('can be mended: thermometer, contact and cable', async () => {
    const { clock, board, host, reports, stop } = await heating();
    const both: [BoardAction, BoardAction][] = [
      ['openThermometer', 'mendThermometer'],
      ['openEmergencyStop', 'closeEmergencyStop'],
    ];
    for (const [harm, mend] of both) {
      await board.act(harm);
      await clock.advance(0.5);
      await board.act(mend);
    }
    await clock.advance(0.5);
    expect(reports.at(-1)).toMatchObject({ inputs: 0, thermometerFault: 0 });
    await board.act('unplug');
    const count = reports.length;
    await clock.advance(1);
    expect(reports).toHaveLength(count);
    await board.act('plugIn');
    await board.act('plugIn');
    expect(host.status?.trip).not.toBe(TRIPS.none);
    await stop();
  });
});
