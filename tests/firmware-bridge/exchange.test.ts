import { describe, expect, it } from 'vitest';
import { exchange } from '../../firmware-bridge/exchange.ts';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import { LineChannel } from '../../firmware-bridge/line-channel.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';

const never = new AbortController().signal;

async function conversation() {
  const clock = new VirtualClock();
  const [near, far] = createLinkPair('wire');
  const channel = new LineChannel({ link: near, clock, framer: { lengthMax: 80 } });
  await far.open(never);
  await channel.open(never);
  const say = (text: string) => far.write(new TextEncoder().encode(text));
  const ask = (timeoutSecond = 2, signal = never) =>
    exchange(channel, clock, {
      text: 't\n',
      title: 'the firmware version',
      isReply: (line) => line.startsWith('t'),
      timeoutSecond,
      signal,
    });
  const askAgain = (retriesMax: number) =>
    exchange(channel, clock, {
      text: 't\n',
      title: 'the firmware version',
      isReply: (line) => line.startsWith('t'),
      timeoutSecond: 1,
      retriesMax,
    });
  return { clock, far, channel, say, ask, askAgain };
}

describe('one request and its reply', () => {
  it('takes the line that matches and keeps what came before it', async () => {
    const { far, say, ask } = await conversation();
    far.onData(() => say('noise\nt1500\n'));
    expect(await ask()).toEqual({ line: 't1500', lateLines: 0, skipped: ['noise'], retries: 0 });
  });

  it('ends in a timeout on the clock, whatever else is said meanwhile', async () => {
    const { clock, say, ask } = await conversation();
    const asked = ask(2);
    asked.catch(() => {});
    for (let second = 0; second < 2; second += 0.5) {
      say('noise\n');
      await clock.advance(0.5);
    }
    await expect(asked).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('the reply to the firmware version did not come within'),
    });
  });

  it('names who waited as the cause of a timeout', async () => {
    const { clock, ask } = await conversation();
    const asked = ask(2).catch((error: Error) => error.cause);
    await clock.advance(3);
    expect(((await asked) as Error).stack).toContain('nextBefore');
  });

  it('does not take a late reply for the reply to the next request', async () => {
    const { clock, far, say, ask } = await conversation();
    const first = ask(1).catch((error: { code: string }) => error.code);
    await clock.advance(1);
    expect(await first).toBe('timeout');
    say('t-late\n');
    await clock.advance(1);
    far.onData(() => say('t-fresh\n'));
    expect(await ask()).toMatchObject({ line: 't-fresh', lateLines: 1 });
  });

  it('is sent again where that changes nothing, as often as the caller allows', async () => {
    const { clock, far, say, askAgain } = await conversation();
    let heard = 0;
    far.onData(() => {
      heard += 1;
      if (heard === 3) say('t-third\n');
    });
    const asked = askAgain(2);
    await clock.advance(2);
    expect(await asked).toMatchObject({ line: 't-third', retries: 2 });
  });

  it('says how often it was sent when its budget is used up', async () => {
    const { clock, far, askAgain } = await conversation();
    let heard = 0;
    far.onData(() => {
      heard += 1;
    });
    const asked = askAgain(2).catch((error: unknown) => error);
    await clock.advance(10);
    expect(await asked).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('although it was sent 3 times'),
      cause: expect.objectContaining({ code: 'timeout' }),
    });
    expect(heard).toBe(3);
  });

  it('is not sent again over a link that is lost, nor unless it is allowed', async () => {
    const { clock, far, ask, askAgain } = await conversation();
    let heard = 0;
    far.onData(() => {
      heard += 1;
    });
    const once = ask(1).catch((error: { code: string }) => error.code);
    await clock.advance(5);
    expect(await once).toBe('timeout');
    expect(heard).toBe(1);
    const lost = askAgain(2).catch((error: { code: string }) => error.code);
    await far.close();
    expect(await lost).toBe('instrumentLost');
  });

  it('ends at once when the link is lost', async () => {
    const { far, ask, channel } = await conversation();
    const asked = ask();
    await far.close();
    await expect(asked).rejects.toMatchObject({ code: 'instrumentLost' });
    await expect(ask()).rejects.toMatchObject({ code: 'instrumentLost' });
    expect(channel.isOpen).toBe(false);
  });

  it('ends with the reason of the signal', async () => {
    const { ask } = await conversation();
    const abort = new AbortController();
    const asked = ask(2, abort.signal);
    abort.abort(new Error('stop pressed'));
    await expect(asked).rejects.toThrow('stop pressed');
  });

  it('gives up on an instrument that talks without end', async () => {
    const { far, say, ask } = await conversation();
    far.onData(() => {
      for (let block = 0; block < 11; block += 1) say('noise\n'.repeat(1000));
    });
    await expect(ask()).rejects.toMatchObject({ code: 'capacity' });
  });
});

describe('a channel of lines', () => {
  it('delivers the lines that came before the link was lost, then says so', async () => {
    const { channel, say, far } = await conversation();
    say('one\ntwo\n');
    await Promise.resolve();
    await far.close();
    const wait = { timeoutSecond: 1, waitingFor: 'a line' };
    expect(await channel.next(wait)).toBe('one');
    expect(await channel.next(wait)).toBe('two');
    await expect(channel.next(wait)).rejects.toMatchObject({ code: 'instrumentLost' });
  });

  it('leaves no timer behind', async () => {
    const { channel, clock, say } = await conversation();
    const line = channel.next({ timeoutSecond: 5, waitingFor: 'a line' });
    say('here\n');
    expect(await line).toBe('here');
    await clock.advance(10);
    await channel.close();
    await channel.close();
  });
});
