import { Fault } from '../domain/fault.ts';

/**
 * Who may speak to the panel. It listens on the loopback interface alone, so the danger is not
 * the network but other pages in the same browser: a foreign page (wrong Origin), or a foreign
 * name that resolves to 127.0.0.1 (DNS rebinding, wrong Host).
 *
 * What is NOT here yet: accounts, roles, sessions and TLS. Until they are, the panel refuses
 * every other interface; reach it from another machine through an SSH tunnel.
 */

const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** The address to listen on. @throws Fault badInput for anything but the loopback interface */
export function loopbackAddress(host: string): string {
  const address = host === '[::1]' ? '::1' : host;
  if (address === '127.0.0.1' || address === '::1' || address === 'localhost') return address;
  throw new Fault('badInput', {
    where: 'panel host',
    message:
      `"${host}" would open the panel to the network, which needs accounts and TLS; ` +
      'expected 127.0.0.1, ::1 or localhost (from another machine use an SSH tunnel)',
  });
}

/** Whether a Host header names this machine's loopback, on whatever port a tunnel gives it. */
export function isLoopbackHost(hostHeader: string | undefined): boolean {
  const match = /^(\[::1\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(hostHeader ?? '');
  return match !== null && LOOPBACK_NAMES.includes((match[1] ?? '').toLowerCase());
}

/** Whether a request comes from the panel's own page: its Origin is exactly the Host it asks. */
export function isOwnOrigin(origin: string | undefined, hostHeader: string | undefined): boolean {
  if (origin === undefined || !isLoopbackHost(hostHeader)) return false;
  return origin.toLowerCase() === `http://${hostHeader}`.toLowerCase();
}
