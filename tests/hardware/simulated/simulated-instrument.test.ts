import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SerialLink } from '../../../firmware-bridge/serial-link.ts';
import { TcpLink } from '../../../firmware-bridge/tcp-link.ts';
import { identifyPort } from '../../../hardware/identify.ts';
import type { LinkOptions } from '../../../hardware/link-options.ts';
import { EmStat } from '../../../hardware/potentiostats/emstat.ts';
import {
  SimulatedInstrument,
  type SimulatedInstrumentOptions,
} from '../../../hardware/simulated/simulated-instrument.ts';
import { cellSchema } from '../../../src/domain/cell.ts';
import { SystemClock } from '../../../src/domain/system-clock.ts';
import { describeWithPty } from '../../firmware-bridge/pty.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const never = new AbortController().signal;
const clock = new SystemClock();
const cellFile = new URL('../../../recipes/cells/li-li3ps4-li.yaml', import.meta.url);
const cell = cellSchema.parse(parse(readFileSync(cellFile, 'utf8')));
const ANY_PORT = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

const running: SimulatedInstrument[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function start(
  options: Partial<SimulatedInstrumentOptions> = {},
): Promise<SimulatedInstrument> {
  const instrument = new SimulatedInstrument({
    instrument: 'emstat4-hr',
    cell,
    place: ANY_PORT,
    clock,
    seed: 1,
    faults: [],
    ...options,
  });
  running.push(instrument);
  await instrument.start(never);
  return instrument;
}

function tcpOf({ place }: SimulatedInstrument): LinkOptions & { readonly tcp: string } {
  return { tcp: place.replace('tcp:', '') };
}

function tcpLink(instrument: SimulatedInstrument): TcpLink {
  const [host = '', port = ''] = tcpOf(instrument).tcp.split(':');
  return new TcpLink({ host, port: Number(port), clock });
}

function emStatOn(link: TcpLink | SerialLink): EmStat {
  return new EmStat({ id: 'pot', link, clock, provenance: 'simulated', model: 'es4_hr' });
}

/** A rest of half a second. */
async function rest(driver: EmStat): Promise<number> {
  let count = 0;
  const technique = {
    kind: 'openCircuit',
    sampleEverySecond: 0.1,
    durationSecond: 0.5,
  } as const;
  for await (const reading of driver.measure(technique, never)) {
    if (reading.kind === 'electrical' && reading.quality === 'good') count += 1;
  }
  return count;
}

describe('a simulated instrument behind a TCP port', () => {
  it('is identified, and measured with by the real driver', async () => {
    const instrument = await start();
    const finding = await identifyPort(tcpOf(instrument), { clock, signal: never });
    expect(finding).toMatchObject({
      protocol: 'MethodSCRIPT',
      baudRate: undefined,
      unanswered: ['SCPI'],
      found: { model: 'EmStat4 HR', driver: 'emstat' },
    });
    const driver = emStatOn(tcpLink(instrument));
    await driver.connect(never);
    expect(await rest(driver)).toBe(5);
    await driver.disconnect();
  });

  it('lets in one host at a time, and the next one after that', async () => {
    const instrument = await start();
    const first = tcpLink(instrument);
    await first.open(never);
    const second = tcpLink(instrument);
    const turnedAway = new Promise<string>((resolve) => second.onClose(resolve));
    await second.open(never);
    expect(await turnedAway).toMatch(/closed|ECONNRESET/);
    expect(first.isOpen).toBe(true);
    await first.close();
  });

  it('that is busy turns everybody away', async () => {
    const instrument = await start({ faults: [{ name: 'busyPort', atSecond: 0 }] });
    await expect(identifyPort(tcpOf(instrument), { clock, signal: never })).rejects.toMatchObject({
      code: 'instrumentLost',
    });
  });

  it('that is another device than asked for is refused by the driver', async () => {
    const instrument = await start({ faults: [{ name: 'wrongDevice', atSecond: 0 }] });
    const driver = emStatOn(tcpLink(instrument));
    await expect(driver.connect(never)).rejects.toMatchObject({ code: 'instrumentUnable' });
  });

  it('in pieces is understood all the same', async () => {
    const instrument = await start({ faults: [{ name: 'chunks', atSecond: 0 }] });
    const driver = emStatOn(tcpLink(instrument));
    await driver.connect(never);
    expect(await rest(driver)).toBe(5);
    await driver.disconnect();
  });

  it('that breaks in the middle is a lost instrument, and can be connected again', async () => {
    const from = clock.nowSecond() + 1;
    const instrument = await start({ faults: [{ name: 'disconnect', atSecond: from }] });
    const driver = emStatOn(tcpLink(instrument));
    await driver.connect(never);
    const technique = {
      kind: 'openCircuit',
      sampleEverySecond: 0.1,
      durationSecond: 60,
    } as const;
    const measuring = (async () => {
      for await (const _ of driver.measure(technique, never));
    })();
    await expect(measuring).rejects.toMatchObject({ code: 'instrumentLost' });
    let isBack = false;
    for (let attempt = 0; attempt < 40 && !isBack; attempt += 1) {
      isBack = await driver.connect(never).then(
        () => true,
        () => new Promise<boolean>((resolve) => clock.after(0.25, () => resolve(false))),
      );
    }
    expect(isBack).toBe(true);
    expect(await rest(driver)).toBe(5);
    await driver.disconnect();
  });

  it('with an overload says so of its readings', async () => {
    const instrument = await start({ faults: [{ name: 'overload', atSecond: 0 }] });
    const driver = emStatOn(tcpLink(instrument));
    await driver.connect(never);
    const qualities: string[] = [];
    for await (const reading of driver.measure(
      {
        kind: 'constantCurrent',
        currentAmpere: 1e-4,
        sampleEverySecond: 0.1,
        durationSecond: 0.3,
        voltageVoltMin: -6,
        voltageVoltMax: 6,
      },
      never,
    )) {
      qualities.push(reading.quality);
    }
    expect(qualities).toContain('overload');
    await driver.disconnect();
  });

  it('is refused at a port that is taken', async () => {
    const instrument = await start();
    const port = Number(tcpOf(instrument).tcp.split(':')[1]);
    await expect(start({ place: { ...ANY_PORT, port } })).rejects.toMatchObject({
      code: 'instrumentLost',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });

  it.each([
    ['an unknown instrument', { instrument: 'emstat9' }],
    ['a cell that is not simulated', { cell: { ...cell, simulation: undefined } }],
    ['a cell whose simulation makes no sense', { cell: { ...cell, simulation: { kind: 'x' } } }],
  ])('is refused for %s', async (_, options) => {
    await expect(start(options as Partial<SimulatedInstrumentOptions>)).rejects.toMatchObject({
      code: 'badInput',
    });
  });
});

describeWithPty('a simulated instrument behind a pseudo-terminal', () => {
  it('is measured with by the real driver over a serial port', async () => {
    const path = join(temporaryFolder(), 'port');
    await start({ place: { kind: 'pty', path } });
    const driver = emStatOn(new SerialLink({ path, baudRate: 921_600, clock }));
    await driver.connect(never);
    expect(await rest(driver)).toBe(5);
    await driver.disconnect();
    await driver.connect(never);
    await driver.disconnect();
  });

  it('that is busy is refused, and says by whom it is used', async () => {
    const path = join(temporaryFolder(), 'port');
    await start({ place: { kind: 'pty', path }, faults: [{ name: 'busyPort', atSecond: 0 }] });
    await expect(identifyPort({ serial: path }, { clock, signal: never })).rejects.toMatchObject({
      code: 'instrumentLost',
      message: expect.stringContaining('this program itself'),
    });
  });

  it('takes nothing that is there already', async () => {
    const path = join(temporaryFolder(), 'port');
    writeFileSync(path, 'mine');
    await expect(start({ place: { kind: 'pty', path } })).rejects.toMatchObject({
      code: 'badInput',
    });
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});
