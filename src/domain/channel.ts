/** A named stream of one quantity in one unit. */
export interface Channel {
  /** Battery Data Format spelling, unit last: `voltage_volt`. Unique within a run. */
  readonly name: string;
  /** What people read beside an axis: "Voltage". */
  readonly label: string;
  /** Unit symbol of the values: "V". */
  readonly unit: string;
}

/** The channels every run has when its rig can measure them. */
export const CHANNELS = {
  voltage: { name: 'voltage_volt', label: 'Voltage', unit: 'V' },
  current: { name: 'current_ampere', label: 'Current', unit: 'A' },
  charge: { name: 'net_capacity_ah', label: 'Charge passed', unit: 'Ah' },
  temperature: { name: 'surface_temperature_celsius', label: 'Cell temperature', unit: '°C' },
  /** A second thermometer, on the block of the oven: what it and the first disagree on is a fault. */
  ovenTemperature: { name: 'temperature_t1_celsius', label: 'Oven temperature', unit: '°C' },
  pressure: { name: 'applied_pressure_pa', label: 'Stack pressure', unit: 'Pa' },
  heaterDuty: { name: 'heater_duty_fraction', label: 'Heater duty', unit: '1' },
} as const satisfies Record<string, Channel>;
