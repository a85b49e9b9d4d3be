import type {
  ConstantCurrent,
  ConstantVoltage,
  ElectrochemicalTechnique,
  OpenCircuit,
} from '../../src/domain/technique.ts';
import {
  appliedCurrentRangeLines,
  loopsOf,
  modeLines,
  type ScriptSetting,
  scriptOf,
  shortestSecond,
  voltageRangeLines,
} from './emstat-script-lines.ts';
import {
  BANDWIDTH_HERTZ_SECOND,
  modeProblems,
  type PotentialPlan,
  potentialPlan,
} from './emstat-script-modes.ts';
import { potentialScript } from './emstat-script-potential.ts';
import { impedanceScript, linearSweepScript, voltammetryScript } from './emstat-script-sweeps.ts';
import { GALVANOSTAT_MODE } from './methodscript-devices.ts';
import { formatLiteral } from './methodscript-literal.ts';
import { techniqueProblems } from './technique-limits.ts';
import { unableFault } from './unable-fault.ts';

/**
 * The script that makes a MethodSCRIPT instrument run a technique. Every loop is bounded in time or
 * points, and every script ends with `on_finished: cell_off`, so the cell is opened even if the
 * host is gone.
 *
 * @throws Fault instrumentUnable naming everything the instrument cannot do
 */
export function scriptFor(
  technique: ElectrochemicalTechnique,
  setting: ScriptSetting,
  where: string,
): readonly string[] {
  const { device, capability } = setting;
  const general = techniqueProblems(technique, capability);
  const problems = general.length > 0 ? general : modeProblems(technique, device);
  if (problems.length > 0) throw unableFault(`${where} (${device.name})`, problems);
  const plan = potentialPlan(technique) ?? NO_POTENTIAL;
  switch (technique.kind) {
    case 'openCircuit':
      return openCircuitScript(technique, setting);
    case 'constantCurrent':
      return constantCurrentScript(technique, setting);
    case 'constantVoltage':
      return constantVoltageScript(technique, setting, plan);
    case 'cyclicVoltammetry':
      return voltammetryScript(technique, setting, plan);
    case 'linearSweep':
      return linearSweepScript(technique, setting, plan);
    case 'impedance':
      return impedanceScript(technique, setting);
  }
}

const NO_POTENTIAL: PotentialPlan = { volts: [], bandwidthHertz: 0 };

function openCircuitScript(technique: OpenCircuit, setting: ScriptSetting): string[] {
  const { openCircuitMode } = setting.device;
  return scriptOf(
    {
      variables: ['e'],
      preparation: [
        ...modeLines(setting, openCircuitMode, BANDWIDTH_HERTZ_SECOND / shortestSecond(technique)),
        ...voltageRangeLines(setting),
        'cell_off',
      ],
      closing: [],
      loops: loopsOf(technique, 'meas_loop_ocp e'),
      sent: ['e'],
    },
    setting,
  );
}

/**
 * The voltage window is checked by the instrument at every sample, so it may be overshot for one
 * sampling interval and no longer, whatever the host does.
 */
function constantCurrentScript(technique: ConstantCurrent, setting: ScriptSetting): string[] {
  const { currentAmpere } = technique;
  const { capability, device } = setting;
  const current = formatLiteral(currentAmpere);
  const bandwidthHertzMax = device.galvanostat?.bandwidthHertzMax ?? 0;
  const mode = { number: GALVANOSTAT_MODE, bandwidthHertzMax };
  const most = Math.min(technique.voltageVoltMax, capability.voltageVoltMax);
  const least = Math.max(technique.voltageVoltMin, capability.voltageVoltMin);
  return scriptOf(
    {
      variables: ['e', 'i'],
      preparation: [
        ...modeLines(setting, mode, BANDWIDTH_HERTZ_SECOND / shortestSecond(technique)),
        ...voltageRangeLines(setting),
        ...appliedCurrentRangeLines(currentAmpere, setting),
        `set_i ${current}`,
      ],
      closing: ['cell_on'],
      loops: loopsOf(technique, `meas_loop_cp e i ${current}`),
      sent: ['e', 'i'],
      limits: { variable: 'e', most: formatLiteral(most), least: formatLiteral(least) },
    },
    setting,
  );
}

function constantVoltageScript(
  technique: ConstantVoltage,
  setting: ScriptSetting,
  plan: PotentialPlan,
): string[] {
  const { voltageVolt: startVolt, currentAmpereMax } = technique;
  const loops = loopsOf(technique, `meas_loop_ca e i ${formatLiteral(startVolt)}`);
  return potentialScript({ startVolt, loops, currentAmpereMax }, setting, plan);
}
