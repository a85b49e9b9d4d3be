import { INSTRUMENT_TWINS } from '../../../hardware/simulated/instrument-twins.ts';
import {
  SIMULATED_FAULTS,
  type SimulatedFault,
  type SimulatedFaultName,
  SimulatedInstrument,
  type SimulatedPlace,
  twinKind,
} from '../../../hardware/simulated/simulated-instrument.ts';
import { cellSchema } from '../../domain/cell.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { ScaledClock } from '../../domain/scaled-clock.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { type Command, type CommandLine, listOption, numberOption, required } from '../command.ts';
import { seedOf } from '../experiment-options.ts';
import { nextInterruption } from '../interruption.ts';
import { loadYaml } from '../load-yaml.ts';

const SPEED = { min: 0.01, max: 1000 };
const PORT_MAX = 65_535;
const PLACE = /^(?:(?<host>\[[0-9A-Fa-f:.]+\]|[^:\s]+):)?(?<port>\d{1,5})$/;
/** Only this machine may connect unless an address is given. */
const HOST = '127.0.0.1';
const FAULT = /^(?<name>[A-Za-z]+)(?:@(?<second>\d+(?:\.\d+)?))?$/;

export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'a simulated instrument with a simulated cell, behind a port',
  usage:
    'operando simulate INSTRUMENT --cell FILE (--tcp [HOST:]PORT | --pty PATH) [--speed N] [--seed N] [--fault NAME[@SECONDS]]... [--json]',
  optionHelp: [
    ['INSTRUMENT', Object.keys(INSTRUMENT_TWINS).join(', ')],
    ['--cell FILE', 'the specimen, with its section "simulation"'],
    [
      '--tcp [HOST:]PORT',
      `raw TCP; without HOST only this machine may connect; 0 takes a free port`,
    ],
    ['--pty PATH', 'a pseudo-terminal, to be opened like a serial port (needs socat)'],
    ['--speed N', 'seconds of the instrument in a second (default: 1)'],
    ['--seed N', 'seed of noise and faults (default: 1)'],
    ['--fault NAME[@SECONDS]', `from then on; ${SIMULATED_FAULTS.join(', ')}`],
    ['--json', 'one JSON document on stdout: where it is, and what'],
  ],
  examples: [
    'operando simulate emstat4-hr --cell recipes/cells/li-li3ps4-li.yaml --tcp 5000',
    'operando simulate keithley-2450 --cell recipes/cells/li-li3ps4-li.yaml --tcp 5025 --fault disconnect@60',
    'operando simulate emstat-pico --cell recipes/cells/li-li3ps4-li.yaml --pty /tmp/pico --fault chunks',
  ],
  options: {
    cell: { type: 'string' },
    tcp: { type: 'string' },
    pty: { type: 'string' },
    speed: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    fault: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const speed = numberOption(line, 'speed', SPEED) ?? 1;
    const instrument = new SimulatedInstrument({
      instrument: instrumentOf(line),
      cell: loadYaml(required(simulateCommand, line, 'cell'), cellSchema).value,
      place: placeOf(line),
      clock: new ScaledClock(new SystemClock(), speed),
      seed: seedOf(line),
      faults: listOption(line, 'fault').map(faultOf),
    });
    const interrupted = nextInterruption();
    try {
      await instrument.start(new AbortController().signal);
      const { title } = instrument.kind;
      if (line.options.json) {
        const { place } = instrument;
        terminal.out(`${JSON.stringify({ instrument: title, provenance: 'simulated', place })}\n`);
      }
      terminal.err(describe(instrument));
      await interrupted;
    } finally {
      await instrument.stop();
    }
    return EXIT_CODES.done;
  },
};

function describe({ kind, place }: SimulatedInstrument): string {
  const options = Object.entries(kind.driverOptions).map(
    ([key, value]) => `      ${key}: ${value}`,
  );
  const link = place.startsWith('tcp:') ? `tcp: ${place.slice('tcp:'.length)}` : `serial: ${place}`;
  return [
    `A SIMULATED ${kind.title} with a simulated cell answers at ${place}. Ctrl-C ends it.`,
    'For a rig file:',
    '  potentiostat:',
    `    driver: ${kind.driver}`,
    '    options:',
    ...options,
    `      ${link}`,
    '',
  ].join('\n');
}

function instrumentOf({ words }: CommandLine): string {
  const [name, ...others] = words;
  if (name === undefined || others.length > 0) {
    throw new Fault('badInput', {
      where: 'operando simulate',
      message: `${words.length} instruments given, expected one of ${Object.keys(INSTRUMENT_TWINS).join(', ')}`,
    });
  }
  twinKind(name);
  return name;
}

function placeOf({ options }: CommandLine): SimulatedPlace {
  const { tcp, pty } = options;
  if (typeof pty === 'string' && tcp === undefined) return { kind: 'pty', path: pty };
  if (typeof tcp === 'string' && pty === undefined) return tcpPlace(tcp);
  throw new Fault('badInput', {
    where: 'operando simulate',
    message: 'expected one of --tcp [HOST:]PORT and --pty PATH',
  });
}

function tcpPlace(text: string): SimulatedPlace {
  const { host = HOST, port } = PLACE.exec(text)?.groups ?? {};
  if (port !== undefined && Number(port) <= PORT_MAX) {
    return { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  }
  throw new Fault('badInput', {
    where: '--tcp',
    message: `"${text}" is not understood: expected [HOST:]PORT with a port from 0 to ${PORT_MAX}`,
  });
}

function faultOf(text: string): SimulatedFault {
  const { name, second = '0' } = FAULT.exec(text)?.groups ?? {};
  const known = SIMULATED_FAULTS.find((one): one is SimulatedFaultName => one === name);
  if (known) return { name: known, atSecond: Number(second) };
  throw new Fault('badInput', {
    where: '--fault',
    message: `"${text}" is not understood: expected NAME or NAME@SECONDS with one of ${SIMULATED_FAULTS.join(', ')}`,
  });
}
