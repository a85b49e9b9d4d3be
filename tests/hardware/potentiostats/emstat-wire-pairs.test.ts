import { describe, expect, it } from 'vitest';
import { HR, IDLE, identity, OPEN_CELL, played, script } from './emstat-wire-words.ts';

describe('what is written and read, literally: measuring', () => {
  it('open circuit', async () => {
    const lines = `var e
set_pgstat_chan 0
set_pgstat_mode 3
set_max_bandwidth 5850535u
set_acquisition_frac_autoadjust 50
set_range ab 6
set_autoranging ab 6 6
cell_off
meas_loop_ocp e 1 2
pck_start
pck_add e
pck_end
endloop
on_finished:
cell_off`;
    const { readings } = await played(
      [...HR, ...script(lines, 'e', 'M000B', 'Pab8393870u,10,206', 'Pab8393870u,12,206', '*', '')],
      {},
      { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 2 },
    );
    expect(readings).toMatchObject([
      { kind: 'electrical', voltageVolt: 3.75, currentAmpere: 0, quality: 'good' },
      { quality: 'overload' },
    ]);
  });

  it('constant current on channel 0 of an EmStat4 LR', async () => {
    const lines = `var e
var i
set_pgstat_chan 0
set_pgstat_mode 6
set_max_bandwidth 5850535u
set_acquisition_frac_autoadjust 50
set_range ab 3
set_autoranging ab 3 3
set_range db 100u
set_autoranging db 100u 100u
set_i -100u
cell_on
meas_loop_cp e i -100u 1 1
pck_start
pck_add e
pck_add i
pck_end
if e > 3
breakloop
endif
if e < -200m
breakloop
endif
endloop
on_finished:
cell_off`;
    const pairs = [...IDLE, ...identity('es4_lr', 'ES4LR20B0001'), ...OPEN_CELL];
    const { readings } = await played(
      [...pairs, ...script(lines, 'eM000A', 'Pab80F4240u,10,206;ba7FFFF9Cu,10,212', '*', '')],
      { model: 'es4_lr' },
      {
        kind: 'constantCurrent',
        currentAmpere: -1e-4,
        sampleEverySecond: 1,
        durationSecond: 1,
        voltageVoltMin: -0.2,
        voltageVoltMax: 9,
      },
    );
    expect(readings).toMatchObject([
      { voltageVolt: 1, currentAmpere: -1e-4, currentRangeAmpere: 1e-4, quality: 'good' },
    ]);
  });

  it('a linear sweep that the current limit of the instrument ends', async () => {
    const lines = `var e
var i
set_pgstat_chan 0
set_pgstat_mode 2
set_max_bandwidth 58505350u
set_acquisition_frac_autoadjust 50
set_range_minmax da 0 1
set_range ba 100m
set_autoranging ba 100n 100m
set_e 0
cell_on
meas_loop_lsv e i 0 1 10m 100m
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
cell_off`;
    const { readings } = await played(
      [...HR, ...script(lines, 'e', 'M0000', 'Pda8000000 ;ba80007D0u,18,215', '*', '')],
      {},
      {
        kind: 'linearSweep',
        startVolt: 0,
        endVolt: 1,
        stepVolt: 0.01,
        rateVoltPerSecond: 0.1,
        currentAmpereMax: 1e-3,
      },
    );
    expect(readings).toMatchObject([{ voltageVolt: 0, currentAmpere: 2e-3, quality: 'good' }]);
  });

  it('two cycles of a voltammogram, each in its own scope', async () => {
    const lines = `var e
var i
set_pgstat_chan 0
set_pgstat_mode 2
set_max_bandwidth 5850535u
set_acquisition_frac_autoadjust 50
set_range_minmax da -1 1
set_range ba 100m
set_autoranging ba 100n 100m
set_e 0
cell_on
meas_loop_cv e i 0 1 -1 1 1 nscans(2)
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
cell_off`;
    const scan = (number: string, volt: string): string[] => [
      `C000${number}`,
      `Pda${volt} ;ba80003E8n,10,20C`,
      '-',
    ];
    const { readings, driver } = await played(
      [
        ...HR,
        ...script(lines, 'e', 'M0005', ...scan('0', '8000001'), ...scan('1', '7FFFFFF'), '*', ''),
      ],
      {},
      {
        kind: 'cyclicVoltammetry',
        startVolt: 0,
        verticesVolt: [1, -1],
        stepVolt: 1,
        rateVoltPerSecond: 1,
        cycles: 2,
        currentAmpereMax: 1e-3,
      },
    );
    expect(readings.map((one) => one.kind === 'electrical' && one.voltageVolt)).toEqual([1, -1]);
    expect(driver.losses.unreadableLines).toBe(0);
  });

  it('impedance at the open-circuit potential of a Nexus, which closes the cell at it', async () => {
    const lines = `var f
var r
var j
var eac
var edc
var iac
var idc
var e
set_pgstat_chan 0
set_pgstat_mode 3
set_max_bandwidth 1M
set_acquisition_frac_autoadjust 50
set_range ab 10
set_autoranging ab 10 10
set_range ba 1
set_autoranging ba 100p 1
cell_off
cell_on ocp(e)
add_var e 50m
meas_loop_eis f r j 10m 1M 1M 1i e eis_acdc(eac edc iac idc)
pck_start
pck_add f
pck_add r
pck_add j
pck_add edc
pck_add idc
pck_end
endloop
on_finished:
cell_off`;
    const pairs = [...IDLE, ...identity('nexus1', 'NX0001'), ...OPEN_CELL];
    const sent = 'Pdc80F4240 ;cc     nan,10,208;cd     nan;ci8393870u,10,200;ck80003E8u,10,20A';
    const { readings } = await played(
      [...pairs, ...script(lines, 'e', 'M000D', sent, '*', '')],
      { model: 'nexus1' },
      {
        kind: 'impedance',
        frequencyHertzMax: 1e6,
        frequencyHertzMin: 1e6,
        pointCount: 1,
        excitation: {
          mode: 'potentiostatic',
          amplitudeVoltRms: 0.01,
          biasVolt: 0.05,
          versusOpenCircuit: true,
        },
      },
    );
    expect(readings).toMatchObject([
      { kind: 'electrical', currentRangeAmpere: 0.1 },
      { kind: 'impedancePoint', quality: 'bad' },
    ]);
  });

  it('galvanostatic impedance, with the direct potential and current before the point', async () => {
    const lines = `var f
var r
var j
var eac
var edc
var iac
var idc
set_pgstat_chan 0
set_pgstat_mode 6
set_max_bandwidth 200k
set_acquisition_frac_autoadjust 50
set_range ab 6
set_autoranging ab 6 6
set_range db 1141421n
set_autoranging db 1141421n 1141421n
set_i 1m
cell_on
meas_loop_geis f r j 100u 1k 1k 1i 1m eis_acdc(eac edc iac idc)
pck_start
pck_add f
pck_add r
pck_add j
pck_add edc
pck_add idc
pck_end
endloop
on_finished:
cell_off`;
    const package_ =
      'Pdc80003E8 ;cc8000064 ,10,215;cd7FFFFCE ,10,206;ci8393870u,10,206;ck80003E8u,10,215';
    const { readings } = await played(
      [...HR, ...script(lines, 'e', 'M000E', package_, '*', '')],
      {},
      {
        kind: 'impedance',
        frequencyHertzMax: 1000,
        frequencyHertzMin: 1000,
        pointCount: 1,
        excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 1e-4, biasAmpere: 1e-3 },
      },
    );
    expect(readings).toMatchObject([
      { kind: 'electrical', voltageVolt: 3.75, currentAmpere: 1e-3, currentRangeAmpere: 1e-3 },
      {
        kind: 'impedancePoint',
        point: { frequencyHertz: 1000, zRealOhm: 100, zImagOhm: -50 },
        quality: 'good',
      },
    ]);
  });

  it('the second channel of an EmStat Pico, with a camera at its pin', async () => {
    const lines = `var e
var i
set_gpio_cfg 0b10 1
set_gpio 0i
set_pgstat_chan 1
set_pgstat_mode 2
set_max_bandwidth 5850535u
set_acquisition_frac_autoadjust 50
set_range_minmax da 500m 500m
set_range ba 5m
set_autoranging ba 100n 5m
set_e 500m
cell_on
meas_loop_ca e i 500m 1 1
set_gpio 2i
pck_start
pck_add e
pck_add i
pck_end
set_gpio 0i
if i > 3m
breakloop
endif
if i < -3m
breakloop
endif
endloop
on_finished:
cell_off
set_gpio 0i`;
    const pairs = [...IDLE, ...identity('espico', 'ESPICO0001'), ...OPEN_CELL];
    const { readings } = await played(
      [...pairs, ...script(lines, 'e', 'M0007', 'Pda80001F4m;ba80003E8n,10,201', '*', '')],
      { model: 'espico', channel: 1, trigger: { pin: 1, at: 'point' } },
      {
        kind: 'constantVoltage',
        voltageVolt: 0.5,
        sampleEverySecond: 1,
        durationSecond: 1,
        currentAmpereMax: 1,
      },
    );
    expect(readings).toMatchObject([
      { voltageVolt: 0.5, currentAmpere: 1e-6, currentRangeAmpere: 2e-6 },
    ]);
  });
});
