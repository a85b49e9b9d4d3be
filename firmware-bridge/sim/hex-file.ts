import { Fault } from '../../src/domain/fault.ts';

/** Record types of Intel HEX that a program of this size has. */
const DATA = 0;
const END = 1;

/**
 * The program memory that an Intel HEX file describes, erased (0xff) where it says nothing.
 * @param where what the text came from, for the message
 * @throws Fault fileFormat with the line
 */
export function readHex(text: string, bytes: number, where: string): Uint16Array {
  const memory = new Uint8Array(bytes).fill(0xff);
  let isEnded = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === '') continue;
    const at = `${where}, line ${index + 1}`;
    if (isEnded) throw bad(at, 'expected nothing after the end record');
    const record = readRecord(line, at);
    if (record.type === END) isEnded = true;
    else if (record.type !== DATA) throw bad(at, `record type ${record.type} is not expected here`);
    else if (record.address + record.data.length > bytes) {
      throw bad(at, `writes beyond the ${bytes} bytes of the program memory`);
    } else memory.set(record.data, record.address);
  }
  if (!isEnded) throw bad(where, 'the end record is missing');
  return new Uint16Array(memory.buffer);
}

/** `:` count(1) address(2) type(1) data check sum(1): all bytes add up to 0 modulo 256. */
function readRecord(line: string, at: string): { type: number; address: number; data: Uint8Array } {
  if (!/^:([0-9A-Fa-f]{2}){5,}$/.test(line)) throw bad(at, 'expected a record of Intel HEX');
  const bytes = Uint8Array.from(Buffer.from(line.slice(1), 'hex'));
  const [count = 0, high = 0, low = 0, type = 0] = bytes;
  if (bytes.length !== count + 5) throw bad(at, `expected ${count} bytes of data`);
  if (bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0) !== 0) {
    throw bad(at, 'the check sum is wrong');
  }
  return { type, address: high * 256 + low, data: bytes.subarray(4, 4 + count) };
}

function bad(where: string, message: string): Fault {
  return new Fault('fileFormat', { where, message });
}
