import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Fault } from '../domain/fault.ts';

/** What went wrong, as one sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Opens the port. @throws Fault badInput when it is taken or may not be opened */
export function listen(http: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const message =
        error.code === 'EADDRINUSE'
          ? 'is in use; expected a free port, 0 takes any'
          : `cannot be opened: ${error.message}`;
      reject(new Fault('badInput', { where: `panel port ${port}`, message }, error));
    });
    http.listen(port, host, resolve);
  });
}

/** Answers with a status and one sentence, and closes the connection. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`${message}\n`);
}

/** Answers with a JSON document. */
export function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** Answers a request for a websocket that is not granted. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  // The other side may already be gone; there is nobody left to tell.
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
