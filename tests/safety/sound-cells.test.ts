import { describe, expect, it } from 'vitest';
import { runWithFaults } from './faulty-run.ts';

const CYCLING = `
recipe: cycling
title: Charge, discharge, titration
safety:
  temperature: { max: "80 °C" }
  voltage: { min: "1.5 V", max: "4.8 V" }
  current: { max: "20 mA" }
steps:
  - { name: warm, technique: soak, temperature: "35 °C", tolerance: "1 °C", dwell: "5 min", within: "40 min" }
  - name: cycle
    technique: loop
    repeat: 3
    steps:
      - { name: charge, technique: constantCurrentConstantVoltage, current: "C/2", voltage: "4.2 V", record: { every: "10 s" }, until: { any: [{ current: "< 50 µA" }, { time: "6 h" }] } }
      - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "10 min" }] } }
      - { name: discharge, technique: constantCurrent, current: "-1 C", record: { every: "5 s" }, until: { any: [{ voltage: "< 2.5 V" }, { time: "3 h" }] } }
      - { name: rest-again, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "10 min" }] } }`;

describe('a sound cell of the simulation', () => {
  it('is cycled without an alarm of a short and without a trip', async () => {
    const run = await runWithFaults([], CYCLING, 'nmc-lgps-lnto450');
    expect(run.outcome).toMatchObject({ status: 'done' });
    const codes = run.events.map(({ code }) => code);
    expect(codes).not.toContain('cellShort');
    expect(codes).not.toContain('softShort');
    expect(codes).not.toContain('interlock');
    expect(run.writer.samplesOf('voltage_volt').length).toBeGreaterThan(1000);
  });
});
