import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpServerLink } from '../../firmware-bridge/tcp-server-link.ts';
import { SimulatedInstrument } from '../../hardware/simulated/simulated-instrument.ts';
import { parseCommandLine } from '../../src/app/command.ts';
import { runCommandLine } from '../../src/app/command-line.ts';
import { doctorCommand } from '../../src/app/commands/doctor.ts';
import { simulateCommand } from '../../src/app/commands/simulate.ts';
import { examineMachine, machine } from '../../src/app/doctor-checks.ts';
import { loadYaml } from '../../src/app/load-yaml.ts';
import { cellSchema } from '../../src/domain/cell.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = new AbortController().signal;
const CELL = 'recipes/cells/li-li3ps4-li.yaml';
const clock = new SystemClock();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function operando(...words: readonly string[]) {
  const terminal = new RecordedTerminal();
  const code = await runCommandLine([doctorCommand, simulateCommand], words, terminal);
  return { code, output: terminal.output, errors: terminal.errors };
}

async function simulated(instrument: string): Promise<string> {
  const one = new SimulatedInstrument({
    instrument,
    cell: loadYaml(CELL, cellSchema).value,
    place: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    clock,
    seed: 1,
    faults: [],
  });
  stops.push(() => one.stop());
  await one.start(never);
  return one.place;
}

async function mute(): Promise<string> {
  const link = new TcpServerLink({ host: '127.0.0.1', port: 0, clock });
  stops.push(() => link.close());
  await link.open(never);
  return link.name;
}

describe('operando doctor --port', () => {
  it('says what is attached, what it can do, and how a rig file names it', async () => {
    const place = await simulated('keithley-2450');
    const { code, output } = await operando('doctor', '--port', place);
    expect(code).toBe(0);
    for (const text of [
      'Keithley 2450',
      '04415918',
      'constantCurrent',
      'driver: keithley-2450',
      `tcp: "${place.replace('tcp:', '')}"`,
    ]) {
      expect(output).toContain(text);
    }
  });

  it('says it in one JSON document for machines', async () => {
    const place = await simulated('emstat4-hr');
    const { code, output, errors } = await operando('doctor', '--port', place, '--json');
    expect(code).toBe(0);
    expect(errors).toBe('');
    expect(JSON.parse(output)).toMatchObject({
      port: place,
      protocol: 'MethodSCRIPT',
      baudRate: null,
      model: 'EmStat4 HR',
      driver: 'emstat',
      driverOptions: { model: 'EmStat4 HR' },
      capability: { voltageVoltMax: 6 },
    });
  });

  it.each([
    'emstat4-hr',
    'nexus',
    'keithley-2400',
    'keithley-2450',
    'rodeostat',
  ])('says of a simulated %s that it is one, to people and to machines', async (name) => {
    const place = await simulated(name);
    const { output } = await operando('doctor', '--port', place);
    expect(output).toMatch(/^model +\S.* \(simulated\)$/m);
    expect(output).toMatch(/^remark +it is simulated, as its number or its firmware says/m);
    const { output: json } = await operando('doctor', '--port', place, '--json');
    const { provenance, remarks } = JSON.parse(json);
    expect(provenance).toBe('simulated');
    expect(remarks[0]).toContain('no measurement');
  });

  it('says where an instrument is slower at rest', async () => {
    const rodeostat = await operando('doctor', '--port', await simulated('rodeostat'));
    expect(rodeostat.output).toMatch(
      /^samples +at the fastest one every 1 ms, at rest every 20 ms$/m,
    );
    const keithley = await operando('doctor', '--port', await simulated('keithley-2400'));
    expect(keithley.output).toMatch(/^samples +at the fastest one every \d+ ms$/m);
  });

  it('does not call an instrument simulated that says nothing of it', async () => {
    const link = new TcpServerLink({ host: '127.0.0.1', port: 0, clock });
    stops.push(() => link.close());
    link.onData((bytes) => {
      if (!Buffer.from(bytes).toString().includes('*IDN?')) return;
      link.write(Buffer.from('KEITHLEY INSTRUMENTS INC.,MODEL 2400,1098765,C30\n'));
    });
    await link.open(never);
    const { output } = await operando('doctor', '--port', link.name);
    expect(output).toContain('1098765');
    expect(output).not.toContain('simulated');
    const { output: json } = await operando('doctor', '--port', link.name, '--json');
    expect(JSON.parse(json)).toMatchObject({ provenance: 'measured', remarks: [] });
  });

  it('says what it has asked where nobody answers', async () => {
    const { code, output, errors } = await operando('doctor', '--port', await mute());
    expect(code).toBe(2);
    expect(output).toBe('');
    expect(errors).toContain(
      'nobody answered: asked in SCPI, MethodSCRIPT, Rodeostat JSON, Firmata',
    );
  });

  it.each([
    [['--port', 'tcp:127.0.0.1'], '--port: expected HOST:PORT'],
    [['--port', '/dev/ttyUSB0'], 'may be another instrument after the next plugging'],
    [['--port', '/dev/serial/by-id/none'], 'there is no such port'],
    [['--port', 'tcp:a:1', '--baud', '9600'], '--baud: belongs to a serial port'],
    [['--port', '/dev/x', '--baud', '1.5'], '--baud: "1.5" is not understood'],
    [['--baud', '9600'], '--baud: belongs to a --port'],
    [['ttyUSB0'], 'a port is named with --port'],
    [['--broker', 'mqtt'], '--broker: "mqtt" is not understood'],
    [['--ports', 'x'], "Unknown option '--ports'"],
  ])('refuses %j', async (words, message) => {
    const { code, errors } = await operando('doctor', ...words);
    expect(code).toBe(2);
    expect(errors).toContain(message);
  });

  it('explains itself', async () => {
    const { code, output } = await operando('doctor', '--help');
    expect(code).toBe(0);
    for (const text of ['--port', '--baud', 'examples:', 'by-id']) expect(output).toContain(text);
    for (const example of doctorCommand.examples) {
      const words = example.split(' ').slice(2);
      expect(() => parseCommandLine(doctorCommand, words)).not.toThrow();
    }
  });
});

