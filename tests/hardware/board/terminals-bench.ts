import { COMMANDS } from '../../../firmware-bridge/board-protocol.ts';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../../firmware-bridge/link.ts';
import { OperandoBoard } from '../../../firmware-bridge/operando-board.ts';
import { BoardLink } from '../../../firmware-bridge/sim/board-link.ts';
import { boardProgram } from '../../../firmware-bridge/sim/board-program.ts';
import { SimulatedBoard } from '../../../firmware-bridge/sim/simulated-board.ts';
import { boardLimits, type FittedSensors } from '../../../hardware/board/board-limits.ts';
import { boardSchema } from '../../../hardware/board/board-options.ts';
import { type BoardChannel, BoardSensor } from '../../../hardware/board/board-sensor.ts';
import { SharedBoard } from '../../../hardware/board/shared-board.ts';
import type { CalibrationOf } from '../../../src/domain/calibration.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { duringOn } from './board-rig-bench.ts';

const never = new AbortController().signal;
const COMPARED = {
  title: 'one of the tests',
  date: '2026-03-02',
  due: '2027-03-02',
  by: 'a test',
  against: 'a formula',
  coverage: 1,
} as const;

/** Comparisons so good that only the converter is left to be uncertain. */
export const PLATINUM: CalibrationOf<'platinum'> = {
  kind: 'platinum',
  ...COMPARED,
  resistance: 100.04,
  a: 3.9083e-3,
  b: -5.775e-7,
  c: -4.183e-12,
  reference: 430,
  uncertainty: 0,
};
export const COUPLE: CalibrationOf<'thermocouple'> = {
  kind: 'thermocouple',
  ...COMPARED,
  offset: 0.4,
  uncertainty: 0,
};
export const LOAD_CELL: CalibrationOf<'loadCell'> = {
  kind: 'loadCell',
  ...COMPARED,
  zero: 84_123,
  codesPerNewton: 859,
  uncertainty: 0,
  relativeUncertainty: 0,
};
export const TRANSDUCER: CalibrationOf<'transducer'> = {
  kind: 'transducer',
  ...COMPARED,
  zeroVoltage: 0.52,
  spanVoltage: 4.47,
  zeroPressure: 0,
  spanPressure: 4e5,
  uncertainty: 0,
};
export const SENSORS: FittedSensors = {
  thermometer: PLATINUM,
  thermocouple: COUPLE,
  force: LOAD_CELL,
  pressure: TRANSDUCER,
};
export const AREA_SQUARE_METRE = 0.785e-4;

/** Terminals that a test sets by hand, the firmware behind them, and one sensor of the host. */
export async function terminals(channels: readonly BoardChannel[], everySecond = 0.5) {
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('terminals');
  const world = {
    resistanceOhm: 109.73,
    thermocoupleCelsius: 25,
    boardCelsius: 24,
    humidityPercent: 40,
    forceCode: 500_000,
    pressureVolt: 1.5,
    open: new Set<string>(),
  };
  const program = await boardProgram();
  const wire = { isMute: false, loseNext: 0 };
  /** What the host writes is lost while it is mute. */
  const host: Link = {
    name: near.name,
    get isOpen() {
      return near.isOpen;
    },
    open: (signal) => near.open(signal),
    onData: (listener) => near.onData(listener),
    onClose: (listener) => near.onClose(listener),
    close: () => near.close(),
    write(bytes) {
      const isOrder = bytes[1] === COMMANDS.setOutputs;
      if (isOrder && wire.loseNext > 0) wire.loseNext -= 1;
      else if (!wire.isMute) near.write(bytes);
    },
  };
  const farEnd = new BoardLink({
    link: far,
    clock,
    makeBoard: (onByte) =>
      new SimulatedBoard({
        program,
        onByte,
        surroundings: {
          resistanceOhm: () => world.resistanceOhm,
          thermocoupleCelsius: () => world.thermocoupleCelsius,
          boardCelsius: () => world.boardCelsius,
          humidityPercent: () => world.humidityPercent,
          forceCode: () => world.forceCode,
          pressureVolt: () => world.pressureVolt,
          isOpen: (input) => world.open.has(input),
        },
      }),
  });
  const { limits, guards } = boardSchema.parse({
    serial: '/dev/serial/by-id/test',
    guards: [],
    limits: {
      temperatureMax: '450 °C',
      ovenTemperatureMax: '1000 °C',
      pressureMax: '70 MPa',
      gasPressureMax: '4 bar',
    },
  });
  const shared = new SharedBoard({
    info: { id: 'board', model: 'board', provenance: 'simulated' },
    board: new OperandoBoard({ id: 'board', link: host, clock }),
    clock,
    farEnd,
    limits: boardLimits({
      board: { limits, guards, cellRelay: true },
      sensors: SENSORS,
      areaSquareMetre: AREA_SQUARE_METRE,
      dutyMax: 1,
    }),
  });
  const info = { id: 'sensor', model: 'sensor', provenance: 'simulated' } as const;
  const sensor = new BoardSensor({ info, channels, everySecond, board: shared, clock });
  const samples: Sample[] = [];
  await duringOn(
    clock,
    sensor.connect(never, (sample) => samples.push(sample)),
  );
  const last = (): Sample => {
    const found = samples.at(-1);
    if (!found) throw new Error('no sample has come');
    return found;
  };
  return {
    clock,
    world,
    wire,
    line: farEnd,
    shared,
    sensor,
    samples,
    last,
    /** The sample that has seen nothing but what is at the terminals now. */
    async settled(): Promise<Sample> {
      await clock.advance(2 * everySecond + 0.2);
      return last();
    },
    stop: () => duringOn(clock, sensor.disconnect()),
  };
}
