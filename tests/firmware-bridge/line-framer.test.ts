import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFramer } from '../../firmware-bridge/line-framer.ts';

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

describe('cutting bytes into lines', () => {
  it('gives the same lines however the bytes are split', () => {
    const text = 'e\nM000A\nPab8000000 ;ba7FFFFFFu,10,215\n\n*\n';
    const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(cuts, (sizes) => {
        const framer = new LineFramer({ lengthMax: 255 });
        const lines: string[] = [];
        let at = 0;
        for (const size of sizes) {
          lines.push(...framer.push(bytes(text.slice(at, at + size))));
          at += size;
        }
        expect(lines).toEqual(text.split('\n').slice(0, -1));
      }),
      { seed: 3 },
    );
  });

  it('keeps leading and trailing spaces', () => {
    expect(new LineFramer({ lengthMax: 80 }).push(bytes(' a \n'))).toEqual([' a ']);
  });

  it('holds an unfinished line until it is finished or flushed', () => {
    const framer = new LineFramer({ lengthMax: 80 });
    expect(framer.push(bytes('abc'))).toEqual([]);
    expect(framer.flush()).toBe('abc');
    expect(framer.flush()).toBeUndefined();
    expect(framer.push(bytes('\n'))).toEqual(['']);
  });

  it('discards and counts what is not printable', () => {
    const framer = new LineFramer({ lengthMax: 80 });
    expect(framer.push(Uint8Array.of(0x00, 0xff, 0x41, 0x0d, 0x0a))).toEqual(['A']);
    expect(framer.discardedBytes).toBe(2);
  });

  it('takes a CR for a part of the line end only right before the LF, also over chunks', () => {
    const framer = new LineFramer({ lengthMax: 80 });
    expect(framer.push(Uint8Array.of(0x41, 0x0d))).toEqual([]);
    expect(framer.push(Uint8Array.of(0x0a, 0x42, 0x0d, 0x43, 0x0a))).toEqual(['A', 'BC']);
    expect(framer.discardedBytes).toBe(1);
  });

  it('takes a line of the longest length and discards a longer one whole', () => {
    const framer = new LineFramer({ lengthMax: 4 });
    expect(framer.push(bytes('abcd\nabcde\nok\n'))).toEqual(['abcd', 'ok']);
    expect(framer.discardedBytes).toBe(5);
  });

  it('does not grow when no line end ever comes', () => {
    const framer = new LineFramer({ lengthMax: 4 });
    for (let chunk = 0; chunk < 1000; chunk += 1) framer.push(bytes('xxxxxxxx'));
    expect(framer.flush()).toBeUndefined();
    expect(framer.discardedBytes).toBe(8000);
  });

  it('removes flow control only when told to, and does not count it', () => {
    const stripping = new LineFramer({ lengthMax: 80, stripFlowControl: true });
    expect(stripping.push(bytes('a\x11b\x13\n'))).toEqual(['ab']);
    expect(stripping.discardedBytes).toBe(0);
    const plain = new LineFramer({ lengthMax: 80 });
    expect(plain.push(bytes('a\x11b\n'))).toEqual(['ab']);
    expect(plain.discardedBytes).toBe(1);
  });
});
