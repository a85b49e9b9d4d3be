import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { SerialLink } from '../../firmware-bridge/serial-link.ts';
import { sleep } from '../../src/domain/clock.ts';
import { Random } from '../../src/domain/random.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { describeWithPty, makePtyPair, type PtyPair } from './pty.ts';

const never = new AbortController().signal;
const clock = new SystemClock();
const NOTICE_SECOND_MAX = 2;
/** A core that spins uses all of its time; a link that lies still uses next to nothing. */
const CPU_SHARE_MAX = 0.5;
const CPU_WATCH_SECOND = 0.3;

type Load = 'while writing' | 'while reading' | 'while both' | 'at rest';

describeWithPty('a plug that is pulled', () => {
  const ptys: PtyPair[] = [];
  const links: SerialLink[] = [];
  const children: ChildProcess[] = [];

  function linkTo(path: string): SerialLink {
    const link = new SerialLink({ path, baudRate: 115_200, clock });
    links.push(link);
    return link;
  }

  async function openBoth() {
    const pair = await makePtyPair();
    ptys.push(pair);
    const host = linkTo(pair.hostPath);
    const device = linkTo(pair.devicePath);
    await host.open(never);
    await device.open(never);
    return { pair, host, device };
  }

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const link of links.splice(0)) await link.close();
    for (const pair of ptys.splice(0)) await pair.dispose();
  });

  /** @returns the way to stop it */
  function burden(load: Load, { host, device }: { host: SerialLink; device: SerialLink }) {
    const timer = setInterval(() => {
      if (host.isOpen && (load === 'while writing' || load === 'while both')) {
        host.write(new Uint8Array(60));
      }
      if (device.isOpen && (load === 'while reading' || load === 'while both')) {
        device.write(new Uint8Array(200));
      }
    }, 1);
    return () => clearInterval(timer);
  }

  it.each<[Load, number]>([
    ['while writing', 1],
    ['while reading', 2],
    ['while both', 3],
    ['at rest', 4],
  ])('%s is noticed in time, told once, and leaves no loop that spins', async (load, seed) => {
    const random = new Random(seed);
    for (let turn = 0; turn < 8; turn += 1) {
      const both = await openBoth();
      const { host, pair } = both;
      const reasons: string[] = [];
      const closed = new Promise<void>((resolve) => {
        host.onClose((reason) => {
          reasons.push(reason);
          resolve();
        });
      });
      const stop = burden(load, both);
      await sleep(clock, 0.02 + 0.03 * random.uniform());
      await pair.unplug();
      const pulledSecond = clock.nowSecond();
      await closed;
      expect(clock.nowSecond() - pulledSecond).toBeLessThan(NOTICE_SECOND_MAX);
      stop();
      await both.device.close();
      const before = process.cpuUsage();
      await sleep(clock, CPU_WATCH_SECOND);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1e6 / CPU_WATCH_SECOND).toBeLessThan(CPU_SHARE_MAX);
      await host.close();
      expect(reasons).toHaveLength(1);
      expect(host.isOpen).toBe(false);
      expect(host.unfinishedCloses).toBe(0);
      expect(() => host.write(Uint8Array.of(1))).toThrow('it is closed');
    }
  });

  it('can be plugged in again under another device behind the same path', async () => {
    const { pair, host } = await openBoth();
    const closed = new Promise((resolve) => host.onClose(resolve));
    await pair.unplug();
    await closed;
    await expect(host.open(never)).rejects.toMatchObject({ code: 'instrumentMissing' });
    await pair.plugIn();
    await host.open(never);
    expect(host.isOpen).toBe(true);
  });

  it('frees its lock with the process that dies, and names that process before', async () => {
    const { pair, host } = await openBoth();
    await host.close();
    const child = spawn(
      process.execPath,
      [
        '-e',
        `const { SerialPort } = require('serialport');
         const port = new SerialPort({ path: process.argv[1], baudRate: 115200 });
         port.on('open', () => console.log('open')).on('data', () => {});`,
        pair.hostPath,
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
      },
    );
    children.push(child);
    if (child.stdout) await once(child.stdout, 'data');
    await expect(host.open(never)).rejects.toMatchObject({
      code: 'instrumentLost',
      message: expect.stringContaining(`(process ${child.pid})`),
    });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await host.open(never);
    expect(host.isOpen).toBe(true);
  });
});
