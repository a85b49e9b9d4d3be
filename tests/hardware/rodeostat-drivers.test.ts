import { describe, expect, it } from 'vitest';
import { openRig } from '../../hardware/registry.ts';
import { RODEOSTAT_DRIVERS } from '../../hardware/rodeostat-drivers.ts';
import { rigSchema } from '../../src/domain/rig.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { readCell, readRig } from './simulated/support.ts';

const CONTEXT = {
  clock: new VirtualClock(),
  cell: readCell('li-li3ps4-li-25c'),
  seed: 1,
  recordings: undefined,
};
const PLACE = { tcp: 'localhost:5000' };

function problemsOf(name: string, options: unknown): string[] {
  const prepared = RODEOSTAT_DRIVERS[name]?.prepare(options, 'options');
  if (!prepared) throw new Error(`no driver ${name}`);
  return prepared.problems.map(({ where, message }) => `${where}: ${message}`);
}

describe('a rig with a Rodeostat', () => {
  it('that comes with the software opens nothing before it is connected', async () => {
    const { potentiostat } = await openRig(readRig('rodeostat'), CONTEXT);
    expect(potentiostat.info).toEqual({
      id: 'potentiostat',
      model: 'Rodeostat 10V_microAmpV0.2',
      provenance: 'measured',
    });
    expect(potentiostat.capability).toMatchObject({
      techniques: ['openCircuit', 'constantVoltage', 'cyclicVoltammetry', 'linearSweep'],
      currentAmpereMax: 1e-3,
      keepsVoltageLimits: 'none',
    });
  });

  it('may be simulated, as any variant', async () => {
    for (const [options, model] of [
      [{}, 'Rodeostat 10V_10MilliAmpV0.2'],
      [{ variant: '10V_nanoAmpV0.2' }, 'Rodeostat 10V_nanoAmpV0.2'],
    ] as const) {
      const rig = rigSchema.parse({
        rig: 'test',
        title: 'Test',
        instruments: { potentiostat: { driver: 'rodeostat-simulated', options } },
      });
      const { potentiostat } = await openRig(rig, CONTEXT);
      expect(potentiostat.info).toMatchObject({ model, provenance: 'simulated' });
    }
  });

  it.each([
    [{ ...PLACE }, /variant/],
    [{ ...PLACE, variant: 'microAmp' }, /such as 10V_microAmpV0.2/],
    [{ variant: '10V_microAmpV0.2' }, /expected one of serial, tcp and replay/],
    [{ ...PLACE, variant: '10V_microAmpV0.2', range: '1uA' }, /unknown key "range"/],
    // Hardware that cannot open the cell must be asked for with open eyes.
    [{ ...PLACE, variant: 'microAmpV0.1' }, /holdsZeroVoltAtEnd: hardware V0.1 cannot open/],
    [{ ...PLACE, variant: 'microAmpV0.1', holdsZeroVoltAtEnd: false }, /holdsZeroVoltAtEnd/],
  ])('is refused with %j', (options, words) => {
    const problems = problemsOf('rodeostat', options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(words);
  });

  it.each([
    [{ ...PLACE, variant: '10V_microAmpV0.2' }],
    [{ ...PLACE, variant: 'AD8251_milliAmpV0.1', holdsZeroVoltAtEnd: true }],
  ])('is taken with %j', (options) => {
    expect(problemsOf('rodeostat', options)).toEqual([]);
  });
});
