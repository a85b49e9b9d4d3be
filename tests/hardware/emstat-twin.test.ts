import { describe, expect, it } from 'vitest';
import type { DeviceId } from '../../hardware/potentiostats/methodscript-devices.ts';
import { decodeVariable } from '../../hardware/potentiostats/methodscript-value.ts';
import type { EmStatTwinOptions } from '../../hardware/simulated/emstat-twin.ts';
import { FINISH, GALVANOSTAT, SAMPLE, terminal } from './emstat-terminal.ts';

describe('idle commands', () => {
  it('answers who it is', async () => {
    const { say } = await terminal();
    expect(await say('t\n')).toEqual(['tes4_hr1500#Mar 12 2026 14:28:01', 'R*']);
    expect(await say('i\n')).toEqual(['iSIMES4HR20B0008']);
    expect(await say('v\n')).toEqual(['v01.09.00']);
    const [capability = ''] = await say('CM\n');
    expect(capability).toMatch(/^CM[0-9A-F]{64}$/);
    const bits = BigInt(`0x${capability.slice(2)}`);
    expect([30n, 31n, 67n, 70n].map((bit) => (bits >> bit) & 1n)).toEqual([1n, 1n, 1n, 1n]);
  });

  it.each([
    ['Z\n', 'Z!0006'],
    ['r\n', 'r!000C'],
    ['s\n', 's!0003'],
    ['tt\n', 't!0003'],
    ['h\n', 'h!0006'],
  ])('refuses %j', async (text, answer) => {
    const { say } = await terminal();
    expect(await say(text)).toEqual([answer]);
  });

  it('does not listen within 50 ms of an error, as the real one', async () => {
    const { say } = await terminal();
    expect(await say('s\n', 0.01)).toEqual(['s!0003']);
    expect(await say('t\n', 0.1)).toEqual([]);
    expect(await say('t\n')).toHaveLength(2);
  });

  it('loads with l and runs with r', async () => {
    const { say } = await terminal();
    expect(await say('l\ncell_off\n\n')).toEqual(['l']);
    expect(await say('r\n')).toEqual(['r', '']);
  });

  it('repeats its noise for the same seed and not for another', async () => {
    const script = `e\nvar e\nmeas_loop_ocp e 1 3\npck_start\npck_add e\npck_end\nendloop\n\n`;
    const run = async (seed: number) => (await terminal(seed)).say(script, 4);
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });
});

