import { afterEach, describe, expect, it } from 'vitest';
import type { GpioListener } from '../../../hardware/gpio/gpio-line.ts';
import { type OnoffPackage, openOnoff } from '../../../hardware/gpio/onoff-adapter.ts';
import { openGpio } from '../../../hardware/gpio/open-gpio.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { makeFakeTools } from './fake-tools.ts';
import { dropSysfs, sysfs } from './sysfs.ts';

afterEach(dropSysfs);

type Watcher = (error: Error | null, level: 0 | 1) => void;

/** The package as this project sees it, on pins that are variables. */
class FakeOnoff implements OnoffPackage {
  readonly log: string[] = [];
  level: 0 | 1 | 'broken' = 0;
  watcher: Watcher = () => {};
  readonly Gpio: OnoffPackage['Gpio'];

  constructor() {
    const pin = this;
    this.Gpio = class {
      constructor(kernelNumber: number, direction: string, edge?: string) {
        if (kernelNumber > 600) throw new Error('EINVAL: invalid argument, write');
        pin.log.push(`export ${kernelNumber} ${direction}${edge ? ` ${edge}` : ''}`);
      }
      readSync(): 0 | 1 {
        if (pin.level === 'broken') throw new Error('EIO: i/o error, read');
        return pin.level;
      }
      writeSync(level: 0 | 1): void {
        pin.log.push(`write ${level}`);
      }
      watch(watcher: Watcher): void {
        pin.watcher = watcher;
      }
      unexport(): void {
        pin.log.push('unexport');
      }
    };
  }
}

class Ear implements GpioListener {
  readonly heard: unknown[] = [];
  onLevel(level: number, timeSecond: number): void {
    this.heard.push([level, timeSecond]);
  }
  onUnreadable(fault: Error): void {
    this.heard.push(fault.message);
  }
}

async function opened(onoff: FakeOnoff, base = 571) {
  const clock = new VirtualClock();
  const sysfsRoot = await sysfs([['pinctrl-rp1', base, 54]]);
  const gpio = await openOnoff({ clock, sysfsRoot, loadOnoff: async () => onoff });
  return { clock, gpio };
}

describe('an input through onoff', () => {
  it('is read at once and every second, and hears edges in between', async () => {
    const onoff = new FakeOnoff();
    const { clock, gpio } = await opened(onoff);
    const ear = new Ear();
    const input = await gpio.openInput(17, ear);
    expect(onoff.log).toEqual(['export 588 in both']);
    await clock.advance(0.5);
    onoff.watcher(null, 1);
    onoff.level = 1;
    await clock.advance(0.5);
    expect(ear.heard).toEqual([
      [0, 0],
      [1, 0.5],
      [1, 1],
    ]);
    await input.close();
    await input.close();
    await clock.advance(5);
    expect(ear.heard.length).toBe(3);
    expect(onoff.log).toEqual(['export 588 in both', 'unexport']);
  });

  it('says that it cannot be read, by reading and by edge, and goes on', async () => {
    const onoff = new FakeOnoff();
    const { clock, gpio } = await opened(onoff);
    const ear = new Ear();
    await gpio.openInput(4, ear);
    onoff.level = 'broken';
    await clock.advance(1);
    onoff.watcher(new Error('EBADF: epoll'), 0);
    onoff.level = 1;
    await clock.advance(1);
    expect(ear.heard).toEqual([
      [0, 0],
      'BCM 4: EIO: i/o error, read',
      'BCM 4: EBADF: epoll',
      [1, 2],
    ]);
  });
});

