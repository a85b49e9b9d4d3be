import { describe, expect, it } from 'vitest';
import { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import type { KeithleyDialect } from '../../../hardware/potentiostats/keithley-models.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { collect, runToEnd } from './emstat-bench.ts';
import { electrical } from './keithley-bench.ts';
import { type WirePair, WirePairs } from './wire-pairs.ts';

const NO_ERROR = '0,"No error"';
const IDENTITY: Readonly<Record<KeithleyDialect, string>> = {
  '2400': 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1098765,C30   Mar 17 2006 09:29:29/A02  /H/K',
  '2450': 'KEITHLEY INSTRUMENTS,MODEL 2450,04415918,1.7.12b',
};

/** Ends whatever runs; a line end first, for a command that was only half sent. */
const synchronise = (family: KeithleyDialect): readonly WirePair[] => [
  [''],
  [':ABOR;:OUTP:SMOD HIMP;:OUTP OFF'],
  ['*CLS'],
  ['*IDN?', IDENTITY[family]],
];
/** The output is off with the first message; then it is asked for. */
const off = (family: KeithleyDialect): readonly WirePair[] => [
  ...synchronise(family),
  [':OUTP?', '0'],
];

const CONNECT_2400: readonly WirePair[] = [
  ...synchronise('2400'),
  ['*RST;:OUTP:SMOD HIMP;:SYST:ERR?', NO_ERROR],
  [
    ':SYST:BEEP:STAT OFF;:SYST:RSEN ON;:SYST:AZER ON;:SENS:FUNC:CONC ON;:SENS:FUNC "VOLT","CURR";:SENS:VOLT:NPLC 1;:FORM:ELEM VOLT,CURR,TIME,STAT;:SOUR:CLE:AUTO:MODE TCO;:SOUR:CLE:AUTO ON;:ARM:COUN 1;:SYST:ERR?',
    NO_ERROR,
  ],
  [':ARM:SOUR IMM;:TRIG:SOUR IMM;:TRIG:OUTP NONE;:SYST:ERR?', NO_ERROR],
  [':OUTP?', '0'],
];
const CONNECT_2450: readonly WirePair[] = [
  ...synchronise('2450'),
  ['*LANG?', 'SCPI'],
  // A 2450 adds details behind a semicolon.
  ['*RST;:OUTP:SMOD HIMP;:SYST:ERR?', '0,"No error;0;0 0"'],
  [
    ':FORM:ASC:PREC 16;:TRAC:POIN 1000, "defbuffer1";:TRAC:FILL:MODE CONT, "defbuffer1";:SYST:ERR?',
    NO_ERROR,
  ],
  [':OUTP?', '0'],
];
const VISIT_2400 = ':ABOR;:SENS:DATA:LAT?;:SENS:CURR:RANG?;:OUTP?;:SYST:ERR?;:INIT';
const STATE_2450 = ':TRAC:ACT? "defbuffer1";:SENS:CURR:RANG?;:OUTP?;:SYST:ERR?';
const data2450 = (index: number): string =>
  `:TRAC:DATA? ${index}, ${index}, "defbuffer1", SOUR, READ, SEC, FRAC, SOURSTAT`;

const CHARGE: ElectrochemicalTechnique = {
  kind: 'constantCurrent',
  currentAmpere: 130e-6,
  sampleEverySecond: 1,
  durationSecond: 2,
  voltageVoltMin: 3,
  voltageVoltMax: 4.3,
};
const REST: ElectrochemicalTechnique = {
  kind: 'openCircuit',
  sampleEverySecond: 1,
  durationSecond: 1,
};
const HOLD: ElectrochemicalTechnique = {
  kind: 'constantVoltage',
  voltageVolt: 3.8,
  sampleEverySecond: 4,
  durationSecond: 4,
  currentAmpereMax: 5e-3,
};
const SWEEP: ElectrochemicalTechnique = {
  kind: 'linearSweep',
  startVolt: 3.6,
  endVolt: 3.62,
  rateVoltPerSecond: 0.02,
  stepVolt: 0.02,
  currentAmpereMax: 5e-3,
};

/** Connects, runs a technique, and checks that nothing is left over on the wire. */
async function talk(
  family: KeithleyDialect,
  pairs: readonly WirePair[],
  technique?: ElectrochemicalTechnique,
) {
  const clock = new VirtualClock();
  const connect = family === '2400' ? CONNECT_2400 : CONNECT_2450;
  const link = new WirePairs([...connect, ...pairs]);
  const driver = new Keithley({ id: 'smu', link, clock, provenance: 'measured', family });
  const { signal } = new AbortController();
  await runToEnd(clock, driver.connect(signal), 0.05);
  const work = technique ? collect(driver.measure(technique, signal)) : Promise.resolve([]);
  const readings = await runToEnd(clock, work, 0.05).finally(() => link.finish());
  return electrical(readings);
}

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
