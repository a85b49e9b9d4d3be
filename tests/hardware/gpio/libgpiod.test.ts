import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { GpioListener } from '../../../hardware/gpio/gpio-line.ts';
import { openLibgpiod } from '../../../hardware/gpio/libgpiod-adapter.ts';
import { headerChipOf, syntaxOf } from '../../../hardware/gpio/libgpiod-syntax.ts';
import { SystemClock } from '../../../src/domain/system-clock.ts';
import { ROOT } from '../../support/built.ts';
import { type FakeTools, makeFakeTools } from './fake-tools.ts';

const made: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const dispose of made.splice(0).reverse()) await dispose();
});

async function tools(version: 1 | 2): Promise<FakeTools> {
  const fake = await makeFakeTools(version, [17, 27]);
  made.push(fake.dispose);
  return fake;
}

function open({ folder }: FakeTools) {
  return openLibgpiod({ clock: new SystemClock(), toolFolder: folder });
}

/** Hears an input and can be waited for. */
class Ear implements GpioListener {
  readonly heard: string[] = [];

  onLevel(level: number): void {
    this.heard.push(`${level}`);
  }

  onUnreadable(fault: Error): void {
    this.heard.push(fault.message);
  }

  hears(what: unknown) {
    return expect.poll(() => this.heard, { timeout: 20_000, interval: 5 }).toEqual(what);
  }
}

const OPEN = `
import { openLibgpiod } from '${ROOT}dist/hardware/gpio/libgpiod-adapter.js';
import { SystemClock } from '${ROOT}dist/src/domain/system-clock.js';
const gpio = await openLibgpiod({ clock: new SystemClock(), toolFolder: process.argv[1] });
const output = await gpio.openOutput(27);
`;
/** Watches a pin and holds another until it is killed. */
const HOLD_PINS = `${OPEN}
await gpio.openInput(17, { onLevel() {}, onUnreadable() {} });
console.log('ready');
`;
const PULSE = `${OPEN}
console.log('ready');
await output.pulse(1);
`;

/** @returns kills it */
async function startProcess(program: string, { folder }: FakeTools): Promise<() => void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const isReady = await new Promise((resolve) => {
    child.stdout.once('data', () => resolve(true));
    child.once('close', () => resolve(false));
  });
  expect(isReady).toBe(true);
  return () => child.kill('SIGKILL');
}

function isAlive(pattern: string): boolean {
  return spawnSync('pgrep', ['-f', pattern]).status === 0;
}