describe('running', () => {
  it('samples at the interval, then opens the cell and ends with an empty line', async () => {
    const { say, hear, terminals } = await terminal();
    const script = `${GALVANOSTAT}\nmeas_loop_cp e i 1m 2 5\n${SAMPLE}\nendloop\n${FINISH}`;
    expect(await say(`e\n${script}\n\n`, 1)).toEqual(['e', 'M000A']);
    expect(terminals.currentAmpere()).toBe(1e-3);
    const [first, second, ...rest] = await hear(3.5);
    expect(first).toMatch(/^Pab[0-9A-F]{7}u,10,206;ba[0-9A-F]{7}[npu],10,215$/);
    expect(second).toMatch(/^Pab/);
    expect(rest).toEqual([]);
    expect(await hear(1)).toEqual(['*', '']);
    expect(terminals.isOpen).toBe(true);
  });

  it('aborts on Z: closes the loop, opens the cell, ends', async () => {
    const { say, terminals } = await terminal();
    await say(`e\n${GALVANOSTAT}\nmeas_loop_cp e i 1m 2 500\n${SAMPLE}\nendloop\n${FINISH}\n\n`, 5);
    expect(await say('t\n')).toEqual(['t!0006']);
    expect(await say('Z\n')).toEqual(['Z', '*', '']);
    expect(terminals.isOpen).toBe(true);
    expect(await say('Z\n')).toEqual(['Z!0006']);
  });

  it('goes on without its host up to the end of the script, and can be talked to again', async () => {
    const { clock, near, say, terminals } = await terminal();
    await say(`e\n${GALVANOSTAT}\nmeas_loop_cp e i 1m 2 60\n${SAMPLE}\nendloop\n${FINISH}\n\n`, 5);
    await near.close();
    await clock.advance(30);
    expect(terminals.isOpen).toBe(false);
    await clock.advance(30);
    expect(terminals.isOpen).toBe(true);
    await near.open(new AbortController().signal);
    expect(await say('i\n')).toEqual(['iSIMES4HR20B0008']);
  });

  it('opens the cell at once when its power goes', async () => {
    const { say, twin, near, terminals } = await terminal();
    await say(`e\n${GALVANOSTAT}\nmeas_loop_cp e i 1m 2 60\nendloop\n\n`, 5);
    await twin.stop();
    await twin.stop();
    expect(terminals.isOpen).toBe(true);
    expect(near.isOpen).toBe(false);
  });

  it('marks the cycles of a voltammogram, and sends the potential it applies', async () => {
    const { say, terminals } = await terminal();
    const set = 'var e\nvar i\nset_pgstat_mode 2\nset_e 0\ncell_on';
    const script = `${set}\nmeas_loop_cv e i 0 20m -10m 10m 100m nscans(2)\n${SAMPLE}\nendloop\n${FINISH}`;
    const lines = await say(`e\n${script}\n\n`, 10);
    const shape = lines.map((line) => line.split(';')[0]?.replace(/ba.*/, ''));
    const [zero, ten, twenty, minusTen] = ['0000000 ', '0989680n', '1312D00n', '7676980n'];
    const volt = (text = '') => `Pda${text.replace(/^[01]/, (digit) => `${8 + Number(digit)}`)}`;
    expect(shape).toEqual([
      'e',
      'M0005',
      'C0000',
      ...[zero, ten, twenty, ten, zero, minusTen, zero].map(volt),
      '-',
      'C0001',
      ...[ten, twenty, ten, zero, minusTen, zero].map(volt),
      '-',
      '*',
      '',
    ]);
    expect(lines.filter((line) => line.startsWith('P'))[0]).toMatch(
      /^Pda8000000 ;ba[0-9A-F]{7}[fpnu],10,2[0-9A-F]{2}$/,
    );
    expect(terminals.isOpen).toBe(true);
  });

  it('closes the cycle and the loop of a voltammogram that is aborted', async () => {
    const { say, terminals } = await terminal();
    const set = 'var e\nvar i\nset_pgstat_mode 2\nset_e 0\ncell_on';
    await say(
      `e\n${set}\nmeas_loop_cv e i 0 1 0 10m 10m nscans(9)\n${SAMPLE}\nendloop\n${FINISH}\n\n`,
      5,
    );
    expect(await say('Z\n')).toEqual(['Z', '-', '*', '']);
    expect(terminals.isOpen).toBe(true);
  });

  it('calls a current underloaded that is far too small for its smallest range', async () => {
    const { say } = await terminal();
    const set = 'var e\nvar i\nset_pgstat_mode 6\nset_i 0\ncell_on';
    const lines = await say(`e\n${set}\nmeas_loop_cp e i 0 1 2\n${SAMPLE}\nendloop\n\n`, 1.5);
    expect(lines.at(-1)).toMatch(/;ba[0-9A-F]{7}a,14,209$/);
  });

  it('holds a potential in constant-potential mode', async () => {
    const { say, terminals } = await terminal();
    const set = 'var e\nvar i\nset_pgstat_mode 3\nset_e 600m\ncell_on';
    const lines = await say(`e\n${set}\nmeas_loop_ca e i 600m 1 5\n${SAMPLE}\nendloop\n\n`, 4.5);
    expect(lines.slice(0, 2)).toEqual(['e', 'M0007']);
    expect(terminals.voltageVolt()).toBeCloseTo(0.6, 4);
    expect(terminals.currentAmpere()).toBeCloseTo(1e-3, 6);
  });

  it('ignores an empty line between commands and takes a command split over chunks', async () => {
    const { say } = await terminal();
    expect(await say('\n\n')).toEqual([]);
    expect(await say('C')).toEqual([]);
    expect((await say('M\ni\n')).map((line) => line.slice(0, 2))).toEqual(['CM', 'iS']);
  });
});

