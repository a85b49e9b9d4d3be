import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RecordingLink } from '../../firmware-bridge/recording-link.ts';
import { ReplayLink } from '../../firmware-bridge/replay-link.ts';
import { SerialLink } from '../../firmware-bridge/serial-link.ts';
import {
  dependsOnPlugOrder,
  listSerialPorts,
  stablePathOf,
} from '../../firmware-bridge/serial-ports.ts';
import { TcpLink } from '../../firmware-bridge/tcp-link.ts';
import {
  type LinkOptions,
  linkedOptions,
  linkShape,
  openableLink,
} from '../../hardware/link-options.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BY_ID = '/dev/serial/by-id/usb-PalmSens_EmStat4_HR_ES4HR20B0008-if00';

function problems(options: object): string[] {
  const parsed = linkShape.safeParse(options);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('how a rig file says that an instrument is reached', () => {
  it.each<[LinkOptions]>([
    [{ serial: BY_ID }],
    [{ serial: BY_ID, baudRate: 921_600, record: 'trace.jsonl' }],
    [{ serial: '/dev/serial/by-path/platform-3f980000.usb-usb-0:1.2:1.0' }],
    [{ serial: '/dev/ttyAMA0' }],
    [{ tcp: 'keithley-1.local:5025' }],
    [{ tcp: '[fe80::1]:5025', record: 'trace.jsonl' }],
    [{ replay: 'trace.jsonl' }],
  ])('is understood: %j', (options) => {
    expect(problems(options)).toEqual([]);
  });

  it.each<[object, string]>([
    [{}, ': expected one of serial, tcp and replay, found none'],
    [
      { serial: BY_ID, tcp: 'a:1' },
      ': expected one of serial, tcp and replay, found serial and tcp',
    ],
    [{ tcp: 'a:1', replay: 'x' }, ': expected one of serial, tcp and replay, found tcp and replay'],
    [{ tcp: 'a:1', baudRate: 9600 }, 'baudRate: belongs to a serial port: leave it out'],
    [{ replay: 'x', record: 'y' }, 'record: a replay is not recorded again: leave it out'],
    [{ tcp: 'a:0' }, 'tcp: expected a port from 1 to 65535'],
    [{ tcp: 'a:70000' }, 'tcp: expected a port from 1 to 65535'],
  ])('is refused: %j', (options, problem) => {
    expect(problems(options)).toEqual([problem]);
  });

  it.each<[object, RegExp]>([
    [{ tcp: 'no port' }, /^tcp: expected HOST:PORT, such as/],
    [{ tcp: 'a:b:1' }, /^tcp: expected HOST:PORT, such as/],
    [{ serial: BY_ID, baudRate: 1 }, /^baudRate: /],
    [{ serial: BY_ID, parity: 'even' }, /unknown key "parity"; expected one of serial, baudRate/],
    [{ serial: '' }, /^serial: /],
    [{ serial: '/dev/ttyUSB7' }, /ttyUSB7 may be another instrument after the next plugging/],
    [{ serial: '/dev/ttyACM0' }, /ttyACM0 may be another instrument after the next plugging/],
  ])('is refused with a reason: %j', (options, problem) => {
    expect(problems(options)[0]).toMatch(problem);
  });

  it('goes together with the options of a driver', () => {
    const options = linkedOptions({ channel: z.int().default(0) });
    expect(options.parse({ tcp: 'a:1' })).toEqual({ tcp: 'a:1', channel: 0 });
    expect(options.safeParse({ channel: 1 }).success).toBe(false);
    expect(options.safeParse({ tcp: 'a:1', nothing: 1 }).success).toBe(false);
  });

  it('makes the link that it says, recorded where it says so', () => {
    const settings = { clock: new VirtualClock(), baudRate: 9600, instrument: 'potentiostat a' };
    expect(openableLink({ serial: BY_ID }, settings)).toBeInstanceOf(SerialLink);
    expect(openableLink({ serial: BY_ID }, settings).name).toBe(BY_ID);
    const tcp = openableLink({ tcp: '[fe80::1]:5025' }, settings);
    expect(tcp).toBeInstanceOf(TcpLink);
    expect(tcp.name).toBe('tcp:fe80::1:5025');
    expect(openableLink({ replay: 'x' }, settings)).toBeInstanceOf(ReplayLink);
    const recorded = openableLink({ tcp: 'a:1', record: 'x' }, settings);
    expect(recorded).toBeInstanceOf(RecordingLink);
    expect(recorded.isOpen).toBe(false);
  });
});

describe('the names that serial ports keep', () => {
  function plugged() {
    const folder = temporaryFolder();
    const [byId, byPath] = [join(folder, 'by-id'), join(folder, 'by-path')];
    for (const one of [byId, byPath]) mkdirSync(one);
    for (const device of ['ttyUSB0', 'ttyACM0']) writeFileSync(join(folder, device), '');
    symlinkSync(join(folder, 'ttyUSB0'), join(byId, 'usb-maker-a'));
    symlinkSync(join(folder, 'gone'), join(byId, 'usb-maker-unplugged'));
    symlinkSync(join(folder, 'ttyUSB0'), join(byPath, 'pci-1'));
    symlinkSync(join(folder, 'ttyACM0'), join(byPath, 'pci-2'));
    return { folder, folders: [byId, byPath, join(folder, 'none')] };
  }

  it('are listed with the devices behind them, by their ids first', () => {
    const { folder, folders } = plugged();
    expect(listSerialPorts(folders)).toEqual([
      { path: join(folder, 'by-id/usb-maker-a'), device: join(folder, 'ttyUSB0') },
      { path: join(folder, 'by-path/pci-1'), device: join(folder, 'ttyUSB0') },
      { path: join(folder, 'by-path/pci-2'), device: join(folder, 'ttyACM0') },
    ]);
  });

  it('are found for a device: its id, or its socket when it has none', () => {
    const { folder, folders } = plugged();
    expect(stablePathOf(join(folder, 'ttyUSB0'), folders)).toBe(join(folder, 'by-id/usb-maker-a'));
    expect(stablePathOf(join(folder, 'ttyACM0'), folders)).toBe(join(folder, 'by-path/pci-2'));
    expect(stablePathOf(join(folder, 'ttyUSB1'), folders)).toBeUndefined();
  });

  it('are none on a machine without any', () => {
    expect(listSerialPorts([join(temporaryFolder(), 'none')])).toEqual([]);
  });

  it.each([
    ['/dev/ttyUSB0', true],
    ['/dev/ttyACM12', true],
    ['/dev/ttyAMA0', false],
    ['/dev/ttyS0', false],
    [BY_ID, false],
    ['/tmp/pico', false],
  ])('%s depends on the order of plugging: %s', (path, expected) => {
    expect(dependsOnPlugOrder(path)).toBe(expected);
  });
});
