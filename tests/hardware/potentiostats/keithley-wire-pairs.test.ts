import { describe, expect, it } from 'vitest';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { CHARGE, HOLD, NO_ERROR, off, REST, talk } from './keithley-wire-words.ts';
import { type WirePair, WirePairs } from './wire-pairs.ts';

const VISIT_2400 = ':ABOR;:SENS:DATA:LAT?;:SENS:CURR:RANG?;:OUTP?;:SYST:ERR?;:INIT';

const SWEEP: ElectrochemicalTechnique = {
  kind: 'linearSweep',
  startVolt: 3.6,
  endVolt: 3.62,
  rateVoltPerSecond: 0.02,
  stepVolt: 0.02,
  currentAmpereMax: 5e-3,
};

describe('the words of a Keithley 2400', () => {
  const currentSetUp = (range: string, level: string, compliance: string): WirePair => [
    `:SOUR:FUNC CURR;:SOUR:CURR:MODE FIX;:SOUR:CURR:LEV 0;:SOUR:CURR:RANG ${range};:SOUR:CURR:LEV ${level};:SENS:VOLT:PROT ${compliance};:SENS:VOLT:RANG 20;:TRIG:DEL 0.25;:TRIG:COUN 44;:SYST:ERR?`,
    NO_ERROR,
  ];
  const start: WirePair = [':SYST:TIME:RES;:INIT'];
  const visit = (reply: string): readonly WirePair[] => [[VISIT_2400, reply]];

  it('connecting', async () => {
    expect(await talk('2400', [])).toEqual([]);
  });

  it('constant current', async () => {
    const readings = await talk(
      '2400',
      [
        currentSetUp('0.001', '0.00013', '4.3'),
        start,
        ...visit(
          `+3.722345E+00,+1.300715E-04,+7.400000E-01,+4.233216E+06;+1.050000E-03;1;${NO_ERROR}`,
        ),
        ...visit(
          `+3.731826E+00,+1.300792E-04,+1.740000E+00,+4.233216E+06;+1.050000E-03;1;${NO_ERROR}`,
        ),
        ...off('2400'),
      ],
      CHARGE,
    );
    expect(readings).toEqual([
      {
        kind: 'electrical',
        timeSecond: expect.closeTo(0.74 + 0.05, 1),
        voltageVolt: 3.722345,
        currentAmpere: 1.300715e-4,
        quality: 'good',
        // (0.015 % of 3.722345 V + 1.5 mV) / √3; (0.027 % of 130.07 µA + 60 nA) / √3
        voltageErrorVolt: expect.closeTo(1.1884e-3, 6),
        currentErrorAmpere: expect.closeTo(5.4917e-8, 11),
        currentRangeAmpere: 1e-3,
      },
      expect.objectContaining({ voltageVolt: 3.731826, quality: 'good' }),
    ]);
    const [first, second] = readings;
    expect((second?.timeSecond ?? 0) - (first?.timeSecond ?? 0)).toBeCloseTo(1, 3);
  });

  it('open circuit: 0 A in the smallest range', async () => {
    const readings = await talk(
      '2400',
      [
        currentSetUp('0.000001', '0', '20'),
        start,
        ...visit(
          `+3.700457E+00,+2.172138E-10,+7.400000E-01,+4.233216E+06;+1.050000E-06;1;${NO_ERROR}`,
        ),
        ...off('2400'),
      ],
      REST,
    );
    expect(readings).toEqual([
      {
        kind: 'electrical',
        timeSecond: expect.any(Number),
        voltageVolt: 3.700457,
        currentAmpere: 0,
        quality: 'good',
        voltageErrorVolt: expect.closeTo(1.1865e-3, 6),
      },
    ]);
  });

  it('constant voltage, with a visit between two samples', async () => {
    const readings = await talk(
      '2400',
      [
        [
          ':SOUR:FUNC VOLT;:SOUR:VOLT:MODE FIX;:SOUR:VOLT:LEV 0;:SOUR:VOLT:RANG 20;:SOUR:VOLT:LEV 3.8;:SENS:CURR:PROT 0.005;:SENS:CURR:RANG:AUTO ON;:TRIG:DEL 0.4;:TRIG:COUN 33;:SYST:ERR?',
          NO_ERROR,
        ],
        start,
        ...visit(
          `+3.800274E+00,+4.246475E-04,+1.560000E+00,+4.216832E+06;+1.050000E-03;1;${NO_ERROR}`,
        ),
        ...visit(
          `+3.800266E+00,+8.246475E-05,+3.560000E+00,+4.216832E+06;+1.050000E-04;1;${NO_ERROR}`,
        ),
        ...off('2400'),
      ],
      HOLD,
    );
    expect(readings).toHaveLength(1);
    expect(readings[0]).toMatchObject({ currentAmpere: 8.246475e-5, currentRangeAmpere: 1e-4 });
  });

  it('a step of a sweep', async () => {
    const readings = await talk(
      '2400',
      [
        [
          ':SOUR:FUNC VOLT;:SOUR:VOLT:MODE FIX;:SOUR:VOLT:LEV 0;:SOUR:VOLT:RANG 20;:SOUR:VOLT:LEV 3.6;:SENS:CURR:PROT 0.005;:SENS:CURR:RANG:AUTO ON;:TRIG:DEL 0.25;:TRIG:COUN 44;:SYST:ERR?',
          NO_ERROR,
        ],
        start,
        ...visit(
          `+3.600449E+00,-7.458351E-04,+7.400000E-01,+4.216832E+06;+1.050000E-03;1;${NO_ERROR}`,
        ),
        [':ABOR;:SOUR:VOLT:LEV 3.62;:INIT'],
        ...visit(
          `+3.620409E+00,-2.466512E-04,+1.740000E+00,+4.216832E+06;+1.050000E-03;1;${NO_ERROR}`,
        ),
        ...off('2400'),
      ],
      SWEEP,
    );
    expect(readings.map(({ voltageVolt }) => voltageVolt)).toEqual([3.600449, 3.620409]);
  });

  it.each([
    // Bit 3: the compliance; it ends the step. 4.233224E+06 = 4233216 + 8.
    ['the compliance', '+4.300012E+00,+1.000000E-04,+7.400000E-01,+4.233224E+06', 'overload'],
    ['overflow', '+9.900000E+37,+1.300000E-04,+7.400000E-01,+4.233217E+06', 'overload'],
    ['not a number', '+9.910000E+37,+1.300000E-04,+7.400000E-01,+4.233216E+06', 'bad'],
    // Bit 16: the compliance of the range, until the range has changed.
    ['range compliance', '+3.700000E+00,+1.000000E-04,+7.400000E-01,+4.298752E+06', 'overload'],
  ] as const)('the quality of a reading: %s', async (_, values, quality) => {
    const reply = `${values};+1.050000E-03;1;${NO_ERROR}`;
    const technique = { ...CHARGE, durationSecond: 1 } as ElectrochemicalTechnique;
    const pairs = [currentSetUp('0.001', '0.00013', '4.3'), start, ...visit(reply), ...off('2400')];
    const readings = await talk('2400', pairs, technique);
    expect(readings.map((reading) => reading.quality)).toEqual([quality]);
  });

  it('an error of the set-up, with every error of the queue, and the output is off', async () => {
    const [setUp] = currentSetUp('0.001', '0.00013', '4.3');
    const fault = await caughtFault(() =>
      talk(
        '2400',
        [
          [setUp, '-222,"Parameter data out of range"'],
          [':SYST:ERR?', '+826,"Attempt to exceed power limit"'],
          [':SYST:ERR?', NO_ERROR],
          ...off('2400'),
        ],
        CHARGE,
      ),
    );
    expect(fault.code).toBe('instrumentReply');
    expect(fault.message).toContain('-222');
    expect(fault.message).toContain('a value is out of range');
    expect(fault.message).toContain('more power than it has');
  });

  it('an error that it reports in the middle', async () => {
    const fault = await caughtFault(() =>
      talk(
        '2400',
        [
          currentSetUp('0.001', '0.00013', '4.3'),
          start,
          [
            VISIT_2400,
            '+3.7E+00,+1.3E-04,+7.4E-01,+4.233216E+06;+1.05E-03;1;-363,"Input buffer overrun"',
          ],
          ...off('2400'),
        ],
        CHARGE,
      ),
    );
    expect(fault.message).toContain('flow control');
  });
});

describe('the harness of pairs', () => {
  it('fails on what is left over on either side', async () => {
    await expect(talk('2400', [[':SYST:LOC']])).rejects.toThrow('never sent: ":SYST:LOC"');
    const link = new WirePairs([[':A', 'x']]);
    await link.open(new AbortController().signal);
    link.write(new TextEncoder().encode(':A\n:B\n:C'));
    expect(() => link.finish()).toThrow('in no pair: ":B"');
    expect(() => link.finish()).toThrow('half a line: ":C"');
  });
});
