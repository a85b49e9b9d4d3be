import { describe, expect, it } from 'vitest';
import { advanceUntil } from '../support/counting-clock.ts';
import {
  EVERY_PHASE,
  recipeOf,
  type ScriptedRun,
  type Scripts,
  scriptedRun,
} from '../support/scripted-run.ts';

async function runToEnd(
  scripts: Scripts,
  {
    prepare,
    steps = EVERY_PHASE,
  }: { prepare?: (run: ScriptedRun) => unknown; steps?: string } = {},
) {
  const run = scriptedRun(recipeOf(steps), scripts);
  prepare?.(run);
  const outcome = await advanceUntil(run.clock, run.runner.run());
  // An instrument that ignores its orders keeps its own timer.
  if (!scripts.potentiostat?.ignoresAbort) expect(run.clock.armedTimers).toBe(0);
  return { ...run, outcome };
}

describe('an instrument that fails', () => {
  const cases: readonly (readonly [string, Scripts, string])[] = [
    ['when the sensor connects', { sensor: { connect: 'throws' } }, 'thermo'],
    ['when the heater connects', { heater: { connect: 'throws' } }, 'heater'],
    ['when the potentiostat connects', { potentiostat: { connect: 'throws' } }, 'pstat'],
    ['when the scanner connects', { scanner: { connect: 'throws' } }, 'ct'],
    ['when the heater is set', { heater: { setTarget: 'throws' } }, 'heater'],
    ['in a rest', { potentiostat: { failsAtReading: { kind: 'openCircuit', index: 2 } } }, 'pstat'],
    [
      'in plating',
      { potentiostat: { failsAtReading: { kind: 'constantCurrent', index: 2 } } },
      'pstat',
    ],
    ['in a sweep', { potentiostat: { failsAtReading: { kind: 'impedance', index: 2 } } }, 'pstat'],
    ['in a scan beside plating', { scanner: { failsAtView: 3 } }, 'ct'],
    ['in a scan of its own', { scanner: { failsAtView: 12 } }, 'ct'],
  ];
  it.each(cases)('%s faults the run, and its name is in the message', async (_, scripts, id) => {
    const run = await runToEnd(scripts);
    expect(run.outcome).toMatchObject({ status: 'faulted', exitCode: 3 });
    expect(run.outcome.message).toContain(`${id}: scripted failure`);
    expect(run.writer.finished).toBe('faulted');
    const faults = run.writer.of('event').filter(({ code }) => code === 'instrumentFault');
    expect(faults).toHaveLength(1);
    const touched = run.log.calls.filter((call) => call.endsWith(' connect'));
    const disconnected = run.log.calls.filter((call) => call.endsWith(' disconnect'));
    expect(disconnected).toHaveLength(touched.length);
    if (touched.includes('pstat connect')) expect(run.log.calls).toContain('pstat cellOff');
    if (touched.includes('heater connect')) expect(run.log.calls).toContain('heater off');
  });

  const hanging: readonly (readonly [string, Scripts, string])[] = [
    [
      'to connect',
      { potentiostat: { connect: 'hangs' } },
      'pstat: Resistor One did not answer within 30 s',
    ],
    [
      'to take a target',
      { heater: { setTarget: 'hangs' } },
      'heater: did not take its target within 10 s',
    ],
  ];
  it.each(hanging)('%s within its bound faults the run', async (_, scripts, message) => {
    const run = await runToEnd(scripts);
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toContain(message);
  });

  it('to end a measurement when told to faults the run', async () => {
    // Between two readings a minute apart it does not leave for the sweep that is due.
    const steps = EVERY_PHASE.replaceAll('"10 s"', '"60 s"');
    const run = await runToEnd({ potentiostat: { ignoresAbort: true } }, { steps });
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toContain(
      'pstat: did not end its measurement within 10 s of being told to',
    );
    expect(run.log.calls).toContain('pstat cellOff');
  });

  it('by ending a step long before its time faults the run', async () => {
    const run = await runToEnd({ potentiostat: { endsAtSecond: 800 } });
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toContain('pstat: ended constantCurrent by itself after');
  });

  it('to reach the temperature in time faults the soak', async () => {
    const run = await runToEnd({ sensor: { value: (now) => 20 + now / 50 } });
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toContain(
      '50 ± 0.5 °C for 60 s was not reached within 20 min; it is 43.9 °C now',
    );
    expect(run.log.lines).toContain('1200 heater off');
  });

  it('only to disconnect leaves the run done, and is written down', async () => {
    const run = await runToEnd({
      potentiostat: { disconnect: 'hangs' },
      sensor: { disconnect: 'throws' },
    });
    expect(run.outcome.status).toBe('done');
    const warnings = run.writer.of('event').filter(({ severity }) => severity === 'warning');
    expect(warnings.map(({ message }) => message)).toEqual([
      'pstat did not disconnect cleanly: no answer within 5 s.',
      'thermo did not disconnect cleanly: thermo: scripted failure.',
    ]);
  });

  it('to confirm the safe state turns even a finished run into a fault', async () => {
    const run = await runToEnd({ heater: { off: 'throws' } });
    expect(run.outcome).toMatchObject({ status: 'faulted', endedBy: 'recipe', exitCode: 3 });
    expect(run.outcome.message).toContain('The safe state is NOT confirmed: the heater is off');
    expect(run.log.calls).toContain('ct stop');
  });
});

