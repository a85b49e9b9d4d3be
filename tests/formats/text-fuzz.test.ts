import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import { spectrumOf } from '../../src/formats/read-spectrum.ts';
import { textFileOf } from '../../src/formats/text-file.ts';

const SEED = 20261121;
const RUNS = 400;

/** Beginnings that send the text to each reader in turn. */
const BEGINNINGS = [
  '',
  'f,re,im\n',
  'EC-Lab ASCII FILE\nNb header lines : 3\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\n',
  "ZPLOT2 ASCII\nFreq(Hz)\tZ'(a)\tZ''(b)\nEnd Comments\n",
  'EXPLAIN\nZCURVE\tTABLE\n\tPt\tFreq\tZreal\tZimag\n\t#\tHz\tohm\tohm\n',
  '"Z60W Data File"\n3\n"  Freq (Hz)    Z\'(a)    Z\'\'(b)"\n',
  '<Application>\nName=VersaStudio\n<Segment1>\nDefinition=Frequency(Hz), Z Real, Z Imag, 0\n',
  'Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\n',
];

const tokens = fc.array(
  fc.constantFrom(
    '1',
    '-2.5e3',
    '0',
    ',',
    ';',
    '\t',
    ' ',
    '\n',
    '\r\n',
    '"',
    'Hz',
    'Im',
    '#',
    '-',
    '1,5',
    'NaN',
    'ZCURVE\tTABLE',
    '</Segment1>',
  ),
  { maxLength: 60 },
);

/** Reads bytes; anything but a spectrum of sound numbers or a Fault is an error of ours. */
function readOrFault(bytes: Uint8Array): void {
  try {
    const { spectrum } = spectrumOf(textFileOf('fuzz', bytes));
    expect(spectrum.points.length).toBeGreaterThan(0);
    for (const point of spectrum.points) {
      expect(point.frequencyHertz).toBeGreaterThan(0);
      expect(Number.isFinite(point.zRealOhm) && Number.isFinite(point.zImagOhm)).toBe(true);
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.code).toBe('fileFormat');
    expect(error.problems[0]?.where).toContain('fuzz');
  }
}

describe('the text readers', () => {
  it('answer any bytes with a spectrum or a fault', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readOrFault), {
      seed: SEED,
      numRuns: RUNS,
    });
  });

  it.each(BEGINNINGS)('answer anything after %j with a spectrum or a fault', (beginning) => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      tokens.map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (rest) => readOrFault(Buffer.from(beginning + rest))),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('give back what was written, whatever the separator', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
    const row = fc.tuple(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), number, number);
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(',', ';', '\t', ' '),
        fc.boolean(),
        (rows, separator, hasHeader) => {
          const header = hasHeader ? `${['f', 're', 'im'].join(separator)}\n` : '';
          const text = header + rows.map((fields) => fields.join(separator)).join('\n');
          const { spectrum } = spectrumOf(textFileOf('cell', Buffer.from(text)));
          const read = spectrum.points.map((p) => [p.frequencyHertz, p.zRealOhm, p.zImagOhm]);
          // A negative zero is written as 0.
          expect(read).toEqual(rows.map((fields) => fields.map((value) => value + 0)));
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
