import { describe, expect, it } from 'vitest';
import {
  DetectorTrigger,
  triggeredScanner,
  triggeredSpectrometer,
} from '../../../hardware/detectors/detector-trigger.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { CallLog } from '../../support/scripted-call.ts';
import { ScriptedScanner, ScriptedSpectrometer } from '../../support/scripted-detectors.ts';
import { ScriptedGpio } from '../gpio/scripted-gpio.ts';

const PIN = 27;
const never = new AbortController().signal;

function bench(triggers: 'scanner' | 'spectrometer') {
  const clock = new VirtualClock();
  const log = new CallLog(clock);
  const gpio = new ScriptedGpio(clock, { [PIN]: 0 });
  const trigger = new DetectorTrigger({
    info: { id: 'detector-trigger', model: 'trigger pin on the header', provenance: 'measured' },
    widthSecond: 0.01,
    triggers,
    openOutput: () => gpio.openOutput(PIN),
  });
  const samples: Sample[] = [];
  const connect = () => trigger.connect(never, (sample) => samples.push(sample));
  return { clock, log, gpio, trigger, samples, connect };
}

describe('a trigger pin', () => {
  it('pulses at the start of each scan, before the detector counts, and says when', async () => {
    const { clock, log, gpio, trigger, samples, connect } = bench('scanner');
    const inner = new ScriptedScanner(clock, log);
    const scanner = triggeredScanner(inner, trigger);
    await connect();
    const kinds: string[] = [];
    for (const scanId of ['one', 'two']) {
      const plan = { scanId, views: 2, startAngleRadian: 0, spanRadian: 3, durationSecond: 10 };
      const scanned = (async () => {
        for await (const { kind } of scanner.scan(plan, never)) kinds.push(kind);
      })();
      await clock.advance(20);
      await scanned;
    }
    expect(kinds.length).toBe(6);
    expect(gpio.log).toEqual(['pulse 27 0.01', 'pulse 27 0.01']);
    const [number, uncertainty, second] = samples;
    expect(number).toMatchObject({ channel: 'scanner_trigger_count', value: 1, quality: 'good' });
    expect(number?.timeSecond).toBeCloseTo(0.003, 12);
    // Anywhere in 6 ms: half of it over the root of 3.
    expect(uncertainty?.value).toBeCloseTo(0.003 / Math.sqrt(3), 12);
    expect(uncertainty?.channel).toBe('scanner_trigger_uncertainty_second');
    expect(second).toMatchObject({ value: 2 });
    expect(second?.timeSecond).toBeCloseTo(20.003, 12);
    expect([scanner.rows, scanner.columns, scanner.viewsMax]).toEqual([2, 4, 1000]);
    expect(scanner.info).toEqual(inner.info);
  });

  it('pulses at the start of each region of a spectrometer, which is otherwise the same', async () => {
    const { clock, log, gpio, trigger, connect } = bench('spectrometer');
    const spectrometer = triggeredSpectrometer(new ScriptedSpectrometer(clock, log), trigger);
    await connect();
    const measured = spectrometer.measure({ region: 'S 2p', durationSecond: 5 }, never);
    await clock.advance(5);
    expect((await measured).region).toBe('S 2p');
    expect(gpio.log).toEqual(['pulse 27 0.01']);
    expect(spectrometer.regions).toEqual(['edxrd', 'S 2p']);
    await spectrometer.stop();
    await spectrometer.disconnect();
    expect(log.calls.slice(-2)).toEqual(['edx stop', 'edx disconnect']);
  });

  it('lets no scan begin without its pulse', async () => {
    const { clock, log, trigger, connect } = bench('scanner');
    const scanner = triggeredScanner(new ScriptedScanner(clock, log), trigger);
    const plan = { scanId: 's', views: 2, startAngleRadian: 0, spanRadian: 3, durationSecond: 1 };
    const first = () => scanner.scan(plan, never)[Symbol.asyncIterator]().next();
    await expect(first()).rejects.toMatchObject({ code: 'instrumentLost' });
    await connect();
    await trigger.disconnect();
    await trigger.disconnect();
    await expect(first()).rejects.toThrow('the trigger is not connected');
    expect(log.calls).toEqual([]);
  });
});
