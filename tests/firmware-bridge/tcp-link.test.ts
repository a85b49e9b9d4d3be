import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpLink, type TcpLinkOptions } from '../../firmware-bridge/tcp-link.ts';
import { SystemClock } from '../../src/domain/system-clock.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';

const never = new AbortController().signal;

describe('a TCP link', () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  const links: TcpLink[] = [];

  afterEach(async () => {
    for (const link of links.splice(0)) await link.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function serve(onSocket: (socket: Socket) => void = () => {}): Promise<number> {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      onSocket(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  function linkTo(port: number, options: Partial<TcpLinkOptions> = {}): TcpLink {
    const link = new TcpLink({ host: '127.0.0.1', port, clock: new SystemClock(), ...options });
    links.push(link);
    return link;
  }

  function nextClose(link: TcpLink): Promise<string> {
    return new Promise((resolve) => link.onClose(resolve));
  }

  it('carries bytes both ways', async () => {
    const port = await serve((socket) => socket.on('data', (bytes) => socket.write(bytes)));
    const link = linkTo(port);
    await link.open(never);
    const heard = new Promise<Uint8Array>((resolve) => link.onData(resolve));
    link.write(Uint8Array.of(0, 17, 255));
    expect([...(await heard)]).toEqual([0, 17, 255]);
    expect(link.name).toBe(`tcp:127.0.0.1:${port}`);
  });

  it('says that nothing listens there', async () => {
    const port = await serve();
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(linkTo(port).open(never)).rejects.toMatchObject({
      code: 'instrumentMissing',
      problems: [
        { where: `tcp:127.0.0.1:${port}`, message: expect.stringContaining('nothing listens') },
      ],
    });
  });

  it('gives up a connection that nobody accepts, in its time', async () => {
    // A test network of RFC 5737: nobody answers there, or a router refuses at once.
    const clock = new VirtualClock();
    const link = linkTo(9, { host: '192.0.2.1', clock, connectSecondMax: 3 });
    const opening = link.open(never);
    const outcome = expect(opening).rejects.toMatchObject({ code: 'instrumentMissing' });
    await clock.advance(3);
    await outcome;
    expect(link.isOpen).toBe(false);
  });

  it('does not stay open for a caller who gave up', async () => {
    const link = linkTo(await serve());
    const abort = new AbortController();
    const opening = link.open(abort.signal);
    abort.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    expect(link.isOpen).toBe(false);
  });

  it('is opened once at a time, and again after it was closed', async () => {
    const link = linkTo(await serve());
    const first = link.open(never);
    await expect(link.open(never)).rejects.toThrow('it is already open');
    await first;
    await expect(link.open(never)).rejects.toThrow('it is already open');
    await link.close();
    await link.open(never);
    expect(link.isOpen).toBe(true);
  });

  it('tells once that the other end has closed, and can be closed twice', async () => {
    const link = linkTo(await serve((socket) => socket.end('bye')));
    const reasons: string[] = [];
    link.onClose((reason) => reasons.push(reason));
    const closed = nextClose(link);
    await link.open(never);
    await closed;
    await link.close();
    await link.close();
    expect(reasons).toEqual(['closed by the other end']);
    expect(() => link.write(Uint8Array.of(1))).toThrow('it is closed');
  });

  it('tells once that the other end was cut off', async () => {
    const link = linkTo(await serve((socket) => socket.on('data', () => socket.resetAndDestroy())));
    const closed = nextClose(link);
    await link.open(never);
    link.write(Uint8Array.of(1));
    expect(await closed).toMatch(/ECONNRESET|closed/);
  });

  it('sends what was written last before it closes', async () => {
    let whole = '';
    const ended = new Promise<void>((resolve) => {
      void serve((socket) => {
        socket.on('data', (bytes) => {
          whole += bytes.toString();
        });
        socket.on('end', () => resolve());
      }).then(async (port) => {
        const link = linkTo(port);
        await link.open(never);
        link.write(Buffer.from('cell off\n'));
        await link.close();
      });
    });
    await ended;
    expect(whole).toBe('cell off\n');
  });

  it('refuses to pile up what the other end does not take', async () => {
    const link = linkTo(await serve((socket) => socket.pause()));
    await link.open(never);
    const block = new Uint8Array(2 ** 18);
    expect(() => {
      for (let count = 0; count < 400; count += 1) link.write(block);
    }).toThrow('more than 1048576 bytes wait to be sent');
  });

  it('takes a silence that is too long for the end, when told so', async () => {
    const clock = new VirtualClock();
    const link = linkTo(await serve(), { clock, silenceSecondMax: 10 });
    await link.open(never);
    await clock.advance(9);
    expect(link.isOpen).toBe(true);
    const closed = nextClose(link);
    await clock.advance(2);
    expect(await closed).toBe('nothing was received for 10 s');
  });
});
