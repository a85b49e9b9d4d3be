import type { z } from 'zod';
import { BAUD_RATE } from '../../firmware-bridge/board-protocol.ts';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import { OperandoBoard } from '../../firmware-bridge/operando-board.ts';
import { SerialLink } from '../../firmware-bridge/serial-link.ts';
import { BoardLink } from '../../firmware-bridge/sim/board-link.ts';
import { boardProgram } from '../../firmware-bridge/sim/board-program.ts';
import { SimulatedBoard } from '../../firmware-bridge/sim/simulated-board.ts';
import type { Calibration, CalibrationKind, CalibrationOf } from '../../src/domain/calibration.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Problem } from '../../src/domain/fault.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { Rig } from '../../src/domain/rig.ts';
import { schemaProblems } from '../driver.ts';
import { type PiHeaterSettings, piHeaterSchema } from '../heater/pi-heater.ts';
import type { FaultSchedule } from '../simulated/faults.ts';
import type { RelayedTerminals } from '../simulated/relayed-terminals.ts';
import type { SimulatedBench } from '../simulated/simulated-bench.ts';
import { boardLimits, type FittedSensors } from './board-limits.ts';
import {
  type BoardLimitOptions,
  type BoardOptions,
  boardSchema,
  simulatedBoardSchema,
} from './board-options.ts';
import { benchSurroundings } from './board-surroundings.ts';
import { boardStrikes, FaultyBoardWire, faultySurroundings } from './faulty-board.ts';
import { SharedBoard } from './shared-board.ts';

export const REAL_BOARD = 'operando-board';
export const SIMULATED_BOARD = 'operando-board-simulated';
export const BOARD_HEATER = 'board-heater';

const ID = 'board';
/** In real time a busy machine lets the simulated board lose time instead of its host's bytes. */
const CATCH_UP_SECOND_MAX = 0.02;
const WHERE = 'instruments.board';

/** Of each sensor's driver: its place on the board, its calibration, and the limit it must have. */
const CALIBRATED = {
  'board-thermometer': { sensor: 'thermometer', kind: 'platinum', limit: 'temperatureMax' },
  'board-thermocouple': {
    sensor: 'thermocouple',
    kind: 'thermocouple',
    limit: 'ovenTemperatureMax',
  },
  'board-force': { sensor: 'force', kind: 'loadCell', limit: 'pressureMax' },
  'board-pressure': { sensor: 'pressure', kind: 'transducer', limit: 'gasPressureMax' },
} as const satisfies Record<
  string,
  {
    readonly sensor: keyof FittedSensors;
    readonly kind: CalibrationKind;
    readonly limit: keyof BoardLimitOptions;
  }
>;
type CalibratedDriver = keyof typeof CALIBRATED;

/** A checked board: what is wrong with the rig around it, or how to build it. */
export interface PreparedBoard {
  readonly problems: readonly Problem[];
  readonly needsSimulation: boolean;
  readonly usesCellRelay: boolean;
  /** Not to be called when there are problems. @throws Fault when the firmware is not there */
  build(parts: {
    readonly clock: Clock;
    readonly seed: number;
    readonly areaSquareMetre: number;
    readonly bench: SimulatedBench | undefined;
    /** Opened and closed by a simulated board; undefined when no lead goes through a relay. */
    readonly relay: RelayedTerminals | undefined;
    readonly faults: FaultSchedule | undefined;
  }): Promise<SharedBoard>;
}

/** Checks the board of a rig with everything that is wired to it; undefined when it has none. */
export function prepareBoard(rig: Rig): PreparedBoard | undefined {
  const { board } = rig.instruments;
  if (!board) return undefined;
  const problems: Problem[] = [];
  const isSimulated = board.driver === SIMULATED_BOARD;
  if (!isSimulated && board.driver !== REAL_BOARD) {
    problems.push({
      where: `${WHERE}.driver`,
      message: `no driver is called "${board.driver}": expected ${REAL_BOARD} or ${SIMULATED_BOARD}`,
    });
  }
  const real = isSimulated ? undefined : checked(boardSchema, board.options, problems);
  const simulated = isSimulated
    ? checked(simulatedBoardSchema, board.options, problems)
    : undefined;
  const options = real ?? simulated;
  const sensors = fittedSensors(rig, problems);
  if (options) {
    problems.push(...missingLimits(rig, options));
    problems.push(...heaterProblems(rig, options, sensors));
  }
  return {
    problems,
    needsSimulation: isSimulated,
    usesCellRelay: options?.cellRelay ?? false,
    async build({ clock, seed, areaSquareMetre, bench, relay, faults }) {
      if (!options) throw new Error('built a board with problems');
      // Without a heater on the board nothing may ever ask it for heat.
      const dutyMax = heaterOf(rig)?.dutyMax ?? 0;
      const limits = boardLimits({ board: options, sensors, areaSquareMetre, dutyMax });
      if (real) return realBoard(real.serial, limits, clock);
      if (!simulated || !bench) throw new Error('built a simulated board without its bench');
      const random = new Random(deriveSeed(seed, 'board terminals'));
      const sound = benchSurroundings({
        bench,
        board: simulated,
        sensors,
        areaSquareMetre,
        random,
      });
      const surroundings = faults ? faultySurroundings(sound, faults) : sound;
      const program = await boardProgram();
      const [near, far] = createLinkPair('simulated board');
      const board = (): SimulatedBoard => farEnd.board;
      const strike = faults && boardStrikes(faults, board);
      const wire = wireOutputs(board, bench, relay);
      const farEnd: BoardLink = new BoardLink({
        link: far,
        clock,
        makeBoard: (onByte) => new SimulatedBoard({ program, surroundings, onByte }),
        onStep: () => {
          strike?.();
          wire();
        },
        catchUpSecondMax: CATCH_UP_SECOND_MAX,
      });
      const info = { id: ID, model: 'simulated operando board', provenance: 'simulated' } as const;
      const link = faults ? new FaultyBoardWire(near, faults, seed) : near;
      const host = new OperandoBoard({ id: ID, link, clock });
      return new SharedBoard({ info, board: host, clock, limits, farEnd });
    },
  };
}

