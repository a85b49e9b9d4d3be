import { describe, expect, it } from 'vitest';
import { LINEAR_SWEEP, SPECTRUM, settingFor, textFor, VOLTAMMOGRAM } from './emstat-script-text.ts';

describe('the scripts an EmStat Pico is given', () => {
  const pico = settingFor('espico');

  it('a linear sweep, in the slow mode with the dynamic window laid over it', () => {
    expect(textFor(LINEAR_SWEEP, pico)).toBe(`var e
var i
set_pgstat_chan 0
set_pgstat_mode 2
set_max_bandwidth 58505350u
set_acquisition_frac_autoadjust 50
set_range_minmax da -200m 800m
set_range ba 5m
set_autoranging ba 100n 5m
set_e -200m
cell_on
meas_loop_lsv e i -200m 800m 5m 50m
pck_start
pck_add e
pck_add i
pck_end
if i > 1m
breakloop
endif
if i < -1m
breakloop
endif
endloop
on_finished:
cell_off`);
  });

  it('a sweep too wide for the slow mode in the one with the wide window', () => {
    const wide = { ...VOLTAMMOGRAM, verticesVolt: [1.2, -1.2] as const };
    expect(textFor(wide, pico)).toContain('set_pgstat_mode 4\n');
  });

  it('a sweep too fast for both in the fast mode, with its narrow window', () => {
    const fast = { ...LINEAR_SWEEP, rateVoltPerSecond: 1 };
    expect(textFor(fast, pico)).toContain('set_pgstat_mode 3\nset_max_bandwidth 1170107m\n');
  });

  it.each([
    ['wider than every window', { ...VOLTAMMOGRAM, verticesVolt: [1.5, -1.5] as const }],
    ['fast and wide', { ...VOLTAMMOGRAM, rateVoltPerSecond: 1 }],
  ])('refuses a sweep that is %s, and says what its modes reach', (_, technique) => {
    expect(() => textFor(technique, pico)).toThrow(
      /pot \(EmStat Pico\): no mode of the EmStat Pico holds .*2\.2 V between -1\.25 V.*1\.214 V/,
    );
  });

  it('impedance in the fast mode, without what its firmware cannot tell', () => {
    const text = textFor(SPECTRUM, pico);
    expect(text).toContain('set_pgstat_mode 3\nset_max_bandwidth 200k\n');
    expect(text).toContain('set_range_minmax da e e\nset_e e\ncell_on\n');
    expect(text).toContain('meas_loop_eis f r j 10m 100k 1 26i e\npck_start');
    expect(text).not.toContain('eis_acdc');
  });

  it.each([
    ['an amplitude above its 429 mV', 0.5, 0, '0.429 V (rms) of the EmStat Pico'],
    ['a bias outside its fast mode', 0.01, 1.995, 'impedance on the EmStat Pico reaches 1.214 V'],
  ])('refuses impedance with %s', (_, amplitudeVoltRms, biasVolt, expected) => {
    const excitation = {
      ...SPECTRUM.excitation,
      amplitudeVoltRms,
      biasVolt,
      versusOpenCircuit: false,
    };
    expect(() => textFor({ ...SPECTRUM, excitation }, pico)).toThrow(expected);
  });

  it('refuses a constant current and galvanostatic impedance by name', () => {
    const current = {
      kind: 'constantCurrent',
      currentAmpere: 1e-4,
      sampleEverySecond: 1,
      durationSecond: 10,
      voltageVoltMin: 0,
      voltageVoltMax: 1,
    } as const;
    expect(() => textFor(current, pico)).toThrow('cannot run the technique constantCurrent');
    const excitation = { mode: 'galvanostatic', amplitudeAmpereRms: 1e-5, biasAmpere: 0 } as const;
    expect(() => textFor({ ...SPECTRUM, excitation }, pico)).toThrow(
      'cannot measure galvanostatic impedance',
    );
  });

  it('addresses its second channel', () => {
    expect(textFor(SPECTRUM, settingFor('espico', { channel: 1 }))).toContain('set_pgstat_chan 1');
  });
});

describe('the scripts of other models', () => {
  it('a Nexus closes the cell at its open-circuit potential by itself', () => {
    const text = textFor(SPECTRUM, settingFor('nexus1'));
    expect(text).toContain('set_max_bandwidth 1M\n');
    expect(text).toContain('set_autoranging ba 100p 1\n');
    expect(text).toContain('cell_off\ncell_on ocp(e)\nadd_var e 0\nmeas_loop_eis');
  });

  it('a Nexus reaches 1 MHz at a potential and 200 kHz at a current', () => {
    const fast = { ...SPECTRUM, frequencyHertzMax: 1e6 };
    expect(textFor(fast, settingFor('nexus1'))).toContain('10m 1M 1 26i');
    const excitation = { mode: 'galvanostatic', amplitudeAmpereRms: 1e-3, biasAmpere: 0 } as const;
    expect(() => textFor({ ...fast, excitation }, settingFor('nexus1'))).toThrow(
      '1000000 Hz is above the 200000 Hz of the Nexus as a galvanostat',
    );
  });

  it('an EmStat4 LR keeps to its 3 V and 10 mA', () => {
    const lr = settingFor('es4_lr');
    expect(textFor(LINEAR_SWEEP, lr)).toContain('set_range ba 10m\nset_autoranging ba 1n 10m');
    expect(() => textFor({ ...LINEAR_SWEEP, endVolt: 3.1 }, lr)).toThrow(
      '3.1 V is outside its -3 V',
    );
  });
});

describe('trigger lines', () => {
  it('are pulsed at each point', () => {
    const trigger = { pin: 2, at: 'point' } as const;
    const text = textFor(LINEAR_SWEEP, settingFor('es4_hr', { trigger }));
    expect(text).toContain('var i\nset_gpio_cfg 0b100 1\nset_gpio 0i\nset_pgstat_chan');
    expect(text).toContain('5m 50m\nset_gpio 4i\npck_start');
    expect(text).toContain('pck_end\nset_gpio 0i\nif i > 1m');
    expect(text).toMatch(/on_finished:\ncell_off\nset_gpio 0i$/);
  });

  it('are high from the closing of the cell to the end', () => {
    const trigger = { pin: 0, at: 'measurement' } as const;
    const text = textFor(LINEAR_SWEEP, settingFor('es4_hr', { trigger }));
    expect(text).toContain('cell_on\nset_gpio 1i\nmeas_loop_lsv');
    expect(text.match(/set_gpio 1i/g)).toHaveLength(1);
  });
});
