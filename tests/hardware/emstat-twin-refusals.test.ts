import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { FINISH, GALVANOSTAT, SAMPLE, terminal } from './emstat-terminal.ts';

describe('scripts that are refused when they are loaded', () => {
  it.each([
    ['cell_of', '4001: Line 1, Col 1'],
    ['var e\n  meas_loop_fca e 1 2', '4001: Line 2, Col 3'],
    ['var e\nset_e 1.5', '4039: Line 2, Col 7'],
    ['var E', '4004: Line 1, Col 5'],
    ['set_e', '4004: Line 1, Col 6'],
    ['set_e 1 2', '4004: Line 1, Col 9'],
    ['pck_add e', '4004: Line 1, Col 9'],
    ['var e\npck_add e', '401B: Line 2, Col 1'],
    ['var e\nvar i\nmeas_loop_cv e i 0 1 2 1m 1 nscan(2)', '4008: Line 3, Col 29'],
    ['var e\nvar i\nmeas_loop_cv e i 0 1 2 1m 1 nscans(2) nscans(2)', '4008: Line 3, Col 39'],
    ['var e\nvar i\nmeas_loop_cv e i 0 1 2 1m 1 nscans(2.5)', '4039: Line 3, Col 36'],
    ['var e\nvar i\nmeas_loop_cv e i 0 1 2 1m 1 nscans', '4004: Line 3, Col 29'],
    ['var e\nvar i\nmeas_loop_cv e i 0 1 2 1m', '4004: Line 3, Col 26'],
    ['var e\nvar i\nmeas_loop_ca e i 0 1 2 nscans(2)', '4004: Line 3, Col 24'],
    ['breakloop', '4004: Line 1, Col 1'],
    ['endloop', '4004: Line 1, Col 1'],
    ['var e\nmeas_loop_ocp e 1 2', '4018: Line 2'],
    ['var e\nmeas_loop_ocp e 1 2\nendif', '4004: Line 3, Col 1'],
    ['var e\nmeas_loop_ocp e 1 2\nmeas_loop_ocp e 1 2', '400B: Line 3, Col 1'],
    ['var e\nmeas_loop_ocp e 1 2\nset_e 1\nendloop', '4032: Line 3, Col 1'],
    ['var e\nmeas_loop_ocp e 1 2\nset_i 1\nendloop', '4033: Line 3, Col 1'],
  ])('%j', async (script, error) => {
    const { say, terminals } = await terminal();
    expect(await say(`e\n${script}\n\n`)).toEqual([`e!${error}`]);
    expect(terminals.history).toEqual([]);
  });

  it('answers any mutation of a script with an end or an error, never with silence', async () => {
    const good = `${GALVANOSTAT}\nmeas_loop_cp e i 1m 2 5\n${SAMPLE}\nendloop\n${FINISH}`;
    const random = new Random(99);
    for (let round = 0; round < 300; round += 1) {
      const { say, hear, twin } = await terminal();
      const letters = [...good];
      for (let change = 0; change < 3; change += 1) {
        const at = Math.floor(random.uniform() * letters.length);
        letters[at] = ' abcdefmuk0123456789_'[Math.floor(random.uniform() * 21)] ?? ' ';
      }
      const first = await say(`e\n${letters.join('')}\n\n`, 1);
      const rest = await hear(1e7);
      expect([...first, ...rest].at(-1)).toMatch(/^$|^e!/);
      await twin.stop();
    }
  });

  it('is refused when it is larger than the memory', async () => {
    const { say } = await terminal();
    expect(await say(`e\n${'cell_off\n'.repeat(2_500)}\n`)).toEqual(['e!4005: Line 2001']);
  });

  it('comments are not commands', async () => {
    const { say } = await terminal();
    expect(await say('e\n# nothing\ncell_off # open\n\n')).toEqual(['e', '']);
  });
});

describe('scripts that fail while they run', () => {
  it.each([
    [
      'open circuit with the cell on',
      `${GALVANOSTAT}\nmeas_loop_ocp e 1 2\nendloop`,
      '0014: Line 6',
    ],
    ['a potential out of range', 'set_pgstat_mode 3\nset_e 7', '000F: Line 2'],
    ['a current out of range', 'set_pgstat_mode 6\nset_i 200m', '0007: Line 2'],
    ['a mode there is not', 'set_pgstat_mode 9', '0021: Line 1'],
    ['the cell on without a mode', 'cell_on', '0023: Line 1'],
    [
      'a galvanostatic loop in a potentiostat',
      'var e\nvar i\nset_pgstat_mode 3\ncell_on\nmeas_loop_cp e i 1m 1 2\nendloop',
      '0023: Line 5',
    ],
    [
      'constant current with the cell off',
      'var e\nvar i\nset_pgstat_mode 6\nmeas_loop_cp e i 1m 1 2\nendloop',
      '4027: Line 4',
    ],
    [
      'a frequency above 200 kHz',
      `${GALVANOSTAT}\nvar f\nmeas_loop_geis f e i 1u 201k 1 5i 0\nendloop`,
      '0011: Line 7',
    ],
    [
      'an amplitude beyond the current limit',
      `${GALVANOSTAT}\nvar f\nmeas_loop_geis f e i 80m 1k 1 5i 0\nendloop`,
      '0012: Line 7',
    ],
    [
      'a voltammogram as a galvanostat',
      `${GALVANOSTAT}\nmeas_loop_cv e i 0 1 0 10m 1\nendloop`,
      '0023: Line 6',
    ],
    [
      'a voltammogram with the cell off',
      'var e\nvar i\nset_pgstat_mode 2\nmeas_loop_cv e i 0 1 0 10m 1\nendloop',
      '4027: Line 4',
    ],
    [
      'a vertex beyond what it can apply',
      'var e\nvar i\nset_pgstat_mode 2\ncell_on\nmeas_loop_cv e i 0 7 0 10m 1\nendloop',
      '000F: Line 5',
    ],
    [
      'a scan without a rate',
      'var e\nvar i\nset_pgstat_mode 2\ncell_on\nmeas_loop_cv e i 0 1 0 10m 0\nendloop',
      '0007: Line 5',
    ],
    [
      'half a cycle',
      'var e\nvar i\nset_pgstat_mode 2\ncell_on\nmeas_loop_cv e i 0 1 0 10m 1 nscans(500m)\nendloop',
      '0007: Line 5',
    ],
    ['division by zero', 'var e\nstore_var e 1 ja\ndiv_var e 0', '0028: Line 3'],
  ])('%s, and opens the cell', async (_, script, error) => {
    const { say, terminals } = await terminal();
    expect(await say(`e\n${script}\n${FINISH}\n\n`)).toEqual(['e', `!${error}`, '']);
    expect(terminals.isOpen).toBe(true);
    expect(terminals.history.at(-1)).toBe('open');
  });
});
