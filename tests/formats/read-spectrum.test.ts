import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { readSpectrum } from '../../src/formats/read-spectrum.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';

/** What a text editor shows in each file: format, points, and [Hz, ohm, ohm] of two rows. */
const FILES: readonly (readonly [string, string, number, Row, Row])[] = [
  [
    'exampleData.csv',
    'table',
    66,
    [3.1623e-3, 0.0494998977640506, -0.020438698544418925],
    [1e4, 1.5771482660485933e-2, 1.0157474564938236e-2],
  ],
  ['battery_example_data.csv', 'table', 113, [1, 334.1737, -80.1312], [1e7, 31.9408, -5.9198]],
  ['circuit_a_example_data.csv', 'table', 27, [1.591549e-5, 2.9e6, -5.1e4], [159154900, 1, -1000]],
  ['randles_example_data.csv', 'table', 81, [10, 1199.9684, -2.5129], [1e6, 1000.0001, -0.1592]],
  [
    'eis_button_sofc.csv',
    'table',
    61,
    [1e5, 1.752595372, 0.380132],
    [0.100000001, 5.877797869, -0.069223361],
  ],
  [
    'eis_planar_sofc1.csv',
    'table',
    74,
    [1e5, 0.010643798161455732, 2.742715787911372e-4],
    [0.1, 0.02160232053416488, -5.612023725287353e-4],
  ],
  [
    'LIB_data.txt',
    'table',
    107,
    [999.040405, 0.112362966, 0.00318273902],
    [0.00500083202, 0.151735559, -0.0137396762],
  ],
  ['zarc_data.txt', 'table', 81, [1e6, 9.953881, -0.020948], [0.01, 59.97367, -0.341645]],
  ['Example2b.txt', 'table', 50, [1e6, 3603.82, -8578.35], [1, 182762, -435920]],
  ['s04147-140deg.txt', 'table', 42, [1e6, 22142.3, -54311.5], [0.03, 3.27266e6, -1.40853e6]],
  [
    'test_data.txt',
    'table',
    67,
    [200019.48, 130.4171, -34.680012],
    [9.9990517e-4, 5.1702405e6, -2.3457755e6],
  ],
  ['exampleDataCHInstruments.txt', 'table', 73, [99610, 98.91, -2.748], [0.1, 5685, -15860]],
  [
    'exampleDataPowersuite.txt',
    'table',
    30,
    [0.1, 423929.46, -49014.063],
    [2e6, -470.54113, -1397.7358],
  ],
  [
    'exampleDataBioLogic.mpt',
    'EC-Lab text',
    43,
    [1000.3201, 65.470886, -0.38998979],
    [0.01689554, 110.97003, -2.3458567],
  ],
  ['exampleDataZPlot.z', 'ZPlot', 21, [3e5, 147.77, -11.335], [3000, 613.68, -137.13]],
  ['Circuit1_EIS_1.z', 'ZPlot', 48, [5e4, 29.036, 0.63662], [1, 75.803, -0.16244]],
  ['Circuit3_EIS_2.z', 'ZPlot', 53, [1.5e5, 1492, 11.789], [1, 6138.2, -10.151]],
  [
    'EISGALV_EISTest3.DTA',
    'Gamry DTA',
    71,
    [1000078, 0.04711733, 0.1695821],
    [0.1001603, 0.06649166, -0.001175554],
  ],
  [
    'exampleDataAutolab.txt',
    'Autolab Z60W',
    41,
    [1e4, 0.013785863964281, 0.007191946305823],
    [0.1, 0.0345697771923854, -0.00390292888845954],
  ],
  [
    'exampleDataVersaStudio.par',
    'VersaStudio',
    61,
    [1e5, 55.31571, 4.575431],
    [0.02154435, 1516.313, -122.8279],
  ],
  [
    'exampleDataParstat.txt',
    'PARSTAT text',
    31,
    [1e4, -4.9816280376104e-4, 0.0175143479976367],
    [10, 0.0270946491457229, -0.00399791080333837],
  ],
  [
    'battery-cycling/spectrum-000.csv',
    'table',
    57,
    [9904.999, 0.16852786, -0.0509286],
    [0.020954758, 1.8554825, -0.37447971],
  ],
];
type Row = readonly [number, number, number];

function rowOf(point: ImpedancePoint | undefined): Row {
  return [point?.frequencyHertz ?? NaN, point?.zRealOhm ?? NaN, point?.zImagOhm ?? NaN];
}

describeWithData('spectra that other people measured', () => {
  it.each(FILES)('reads %s as %s', async (name, format, points, first, last) => {
    const read = await readSpectrum(sharedData(`eis/${name}`));
    expect(read.format).toBe(format);
    expect(read.spectrum.points).toHaveLength(points);
    expect(rowOf(read.spectrum.points[0])).toEqual(first);
    expect(rowOf(read.spectrum.points.at(-1))).toEqual(last);
  });

  it('reads every file of the cycling and redox sequences', async () => {
    for (const folder of ['battery-cycling', 'redox-sequence']) {
      const names = readdirSync(sharedData(`eis/${folder}`)).filter((name) =>
        /^spectrum/.test(name),
      );
      for (const name of names) {
        const { spectrum } = await readSpectrum(sharedData(`eis/${folder}/${name}`));
        expect(spectrum.points.length).toBeGreaterThanOrEqual(40);
      }
    }
  });

  it('reads every other file of a spectrum, and refuses every file of anything else', async () => {
    const names = readdirSync(sharedData('eis')).filter((name) => /\./.test(name));
    const listed = new Set(FILES.map(([name]) => name));
    const rest: Record<string, string> = {};
    for (const name of names.filter((one) => !listed.has(one))) {
      try {
        const { format, spectrum } = await readSpectrum(sharedData(`eis/${name}`));
        rest[name] = `${format}, ${spectrum.points.length} points`;
      } catch (error) {
        rest[name] = error instanceof Fault ? error.code : String(error);
      }
    }
    expect(rest).toEqual({
      'Circuit1_EIS_2.z': 'ZPlot, 48 points',
      'Circuit3_EIS_1.z': 'ZPlot, 53 points',
      'EIS_fit_report.txt': 'fileFormat',
      'negami_data.txt': 'table, 81 points',
      's04147-160deg.txt': 'table, 42 points',
      's04147-180deg.txt': 'table, 41 points',
      's04147-200deg.txt': 'table, 40 points',
    });
  });

  it('finds a capacitive imaginary part negative in every vendor format', async () => {
    const capacitive = ['exampleDataBioLogic.mpt', 'exampleDataZPlot.z', 'EISGALV_EISTest3.DTA'];
    for (const name of capacitive) {
      const { spectrum } = await readSpectrum(sharedData(`eis/${name}`));
      expect(spectrum.points.at(-1)?.zImagOhm).toBeLessThan(0);
    }
  });

  it.each([
    'eis/EIS_fit_report.txt',
    'eis/redox-sequence/published-parameters.csv',
  ])('refuses %s, which is no spectrum, and says what one looks like', async (name) => {
    const fault = await caughtFault(() => readSpectrum(sharedData(name)));
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toContain(':1');
    expect(fault.message).toContain('expected a table of impedance');
  });

  it('refuses an HDF5 file as binary', async () => {
    const fault = await caughtFault(() => readSpectrum(sharedData('tomo/tooth-row0.h5')));
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toContain('is binary; expected a text file');
  });
});
