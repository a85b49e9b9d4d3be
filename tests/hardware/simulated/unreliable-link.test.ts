import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import { UnreliableLink, type WireFault } from '../../../hardware/simulated/unreliable-link.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';

const never = new AbortController().signal;

async function wire(...faults: readonly WireFault[]) {
  const clock = new VirtualClock();
  const [host, far] = createLinkPair('wire');
  const link = new UnreliableLink(far, { clock, faults });
  let heard = '';
  const chunks: number[] = [];
  host.onData((bytes) => {
    heard += Buffer.from(bytes).toString('latin1');
    chunks.push(bytes.length);
  });
  await link.open(never);
  await host.open(never);
  const say = async (text: string, seconds = 1): Promise<void> => {
    link.write(Buffer.from(text, 'latin1'));
    await clock.advance(seconds);
  };
  return { clock, host, link, say, chunks, heard: () => heard };
}

function fault(name: WireFault['name'], seed = 1, atSecond = 0): WireFault {
  return { name, seed, atSecond };
}

async function sayLines(count: number, ...faults: readonly WireFault[]) {
  const one = await wire(...faults);
  for (let at = 0; at < count; at += 1) await one.say(`line ${at}\n`, 0.001);
  await one.clock.advance(10);
  return one;
}

const LINES = Array.from({ length: 400 }, (_, at) => `line ${at}\n`).join('');

describe('an unreliable wire', () => {
  it('without faults changes nothing', async () => {
    expect((await sayLines(400)).heard()).toBe(LINES);
  });

  it('that stalls says and hears nothing from its moment on', async () => {
    const { say, heard, host, link, clock } = await wire(fault('stall', 1, 5));
    const told: string[] = [];
    link.onData((bytes) => told.push(Buffer.from(bytes).toString()));
    await say('before\n', 5);
    await say('after\n');
    host.write(Buffer.from('Z\n'));
    await clock.advance(100);
    expect(heard()).toBe('before\n');
    expect(told).toEqual([]);
    expect(host.isOpen).toBe(true);
  });

  it('with garbage brings every byte that was sent, and some that were not', async () => {
    const { heard } = await sayLines(400, fault('garbage'));
    expect(heard().length).toBeGreaterThan(LINES.length);
    let at = 0;
    for (const one of heard()) if (one === LINES[at]) at += 1;
    expect(at).toBe(LINES.length);
  });

  it('that cuts and joins brings the same bytes in other pieces', async () => {
    const { heard, chunks } = await sayLines(400, fault('chunks'));
    expect(heard()).toBe(LINES);
    expect(new Set(chunks).size).toBeGreaterThan(10);
    expect(Math.max(...chunks)).toBeGreaterThan('line 100\n'.length);
    expect(Math.min(...chunks)).toBeLessThan('line 0\n'.length);
  });

  it('loses line ends, and nothing else', async () => {
    const { heard } = await sayLines(400, fault('missingNewline'));
    const lost = [...LINES].filter((one) => one === '\n').length - heard().split('\n').length + 1;
    expect(lost).toBeGreaterThan(1);
    expect(lost).toBeLessThan(40);
    expect(heard().replaceAll('\n', '')).toBe(LINES.replaceAll('\n', ''));
  });

  it('that breaks does so in the middle of a package, once, and can be joined again', async () => {
    const { say, heard, host, link, clock } = await wire(fault('disconnect', 3, 5));
    const reasons: string[] = [];
    host.onClose((reason) => reasons.push(reason));
    link.onClose(() => void link.open(never));
    await say('Pda0000000 ;ba0000000 \n', 6);
    await say('Pda1111111 ;ba1111111 \n', 0.01);
    link.write(Buffer.from('Pda2222222 ;ba2222222 \n'));
    await clock.advance(0.5);
    expect(reasons).toEqual(['closed by the other end']);
    expect(heard()).toBe('Pda0000000 ;ba0000000 \nPda1111111 ;');
    expect(link.isOpen).toBe(false);
    await clock.advance(5);
    expect(link.isOpen).toBe(true);
    await host.open(never);
    await say('again\n', 60);
    expect(heard().endsWith('again\n')).toBe(true);
    expect(host.isOpen).toBe(true);
  });

  it('that breaks keeps nobody waiting who was switched off meanwhile', async () => {
    const { say, link } = await wire(fault('disconnect'));
    const abort = new AbortController();
    const opened = new Promise<void>((resolve) => {
      link.onClose(() => void link.open(abort.signal).then(resolve));
    });
    await say('Pda0000000 \n', 0.1);
    abort.abort(new Error('the power is gone'));
    await opened;
    expect(link.isOpen).toBe(false);
  });

  it.each([
    'garbage',
    'chunks',
    'missingNewline',
  ] as const)('does the same for the same seed, and other things for another: %s', async (name) => {
    const told = async (seed: number) => {
      const { heard, chunks } = await sayLines(200, fault(name, seed));
      return JSON.stringify([heard(), chunks]);
    };
    expect(await told(5)).toBe(await told(5));
    expect(await told(5)).not.toBe(await told(6));
  });
});
