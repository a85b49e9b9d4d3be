import { describe, expect, it } from 'vitest';
import { resolveUnknowns } from '../../src/domain/unknowns.ts';

describe('an unknown of a source', () => {
  it('gives its place to what is assumed, and stays on the list', () => {
    const { value, assumptions, problems } = resolveUnknowns({
      steps: [{ current: { unknown: 'rate in the ESI', assume: 'C/10' }, cycles: 3 }],
    });
    expect(value).toEqual({ steps: [{ current: 'C/10', cycles: 3 }] });
    expect(assumptions).toEqual([
      { path: 'steps[0].current', reason: 'rate in the ESI', assume: 'C/10' },
    ]);
    expect(problems).toEqual([]);
  });

  it('may stand for a number or a list', () => {
    const { value, assumptions } = resolveUnknowns({
      views: { unknown: 'ESI', assume: 1885 },
      energies: { unknown: 'ESI', assume: ['7112 eV', '7130 eV'] },
    });
    expect(value).toEqual({ views: 1885, energies: ['7112 eV', '7130 eV'] });
    expect(assumptions.map(({ assume }) => assume)).toEqual(['1885', '["7112 eV","7130 eV"]']);
  });

  it.each([undefined, null])('must be decided when %s is assumed', (assume) => {
    const { assumptions, problems } = resolveUnknowns([{ unknown: 'ESI', assume }]);
    expect(assumptions).toEqual([]);
    expect(problems).toEqual([
      { path: [0], message: expect.stringContaining('must be decided: ESI') },
    ]);
  });

  it.each(['', ' ', 7, null, []])('wants a reason, and %j is none', (unknown) => {
    const { problems, assumptions } = resolveUnknowns({ voltage: { unknown, assume: '1 V' } });
    expect(assumptions).toEqual([]);
    expect(problems.map(({ path }) => path.join('.'))).toEqual(['voltage.unknown']);
  });

  it('has no other keys', () => {
    const { problems } = resolveUnknowns({ v: { unknown: 'ESI', asume: '1 V', assume: '1 V' } });
    expect(problems).toEqual([
      { path: ['v', 'asume'], message: 'unknown key "asume"; expected one of unknown, assume' },
    ]);
  });

  it('leaves a document without any as it is', () => {
    const document = { a: [1, { b: null }], __proto: 'x' };
    expect(resolveUnknowns(document).value).toEqual(document);
  });
});
