import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Spectrum } from '../../src/domain/spectrum.ts';
import { bdfSpectrumText } from '../../src/formats/bdf-spectrum.ts';
import { readSpectrum, spectrumOf } from '../../src/formats/read-spectrum.ts';
import { textFileOf } from '../../src/formats/text-file.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';

function readBack(text: string): Spectrum {
  return spectrumOf(textFileOf('cell.bdf.csv', Buffer.from(text))).spectrum;
}

const SPECTRUM: Spectrum = {
  points: [
    { frequencyHertz: 1e6, zRealOhm: 0.1 + 0.2, zImagOhm: -1.5e-9 },
    { frequencyHertz: 1e-3, zRealOhm: -7, zImagOhm: 3e21 },
  ],
};

describe('a spectrum in the Battery Data Format', () => {
  it('has the labels and units of the format, and the sign of capacitive impedance', () => {
    expect(bdfSpectrumText(SPECTRUM)).toBe(
      'Frequency / Hz,Real Impedance / ohm,Imaginary Impedance / ohm\n' +
        '1000000,0.30000000000000004,-1.5e-9\n' +
        '0.001,-7,3e+21\n',
    );
  });

  it('reads back to the last bit, whatever the numbers', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const frequencyHertz = fc.double({ noNaN: true, noDefaultInfinity: true, min: 5e-324 });
    const point = fc.record({ frequencyHertz, zRealOhm: number, zImagOhm: number });
    const spectra = fc.array(point, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(spectra, (points) => {
        const read = readBack(bdfSpectrumText({ points })).points;
        expect(read).toHaveLength(points.length);
        for (const [k, { frequencyHertz, zRealOhm, zImagOhm }] of points.entries()) {
          expect(Object.is(read[k]?.frequencyHertz, frequencyHertz)).toBe(true);
          expect(Object.is(read[k]?.zRealOhm, zRealOhm)).toBe(true);
          expect(Object.is(read[k]?.zImagOhm, zImagOhm)).toBe(true);
        }
      }),
      { seed: 20_261_121, numRuns: 500 },
    );
  });

  it('is the same spectrum under machine names, in any order, beside other columns', () => {
    const text =
      'test_time_second,imaginary_impedance_ohm,real_impedance_ohm,absolute_impedance_ohm,phase_degree,frequency_hertz\n' +
      '0,-1.5e-9,0.30000000000000004,9,9,1000000\n' +
      '5,3e+21,-7,9,9,0.001\n';
    expect(readBack(text)).toEqual(SPECTRUM);
  });

  it('is the same spectrum under labels beside other labels', () => {
    const text =
      'Test Time / s,Voltage / V,Current / A,Frequency / Hz,Absolute Impedance / ohm,Phase / deg,Real Impedance / ohm,Imaginary Impedance / ohm,Internal Resistance / ohm\n' +
      '0,3.7,0,1000000,9,9,0.30000000000000004,-1.5e-9,1\n' +
      '5,3.7,0,0.001,9,9,-7,3e+21,1\n';
    expect(readBack(text)).toEqual(SPECTRUM);
  });

  it.each([
    [Number.NaN, 'is NaN'],
    [Number.POSITIVE_INFINITY, 'is Infinity'],
  ])('is refused with the value %f, naming the place', async (value, message) => {
    const points = [...SPECTRUM.points, { frequencyHertz: 1, zRealOhm: 1, zImagOhm: value }];
    const fault = await caughtFault(() => bdfSpectrumText({ points }));
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain('point 3, Imaginary Impedance / ohm');
    expect(fault.message).toContain(message);
  });

  it('is a header without rows for an empty spectrum, which the reader refuses', async () => {
    const text = bdfSpectrumText({ points: [] });
    expect(text.split('\n')).toHaveLength(2);
    expect((await caughtFault(() => readBack(text))).message).toContain('no row of frequency');
  });
});

describeWithData('measured spectra in the Battery Data Format', () => {
  it.each([
    'exampleDataBioLogic.mpt',
    'exampleDataZPlot.z',
    'EISGALV_EISTest3.DTA',
    'exampleDataAutolab.txt',
    'exampleDataVersaStudio.par',
    'exampleDataParstat.txt',
    'exampleDataPowersuite.txt',
    'exampleDataCHInstruments.txt',
    'exampleData.csv',
  ])('come back to the last bit: %s', async (name) => {
    const { spectrum } = await readSpectrum(sharedData(`eis/${name}`));
    expect(readBack(bdfSpectrumText(spectrum))).toEqual(spectrum);
  });
});
