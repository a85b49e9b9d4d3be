import { afterEach, describe, expect, it } from 'vitest';
import { SerialLink, type SerialLinkOptions } from '../../firmware-bridge/serial-link.ts';
import { EmStat } from '../../hardware/potentiostats/emstat.ts';
import { EmStatTwin } from '../../hardware/simulated/emstat-twin.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { CIRCUIT, collect } from '../hardware/potentiostats/emstat-bench.ts';
import { ResistorCapacitorTerminals } from '../hardware/potentiostats/resistor-capacitor-terminals.ts';
import { describeWithPty, makePtyPair, type PtyPair } from './pty.ts';

const never = new AbortController().signal;

function linkTo(path: string, options: Partial<SerialLinkOptions> = {}): SerialLink {
  return new SerialLink({ path, baudRate: 115_200, clock: new VirtualClock(), ...options });
}

/** Resolves with the reason of the next close. */
function nextClose(link: SerialLink): Promise<string> {
  return new Promise((resolve) => {
    const unlisten = link.onClose((reason) => {
      unlisten();
      resolve(reason);
    });
  });
}

describe('a serial port that is not there', () => {
  it('is a Fault instrumentMissing that names the path', async () => {
    await expect(linkTo('/dev/serial/by-id/none').open(never)).rejects.toMatchObject({
      code: 'instrumentMissing',
      problems: [
        { where: '/dev/serial/by-id/none', message: expect.stringContaining('plugged in') },
      ],
    });
  });

  it('can be closed without ever having been open, and not written to', async () => {
    const link = linkTo('/dev/serial/by-id/none');
    await link.close();
    expect(() => link.write(Uint8Array.of(1))).toThrow('it is closed');
  });
});

describeWithPty('a serial port on a pseudo-terminal', () => {
  const ptys: PtyPair[] = [];
  const links: SerialLink[] = [];

  async function pty(): Promise<PtyPair> {
    const pair = await makePtyPair();
    ptys.push(pair);
    return pair;
  }

  function track(link: SerialLink): SerialLink {
    links.push(link);
    return link;
  }

  async function openBoth(options: Partial<SerialLinkOptions> = {}) {
    const pair = await pty();
    const host = track(linkTo(pair.hostPath, options));
    const device = track(linkTo(pair.devicePath));
    await host.open(never);
    await device.open(never);
    return { pair, host, device };
  }

  afterEach(async () => {
    for (const link of links.splice(0)) await link.close();
    for (const pair of ptys.splice(0)) await pair.dispose();
  });

  it('carries every byte both ways', async () => {
    const { host, device } = await openBoth();
    const sent = Uint8Array.from({ length: 4096 }, (_, index) => index % 256);
    const echoed = new Promise<number[]>((resolve) => {
      const heard: number[] = [];
      host.onData((bytes) => {
        heard.push(...bytes);
        if (heard.length >= sent.length) resolve(heard);
      });
    });
    device.onData((bytes) => device.write(bytes));
    host.write(sent);
    expect(await echoed).toEqual([...sent]);
  });

  it('is opened by one program at a time', async () => {
    const { pair } = await openBoth();
    await expect(track(linkTo(pair.hostPath)).open(never)).rejects.toMatchObject({
      code: 'instrumentLost',
      message: expect.stringContaining('this program itself'),
    });
  });

  it('tells its listeners once when the plug is pulled with writes in flight, and can be closed twice', async () => {
    // A hang-up can go unreported (see SerialLink), so the link gets its silence limit here too.
    const { pair, host } = await openBoth({ clock: new SystemClock(), silenceSecondMax: 2 });
    const reasons: string[] = [];
    host.onClose((reason) => reasons.push(reason));
    const closed = nextClose(host);
    for (let block = 0; block < 50; block += 1) host.write(new Uint8Array(1000));
    await pair.unplug();
    await closed;
    await host.close();
    await host.close();
    expect(reasons).toHaveLength(1);
    expect(host.isOpen).toBe(false);
  });

  it('can be opened again after it was closed', async () => {
    const { host, device } = await openBoth();
    await host.close();
    await host.open(never);
    const heard = new Promise<Uint8Array>((resolve) => host.onData(resolve));
    device.write(Uint8Array.of(42));
    expect([...(await heard)]).toEqual([42]);
  });

  it('takes a silence that is too long for a hang-up, when told so', async () => {
    const clock = new VirtualClock();
    const { host, device } = await openBoth({ clock, silenceSecondMax: 10 });
    await clock.advance(9);
    const heard = new Promise((resolve) => host.onData(resolve));
    device.write(Uint8Array.of(1));
    await heard;
    await clock.advance(9);
    expect(host.isOpen).toBe(true);
    const closed = nextClose(host);
    await clock.advance(2);
    expect(await closed).toBe('nothing was received for 10 s');
  });

  it('tolerates an adapter without control lines, and says so', async () => {
    const { host } = await openBoth({ controlLines: { dtr: false, rts: false } });
    expect(host.isOpen).toBe(true);
    expect(host.controlLineProblem).toContain('ioctl');
  });

  it('does not stay open for a caller who gave up', async () => {
    const { hostPath } = await pty();
    const link = track(linkTo(hostPath));
    const abort = new AbortController();
    const opening = link.open(abort.signal);
    abort.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    expect(link.isOpen).toBe(false);
  });

  it('carries the EmStat driver and its twin through a whole measurement', async () => {
    const clock = new SystemClock();
    const { hostPath, devicePath } = await pty();
    const terminals = new ResistorCapacitorTerminals(clock, CIRCUIT);
    const device = track(linkTo(devicePath, { clock }));
    const twin = new EmStatTwin({ link: device, clock, terminals, seed: 1 });
    const link = track(linkTo(hostPath, { clock }));
    const driver = new EmStat({ id: 'pot', link, clock, provenance: 'simulated' });
    await twin.start();
    await driver.connect(never);
    const readings = await collect(
      driver.measure(
        {
          kind: 'constantCurrent',
          currentAmpere: 1e-3,
          sampleEverySecond: 0.05,
          durationSecond: 0.5,
          voltageVoltMin: -1,
          voltageVoltMax: 1,
        },
        never,
      ),
    );
    expect(readings).toHaveLength(10);
    expect(terminals.isOpen).toBe(true);
    await driver.disconnect();
    await twin.stop();
  });
});
