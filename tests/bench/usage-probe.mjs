// Loaded before a program by `node --import`: when the program ends, writes what it has used to the
// file that BENCH_USAGE_FILE names. What the kernel counts of a process covers all its threads.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.BENCH_USAGE_FILE;
if (isMainThread && file) {
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    const usage = { cpuMs: (user + system) / 1000, ...highestMemory(), ...transferred() };
    writeFileSync(file, JSON.stringify(usage));
  });
}

/** VmHWM begins anew with the program; maxRSS also knows the process that it was forked from. */
function highestMemory() {
  const status = read('/proc/self/status');
  const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  const rssMaxBytes = 1024 * Number(kibibytes ?? process.resourceUsage().maxRSS);
  return { rssMaxBytes };
}

/** Bytes of all read and write calls, from the page cache or from disk alike. */
function transferred() {
  const io = read('/proc/self/io');
  const bytes = (name) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1] ?? NaN);
  return { readBytes: bytes('rchar'), writtenBytes: bytes('wchar') };
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