describe.each([1, 2] as const)('the tools of libgpiod %d', (version) => {
  it('hears the level at once, and then the edges, rising and falling', async () => {
    const fake = await tools(version);
    const ear = new Ear();
    const input = await (await open(fake)).openInput(17, ear);
    made.push(() => input.close());
    expect(ear.heard).toEqual(['0']);
    // Whatever else is heard of it is heard by its edges.
    await fake.replace('gpioget', 'die "not asked for"');
    let level: 0 | 1 = 0;
    const flipped = async () => {
      level = level === 0 ? 1 : 0;
      await fake.setLevel(17, level);
      return ear.heard
        .slice(1)
        .filter((what) => what.length === 1)
        .join('');
    };
    await expect.poll(flipped, { timeout: 20_000, interval: 20 }).toMatch(/01/);
  });

  it('finds by reading what no edge has told', async () => {
    const fake = await tools(version);
    await fake.replace('gpiomon', 'hold');
    const ear = new Ear();
    const input = await (await open(fake)).openInput(17, ear);
    made.push(() => input.close());
    await fake.setLevel(17, 1);
    await ear.hears(expect.arrayContaining(['1']));
  });

  it('says that a line cannot be read any more, and why, and tries again', async () => {
    const fake = await tools(version);
    const ear = new Ear();
    const input = await (await open(fake)).openInput(17, ear);
    made.push(() => input.close());
    await fake.replace('gpiomon', 'die "error waiting for events: No such device"');
    await ear.hears(expect.arrayContaining([expect.stringMatching(/No such device/)]));
    await fake.replace('gpiomon', 'hold');
    await fake.setLevel(17, 1);
    await ear.hears(expect.arrayContaining(['1']));
  });

  it('leaves no process behind when an input is closed, and tells nothing more', async () => {
    const fake = await tools(version);
    const ear = new Ear();
    const input = await (await open(fake)).openInput(17, ear);
    await input.close();
    await input.close();
    const before = ear.heard.length;
    await fake.setLevel(17, 1);
    expect(isAlive(fake.folder)).toBe(false);
    expect(ear.heard.length).toBe(before);
  });

  it('drives an output low, pulses it and leaves it low', async () => {
    const fake = await tools(version);
    await fake.setLevel(17, 1);
    const clock = new SystemClock();
    const gpio = await openLibgpiod({ clock, toolFolder: fake.folder });
    const output = await gpio.openOutput(17);
    expect(await fake.level(17)).toBe('0');
    const beforeSecond = clock.nowSecond();
    const { earliestSecond, latestSecond } = await output.pulse(0.02);
    expect(beforeSecond).toBeLessThanOrEqual(earliestSecond);
    expect(earliestSecond).toBeLessThanOrEqual(latestSecond);
    expect(latestSecond + 0.02).toBeLessThanOrEqual(clock.nowSecond() + 1e-9);
    await output.close();
    await output.close();
    expect(await fake.level(17)).toBe('0');
    expect((await fake.driven(17)).replace(/0+/g, '0')).toBe('010');
    expect(isAlive(fake.folder)).toBe(false);
    await expect(output.pulse(0.02)).rejects.toMatchObject({ code: 'instrumentLost' });
  });

  it('pulses again and again, and finishes a pulse before it closes', async () => {
    const fake = await tools(version);
    const output = await (await open(fake)).openOutput(17);
    for (let count = 0; count < 3; count += 1) await output.pulse(0.001);
    const last = output.pulse(0.05);
    await output.close();
    await expect(last).resolves.toBeDefined();
    expect((await fake.driven(17)).replace(/0+/g, '0')).toBe('010101010');
    expect(isAlive(fake.folder)).toBe(false);
  });

  it('does not leave a pin high when its pulse fails', async () => {
    const fake = await tools(version);
    const output = await (await open(fake)).openOutput(17);
    made.push(() => output.close());
    await fake.replace(
      'gpioset',
      'case "$*" in *=1) drive 17 1; die "error: Input/output error" ;; *) drive 17 0 ;; esac',
    );
    await expect(output.pulse(0.02)).rejects.toThrow('Input/output error');
    expect(await fake.level(17)).toBe('0');
  });

  it('refuses a pin that another process has, and one that is not there', async () => {
    const fake = await tools(version);
    const gpio = await open(fake);
    const output = await gpio.openOutput(17);
    made.push(() => output.close());
    await expect
      .poll(async () => (await fake.calls()).filter((call) => call.startsWith('gpioset')).length)
      .toBe(2);
    // The holder has the line as soon as it has started to drive it.
    await expect.poll(async () => fake.driven(17)).toBe('00');
    await expect(gpio.openInput(17, new Ear())).rejects.toThrow('Device or resource busy');
    for (const bcm of [58, -1, 2.5]) {
      await expect(gpio.openOutput(bcm)).rejects.toMatchObject({ code: 'badInput' });
    }
  });

  it('ends its tools when this process is killed', async () => {
    const fake = await tools(version);
    const kill = await startProcess(HOLD_PINS, fake);
    await expect.poll(() => isAlive(`${fake.folder}/gpiomon`)).toBe(true);
    kill();
    await expect.poll(() => isAlive(fake.folder), { timeout: 20_000 }).toBe(false);
  });
});

describe('a process that is killed during a pulse', () => {
  it('leaves the pin low with libgpiod 2, whose tool ends the pulse by itself', async () => {
    const fake = await tools(2);
    const kill = await startProcess(PULSE, fake);
    await expect.poll(() => fake.level(27)).toBe('1');
    kill();
    await expect.poll(() => isAlive(fake.folder), { timeout: 20_000 }).toBe(false);
    expect((await fake.driven(27)).replace(/0+/g, '0')).toBe('010');
  });
});