describe('an output through onoff', () => {
  it('starts low, is high for the width of its pulse, and tells when it began', async () => {
    const onoff = new FakeOnoff();
    const { clock, gpio } = await opened(onoff, 512);
    const output = await gpio.openOutput(17);
    await clock.advance(3);
    const pulse = output.pulse(0.01);
    await clock.advance(0.009);
    expect(onoff.log).toEqual(['export 529 low', 'write 1']);
    await clock.advance(0.001);
    expect(await pulse).toEqual({ earliestSecond: 3, latestSecond: 3 });
    expect(onoff.log).toEqual(['export 529 low', 'write 1', 'write 0']);
    await output.close();
    await output.close();
    expect(onoff.log.slice(3)).toEqual(['write 0', 'unexport']);
    await expect(output.pulse(0.01)).rejects.toThrow('BCM 17: the pin is closed');
  });

  it('goes low at once when it is closed during a pulse, and says that the pulse was cut', async () => {
    const onoff = new FakeOnoff();
    const { gpio } = await opened(onoff);
    const output = await gpio.openOutput(17);
    const pulse = output.pulse(0.5);
    const failed = expect(pulse).rejects.toMatchObject({ code: 'interrupted' });
    await output.close();
    await failed;
    expect(onoff.log).toEqual(['export 588 low', 'write 1', 'write 0', 'unexport']);
  });

  it('goes low when the process ends during a pulse, and does not listen after it is closed', async () => {
    const onoff = new FakeOnoff();
    const before = process.listeners('exit');
    const { gpio } = await opened(onoff);
    const output = await gpio.openOutput(17);
    const [onExit, ...others] = process.listeners('exit').filter((one) => !before.includes(one));
    expect(others).toEqual([]);
    const cut = expect(output.pulse(0.5)).rejects.toMatchObject({ code: 'interrupted' });
    onExit?.call(process, 0);
    expect(onoff.log).toEqual(['export 588 low', 'write 1', 'write 0']);
    await output.close();
    await cut;
    expect(process.listeners('exit')).toEqual(before);
  });
});

describe('where onoff cannot be used', () => {
  const clock = new VirtualClock();

  it('says what to do when the optional package is not there', async () => {
    const loadOnoff = () => Promise.reject(new Error("Cannot find package 'onoff'"));
    await expect(openOnoff({ clock, loadOnoff })).rejects.toMatchObject({
      code: 'instrumentMissing',
      message: expect.stringContaining('npm install onoff'),
    });
  });

  it('passes on why the kernel did not give the pin', async () => {
    const { gpio } = await opened(new FakeOnoff(), 590);
    await expect(gpio.openOutput(17)).rejects.toThrow(/number 607\): EINVAL.*group gpio/);
    await expect(gpio.openInput(54, new Ear())).rejects.toMatchObject({ code: 'badInput' });
  });

  it('says so on a machine without a header, before a pin is asked for', async () => {
    const sysfsRoot = await sysfs([]);
    const opening = openOnoff({ clock, sysfsRoot, loadOnoff: async () => new FakeOnoff() });
    await expect(opening).rejects.toMatchObject({ code: 'instrumentMissing' });
  });
});

describe('the choice of the adapter', () => {
  const loadOnoff = async () => new FakeOnoff();
  const clock = new VirtualClock();
  const nowhere = { clock, sysfsRoot: '/nonexistent', toolFolder: '/nonexistent', loadOnoff };

  it('is onoff where it works', async () => {
    const sysfsRoot = await sysfs([['pinctrl-rp1', 571, 54]]);
    expect((await openGpio('auto', { ...nowhere, sysfsRoot })).name).toBe('onoff');
  });

  it('is libgpiod where the kernel has no sysfs, and where it is asked for', async () => {
    const tools = await makeFakeTools(2, []);
    const options = { ...nowhere, toolFolder: tools.folder };
    expect((await openGpio('auto', options)).name).toBe('libgpiod');
    const sysfsRoot = await sysfs([['pinctrl-rp1', 571, 54]]);
    expect((await openGpio('libgpiod', { ...options, sysfsRoot })).name).toBe('libgpiod');
    await expect(openGpio('onoff', options)).rejects.toThrow('/nonexistent');
    await tools.dispose();
  });

  it('names everything that is missing when neither works', async () => {
    await expect(openGpio('auto', nowhere)).rejects.toMatchObject({
      code: 'instrumentMissing',
      problems: [
        { where: '/nonexistent', message: expect.stringContaining('sysfs') },
        { where: '/nonexistent/gpiodetect', message: expect.stringContaining('gpiod') },
      ],
    });
  });
});
