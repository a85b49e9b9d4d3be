import { describe, expect, it } from 'vitest';
import { readSpectrumTable } from '../../src/formats/spectrum-csv.ts';
import { textFileOf } from '../../src/formats/text-file.ts';
import { caughtFault } from '../support/caught-fault.ts';

function read(text: string) {
  const file = textFileOf('cell.csv', Buffer.from(text));
  return readSpectrumTable(file).points.map((p) => [p.frequencyHertz, p.zRealOhm, p.zImagOhm]);
}

async function problemOf(text: string) {
  const fault = await caughtFault(() => read(text));
  expect(fault.code).toBe('fileFormat');
  return fault.message;
}

const POINTS = [
  [1000, 1.5, -0.25],
  [10, 2.5, -3e-3],
];

describe('a table of impedance', () => {
  it.each([
    ['commas', '1000,1.5,-0.25\n10,2.5,-3e-3\n'],
    ['commas and blanks', '1000, 1.5, -0.25\n10, 2.5, -3e-3\n'],
    ['semicolons', '1000;1.5;-0.25\n10;2.5;-3e-3'],
    ['tabs', '1000\t1.5\t-0.25\n10\t2.5\t-3e-3\n'],
    ['blanks of any number', '  1000   1.5 -0.25\n 10 2.5    -3e-3\n'],
    ['Windows line ends', '1000,1.5,-0.25\r\n10,2.5,-3e-3\r\n'],
    ['blank lines and comments', '# measured today\n\n1000,1.5,-0.25\n\n# second\n10,2.5,-3e-3\n'],
    ['a byte order mark', '\uFEFF1000,1.5,-0.25\n10,2.5,-3e-3\n'],
  ])('is read without a header: %s', (_, text) => {
    expect(read(text)).toEqual(POINTS);
  });

  it.each([
    'frequency_hertz,real_impedance_ohm,imaginary_impedance_ohm',
    'Frequency / Hz,Real Impedance / ohm,Imaginary Impedance / ohm',
    'Frequency / Hz,Real Impedance / Ω,Imaginary Impedance / \u2126',
    'freq,zmeasR,zmeasI',
    'freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm',
    "Freq.[Hz],Zs'[ohm],Zs''[ohm]",
    'Freq/Hz, Z\'/ohm, Z"/ohm',
    'f,Z′,Z″',
    '"Frequency (Hz)","Zre (ohms)","Zim (ohms)"',
    '# f Re Im',
  ])('is read under the header %s', (header) => {
    expect(read(`${header}\n1000,1.5,-0.25\n10,2.5,-3e-3\n`)).toEqual(POINTS);
  });

  it.each([
    '-Im(Z)/Ohm',
    '-Z" (ohm)',
    "−Z''",
    'minus_Im',
    'negative imaginary impedance (ohm)',
  ])('turns the sign of a column named %s', (title) => {
    expect(read(`freq,Re(Z),${title}\n1000,1.5,0.25\n10,2.5,3e-3\n`)).toEqual(POINTS);
  });

  it('finds the columns by name, in any order, and leaves others aside', () => {
    const text =
      'time;Im(Z)/Ohm;|Z|/Ohm;freq/kHz;Re(Z)/mOhm\n0;-0.25;9;1;1500\n1;-3e-3;9;0.01;2500\n';
    expect(read(text)).toEqual(POINTS);
  });

  it('passes over titles and settings before a header', () => {
    const text = "Sample 7\nAC Volt=0.01\n freq\tZ'\tZ''\n1000\t1.5\t-0.25\n10\t2.5\t-3e-3\n";
    expect(read(text)).toEqual(POINTS);
  });

  it.each([
    [
      'a row with a column too few',
      'f,re,im\n1,2,3\n4,5\n',
      'cell.csv:3: found 2 columns; expected 3',
    ],
    ['a row with a column too many', '1,2,3\n4,5,6,7\n', ':2: found 4 columns; expected 3'],
    [
      'a word for a number',
      'f,re,im\n1,2,3\n4,five,6\n',
      ':3, column 2: "five" is not a finite number',
    ],
    ['NaN', 'f,re,im\n1,2,3\n4,NaN,6\n', ':3, column 2: "NaN"'],
    ['a number beyond doubles', 'f,re,im\n1,2,1e999\n', ':2, column 3: "1e999"'],
    [
      'a number that its unit makes too large',
      'f,re (MOhm),im\n1,1e305,3\n',
      ':2, column 2: "1e305"',
    ],
    ['an empty field', 'f,re,im\n1,,3\n', ':2, column 2: "" is not'],
    ['a frequency of zero', 'f,re,im\n0,2,3\n', ':2, column 1: frequency 0 Hz'],
    ['a negative frequency', '-1,2,3\n', ':1, column 1: frequency -1 Hz'],
    [
      'a decimal comma between semicolons',
      'f;re;im\n1000;1,5;-0,25\n',
      ':2, column 2: "1,5" has a decimal comma',
    ],
    [
      'a decimal comma between tabs',
      '1000,0\t1,5\t-0,25\n',
      'column 1: "1000,0" has a decimal comma',
    ],
    ['decimal commas between commas', '1000,0,1,5,-0,25\n', 'found 6 columns; expected 3'],
    ['two columns without a header', '1,2\n', 'found 2 columns; expected 3'],
    ['a header without rows', 'f,re,im\n', ':1: no row of frequency'],
    ['a header that names no impedance', 'time,volt,ampere\n1,2,3\n', ':1: no known format'],
    ['a title line without a header', 'my cell\n1,2,3\n', ':1: no known format'],
    ['modulus and phase', 'freq,|Z|,phase\n1,2,3\n', ':1: no known format'],
    [
      'an impedance per area',
      'freq/Hz,Re(Z)/ohm cm2,Im(Z)/ohm cm2\n1,2,3\n',
      'real column is in "ohm cm2"',
    ],
    ['an angular frequency', 'freq (rad/s),Re,Im\n1,2,3\n', ':1'],
    ['mhz, which may be milli or mega', 'frequency_mhz,re,im\n1,2,3\n', 'is in "mhz"'],
    [
      'two real columns',
      "f,Re(Z),Z',Im(Z)\n1,2,3,4\n",
      '"Re(Z)" and "Z\'" all read as the real column',
    ],
  ])('refuses %s, naming the place', async (_, text, message) => {
    expect(await problemOf(text)).toContain(message);
  });

  it('reports several bad rows at once, and stops after ten', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => `${index + 1},2,x`).join('\n');
    const fault = await caughtFault(() => read(`f,re,im\n${rows}\n`));
    expect(fault.problems).toHaveLength(10);
  });
});