describe('arrays and plain loops', () => {
  const COUNTING = 'store_var k 0i ja\nloop k < 3\npck_start\npck_add k\npck_end\nadd_var k 1i';

  it('sends a loop without measurement between its marks, and leaves it by breakloop', async () => {
    const { say } = await terminal();
    const lines = await say(`e\nvar k\n${COUNTING}\nendloop\n\n`);
    const values = lines.slice(2, -2).map((line) => decodeVariable(line.slice(1))?.value);
    expect(values).toEqual([0, 1, 2]);
    expect([...lines.slice(0, 2), ...lines.slice(-2)]).toEqual(['e', 'L', '+', '']);
    const left = await say(`e\nvar k\n${COUNTING}\nbreakloop\nendloop\n\n`);
    expect(left).toEqual(['e', 'L', 'Pja8000000 ', '+', '']);
  });

  it.each([
    ['an element behind its end', 'array u 2\npck_start\npck_add u[2i]\npck_end', '400F: Line 3'],
    ['an array without room', 'array u 2\narray c 16384', '0007: Line 2'],
    ['an array of half an element', 'array u 500m', '0007: Line 1'],
  ])('refuses %s', async (_, script, error) => {
    const { say } = await terminal();
    expect(await say(`e\n${script}\n\n`)).toEqual(['e', `!${error}`, '']);
  });

  it('reads an element that nothing was stored in as nothing', async () => {
    const { say } = await terminal();
    const lines = await say('e\narray u 2\npck_start\npck_add u[1i]\npck_end\n\n');
    expect(lines).toEqual(['e', 'Pja8000000 ', '']);
  });

  it('stops a loop that would never end', async () => {
    const { say } = await terminal();
    const lines = await say('e\nvar k\nloop k < 1\nadd_var k 0\nendloop\n\n', 60);
    expect(lines).toEqual(['e', 'L', '!0007: Line 2', '']);
  });
});

