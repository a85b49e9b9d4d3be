import { describe, expect, it } from 'vitest';
import {
  boardSensorWayOf,
  freezeOf,
  lineWayOf,
  openContactOf,
  resetOf,
} from '../../hardware/board/faulty-board.ts';
import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import { BOARD_HAZARD_ROWS, type BoardHazardCase } from '../campaign/board-hazard-cases.ts';
import { type BoardHazardOutcome, runBoardHazard } from '../campaign/board-hazard-rig.ts';
import { judgeBoardHazard } from '../campaign/board-hazards.ts';

/** Of a hundred seeds some play each way. */
const SEEDS = Array.from({ length: 100 }, (_, at) => at + 1);

/** A trial of a row that plays its fault in this way. */
function caseOf(id: string, isWanted: (fault: InjectedFault) => boolean): BoardHazardCase {
  const row = BOARD_HAZARD_ROWS[id];
  const found = row && SEEDS.map(row).find(({ fault }) => isWanted(fault));
  if (!found) throw new Error(`no seed of ${id} plays it so`);
  return found;
}

async function failuresOf(id: string, isWanted: (fault: InjectedFault) => boolean) {
  const hazard = caseOf(id, isWanted);
  return judgeBoardHazard(id, hazard, await runBoardHazard(hazard)).failures;
}

describe('the operando board in a run, with heater and cell on', () => {
  it('hostSilent: a board that hears nobody opens heater and relay, and stays so until a person clears it', async () => {
    for (const way of ['deaf', 'cut'] as const) {
      expect(await failuresOf('H21', (fault) => lineWayOf(fault) === way), way).toEqual([]);
    }
  });

  it('boardSensor: an open, a short and an implausible sensor each switch off at the board', async () => {
    const ways = [
      'thermometerOpen',
      'thermometerHigh',
      'thermocoupleOpen',
      'thermocoupleHigh',
      'forceEnd',
      'forceHigh',
      'pressureShort',
    ] as const;
    for (const way of ways) {
      expect(await failuresOf('H22', (fault) => boardSensorWayOf(fault) === way), way).toEqual([]);
    }
  });

  it('openContact: emergency stop, door and gas alarm each switch off, and closing them wakes nothing', async () => {
    for (const contact of ['emergencyStop', 'door', 'gas'] as const) {
      expect(await failuresOf('H23', (fault) => openContactOf(fault) === contact), contact).toEqual(
        [],
      );
    }
  });

  it('boardFrozen: a processor that stops is off by its watchdog, and the run is told', async () => {
    for (const way of ['mainLoop', 'everything'] as const) {
      expect(await failuresOf('H24', (fault) => freezeOf(fault) === way), way).toEqual([]);
    }
  });

  it('lineNoise: messages that come damaged are no sign of life and no order', async () => {
    for (const way of ['deaf', 'cut'] as const) {
      expect(await failuresOf('H25', (fault) => lineWayOf(fault) === way), way).toEqual([]);
    }
  });

  it('boardReset: a board that begins anew has everything off, and its run ends', async () => {
    for (const cause of ['brownOut', 'external', 'powerOn'] as const) {
      expect(await failuresOf('H26', (fault) => resetOf(fault) === cause), cause).toEqual([]);
    }
  });
});

describe('the judge of the board', () => {
  it('takes nothing for granted: each thing that is not as it should be is a failure', async () => {
    const hazard = caseOf('H23', () => true);
    const sound = await runBoardHazard(hazard);
    const judged = (change: Partial<BoardHazardOutcome>): readonly string[] =>
      judgeBoardHazard('H23', hazard, { ...sound, ...change }).failures;
    const [first] = sound.after;
    const last = sound.after.at(-1);
    if (!first || !last) throw new Error('nothing was looked at');
    expect(judged({})).toEqual([]);
    expect(judged({ before: { ...sound.before, dutyFraction: 0 } })).toEqual([
      'the heater was not on before',
    ]);
    expect(judged({ before: { ...sound.before, ampere: 0 } })).toEqual([
      'the cell was not driven before',
    ]);
    expect(judged({ after: [first] })).toEqual(['heater and cell never went off']);
    const late = sound.after.map((one) => ({ ...one, timeSecond: one.timeSecond + 1 }));
    expect(judged({ after: late })).toEqual(['off only after 1.006 s']);
    for (const on of [{ dutyFraction: 0.01 }, { isRelayClosed: true }, { ampere: 1e-6 }]) {
      const after = [...sound.after, { ...last, ...on, timeSecond: last.timeSecond + 1 }];
      expect(judged({ after }).join()).toContain('something is on again');
    }
    expect(judged({ refusal: undefined })).toEqual(['the next start needed nobody']);
    expect(judged({ refusal: 'because it rains' }).join()).toContain('told otherwise');
    expect(judged({ notes: [] }).join()).toContain('nobody has cleared it');
    expect(judged({ outcome: { ...sound.outcome, status: 'done' } })).toEqual(['ended as done']);
    expect(judged({ alarms: new Map() })).toEqual(['the trip is not latched', 'no alarm says why']);
    const events = sound.events.filter(({ code }) => code !== 'interlock');
    expect(judged({ events })).toContain('the run was never told why');
    const unsure = sound.events.map((one) =>
      one.code === 'safeState' ? { ...one, details: { ...one.details, confirmed: false } } : one,
    );
    expect(judged({ events: unsure })).toEqual([
      'potentiostat is not confirmed safe',
      'heater is not confirmed safe',
    ]);
  });
});
