import { identifyPort, type PortFinding } from '../../../hardware/identify.ts';
import { type LinkOptions, linkShape } from '../../../hardware/link-options.ts';
import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { type Command, type CommandLine, numberOption } from '../command.ts';
import { examineMachine } from '../doctor-checks.ts';
import { describeFindings, describeFound } from '../doctor-report.ts';
import { onInterruption } from '../interruption.ts';
import type { Terminal } from '../terminal.ts';

const BAUD = { min: 300, max: 4_000_000, whole: true };
const TCP = 'tcp:';
const BROKER = /^(?<host>\[[0-9A-Fa-f:.]+\]|[^:\s]+):(?<port>\d{1,5})$/;

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'what is attached to a port and what it can do; or whether this machine is fit',
  usage:
    'operando doctor [--port PATH|tcp:HOST:PORT [--baud N]] [--out DIR] [--broker HOST:PORT] [--json]',
  optionHelp: [
    ['--port PATH|tcp:HOST:PORT', 'asks there who is attached; no output is switched by that'],
    ['--baud N', 'only this speed (default: each one that a known instrument uses)'],
    ['--out DIR', 'folder of the runs, whose disk is looked at (default: runs)'],
    ['--broker HOST:PORT', 'an MQTT broker to be reached'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando doctor',
    'operando doctor --port /dev/serial/by-id/usb-PalmSens_EmStat4_HR_ES4HR20B0008-if00',
    'operando doctor --port tcp:keithley-1.local:5025 --json',
  ],
  options: {
    port: { type: 'string' },
    baud: { type: 'string' },
    out: { type: 'string', default: 'runs' },
    broker: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    refuseWords(line);
    const { port } = line.options;
    return typeof port === 'string'
      ? doctorPort(line, placeOf(port, numberOption(line, 'baud', BAUD)), terminal)
      : doctorMachine(line, terminal);
  },
};

async function doctorMachine(line: CommandLine, terminal: Terminal): Promise<ExitCode> {
  const { out, json } = line.options;
  const clock = new SystemClock();
  const findings = await examineMachine({ out: String(out), broker: brokerOf(line), clock });
  terminal.out(json ? `${JSON.stringify({ findings })}\n` : describeFindings(findings));
  const isFit = findings.every(({ state }) => state !== 'bad');
  return isFit ? EXIT_CODES.done : EXIT_CODES.badInput;
}

async function doctorPort(
  line: CommandLine,
  place: LinkOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const abort = new AbortController();
  const release = onInterruption((name) => abort.abort(interrupted(name)));
  try {
    const finding = await identifyPort(place, { clock: new SystemClock(), signal: abort.signal });
    report(finding, { line, place }, terminal);
    return EXIT_CODES.done;
  } finally {
    release();
  }
}

function report(
  finding: PortFinding,
  { line, place }: { readonly line: CommandLine; readonly place: LinkOptions },
  terminal: Terminal,
): void {
  const { found, unanswered } = finding;
  const where = String(line.options.port);
  if (!found) {
    throw new Fault('instrumentMissing', {
      where,
      message: `the port is there, and nobody answered: asked in ${unanswered.join(', ')}. Is the instrument switched on, and is this its port?`,
    });
  }
  if (line.options.json) {
    const { protocol, provenance, baudRate } = finding;
    const document = { port: where, protocol, provenance, baudRate: baudRate ?? null, ...found };
    terminal.out(
      `${JSON.stringify({ ...document, driver: found.driver ?? null, capability: found.capability ?? null })}\n`,
    );
    return;
  }
  const { serial, tcp = '' } = place;
  const key = serial === undefined ? 'tcp' : 'serial';
  terminal.out(describeFound(found, finding, { key, value: serial ?? tcp }));
}

/** @throws Fault badInput, also for a name that the order of plugging decides */
function placeOf(port: string, baudRate: number | undefined): LinkOptions {
  const parsed = linkShape.safeParse({
    ...(port.startsWith(TCP) ? { tcp: port.slice(TCP.length) } : { serial: port }),
    ...(baudRate === undefined ? {} : { baudRate }),
  });
  if (parsed.success) return parsed.data;
  throw new Fault(
    'badInput',
    parsed.error.issues.map(({ message, path }) => ({
      where: path[0] === 'baudRate' ? '--baud' : '--port',
      message,
    })),
  );
}

function brokerOf({ options }: CommandLine) {
  const { broker } = options;
  if (broker === undefined) return undefined;
  const { host, port } = BROKER.exec(String(broker))?.groups ?? {};
  if (host !== undefined) return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  throw new Fault('badInput', {
    where: '--broker',
    message: `"${broker}" is not understood: expected HOST:PORT`,
  });
}

function refuseWords({ words, options }: CommandLine): void {
  const [word] = words;
  if (word !== undefined) {
    throw new Fault('badInput', {
      where: 'operando doctor',
      message: `"${word}" is not understood: a port is named with --port`,
    });
  }
  if (options.baud === undefined || options.port !== undefined) return;
  throw new Fault('badInput', { where: '--baud', message: 'belongs to a --port' });
}

function interrupted(name: string): Fault {
  return new Fault('interrupted', { where: 'operando doctor', message: `was ended by ${name}` });
}
