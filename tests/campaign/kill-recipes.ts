/** Short recipes with everything in them that a resume has to find again. */

const HEAD = `
safety:
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "5 V" }
  current: { max: "10 mA" }
resume: { policy: resume, maxGap: "1 h" }
steps:`;

/** Nested loops, a branch on which end fired, and impedance inside the current. */
export const LOOPS = `recipe: loops
title: Nested loops with a branch and impedance inside the current
${HEAD}
  - { name: warm, technique: soak, temperature: "40 °C", dwell: "60 s", within: "1 h" }
  - name: outer
    technique: loop
    repeat: 3
    steps:
      - name: inner
        technique: loop
        repeat: 4
        steps:
          - name: forth
            technique: constantCurrent
            current: "0.2 mA/cm²"
            record: { every: "2 s" }
            until: { any: [{ charge: "20 µAh", as: full }, { time: "1 h" }] }
            during:
              - { technique: impedance, mode: galvanostatic, from: "1 kHz", to: "1 Hz", pointsPerDecade: 3, amplitude: "10 µA", every: "5 min" }
          - name: how
            technique: branch
            on: forth
            cases:
              full:
                - { name: rest, technique: openCircuit, record: { every: "5 s" }, until: { any: [{ time: "2 min" }] } }
          - name: back
            technique: constantCurrent
            current: "-0.2 mA/cm²"
            record: { every: "2 s" }
            until: { any: [{ time: "4 min" }] }
      - { name: look, technique: impedance, from: "1 kHz", to: "1 Hz", pointsPerDecade: 3, amplitude: "10 mV" }
`;

/** A soak at a second temperature, scans and detector spectra beside the current. */
export const BESIDE = `recipe: beside
title: Scans beside a current at two temperatures
${HEAD}
  - { name: warm, technique: soak, temperature: "40 °C", dwell: "60 s", within: "1 h" }
  - name: plate
    technique: constantCurrent
    current: "0.3 mA/cm²"
    record: { every: "5 s" }
    until: { any: [{ time: "40 min" }] }
    during:
      - { technique: scan, views: 12, span: "180°", duration: "60 s", every: "10 min" }
  - { name: hotter, technique: soak, temperature: "50 °C", dwell: "60 s", within: "1 h" }
  - name: strip
    technique: constantCurrent
    current: "-0.3 mA/cm²"
    record: { every: "5 s" }
    until: { any: [{ charge: "100 µAh" }, { time: "2 h" }] }
  - { name: rest, technique: openCircuit, record: { every: "5 s" }, until: { any: [{ time: "10 min" }] } }
`;

/** Every kind of step and measurement, with a suspension in the midst: the aimed kills are in it. */
export const PHASES = `recipe: phases
title: Every phase that a kill may come in
safety:
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "5 V" }
  current: { max: "10 mA" }
resume: { policy: resume, maxGap: "1 h" }
suspend: [{ channel: applied_pressure_pa, floor: 1.0e+5, settle: "20 s", atMost: "1 h" }]
steps:
  - { name: warm, technique: soak, temperature: "30 °C", dwell: "120 s", within: "1 h" }
  - name: round
    technique: loop
    repeat: 2
    steps:
      - name: forth
        technique: constantCurrent
        current: "0.2 mA/cm²"
        record: { every: "2 s" }
        until: { any: [{ charge: "15 µAh", as: full }, { time: "1 h" }] }
        during:
          - { technique: impedance, mode: galvanostatic, from: "1 kHz", to: "1 Hz", pointsPerDecade: 3, amplitude: "10 µA", every: "2 min" }
          - { technique: scan, views: 8, span: "180°", duration: "40 s", every: "3 min", on: [stepEnd] }
      - { name: rest, technique: openCircuit, record: { every: "2 s" }, until: { any: [{ time: "1 min" }] } }
      - name: back
        technique: constantCurrent
        current: "-0.2 mA/cm²"
        record: { every: "2 s" }
        until: { any: [{ time: "3 min" }] }
  - { name: look, technique: impedance, from: "1 kHz", to: "1 Hz", pointsPerDecade: 3, amplitude: "10 mV" }
  - { name: titrate, technique: gitt, current: "0.2 mA/cm²", pulse: "60 s", rest: "90 s", record: { every: "10 s" }, pulsesMax: 3, until: { any: [{ voltage: "> 3 V" }] } }
  - { name: sweep, technique: cyclicVoltammetry, start: "0 V", vertices: ["0.1 V", "-0.1 V"], rate: "2 mV/s", cycles: 1 }
  - { name: count, technique: spectrum, regions: [edxrd, "Li 1s"], duration: "60 s" }
`;

/** Faults of the rig under it: its pressure gauge is silent for a while, twice, in a current. */
export const SILENCES = `
faults:
  - { name: stall, sensor: stack-pressure, at: 13 min, for: 70 s, seed: 1 }
  - { name: stall, sensor: stack-pressure, at: 30 min, for: 100 s, seed: 1 }
`;
