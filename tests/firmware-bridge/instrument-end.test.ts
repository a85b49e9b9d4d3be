import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Link } from '../../firmware-bridge/link.ts';
import { PtyLink } from '../../firmware-bridge/pty-link.ts';
import { SerialLink } from '../../firmware-bridge/serial-link.ts';
import { TcpLink } from '../../firmware-bridge/tcp-link.ts';
import { TcpServerLink } from '../../firmware-bridge/tcp-server-link.ts';
import { sleep } from '../../src/domain/clock.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { describeWithPty } from './pty.ts';

const never = new AbortController().signal;
const clock = new SystemClock();
const links: Link[] = [];

afterEach(async () => {
  for (const link of links.splice(0).reverse()) await link.close();
});

function track<L extends Link>(link: L): L {
  links.push(link);
  return link;
}

/** Resolves with everything that was heard once it is this long. */
function heardBy(link: Link, length: number): Promise<string> {
  let heard = '';
  return new Promise((resolve) => {
    link.onData((bytes) => {
      heard += Buffer.from(bytes).toString('latin1');
      if (heard.length >= length) resolve(heard);
    });
  });
}

async function bothWays(host: Link, instrument: Link): Promise<void> {
  const atInstrument = heardBy(instrument, 2);
  host.write(Buffer.from('t\n'));
  expect(await atInstrument).toBe('t\n');
  const atHost = heardBy(host, 3);
  instrument.write(Uint8Array.of(0x74, 0xff, 0x0a));
  expect(await atHost).toBe('t\u00ff\n');
}

describe("the instrument's end of a TCP connection", () => {
  function server(options: { readonly isBusy?: boolean } = {}): TcpServerLink {
    return track(new TcpServerLink({ host: '127.0.0.1', port: 0, clock, ...options }));
  }

  function hostOf({ port }: TcpServerLink): TcpLink {
    return track(new TcpLink({ host: '127.0.0.1', port, clock }));
  }

  it('carries bytes both ways, to one host after the other', async () => {
    const instrument = server();
    await instrument.open(never);
    for (let turn = 0; turn < 3; turn += 1) {
      const host = hostOf(instrument);
      await host.open(never);
      await bothWays(host, instrument);
      await host.close();
    }
    expect(instrument.turnedAway).toBe(0);
  });

  it('stays open without a host, and counts what nobody has heard', async () => {
    const instrument = server();
    await instrument.open(never);
    instrument.write(new Uint8Array(10));
    expect(instrument.droppedBytes).toBe(10);
    expect(instrument.isOpen).toBe(true);
  });

  it('counts who was turned away', async () => {
    const instrument = server({ isBusy: true });
    await instrument.open(never);
    const host = hostOf(instrument);
    const closed = new Promise((resolve) => host.onClose(resolve));
    await host.open(never);
    await closed;
    expect(instrument.turnedAway).toBe(1);
  });

  it('is found again at the same port after it was closed, and takes its host with it', async () => {
    const instrument = server();
    await instrument.open(never);
    const host = hostOf(instrument);
    await host.open(never);
    const closed = new Promise((resolve) => host.onClose(resolve));
    const { port } = instrument;
    await instrument.close();
    await instrument.close();
    await closed;
    await expect(host.open(never)).rejects.toMatchObject({ code: 'instrumentMissing' });
    expect(() => instrument.write(Uint8Array.of(1))).toThrow('it is closed');
    await instrument.open(never);
    expect(instrument.port).toBe(port);
    await host.open(never);
    await bothWays(host, instrument);
  });

  it('is not opened twice, nor for a caller who gave up', async () => {
    const instrument = server();
    await instrument.open(never);
    await expect(instrument.open(never)).rejects.toThrow('it is already open');
    await expect(server().open(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('a pseudo-terminal without the program that makes it', () => {
  it('is refused with the name of its package', async () => {
    const path = join(temporaryFolder(), 'port');
    const link = new PtyLink({ path, clock, program: 'no-such-program' });
    await expect(link.open(never)).rejects.toMatchObject({
      code: 'instrumentMissing',
      problems: [{ where: 'no-such-program', message: expect.stringContaining('apt-get install') }],
    });
    expect(link.isOpen).toBe(false);
  });

  it('is refused when the program ends without having made one', async () => {
    const path = join(temporaryFolder(), 'port');
    const link = new PtyLink({ path, clock, program: 'true' });
    await expect(link.open(never)).rejects.toMatchObject({ code: 'instrumentLost' });
  });
});

describeWithPty("the instrument's end of a pseudo-terminal", () => {
  it('carries bytes both ways, to one host after the other, and leaves nothing behind', async () => {
    const path = join(temporaryFolder(), 'port');
    const instrument = track(new PtyLink({ path, clock }));
    await instrument.open(never);
    for (let turn = 0; turn < 2; turn += 1) {
      const host = track(new SerialLink({ path, baudRate: 115_200, clock }));
      await host.open(never);
      await bothWays(host, instrument);
      await host.close();
    }
    expect(instrument.isOpen).toBe(true);
    await instrument.close();
    await instrument.close();
    expect(existsSync(path)).toBe(false);
    await instrument.open(never);
    expect(existsSync(path)).toBe(true);
  });

  it('pulls the plug of its host when it is closed', async () => {
    const path = join(temporaryFolder(), 'port');
    const instrument = track(new PtyLink({ path, clock }));
    await instrument.open(never);
    const host = track(new SerialLink({ path, baudRate: 115_200, clock }));
    await host.open(never);
    const closed = new Promise((resolve) => host.onClose(resolve));
    const pulledSecond = clock.nowSecond();
    await instrument.close();
    await closed;
    expect(clock.nowSecond() - pulledSecond).toBeLessThan(2);
    await sleep(clock, 0);
    expect(host.isOpen).toBe(false);
  });
});