describe('other models', () => {
  /** Sends a script as a person types: one line in 10 ms, the first after 100 ms. */
  async function typed(device: DeviceId, script: string, changes: Partial<EmStatTwinOptions> = {}) {
    const one = await terminal(7, { device, ...changes });
    const answers = [...(await one.say('e\n'))];
    for (const line of `${script}\n`.split('\n')) {
      answers.push(...(await one.say(`${line}\n`, 0.01)));
    }
    answers.push(...(await one.hear(100)));
    return { ...one, answers };
  }

  it.each([
    ['espico', 'set_i 1', 'e!4001: Line 1, Col 1'],
    ['espico', 'var e\nvar i\nmeas_loop_cp e i 1m 1 2\nendloop', 'e!4001: Line 3, Col 1'],
    ['es4_hr', 'var e\ncell_on ocp(e)', 'e!4008: Line 2, Col 9'],
    ['nexus1', 'var e\ncell_on ocp(f)', 'e!4004: Line 2, Col 13'],
    ['es4_hr', 'cell_off ocp(e)', 'e!4004: Line 1, Col 10'],
    [
      'espico',
      'var f\nvar r\nvar j\nmeas_loop_eis f r j 1m 1k 1 5i 0 eis_acdc(f f r j)\nendloop',
      'e!4008: Line 4, Col 34',
    ],
    [
      'es4_hr',
      'var f\nvar r\nvar j\nmeas_loop_eis f r j 1m 1k 1 5i 0 eis_acdc(f r j)\nendloop',
      'e!4004: Line 4, Col 43',
    ],
    [
      'espico',
      'var f\nvar r\nvar j\narray u 8\nmeas_loop_eis f r j 1m 1k 1 5i 0 eis_tdd(u u r j 0)\nendloop',
      'e!4008: Line 5, Col 34',
    ],
    [
      'es4_hr',
      'var f\nvar r\nvar j\narray u 8\nmeas_loop_geis f r j 1m 1k 1 5i 0 eis_tdd(u u r j 0)\nendloop',
      'e!4008: Line 5, Col 35',
    ],
    [
      'es4_hr',
      'var f\nvar r\nvar j\nmeas_loop_eis f r j 1m 1k 1 5i 0 eis_tdd(f r j f 0)\nendloop',
      'e!4004: Line 4, Col 42',
    ],
    ['es4_hr', 'var f\narray u 8\npck_start\npck_add u[g]\npck_end', 'e!4004: Line 4, Col 9'],
    ['es4_hr', 'var f\nloop f < 3', 'e!4018: Line 2'],
    ['es4_hr', 'var f\nloop f < 3\nendif', 'e!4004: Line 3, Col 1'],
  ] as const)('%s refuses %j', async (device, script, error) => {
    expect((await typed(device, script)).answers).toEqual([error]);
  });

  it.each([
    ['espico', 'a galvanostat', 'set_pgstat_mode 6', '0021: Line 1'],
    ['es4_hr', 'the wide mode of a Pico', 'set_pgstat_mode 4', '0021: Line 1'],
    ['espico', 'a third channel', 'set_pgstat_chan 2', '007A: Line 1'],
    ['es4_hr', 'a second channel', 'set_pgstat_chan 1', '007A: Line 1'],
    [
      'espico',
      'a span wider than its window',
      'set_pgstat_mode 3\nset_range_minmax da -700m 700m',
      '000F: Line 2',
    ],
    [
      'espico',
      'a potential outside its window as it lies',
      'set_pgstat_mode 2\nset_e 1500m',
      '000F: Line 2',
    ],
    ['es4_hr', 'a span upside down', 'set_range_minmax da 1 0', '0007: Line 1'],
    [
      'espico',
      'impedance in the slow mode',
      'var f\nvar r\nvar j\nset_pgstat_mode 2\ncell_on\nmeas_loop_eis f r j 1m 1k 1 5i 0\nendloop',
      '0023: Line 6',
    ],
    [
      'espico',
      'an amplitude above 429 mV',
      'var f\nvar r\nvar j\nset_pgstat_mode 3\ncell_on\nmeas_loop_eis f r j 430m 1k 1 5i 0\nendloop',
      '0012: Line 6',
    ],
    [
      'nexus1',
      'a galvanostat above 200 kHz',
      'var f\nvar r\nvar j\nset_pgstat_mode 6\ncell_on\nmeas_loop_geis f r j 1m 1M 1 5i 0\nendloop',
      '0011: Line 6',
    ],
    [
      'es4_lr',
      'a linear sweep beyond 3 V',
      'var e\nvar i\nset_pgstat_mode 2\ncell_on\nmeas_loop_lsv e i 0 3100m 10m 1\nendloop',
      '000F: Line 5',
    ],
  ] as const)('%s ends with an error on %s, the cell open', async (device, _, script, error) => {
    const { answers, terminals } = await typed(device, `${script}\n${FINISH}`);
    expect(answers).toEqual(['e', `!${error}`, '']);
    expect(terminals.history.at(-1)).toBe('open');
  });

  it('a window laid over it makes a potential reachable', async () => {
    const script = `set_pgstat_mode 2\nset_range_minmax da 1500m 1500m\nset_e 1500m\n${FINISH}`;
    expect((await typed('espico', script)).answers).toEqual(['e', '']);
  });

  it('a linear sweep goes from start to end in steps, once', async () => {
    const set = 'var e\nvar i\nset_pgstat_mode 2\nset_e 0\ncell_on';
    const script = `${set}\nmeas_loop_lsv e i 0 25m 10m 100m\n${SAMPLE}\nendloop\n${FINISH}`;
    const { answers } = await typed('es4_lr', script);
    expect(answers.map((line) => line.split(';')[0])).toEqual([
      'e',
      'M0000',
      'Pda8000000 ',
      'Pda8989680n',
      'Pda9312D00n',
      'Pda97D7840n',
      '*',
      '',
    ]);
  });

  it('an EmStat Pico stops and releases the host in the middle of its lines, others never', async () => {
    const rest = `var e\nset_pgstat_mode 3\nmeas_loop_ocp e 1 30\npck_start\npck_add e\npck_end\nendloop`;
    const pico = await typed('espico', rest);
    expect(pico.raw.filter((byte) => byte === 0x13).length).toBeGreaterThan(2);
    expect(pico.answers.filter((line) => line.startsWith('P'))).toHaveLength(30);
    expect(pico.answers.every((line) => /^(e|M000B|Pab[0-9A-F]{7}.,10,206|\*|)$/.test(line))).toBe(
      true,
    );
    expect((await typed('es4_hr', rest)).raw).not.toContain(0x13);
  });

  it('answers m where there is a frame, and refuses it elsewhere', async () => {
    expect(await (await terminal(7, { device: 'mes4lr' })).say('m\n')).toEqual([
      'mSIMMES4LR20B0008M',
    ]);
    expect(await (await terminal()).say('m\n')).toEqual(['m!0003']);
  });

  it('reports an injected error at the line that runs, and finishes', async () => {
    const { say, hear, twin, terminals } = await terminal();
    const script = `${GALVANOSTAT}\nmeas_loop_cp e i 1m 2 500\n${SAMPLE}\nendloop\n${FINISH}`;
    await say(`e\n${script}\n\n`, 5);
    expect(twin.injectError('0032')).toBe(true);
    expect(await hear(0.1)).toEqual(['!0032: Line 6', '']);
    expect(terminals.isOpen).toBe(true);
  });
});
