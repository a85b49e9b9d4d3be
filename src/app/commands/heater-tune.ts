import { type HeaterTuning, tuneHeater } from '../../../hardware/heater/tune-heater.ts';
import type { Clock } from '../../domain/clock.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { VirtualClock } from '../../domain/virtual-clock.ts';
import { type Command, numberOption, required } from '../command.ts';
import { seedOf, speedOf } from '../experiment-options.ts';
import { onInterruption } from '../interruption.ts';
import { prepareRig } from '../prepare.ts';
import { withClock } from '../with-clock.ts';
import { checkSpeed } from './run.ts';

const STEP_FRACTION = 0.4;

export const heaterTuneCommand: Command = {
  name: 'heater tune',
  summary: 'identify what a heater heats from one step of its power, and tune its controller',
  usage: 'operando heater tune --rig FILE --cell FILE [--step SHARE] [--speed N|max] [--json]',
  optionHelp: [
    ['--rig FILE', 'the instruments'],
    ['--cell FILE', 'the specimen; it gets as warm as the step brings it'],
    ['--step SHARE', `share of full power, 0.01 to 1 (default ${STEP_FRACTION})`],
    ['--speed N|max', 'simulated seconds per second (default 1; real instruments know only 1)'],
    ['--seed N', 'seed of everything random in simulated instruments (default 1)'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando heater tune --rig hardware/rigs/simulated.yaml --cell recipes/cells/li-li3ps4-li.yaml --speed max',
  ],
  options: {
    rig: { type: 'string' },
    cell: { type: 'string' },
    step: { type: 'string' },
    speed: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const speed = speedOf(line);
    const clock: Clock = speed === 1 ? new SystemClock() : new VirtualClock(Date.now());
    const files = {
      rig: required(heaterTuneCommand, line, 'rig'),
      cell: required(heaterTuneCommand, line, 'cell'),
    };
    const stepFraction = numberOption(line, 'step', { min: 0.01, max: 1 }) ?? STEP_FRACTION;
    const { instruments } = await prepareRig(files, clock, seedOf(line));
    checkSpeed({ instruments }, speed);
    const { heater, sensors } = instruments;
    if (!heater) {
      throw new Fault('badInput', {
        where: `${files.rig}: instruments.heater`,
        message: 'is missing: this rig has nothing to tune',
      });
    }
    const stopped = new AbortController();
    const release = onInterruption((signal) =>
      stopped.abort(new Fault('interrupted', { where: 'heater tune', message: `${signal} came` })),
    );
    const tell = (sentence: string): void => terminal.err(`${heater.info.id}: ${sentence}\n`);
    try {
      const found = await withClock({ clock, speed }, () =>
        tuneHeater({ heater, sensors, clock, stepFraction, signal: stopped.signal, tell }),
      );
      terminal.out(line.options.json ? `${JSON.stringify(documentOf(found))}\n` : yamlOf(found));
      return EXIT_CODES.done;
    } finally {
      release();
    }
  },
};

function documentOf({ response, tuning, stepFraction, watchedSecond }: HeaterTuning) {
  return {
    stepFraction,
    watchedSecond,
    riseKelvin: response.riseKelvin,
    timeConstantSecond: response.timeConstantSecond,
    deadTimeSecond: response.deadTimeSecond,
    roomCelsius: response.roomCelsius,
    residualKelvin: response.residualKelvin,
    proportionalBandKelvin: tuning.proportionalBandKelvin,
    integralTimeSecond: tuning.integralSecond,
  };
}

/** Lines for the options of the heater in the rig file. */
function yamlOf({ response, tuning, stepFraction, watchedSecond }: HeaterTuning): string {
  const { riseKelvin, timeConstantSecond, deadTimeSecond, roomCelsius, residualKelvin } = response;
  return [
    `      # From a step to ${stepFraction} of full power, ${watchedSecond.toFixed(0)} s long; ±${residualKelvin.toFixed(2)} °C unexplained.`,
    `      proportionalBand: ${tuning.proportionalBandKelvin.toFixed(2)} °C`,
    `      integralTime: ${tuning.integralSecond.toFixed(0)} s`,
    '      identified:',
    `        rise: ${riseKelvin.toFixed(1)} °C # above the room at full power`,
    `        timeConstant: ${timeConstantSecond.toFixed(0)} s`,
    `        deadTime: ${deadTimeSecond.toFixed(0)} s`,
    `        room: ${roomCelsius.toFixed(1)} °C`,
    '',
  ].join('\n');
}
