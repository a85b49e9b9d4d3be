/** What the rig does while a hazard of the table is played. */

/** A battery that is charged slowly in the room. */
export const CHARGE = `
recipe: charge
title: A slow charge
safety:
  temperature: { min: "5 °C", max: "60 °C" }
  voltage: { min: "1.5 V", max: "4.3 V" }
  current: { max: "0.2 mA" }
  pressure: { max: "21 MPa" }
steps:
  - name: charge
    technique: constantCurrent
    current: "C/10"
    record: { every: "5 s" }
    until: { any: [{ time: "50 min" }] }`;

/** The same in a room with no heater in it, so that only the limits look at its temperature. */
export const CHARGE_LONG = CHARGE.replace('50 min', '2 h');

/** Lithium that is plated in the room. */
export const PLATE = `
recipe: plate
title: Plating in the room
safety:
  temperature: { min: "5 °C", max: "60 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }
steps:
  - name: plate
    technique: constantCurrent
    current: "0.4 mA/cm²"
    record: { every: "5 s" }
    until: { any: [{ time: "50 min" }] }`;

/** An oven that is brought to a temperature and holds it. */
export const WARM_REST = `
recipe: warm-rest
title: A rest in the warm
safety:
  temperature: { min: "5 °C", max: "80 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }
  pressure: { max: "8 MPa" }
steps:
  - { name: warm, technique: soak, temperature: "65 °C", tolerance: "1 °C", dwell: "5 min", within: "2 h" }
  - name: rest
    technique: openCircuit
    record: { every: "10 s" }
    until: { any: [{ time: "3 h" }] }`;

/** The same with its heater off all along. */
export const COLD_REST = `
recipe: cold-rest
title: A rest in the room
safety:
  temperature: { min: "5 °C", max: "80 °C" }
  voltage: { min: "1.5 V", max: "4.3 V" }
  current: { max: "5 mA" }
steps:
  - name: rest
    technique: openCircuit
    record: { every: "10 s" }
    until: { any: [{ time: "90 min" }] }`;

/** A battery that is charged, and then left alone for a night. */
export const CHARGE_AND_REST = `
recipe: charge-and-rest
title: A charge and a night
safety:
  voltage: { min: "1.5 V", max: "4.3 V" }
  current: { max: "2 mA" }
steps:
  - name: charge
    technique: constantCurrent
    current: "C/5"
    record: { every: "10 s" }
    until: { any: [{ time: "2 h" }] }
  - name: rest
    technique: openCircuit
    record: { every: "10 s" }
    until: { any: [{ time: "9 h" }] }`;

/** A battery that is charged and held full. */
export const CHARGE_AND_HOLD = `
recipe: charge-and-hold
title: A charge to a voltage that is held
safety:
  voltage: { min: "1.5 V", max: "4.3 V" }
  current: { max: "2 mA" }
steps:
  - name: charge
    technique: constantCurrentConstantVoltage
    current: "C/5"
    voltage: "3.3 V"
    record: { every: "10 s" }
    until: { any: [{ time: "9 h" }] }`;

/** Lithium that is plated while the oven is on its way. */
export function warmAndPlate(targetCelsius: number): string {
  return `
recipe: warm-and-plate
title: Plating while it warms
safety:
  temperature: { min: "5 °C", max: "80 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }
steps:
  - { name: warm, technique: soak, temperature: "${targetCelsius.toFixed(1)} °C", tolerance: "20 °C", dwell: "1 s", within: "1 h" }
  - name: plate
    technique: constantCurrent
    current: "0.2 mA/cm²"
    record: { every: "1 s" }
    until: { any: [{ time: "10 min" }] }`;
}
