// Run in a mount namespace of its own: puts the tree where the kernel has it, and plays one scene
// with the real package onoff on it. What happens is told on standard output, a line each.
//   play.mjs TREE_PROGRAM BASE LABEL DIST SCENE
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [treeProgram, base, label, dist, sceneName] = process.argv.slice(2);
const ROOT = '/sys/class/gpio';
const WAIT_MS = 5;
const TRIES_MAX = 4000;

const { openGpio } = await import(`${dist}/hardware/gpio/open-gpio.js`);
const { SystemClock } = await import(`${dist}/src/domain/system-clock.js`);
const { VirtualClock } = await import(`${dist}/src/domain/virtual-clock.js`);
// On a clock that stands still no reading is ever due: what is heard is heard by edges.
const clock = sceneName === 'edges alone' ? new VirtualClock() : new SystemClock();

execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/sys/class']);
mkdirSync(ROOT);
const tree = spawn(treeProgram, [base, label, ROOT], { stdio: ['pipe', 'inherit', 'inherit'] });
await until(() => existsSync(`${ROOT}/export`));

const heard = [];
const ear = {
  onLevel(level) {
    heard.push(String(level));
    say(`level ${level}`);
  },
  onUnreadable(fault) {
    heard.push(fault.message);
    say(`unreadable ${fault.message}`);
  },
};

const SCENES = {
  edges,
  'edges alone': edges,
  async unreadable(gpio) {
    const input = await gpio.openInput(17, ear);
    order('fail 17');
    await until(() => heard.some((what) => what.includes('EIO')));
    await input.close();
  },
  async pulses(gpio) {
    const output = await gpio.openOutput(27);
    for (let count = 0; count < 3; count += 1) {
      const { earliestSecond, latestSecond } = await output.pulse(0.01);
      say(`pulse known within ${latestSecond - earliestSecond} s`);
    }
    await output.close();
  },
  async exit(gpio) {
    const output = await gpio.openOutput(27);
    output.pulse(1);
    process.exit(0);
  },
  async uncaught(gpio) {
    const output = await gpio.openOutput(27);
    process.on('uncaughtException', () => process.exit(0));
    setImmediate(() => {
      throw new Error('on purpose');
    });
    await output.pulse(1);
  },
  async none(gpio) {
    await gpio.openInput(54, ear).catch((error) => say(`refused ${error.message}`));
  },
};

try {
  const gpio = await openGpio('auto', { clock });
  say(`adapter ${gpio.name}`);
  await SCENES[sceneName](gpio);
} catch (error) {
  say(`failed ${error.message}`);
}
tree.stdin.end();
await new Promise((resolve) => tree.once('close', resolve));

async function edges(gpio) {
  const input = await gpio.openInput(17, ear);
  for (const level of [1, 0, 1]) {
    const before = heard.length;
    order(`set 17 ${level}`);
    await until(() => heard.slice(before).includes(String(level)));
  }
  await input.close();
  order('set 17 0');
  await sleep(50);
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function order(text) {
  tree.stdin.write(`${text}\n`);
}

async function until(isSo) {
  for (let tries = 0; !isSo(); tries += 1) {
    if (tries === TRIES_MAX) throw new Error('waited in vain');
    await sleep(WAIT_MS);
  }
}
