import { describe, expect, it } from 'vitest';
import { DerivedService, fittedValues } from '../../src/analysis/derived-service.ts';
import { Bus } from '../../src/domain/bus.ts';
import type { EfficiencyConvention } from '../../src/domain/cell.ts';
import type { DerivedValue } from '../../src/domain/derived-quantity.ts';
import { derivedDimension } from '../../src/domain/derived-quantity.ts';
import { circuitFit, fitParameter } from '../support/circuit-fit.ts';

async function listening(convention: EfficiencyConvention = 'dischargeOverCharge') {
  const bus = new Bus((name, error) => {
    throw new Error(`${name}: ${error}`);
  });
  const heard: DerivedValue[] = [];
  bus.on('derived', ({ value }) => void heard.push(value));
  const service = new DerivedService({ bus, convention });
  await service.start();
  const end = (stepId: string, chargeCoulomb: number, technique = 'constantCurrent'): void =>
    bus.publish('stepEnded', { stepId, technique, chargeCoulomb });
  const values = (name: string): number[] =>
    heard.filter((one) => one.name === name).map(({ value }) => value);
  return { bus, service, heard, end, values };
}

const FIT = circuitFit({
  circuit: 'R0-p(R1,CPE1)-p(R2,C2)',
  parameters: [
    fitParameter({ name: 'R0', value: 30 }),
    fitParameter({ name: 'R1', value: 124, standardError: 0.5 }),
    fitParameter({ name: 'CPE1.Q', value: 1e-6, unit: 'S s^n' }),
    fitParameter({ name: 'CPE1.n', value: 0.9, unit: '1' }),
    fitParameter({ name: 'R2', value: 500, standardError: null }),
    fitParameter({ name: 'C2', value: 1e-5, unit: 'F' }),
  ],
  arcs: [
    {
      resistance: 'R1',
      timeConstantSecond: 1e-5,
      capacitanceFarad: 1e-7,
      assignment: 'interphase',
    },
    {
      resistance: 'R2',
      timeConstantSecond: 1e-2,
      capacitanceFarad: 9e-6,
      assignment: 'unassigned',
    },
  ],
});

describe('derived quantities of a fit', () => {
  it('are its resistances with their errors, and the effective capacitance of each arc', () => {
    expect(fittedValues(FIT, 'spectrum-001')).toEqual([
      { name: 'fit.R0', value: 30, source: 'spectrum-001', standardError: 0.1 },
      { name: 'fit.R1', value: 124, source: 'spectrum-001', standardError: 0.5 },
      { name: 'fit.C2', value: 1e-5, source: 'spectrum-001', standardError: 0.1 },
      { name: 'fit.C1', value: 1e-7, source: 'spectrum-001' },
    ]);
  });

  it('have names that a recipe may end on', () => {
    for (const { name } of fittedValues(FIT, 's')) expect(derivedDimension(name)).toBeDefined();
    for (const name of ['coulombic-efficiency', 'cycle-charge']) {
      expect(derivedDimension(name)).toBeDefined();
    }
  });

  it('are not those of a failed fit, nor parameters that the data do not determine', () => {
    expect(fittedValues({ ...FIT, status: 'failed' }, 's')).toEqual([]);
    expect(fittedValues(FIT, 's').map(({ name }) => name)).not.toContain('fit.R2');
  });

  it('are published for final fits only', async () => {
    const { bus, values } = await listening();
    bus.publish('fit', { spectrumId: 'spectrum-001', final: false, fit: FIT });
    expect(values('fit.R1')).toEqual([]);
    bus.publish('fit', { spectrumId: 'spectrum-001', final: true, fit: FIT });
    expect(values('fit.R1')).toEqual([124]);
  });
});

describe('derived quantities of cycling', () => {
  it('are the charge of the half cycle so far and the efficiency of the cycle', async () => {
    const { end, values } = await listening();
    end('charge', 10);
    end('discharge-a', -6);
    end('discharge-b', -3);
    expect(values('cycle-charge')).toEqual([10, 6, 9]);
    expect(values('coulombic-efficiency')).toEqual([0.6, 0.9]);
  });

  it('follow the convention of the cell', async () => {
    const { end, values } = await listening('chargeOverDischarge');
    end('charge', 10);
    end('discharge', -8);
    expect(values('coulombic-efficiency')).toEqual([]);
    end('charge', 4);
    expect(values('coulombic-efficiency')).toEqual([0.5]);
  });

  it('take no notice of rests, voltammograms and leakage', async () => {
    const { end, heard } = await listening();
    end('rest', 0, 'openCircuit');
    end('sweep', -5, 'cyclicVoltammetry');
    expect(heard).toEqual([]);
    end('charge', 10);
    end('leak', -1e-4);
    end('charge-b', 1);
    expect(heard.map(({ value }) => value)).toEqual([10, 11]);
  });

  it('go on after a power cut as if there had been none', async () => {
    const { end, service, heard, values } = await listening();
    service.recall([
      { technique: 'constantCurrent', chargeCoulomb: 10 },
      { technique: 'openCircuit', chargeCoulomb: 0 },
      { technique: 'constantCurrent', chargeCoulomb: -6 },
    ]);
    expect(heard).toEqual([]);
    end('discharge-b', -3);
    expect(values('coulombic-efficiency')).toEqual([0.9]);
  });

  it('end when the service is stopped, and it starts once only', async () => {
    const { end, heard, service } = await listening();
    await service.start();
    end('charge', 10);
    expect(heard).toHaveLength(1);
    await service.stop();
    await service.stop();
    end('charge', 10);
    expect(heard).toHaveLength(1);
  });
});