describe('storage that fails', () => {
  it('in the middle of a run ends it in the safe state', async () => {
    const run = await runToEnd(
      {},
      {
        prepare: ({ writer }) => {
          writer.failsAtRecord = 300;
        },
      },
    );
    expect(run.outcome).toMatchObject({ status: 'faulted', exitCode: 3 });
    expect(run.outcome.message).toContain('run.db: the disk is full');
    expect(run.outcome.message).toMatch(/\d+ records could not be written/);
    expect(run.log.calls).toContain('pstat cellOff');
    expect(run.writer.records).toHaveLength(300);
  });

  it('at the very first record touches no instrument', async () => {
    const run = await runToEnd(
      {},
      {
        prepare: ({ writer }) => {
          writer.failsAtRecord = 0;
        },
      },
    );
    expect(run.outcome.status).toBe('faulted');
    expect(run.log.calls).toEqual([]);
  });

  it('for the frames of a scan costs the scan, which is counted, and the run goes on', async () => {
    const ended: boolean[] = [];
    const run = await runToEnd(
      {},
      {
        prepare: ({ bus, spools }) => {
          spools.failsAtFrame = 4;
          bus.on('scanEnded', ({ complete }) => ended.push(complete));
        },
      },
    );
    expect(run.outcome.status).toBe('done');
    expect(ended[0]).toBe(false);
    expect(run.writer.of('scan')[0]).toMatchObject({ complete: false, views: 3 });
    const dropped = run.writer.of('event').filter(({ code }) => code === 'dropped');
    expect(dropped[0]?.message).toContain('scan-001 is cut off');
    expect(dropped[0]?.message).toContain('the disk is full');
  });
});

describe('values that cannot be used', () => {
  it('as impedance points are left out of the fit and named', async () => {
    const points: number[] = [];
    const run = await runToEnd(
      {
        potentiostat: {
          alter: (reading) =>
            reading.kind === 'impedancePoint' && reading.point.frequencyHertz > 900
              ? { ...reading, point: { ...reading.point, zRealOhm: Number.NaN } }
              : reading,
        },
      },
      {
        prepare: ({ bus }) => bus.on('spectrumPoint', ({ point }) => points.push(point.zRealOhm)),
      },
    );
    expect(run.outcome.status).toBe('done');
    expect(points.every(Number.isFinite)).toBe(true);
    expect(run.writer.of('spectrum')[0]?.pointCount).toBe(15);
    expect(run.writer.of('event').filter(({ code }) => code === 'dropped')).toHaveLength(4);
  });

  it('as overloaded impedance points are kept on record but not fitted', async () => {
    let published = 0;
    const run = await runToEnd(
      {
        potentiostat: {
          alter: (reading) =>
            reading.kind === 'impedancePoint' ? { ...reading, quality: 'overload' } : reading,
        },
      },
      {
        prepare: ({ bus }) =>
          bus.on('spectrumPoint', () => {
            published += 1;
          }),
      },
    );
    expect(published).toBe(0);
    expect(run.writer.of('spectrumPoint').every(({ quality }) => quality === 'overload')).toBe(
      true,
    );
  });
});