describe('standard errors in a table of impedance', () => {
  function errorsOf(text: string) {
    const file = textFileOf('cell.csv', Buffer.from(text));
    return readSpectrumTable(file).points.map((point) => point.standardErrorOhm);
  }

  it.each([
    ['zerrR,zerrI', '0.5,0.25', { real: 0.5, imag: 0.25 }],
    ['sigma_imag_ohm,sigma_real_ohm', '0.25,0.5', { real: 0.5, imag: 0.25 }],
    ['sigma(Im)/mOhm,sigma(Re)/mOhm', '250,500', { real: 0.5, imag: 0.25 }],
    ['σ / mΩ,note', '500,x', { real: 0.5, imag: 0.5 }],
    ['sigma,zerrR', '3,0.5', { real: 3, imag: 3 }],
  ])('are read under %s', (titles, values, expected) => {
    expect(errorsOf(`freq,re,im,${titles}\n10,1,-1,${values}\n`)).toEqual([expected]);
  });

  it('are not those of a conductivity, nor of one part alone', () => {
    expect(errorsOf('freq,re,im,sigma (S/cm)\n10,1,-1,1e-4\n')).toEqual([undefined]);
    expect(errorsOf('freq,re,im,zerrR\n10,1,-1,0.1\n')).toEqual([undefined]);
    expect(errorsOf('10,1,-1\n')).toEqual([undefined]);
  });

  it('may be missing for a point, which keeps its impedance', () => {
    const rows = ['10,1,-1,0.1', '9,1,-1,0', '8,1,-1,NaN'];
    expect(errorsOf(`freq,re,im,sigma\n${rows.join('\n')}\n`)).toEqual([
      { real: 0.1, imag: 0.1 },
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['-0.1', ':2, column 4: standard error "-0.1"; expected a positive number'],
    ['small', ':2, column 4: "small" is not a finite number'],
  ])('are refused as %s, naming the place', async (value, message) => {
    expect(await problemOf(`freq,re,im,sigma\n10,1,-1,${value}\n`)).toContain(message);
  });

  it('are refused when two columns claim to be them', async () => {
    const text = 'freq,re,im,sigma,zerr\n10,1,-1,1,2\n';
    expect(await problemOf(text)).toContain('"sigma" and "zerr" all read as the error column');
  });
});
