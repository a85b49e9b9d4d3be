import { describe, expect, it } from 'vitest';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { CHARGE, HOLD, NO_ERROR, off, REST, talk } from './keithley-wire-words.ts';
import type { WirePair } from './wire-pairs.ts';

const STATE_2450 = ':TRAC:ACT? "defbuffer1";:SENS:CURR:RANG?;:OUTP?;:SYST:ERR?';

const data2450 = (index: number): string =>
  `:TRAC:DATA? ${index}, ${index}, "defbuffer1", SOUR, READ, SEC, FRAC, SOURSTAT`;

describe('the words of a Keithley 2450', () => {
  const blocks = (window: string): readonly WirePair[] => [
    [
      `:TRIG:BLOC:BUFF:CLE 1, "defbuffer1";:TRIG:BLOC:SOUR:STAT 2, ON;:TRIG:BLOC:MEAS 3, "defbuffer1";:TRIG:BLOC:NOP 4;${window};:TRIG:BLOC:DEL:CONS 6, 0.25;:SYST:ERR?`,
      NO_ERROR,
    ],
    [
      ':TRIG:BLOC:BRAN:COUN 7, 22, 3;:TRIG:BLOC:BRAN:EVEN 8, COMM, 3;:TRIG:BLOC:SOUR:STAT 9, OFF;:SYST:ERR?',
      NO_ERROR,
    ],
  ];
  const currentSetUp: readonly WirePair[] = [
    [
      ':SOUR:FUNC CURR;:SOUR:CURR:LEV 0;:SOUR:CURR:RANG 0.001;:SOUR:CURR:LEV 0.00013;:SOUR:CURR:READ:BACK ON;:SENS:FUNC "VOLT";:SENS:VOLT:RANG 20;:SOUR:CURR:VLIM 4.3;:SENS:VOLT:RSEN ON;:SENS:VOLT:NPLC 1;:SYST:ERR?',
      NO_ERROR,
    ],
    [
      `:TRIG:LOAD "Empty";:TRIG:BLOC:BUFF:CLE 1, "defbuffer1";:TRIG:BLOC:SOUR:STAT 2, ON;:TRIG:BLOC:MEAS 3, "defbuffer1";:TRIG:BLOC:NOP 4;:TRIG:BLOC:BRAN:LIM:CONS 5, OUTS, 3, 4.3, 9, 3;:SYST:ERR?`,
      NO_ERROR,
    ],
    [
      ':TRIG:BLOC:DEL:CONS 6, 0.25;:TRIG:BLOC:BRAN:COUN 7, 22, 3;:TRIG:BLOC:BRAN:EVEN 8, COMM, 3;:TRIG:BLOC:SOUR:STAT 9, OFF;:SYST:ERR?',
      NO_ERROR,
    ],
  ];
  const start: WirePair = [':INIT'];
  const first: readonly WirePair[] = [
    ['*TRG'],
    [STATE_2450, `4;1E-03;1;${NO_ERROR}`],
    [data2450(4), '1.300465E-04,3.723887E+00,1700000002,1.9E-01,232'],
    [data2450(1), '1.300524E-04,3.713238E+00,1700000001,2.6E-01,200'],
  ];

  it('connecting', async () => {
    expect(await talk('2450', [])).toEqual([]);
  });

  it('constant current, with both limits in the trigger model', async () => {
    const readings = await talk(
      '2450',
      [
        ...currentSetUp,
        start,
        ['*TRG'],
        [STATE_2450, `4;1E-03;1;${NO_ERROR}`],
        [data2450(4), '1.300465E-04,3.723887E+00,1700000002,1.9E-01,200'],
        [data2450(1), '1.300524E-04,3.713238E+00,1700000001,2.6E-01,200'],
        ['*TRG'],
        [STATE_2450, `507;1E-03;1;${NO_ERROR}`],
        [data2450(507), '1.300505E-04,3.732307E+00,1700000003,1.2E-01,200'],
        [':TRAC:CLE "defbuffer1"'],
        ...off('2450'),
      ],
      CHARGE,
    );
    expect(readings).toEqual([
      {
        kind: 'electrical',
        timeSecond: expect.any(Number),
        voltageVolt: 3.723887,
        currentAmpere: 1.300465e-4,
        quality: 'good',
        // (0.015 % of 3.723887 V + 1 mV) / √3; (0.02 % of 130.05 µA + 60 nA) / √3
        voltageErrorVolt: expect.closeTo(8.9985e-4, 7),
        currentErrorAmpere: expect.closeTo(4.9657e-8, 11),
        currentRangeAmpere: 1e-3,
      },
      expect.objectContaining({ voltageVolt: 3.732307 }),
    ]);
    const [one, two] = readings;
    expect((two?.timeSecond ?? 0) - (one?.timeSecond ?? 0)).toBeCloseTo(0.93, 3);
  });

  it('the source at its limit is an overload, and ends the step', async () => {
    const readings = await talk('2450', [...currentSetUp, start, ...first, ...off('2450')], CHARGE);
    expect(readings.map(({ quality }) => quality)).toEqual(['overload']);
  });

  it('no reading yet, then one', async () => {
    const readings = await talk(
      '2450',
      [
        ...currentSetUp,
        start,
        ['*TRG'],
        [STATE_2450, `0;1E-03;1;${NO_ERROR}`],
        ['*TRG'],
        [STATE_2450, `1;1E-03;1;${NO_ERROR}`],
        [data2450(1), '1.300524E-04,9.9E37,1700000001,2.6E-01,200'],
        [data2450(1), '1.300524E-04,9.9E37,1700000001,2.6E-01,200'],
        ...off('2450'),
      ],
      { ...CHARGE, durationSecond: 1 } as ElectrochemicalTechnique,
    );
    expect(readings.map(({ quality }) => quality)).toEqual(['overload']);
    expect(readings[0]?.voltageVolt).toBeNaN();
  });

  it('open circuit: no window, since nothing drives the voltage out of one', async () => {
    const [, rest] = blocks(':TRIG:BLOC:NOP 5');
    if (!rest) throw new Error('no blocks');
    const readings = await talk(
      '2450',
      [
        [
          ':SOUR:FUNC CURR;:SOUR:CURR:LEV 0;:SOUR:CURR:RANG 1E-8;:SOUR:CURR:LEV 0;:SOUR:CURR:READ:BACK ON;:SENS:FUNC "VOLT";:SENS:VOLT:RANG 20;:SOUR:CURR:VLIM 20;:SENS:VOLT:RSEN ON;:SENS:VOLT:NPLC 1;:SYST:ERR?',
          NO_ERROR,
        ],
        [
          ':TRIG:LOAD "Empty";:TRIG:BLOC:BUFF:CLE 1, "defbuffer1";:TRIG:BLOC:SOUR:STAT 2, ON;:TRIG:BLOC:MEAS 3, "defbuffer1";:TRIG:BLOC:NOP 4;:TRIG:BLOC:NOP 5;:TRIG:BLOC:DEL:CONS 6, 0.25;:SYST:ERR?',
          NO_ERROR,
        ],
        rest,
        start,
        ['*TRG'],
        [STATE_2450, `4;1E-08;1;${NO_ERROR}`],
        [data2450(4), '3.364701E-11,3.699445E+00,1700000001,8.9E-02,200'],
        [data2450(1), '2.721976E-11,3.699530E+00,1700000000,1.6E-01,200'],
        ...off('2450'),
      ],
      REST,
    );
    expect(readings).toEqual([
      expect.objectContaining({ voltageVolt: 3.699445, currentAmpere: 0, quality: 'good' }),
    ]);
  });

  it('constant voltage: the source is read back', async () => {
    const technique = { ...HOLD, sampleEverySecond: 1, durationSecond: 1 };
    const window = ':TRIG:BLOC:NOP 5';
    const [model, rest] = blocks(window);
    if (!model || !rest) throw new Error('no blocks');
    const readings = await talk(
      '2450',
      [
        [
          ':SOUR:FUNC VOLT;:SOUR:VOLT:LEV 0;:SOUR:VOLT:RANG 20;:SOUR:VOLT:LEV 3.8;:SOUR:VOLT:READ:BACK ON;:SENS:FUNC "CURR";:SENS:CURR:RANG:AUTO ON;:SOUR:VOLT:ILIM 0.005;:SENS:CURR:RSEN ON;:SENS:CURR:NPLC 1;:SYST:ERR?',
          NO_ERROR,
        ],
        [
          ':TRIG:LOAD "Empty";:TRIG:BLOC:BUFF:CLE 1, "defbuffer1";:TRIG:BLOC:SOUR:STAT 2, ON;:TRIG:BLOC:MEAS 3, "defbuffer1";:TRIG:BLOC:NOP 4;:TRIG:BLOC:NOP 5;:TRIG:BLOC:DEL:CONS 6, 0.25;:SYST:ERR?',
          NO_ERROR,
        ],
        rest,
        start,
        ['*TRG'],
        [STATE_2450, `4;1E-03;1;${NO_ERROR}`],
        [data2450(4), '3.798475E+00,3.596020E-04,1700000004,1.9E-01,200'],
        [data2450(1), '3.798469E+00,7.414283E-04,1700000003,2.6E-01,200'],
        ...off('2450'),
      ],
      technique as ElectrochemicalTechnique,
    );
    expect(readings).toEqual([
      expect.objectContaining({ voltageVolt: 3.798475, currentAmpere: 3.59602e-4 }),
    ]);
  });

  it('an error in its own words', async () => {
    const [setUp] = currentSetUp;
    if (!setUp) throw new Error('no set-up');
    const fault = await caughtFault(() =>
      talk(
        '2450',
        [
          [setUp[0], '-113,"Undefined header;1;2026/11/21 18:40:00.123"'],
          [':SYST:ERR?', '0,"No error;0;0 0"'],
          ...off('2450'),
        ],
        CHARGE,
      ),
    );
    expect(fault.message).toContain('error -113 "Undefined header" (it does not know the command)');
  });
});
