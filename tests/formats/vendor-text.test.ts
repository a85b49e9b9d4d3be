import { describe, expect, it } from 'vitest';
import { spectrumOf } from '../../src/formats/read-spectrum.ts';
import { textFileOf } from '../../src/formats/text-file.ts';
import { caughtFault } from '../support/caught-fault.ts';

function read(text: string) {
  const { format, spectrum } = spectrumOf(textFileOf('cell', Buffer.from(text, 'latin1')));
  return { format, points: spectrum.points };
}

async function problemOf(text: string): Promise<string> {
  const fault = await caughtFault(() => read(text));
  expect(fault.code).toBe('fileFormat');
  return fault.message;
}

const POINT = { frequencyHertz: 1000.5, zRealOhm: 65.25, zImagOhm: -0.5 };

describe('EC-Lab text', () => {
  const titles = 'freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tcycle number\t';
  const mpt = (...rows: string[]) =>
    ['EC-Lab ASCII FILE', 'Nb header lines : 4  ', '', titles, ...rows].join('\r\n');

  it('has the sign of -Im turned once', () => {
    expect(read(mpt('1.0005E+003\t6.525E+001\t5.0E-001\t1.0'))).toEqual({
      format: 'EC-Lab text',
      points: [POINT],
    });
  });

  it('may have decimal commas, as EC-Lab writes them on some computers', () => {
    expect(read(mpt('1,0005E+003\t6,525E+001\t5,0E-001\t1,0')).points).toEqual([POINT]);
  });

  it('loses its rows at 0 Hz, which are direct-current readings', () => {
    expect(read(mpt('0\t0\t0\t1', '1000.5\t65.25\t0.5\t1')).points).toEqual([POINT]);
  });

  it('is refused when it holds more than one cycle', async () => {
    const text = mpt('1000.5\t65.25\t0.5\t1', '1000.5\t66\t0.5\t2');
    expect(await problemOf(text)).toContain(':6: cycle number 2 begins after 1');
  });

  it.each([
    ['0', 'declares 0 header lines'],
    ['2', 'declares 2 header lines'],
    ['400', 'declares 400 header lines'],
    ['3', ':3: expected the columns freq/Hz'],
  ])('is refused when it declares %s header lines', async (count, message) => {
    const text = mpt('1000.5\t65.25\t0.5\t1').replace(': 4', `: ${count}`);
    expect(await problemOf(text)).toContain(message);
  });

  it('is refused when cut inside a row', async () => {
    expect(await problemOf(mpt('1000.5\t65.25\t0.5\t1', '900\t65.'))).toContain(
      ':6: found 2 columns; expected 4',
    );
  });
});

describe('ZPlot text', () => {
  const z = (...rows: string[]) =>
    ['ZPLOT2 ASCII', "  Freq(Hz)\tAmpl\tZ'(a)\tZ''(b)\tErr", 'End Comments', ...rows].join('\n');

  it('is read below its comments', () => {
    expect(read(z('1.0005E+03\t0.01\t65.25\t-0.5\t0'))).toEqual({
      format: 'ZPlot',
      points: [POINT],
    });
  });

  it('is refused without the end of its comments, or without rows', async () => {
    expect(await problemOf('ZPLOT2 ASCII\n  Date: today\n')).toContain('"End Comments"');
    expect(await problemOf(z())).toContain(':3: no row of frequency');
  });

  it('is refused when the line before the rows has no titles', async () => {
    expect(await problemOf('ZPLOT2 ASCII\nEnd Comments\n1\t2\t3')).toContain("Z'(a)");
  });
});

describe('Gamry data', () => {
  const dta = (...rows: string[]) =>
    [
      'EXPLAIN',
      'TAG\tEISPOT',
      'ZCURVE\tTABLE',
      '\tPt\tFreq\tZreal\tZimag',
      '\t#\tHz\tohm\tohm',
      ...rows,
    ].join('\n');

  it('is read from the table ZCURVE up to the next line that does not start with a tab', () => {
    expect(read(dta('\t0\t1000.5\t65.25\t-0.5', 'EXPERIMENTABORTED\tTOGGLE\tT'))).toEqual({
      format: 'Gamry DTA',
      points: [POINT],
    });
  });

  it('may have decimal commas', () => {
    expect(read(dta('\t0\t1000,5\t65,25\t-0,5')).points).toEqual([POINT]);
  });

  it('takes its units from the line below the titles', async () => {
    const text = dta('\t0\t1000.5\t65.25\t-0.5').replace('ohm\tohm', 'kohm\tkohm');
    expect(read(text).points[0]?.zRealOhm).toBe(65250);
    expect(await problemOf(text.replaceAll('kohm', 'siemens'))).toContain('is in "siemens"');
  });

  it.each([
    ['without ZCURVE', 'EXPLAIN\nTAG\tCV\n', 'no table ZCURVE'],
    ['with two of them', dta('\t0\t1\t2\t3', 'ZCURVE\tTABLE'), 'second table ZCURVE'],
    ['with a table without rows', dta(), 'no row of frequency'],
    ['that ends at the table', 'EXPLAIN\nZCURVE\tTABLE', ':3: expected the column titles'],
  ])('is refused %s', async (_, text, message) => {
    expect(await problemOf(text)).toContain(message);
  });
});

describe('Autolab, VersaStudio and PARSTAT text', () => {
  it('is refused where its table is missing', async () => {
    expect(await problemOf('"Z60W Data File: Version 1.1"\n""\n')).toContain(
      'no line of column titles',
    );
    const versaStudio = '<Application>\nName=VersaStudio\n';
    expect(await problemOf(versaStudio)).toContain('0 segments hold impedance');
    expect(await problemOf(`${versaStudio}<Segment1>\n`)).toContain('has no end');
    const parstat =
      'Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)';
    expect(await problemOf(`${parstat}\n3.5\t-0.1\t10\t0\t0\t0\n`)).toContain(
      'no row of frequency',
    );
  });
});