describe('operando doctor', () => {
  function states(findings: Awaited<ReturnType<typeof examineMachine>>) {
    return Object.fromEntries(findings.map(({ check, state }) => [check, state]));
  }

  it('looks at machine, disk, clock, ports and broker, and changes nothing', async () => {
    const { code, output } = await operando('doctor', '--json');
    const { findings } = JSON.parse(output);
    expect(findings.map(({ check }: { check: string }) => check)).toEqual(
      expect.arrayContaining(['machine', 'disk', 'clock', 'broker']),
    );
    const isFit = findings.every(({ state }: { state: string }) => state !== 'bad');
    expect(code).toBe(isFit ? 0 : 2);
  });

  it('finds a clock that was never set, or that nobody says to be synchronised', async () => {
    const folder = temporaryFolder();
    const options = { out: folder, broker: undefined, ports: [] };
    const unset = await examineMachine({ ...options, clock: new VirtualClock(0) });
    expect(states(unset).clock).toBe('bad');
    const synchronisedFile = join(folder, 'synchronized');
    const set = new VirtualClock(Date.UTC(2026, 5, 1));
    const alone = await examineMachine({ ...options, clock: set, synchronisedFile });
    expect(states(alone).clock).toBe('warning');
    writeFileSync(synchronisedFile, '');
    const good = await examineMachine({ ...options, clock: set, synchronisedFile });
    expect(states(good).clock).toBe('good');
  });

  it('finds a port that cannot be opened, and one that is free', async () => {
    const folder = temporaryFolder();
    const device = join(folder, 'ttyUSB0');
    writeFileSync(device, '');
    const path = device;
    const findings = await examineMachine({
      out: folder,
      broker: undefined,
      clock,
      ports: [
        { path, device },
        { path: join(folder, 'by-path'), device },
        { path: join(folder, 'gone'), device: join(folder, 'gone') },
      ],
    });
    expect(findings.filter(({ message }) => message.includes(device))).toHaveLength(1);
    expect(states(findings)).toMatchObject({ ports: 'good', permissions: 'bad' });
  });

  it('finds a broker, and that there is none', async () => {
    const port = Number((await mute()).split(':').at(-1));
    const options = { out: temporaryFolder(), clock, ports: [] };
    const there = await examineMachine({ ...options, broker: { host: '127.0.0.1', port } });
    expect(states(there).broker).toBe('good');
    await stops.pop()?.();
    const gone = await examineMachine({ ...options, broker: { host: '127.0.0.1', port } });
    expect(states(gone).broker).toBe('bad');
  });

  it.each([
    ['20.19.0', 'good'],
    ['24.1.0', 'good'],
    ['20.18.3', 'bad'],
    ['18.20.0', 'bad'],
  ])('finds Node.js %s %s', (version, state) => {
    expect(machine(version)[0]?.state).toBe(state);
  });
});

describe('operando simulate', () => {
  it.each([
    [[], '0 instruments given, expected one of emstat4-hr'],
    [['emstat4-hr', 'nexus'], '2 instruments given'],
    [['emstat9', '--cell', CELL, '--tcp', '0'], 'no simulated instrument is called so'],
    [['nexus', '--tcp', '0'], '--cell is missing'],
    [['nexus', '--cell', 'none.yaml', '--tcp', '0'], 'none.yaml'],
    [['nexus', '--cell', CELL], 'expected one of --tcp [HOST:]PORT and --pty PATH'],
    [['nexus', '--cell', CELL, '--tcp', '1', '--pty', 'x'], 'expected one of --tcp'],
    [['nexus', '--cell', CELL, '--tcp', 'x'], '--tcp: "x" is not understood'],
    [['nexus', '--cell', CELL, '--tcp', '70000'], '--tcp: "70000" is not understood'],
    [['nexus', '--cell', CELL, '--tcp', '0', '--speed', '0'], '--speed: "0" is not understood'],
    [['nexus', '--cell', CELL, '--tcp', '0', '--seed', '-1'], "'--seed' argument is ambiguous"],
    [
      ['nexus', '--cell', CELL, '--tcp', '0', '--fault', 'fire'],
      '--fault: "fire" is not understood',
    ],
    [['nexus', '--cell', CELL, '--tcp', '0', '--fault', 'stall@x'], '--fault: "stall@x"'],
    [['nexus', '--cell', CELL, '--pty', CELL], 'there is something already'],
  ])('refuses %j', async (words, message) => {
    const { code, errors } = await operando('simulate', ...words);
    expect(code).toBe(2);
    expect(errors).toContain(message);
  });

  it('explains itself', async () => {
    const { code, output } = await operando('simulate', '--help');
    expect(code).toBe(0);
    for (const text of ['keithley-2450', 'busyPort', '--pty', 'examples:']) {
      expect(output).toContain(text);
    }
  });
});