/** The calibration that a driver names. @throws Error when `prepareBoard` has found it missing */
export function calibrationOf<K extends CalibrationKind>(
  calibrations: Rig['calibrations'],
  name: string,
  kind: K,
): CalibrationOf<K> {
  const found = calibrations?.[name];
  if (found?.kind !== kind) throw new Error(`no calibration of kind ${kind} is called ${name}`);
  return found as CalibrationOf<K>;
}

function realBoard(
  path: string,
  limits: ReturnType<typeof boardLimits>,
  clock: Clock,
): SharedBoard {
  const link = new SerialLink({ path, baudRate: BAUD_RATE, clock });
  const info = { id: ID, model: 'operando board', provenance: 'measured' } as const;
  return new SharedBoard({
    info,
    board: new OperandoBoard({ id: ID, link, clock }),
    clock,
    limits,
  });
}

/** The duty that the firmware really drives heats the simulated oven; its relay cuts the cell. */
function wireOutputs(
  board: () => SimulatedBoard,
  { oven }: SimulatedBench,
  relay: RelayedTerminals | undefined,
): () => void {
  let last: number | undefined;
  return () => {
    const { heaterDuty, isRelayClosed } = board();
    relay?.setRelay(isRelayClosed);
    if (heaterDuty === last) return;
    last = heaterDuty;
    oven.setDuty(heaterDuty);
  };
}

function checked<S extends z.ZodType>(
  schema: S,
  options: unknown,
  problems: Problem[],
): z.output<S> | undefined {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  problems.push(...schemaProblems(parsed.error, `${WHERE}.options`));
  return undefined;
}

function isCalibrated(driver: string): driver is CalibratedDriver {
  return Object.hasOwn(CALIBRATED, driver);
}

function fittedSensors(rig: Rig, problems: Problem[]): FittedSensors {
  const fitted: Partial<Record<keyof FittedSensors, Calibration>> = {};
  for (const [id, { driver, options }] of Object.entries(rig.instruments.sensors)) {
    if (!isCalibrated(driver)) continue;
    const { sensor, kind } = CALIBRATED[driver];
    const where = `instruments.sensors.${id}`;
    if (fitted[sensor]) {
      problems.push({ where, message: `the board has one place for a ${driver}, and it is taken` });
    }
    const name = String(options.calibration);
    const calibration = rig.calibrations?.[name];
    if (calibration?.kind === kind) fitted[sensor] = calibration;
    else problems.push(calibrationProblem(where, { name, kind, calibration, rig }));
  }
  return fitted as FittedSensors;
}

function calibrationProblem(
  where: string,
  of: {
    readonly name: string;
    readonly kind: CalibrationKind;
    readonly calibration: Calibration | undefined;
    readonly rig: Rig;
  },
): Problem {
  const { name, kind, calibration, rig } = of;
  const known = Object.entries(rig.calibrations ?? {})
    .filter(([, one]) => one.kind === kind)
    .map(([one]) => one);
  const found = calibration
    ? `"${name}" is one of a ${calibration.kind}`
    : `"${name}" is not there`;
  return {
    where: `${where}.options.calibration`,
    message: `${found}: expected ${known.join(' or ') || `a calibration of kind ${kind}`}`,
  };
}

/** A sensor that the board is not told a limit for would not protect anything. */
function missingLimits(rig: Rig, { limits }: BoardOptions): Problem[] {
  return Object.entries(rig.instruments.sensors).flatMap(([id, { driver }]) => {
    if (!isCalibrated(driver)) return [];
    const { limit } = CALIBRATED[driver];
    if (limits[limit] !== undefined) return [];
    return [
      {
        where: `${WHERE}.options.limits`,
        message: `${limit} is missing: the board switches off by ${id}, and must know where`,
      },
    ];
  });
}

function heaterProblems(rig: Rig, { limits }: BoardOptions, sensors: FittedSensors): Problem[] {
  const heater = heaterOf(rig);
  if (!heater) return [];
  const problems: Problem[] = [];
  if (!sensors.thermometer && !sensors.thermocouple) {
    problems.push({
      where: 'instruments.heater',
      message:
        'the board heats nothing that it has no thermometer on: expected a board-thermometer',
    });
  }
  if (limits.temperatureMax !== undefined && heater.temperatureMax >= limits.temperatureMax) {
    problems.push({
      where: 'instruments.heater.options.temperatureMax',
      message: `${heater.temperatureMax} °C is not below the ${limits.temperatureMax} °C at which the board itself switches off`,
    });
  }
  return problems;
}

/** Settings of the heater on the board; its own driver reports what is wrong with them. */
function heaterOf({ instruments: { heater } }: Rig): PiHeaterSettings | undefined {
  if (heater?.driver !== BOARD_HEATER) return undefined;
  const parsed = piHeaterSchema.safeParse(heater.options);
  return parsed.success ? parsed.data : undefined;
}
