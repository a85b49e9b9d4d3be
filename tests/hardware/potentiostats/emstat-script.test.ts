import { describe, expect, it } from 'vitest';
import { scriptFor } from '../../../hardware/potentiostats/emstat-script.ts';
import { DEVICES, type DeviceId } from '../../../hardware/potentiostats/methodscript-devices.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { LINEAR_SWEEP, SPECTRUM, settingFor, textFor, VOLTAMMOGRAM } from './emstat-script-text.ts';

describe('the scripts an EmStat4 HR is given', () => {
  it('open circuit', () => {
    const text = textFor({ kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 600 });
    expect(text).toBe(`var e
set_pgstat_chan 0
set_pgstat_mode 3
set_max_bandwidth 5850535u
set_acquisition_frac_autoadjust 50
set_range ab 6
set_autoranging ab 6 6
cell_off
meas_loop_ocp e 1 600
pck_start
pck_add e
pck_end
endloop
on_finished:
cell_off`);
  });

  it('constant current, with the voltage window kept by the instrument', () => {
    const text = textFor({
      kind: 'constantCurrent',
      currentAmpere: -628.3e-6,
      sampleEverySecond: 10,
      durationSecond: 36_000,
      voltageVoltMin: -0.5,
      voltageVoltMax: 9,
    });
    expect(text).toBe(`var e
var i
set_pgstat_chan 0
set_pgstat_mode 6
set_max_bandwidth 585054u
set_acquisition_frac_autoadjust 50
set_range ab 6
set_autoranging ab 6 6
set_range db 628300n
set_autoranging db 628300n 628300n
set_i -628300n
cell_on
meas_loop_cp e i -628300n 10 36k
pck_start
pck_add e
pck_add i
pck_end
if e > 6
breakloop
endif
if e < -500m
breakloop
endif
endloop
on_finished:
cell_off`);
  });

  it('constant voltage, with the current limit of both signs kept by the instrument', () => {
    const text = textFor({
      kind: 'constantVoltage',
      voltageVolt: 3.6,
      sampleEverySecond: 5,
      durationSecond: 7200,
      currentAmpereMax: 2e-3,
    });
    expect(text).toBe(`var e
var i
set_pgstat_chan 0
set_pgstat_mode 2
set_max_bandwidth 1170107u
set_acquisition_frac_autoadjust 50
set_range_minmax da 3600m 3600m
set_range ba 100m
set_autoranging ba 100n 100m
set_e 3600m
cell_on
meas_loop_ca e i 3600m 5 7200
pck_start
pck_add e
pck_add i
pck_end
if i > 2m
breakloop
endif
if i < -2m
breakloop
endif
endloop
on_finished:
cell_off`);
  });

  it('an edge as loops one after another, none of which begins after a limit was met', () => {
    const text = textFor({
      kind: 'constantCurrent',
      currentAmpere: 1e-3,
      sampleEverySecond: 10,
      durationSecond: 61,
      edge: { everySecond: 0.01, durationSecond: 1 },
      voltageVoltMin: -1,
      voltageVoltMax: 4,
    });
    const loop = (rhythm: string): string => `meas_loop_cp e i 1m ${rhythm}
pck_start
pck_add e
pck_add i
pck_end
if e > 4
breakloop
endif
if e < -1
breakloop
endif
endloop
`;
    const guarded = (rhythm: string): string => `if e <= 4
if e >= -1
${loop(rhythm)}endif
endif
`;
    expect(text).toContain(
      `cell_on\n${loop('10m 100m')}${guarded('100m 900m')}${guarded('10 60')}on_finished:\ncell_off`,
    );
    // The bandwidth is that of the finest rhythm.
    expect(text).toContain('set_max_bandwidth 585054m');
  });

  it('refuses a rhythm that the instrument cannot keep', () => {
    const rest = { kind: 'openCircuit', durationSecond: 600 } as const;
    expect(() => textFor({ ...rest, sampleEverySecond: 5e-4 })).toThrow(
      'a sample every 0.0005 s is faster than its 0.001 s',
    );
    const edge = { everySecond: 5e-4, durationSecond: 1 };
    expect(() => textFor({ ...rest, sampleEverySecond: 1, edge })).toThrow(
      'faster than its 0.001 s',
    );
    const none = { everySecond: 0, durationSecond: 1 };
    expect(() => textFor({ ...rest, sampleEverySecond: 1, edge: none })).toThrow(
      'the times of an edge must be above 0 s',
    );
  });

  it('cyclic voltammetry, with the number of cycles where there is more than one', () => {
    const sweep = {
      kind: 'cyclicVoltammetry',
      startVolt: 2.6,
      verticesVolt: [3.7, 2],
      rateVoltPerSecond: 1e-4,
      stepVolt: 2e-3,
      currentAmpereMax: 9,
    } as const;
    const text = textFor({ ...sweep, cycles: 3 });
    expect(text).toBe(`var e
var i
set_pgstat_chan 0
set_pgstat_mode 2
set_max_bandwidth 292527u
set_acquisition_frac_autoadjust 50
set_range_minmax da 2 3700m
set_range ba 100m
set_autoranging ba 100n 100m
set_e 2600m
cell_on
meas_loop_cv e i 2600m 3700m 2 2m 100u nscans(3)
pck_start
pck_add e
pck_add i
pck_end
if i > 100m
breakloop
endif
if i < -100m
breakloop
endif
endloop
on_finished:
cell_off`);
    expect(textFor({ ...sweep, cycles: 1 })).toContain('meas_loop_cv e i 2600m 3700m 2 2m 100u\n');
  });

  it('names everything that is wrong with a voltammogram', () => {
    const wrong = {
      kind: 'cyclicVoltammetry',
      startVolt: -7,
      verticesVolt: [0.5, 0.4],
      rateVoltPerSecond: 0,
      stepVolt: 0.2,
      cycles: 1.5,
      currentAmpereMax: 0,
    } as const;
    expect(() => textFor(wrong)).toThrow(
      /-7 V is outside[\s\S]*step of 0\.2 V is above[\s\S]*rate must be above[\s\S]*current limit must[\s\S]*1\.5 cycles/,
    );
  });

  it('refuses a constant voltage beyond the instrument, without a limit or without an end', () => {
    const wrong = {
      kind: 'constantVoltage',
      voltageVolt: Number.NaN,
      sampleEverySecond: 1,
      durationSecond: Number.POSITIVE_INFINITY,
      currentAmpereMax: -1,
    } as const;
    expect(() => textFor(wrong)).toThrow(
      /must have an end[\s\S]*NaN V is outside its -6 V to 6 V[\s\S]*current limit must be above 0 A/,
    );
  });

  it('galvanostatic impedance under bias', () => {
    const text = textFor({
      kind: 'impedance',
      frequencyHertzMax: 200e3,
      frequencyHertzMin: 0.1,
      pointCount: 64,
      excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 5e-5, biasAmpere: 6e-4 },
    });
    expect(text).toContain('set_pgstat_mode 6\nset_max_bandwidth 200k');
    expect(text).toContain(
      'set_i 600u\ncell_on\nmeas_loop_geis f r j 50u 200k 100m 64i 600u eis_acdc(eac edc iac idc)\n',
    );
    expect(text).toMatch(/endloop\non_finished:\ncell_off$/);
  });

  it('potentiostatic impedance at a given potential and at open circuit', () => {
    const excitation = { mode: 'potentiostatic', amplitudeVoltRms: 0.01, biasVolt: 0.3 } as const;
    const sweep = {
      kind: 'impedance',
      frequencyHertzMax: 1e4,
      frequencyHertzMin: 1,
      pointCount: 41,
    } as const;
    const absolute = textFor({ ...sweep, excitation: { ...excitation, versusOpenCircuit: false } });
    expect(absolute).toContain('store_var e 300m ab\nset_range_minmax da e e\nset_e e\ncell_on\n');
    expect(absolute).toContain('meas_loop_eis f r j 10m 10k 1 41i e eis_acdc(eac edc iac idc)\n');
    const relative = textFor({ ...sweep, excitation: { ...excitation, versusOpenCircuit: true } });
    expect(relative).toContain(
      'cell_off\nmeas 100m e ab\nadd_var e 300m\nset_range_minmax da e e\nset_e e\ncell_on\n',
    );
  });

  it('never has an empty line, which would end the script, nor one the instrument cannot hold', () => {
    const text = textFor({ kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 600 });
    for (const line of text.split('\n')) {
      expect(line.length).toBeGreaterThan(0);
      expect(line.length).toBeLessThanOrEqual(255);
    }
  });

  it('names everything the instrument cannot do in a sweep', () => {
    const wrong = {
      kind: 'impedance',
      frequencyHertzMax: 300e3,
      frequencyHertzMin: 1e-6,
      pointCount: 2.5,
      excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 0.08, biasAmpere: 0.05 },
    } as const;
    expect(() => textFor(wrong)).toThrow(
      /300000 Hz is above its 200000 Hz[\s\S]*below its[\s\S]*2\.5 points[\s\S]*beyond its 0\.1 A/,
    );
  });

  it('refuses a technique the instrument did not report', () => {
    const { capability } = settingFor('es4_hr');
    const poor = settingFor('es4_hr', {
      capability: { ...capability, techniques: ['openCircuit'] },
    });
    const sweep = {
      kind: 'impedance',
      frequencyHertzMax: 1e3,
      frequencyHertzMin: 1,
      pointCount: 5,
      excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 1e-5, biasAmpere: 0 },
    } as const;
    expect(() => scriptFor(sweep, poor, 'pot')).toThrow('cannot run the technique impedance');
  });
});

describe('every script', () => {
  const techniques: ElectrochemicalTechnique[] = [
    { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 9 },
    {
      kind: 'constantVoltage',
      voltageVolt: 0.5,
      sampleEverySecond: 1,
      durationSecond: 9,
      currentAmpereMax: 1e-3,
    },
    VOLTAMMOGRAM,
    LINEAR_SWEEP,
    SPECTRUM,
  ];
  const ids = Object.keys(DEVICES) as DeviceId[];

  it.each(
    ids,
  )('for %s opens the cell at the end and has no line an instrument cannot hold', (id) => {
    for (const technique of techniques) {
      const lines = scriptFor(technique, settingFor(id), 'pot');
      expect(lines.slice(-2)).toEqual(['on_finished:', 'cell_off']);
      for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]{1,255}$/);
    }
  });
});
