import {
  appliedRangeLines,
  currentLimits,
  currentRangeLines,
  modeLines,
  type ScriptSetting,
  scriptOf,
} from './emstat-script-lines.ts';
import { type PotentialPlan, potentiostatMode } from './emstat-script-modes.ts';
import { formatLiteral } from './methodscript-literal.ts';

/**
 * A script that controls the potential, from `startVolt` on, while its loops run. The current is
 * checked by the instrument at every sample, whatever the host does.
 */
export function potentialScript(
  parts: {
    readonly startVolt: number;
    readonly loops: readonly string[];
    readonly currentAmpereMax: number;
  },
  setting: ScriptSetting,
  plan: PotentialPlan,
): string[] {
  const { startVolt, loops, currentAmpereMax } = parts;
  return scriptOf(
    {
      variables: ['e', 'i'],
      preparation: [
        ...modeLines(setting, potentiostatMode(setting.device, plan), plan.bandwidthHertz),
        ...appliedRangeLines(plan.volts),
        ...currentRangeLines(setting),
        `set_e ${formatLiteral(startVolt)}`,
      ],
      closing: ['cell_on'],
      loops,
      sent: ['e', 'i'],
      limits: currentLimits(currentAmpereMax, setting),
    },
    setting,
  );
}