describe('tools that do not do as they should', () => {
  it('are named when they are not installed', async () => {
    await expect(
      openLibgpiod({ clock: new SystemClock(), toolFolder: '/nonexistent' }),
    ).rejects.toMatchObject({
      code: 'instrumentMissing',
      message: expect.stringContaining('apt-get install gpiod'),
    });
  });

  it('are ended when they do not answer', async () => {
    const fake = await tools(2);
    await fake.replace('gpioget', 'echo $$ > "$state/line99"; exec sleep 1000');
    const opening = (await open(fake)).openInput(17, new Ear());
    await expect(opening).rejects.toMatchObject({ code: 'timeout' });
    const pid = Number(await fake.level(99));
    expect(pid).toBeGreaterThan(1);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('are ended when they talk without end', async () => {
    const fake = await tools(2);
    await fake.replace('gpioget', 'exec yes');
    await expect((await open(fake)).openInput(17, new Ear())).rejects.toMatchObject({
      code: 'instrumentReply',
    });
  });

  it('are not believed when they print no level', async () => {
    const fake = await tools(2);
    await fake.replace('gpioget', `echo '"17"=inactive'`);
    await expect((await open(fake)).openInput(17, new Ear())).rejects.toThrow('expected 0 or 1');
  });
});

describe('what gpiodetect prints', () => {
  it('tells the version, or is refused', () => {
    const line = { chip: 'gpiochip0', offset: 17 };
    expect(syntaxOf('gpiodetect (libgpiod) v1.6.3\n').lower(line)).toContain('--mode=exit');
    for (const text of ['gpiodetect (libgpiod) v2.2.4', 'gpiodetect v2.3 (libgpiod v2.3)']) {
      expect(syntaxOf(text).lower(line)).toContain('--toggle=0');
    }
    for (const text of ['', 'gpiodetect (libgpiod) v3.0.1', 'BusyBox v1.36']) {
      expect(() => syntaxOf(text)).toThrow('expected the tools of libgpiod 1 or 2');
    }
  });

  it('tells the chip of the header, once, wherever it is and however often it is listed', () => {
    const listing = 'gpiochip4 [pinctrl-rp1] (54 lines)\n';
    expect(headerChipOf(`gpiochip0 [gpio-brcmstb@1] (32 lines)\n${listing}${listing}`)).toEqual({
      chip: 'gpiochip4',
      lineCount: 54,
    });
    expect(() => headerChipOf('')).toThrow('found none');
    expect(() => headerChipOf(`${listing}gpiochip0 [pinctrl-bcm2711] (58 lines)`)).toThrow(
      'exactly one',
    );
    expect(() => headerChipOf('gpiochip0 [gpio-sim] (8 lines)')).toThrow('found gpiochip0');
  });
});

const REAL = spawnSync('gpiodetect', ['--version'], { encoding: 'utf8' });

if (REAL.status !== 0 && process.env.CI) {
  throw new Error('the tools of libgpiod are required in CI (apt-get install gpiod)');
}

/** On a chip that does not exist nothing is driven; options are read before the chip is opened. */
describe.skipIf(REAL.status !== 0)('the tools installed here (skipped without gpiod)', () => {
  const line = { chip: 'gpiochip-that-is-not', offset: 17 };

  it.each([
    ['gpioget', 'read'],
    ['gpiomon', 'monitor'],
    ['gpioset', 'lower'],
    ['gpioset', 'holdLow'],
    ['gpioset', 'pulse'],
  ] as const)('%s understands its words and misses only the chip (%s)', (tool, how) => {
    const words = syntaxOf(REAL.stdout)[how](line, 0.01);
    const { status, stderr } = spawnSync(tool, words, { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/No such file or directory|cannot find GPIO chip/);
    expect(stderr).not.toContain('--help');
  });

  it('list no header chip on a machine that has none, or exactly its own', () => {
    const listing = execFileSync('gpiodetect', { encoding: 'utf8' });
    if (listing.includes('[pinctrl-')) expect(headerChipOf(listing).lineCount).toBeGreaterThan(27);
    else expect(() => headerChipOf(listing)).toThrow('exactly one GPIO chip');
  });
});
