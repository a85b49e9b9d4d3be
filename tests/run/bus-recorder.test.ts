import { describe, expect, it } from 'vitest';
import { Bus } from '../../src/domain/bus.ts';
import type { SpectrumValidity } from '../../src/domain/spectrum-validity.ts';
import { recordResults } from '../../src/run/bus-recorder.ts';
import { Drops } from '../../src/run/drops.ts';
import { Journal } from '../../src/run/journal.ts';
import { circuitFit, driftingSpectrum, spectrumValidity } from '../support/circuit-fit.ts';
import { CountingClock } from '../support/counting-clock.ts';
import { engineState } from '../support/engine-state.ts';
import { MemoryWriter } from '../support/memory-writer.ts';

function recording() {
  const bus = new Bus((name, error) => {
    throw new Error(`listener of ${name} failed`, { cause: error });
  });
  const clock = new CountingClock();
  const writer = new MemoryWriter(clock);
  const journal = new Journal({
    writer,
    clock,
    commitSecondMax: 1,
    state: () => engineState(),
    onFault: (fault) => {
      throw fault;
    },
  });
  const forget = recordResults(bus, journal, new Drops(journal));
  const publish = (final: boolean, validity: SpectrumValidity | null) =>
    bus.publish('fit', { spectrumId: 'spectrum-3', final, fit: circuitFit({ validity }) });
  return { bus, writer, forget, publish };
}

describe('what the analysis says of a spectrum', () => {
  it('is a warning in the log when the data of a finished spectrum fail their test', () => {
    const { writer, publish } = recording();
    publish(true, driftingSpectrum());
    expect(writer.records.map(({ body }) => body.kind)).toEqual(['fit', 'event']);
    const [event] = writer.of('event');
    expect(event).toEqual({
      timeSecond: 0,
      kind: 'event',
      code: 'note',
      severity: 'warning',
      message:
        'The data of spectrum-3 fail their validity test: |Z| lies 5 % above what its phase foretells: the cell changed while it was measured.',
      details: {
        spectrum_id: 'spectrum-3',
        validity: 'fail',
        rms_percent: 0.1,
        worst_percent: 3.1,
        worst_frequency_hertz: 0.2,
        drift_percent: 5,
      },
    });
    expect(writer.commits).toBe(1);
  });

  it('names every reason, and says so when there is none', () => {
    const { writer, publish } = recording();
    publish(true, spectrumValidity({ verdict: 'fail', reasons: ['First.', 'second'] }));
    publish(true, spectrumValidity({ verdict: 'fail' }));
    expect(writer.of('event').map(({ message }) => message)).toEqual([
      'The data of spectrum-3 fail their validity test: First; second.',
      'The data of spectrum-3 fail their validity test: no reason was given.',
    ]);
  });

  it('is the fit alone when the data pass, were not tested, or are still coming', () => {
    const { writer, publish } = recording();
    publish(true, spectrumValidity());
    publish(true, spectrumValidity({ reasons: ['a remark'] }));
    publish(true, null);
    publish(false, driftingSpectrum());
    expect(writer.of('event')).toEqual([]);
    expect(writer.of('fit')).toHaveLength(4);
  });

  it('is not written down any more once the recorder is told to forget', () => {
    const { writer, forget, publish } = recording();
    forget();
    publish(true, driftingSpectrum());
    expect(writer.records).toEqual([]);
  });
});
