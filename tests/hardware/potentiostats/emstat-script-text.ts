import { fullCapability } from '../../../hardware/potentiostats/emstat-identity.ts';
import { scriptFor } from '../../../hardware/potentiostats/emstat-script.ts';
import type { ScriptSetting } from '../../../hardware/potentiostats/emstat-script-lines.ts';
import { DEVICES, type DeviceId } from '../../../hardware/potentiostats/methodscript-devices.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';

/** A model as the driver knows it, with what is changed. */
export function settingFor(id: DeviceId, changes: Partial<ScriptSetting> = {}): ScriptSetting {
  const device = DEVICES[id];
  const asksDirectPart = device.tellsDirectPart;
  return { device, capability: fullCapability(device), channel: 0, asksDirectPart, ...changes };
}

/** The script of a technique, as it is sent. */
export function textFor(
  technique: ElectrochemicalTechnique,
  setting: ScriptSetting = settingFor('es4_hr'),
): string {
  return scriptFor(technique, setting, 'pot').join('\n');
}

/** One cycle between 0.9 V and -0.9 V. */
export const VOLTAMMOGRAM = {
  kind: 'cyclicVoltammetry',
  startVolt: 0,
  verticesVolt: [0.9, -0.9],
  rateVoltPerSecond: 0.05,
  stepVolt: 5e-3,
  cycles: 1,
  currentAmpereMax: 1e-3,
} as const;

/** From -0.2 V to 0.8 V. */
export const LINEAR_SWEEP = {
  kind: 'linearSweep',
  startVolt: -0.2,
  endVolt: 0.8,
  rateVoltPerSecond: 0.05,
  stepVolt: 5e-3,
  currentAmpereMax: 1e-3,
} as const;

/** An impedance spectrum around the open-circuit potential. */
export const SPECTRUM = {
  kind: 'impedance',
  frequencyHertzMax: 1e5,
  frequencyHertzMin: 1,
  pointCount: 26,
  excitation: {
    mode: 'potentiostatic',
    amplitudeVoltRms: 0.01,
    biasVolt: 0,
    versusOpenCircuit: true,
  },
} as const;
