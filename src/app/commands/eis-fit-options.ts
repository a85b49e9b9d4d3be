import type { FitOptions } from '../../analysis/impedance-fit.ts';
import { type Circuit, parseCircuit } from '../../domain/circuit.ts';
import { WEIGHTINGS, type Weighting } from '../../domain/circuit-fit.ts';
import { Fault, type Problem } from '../../domain/fault.ts';
import { type Command, type CommandLine, listOption, type OptionTable } from '../command.ts';

/** Options of every command that fits circuits. */
export const FIT_OPTIONS: OptionTable = {
  circuit: { type: 'string' },
  weighting: { type: 'string', default: 'modulus' },
  'error-model': { type: 'string' },
  robust: { type: 'boolean', default: false },
  fix: { type: 'string', multiple: true },
  bound: { type: 'string', multiple: true },
};

export const FIT_OPTION_HELP: Command['optionHelp'] = [
  ['--weighting KIND', `${WEIGHTINGS.join(', ')}; modulus, by |Z|, unless said otherwise`],
  ['', "sigma: by the file's own standard errors, columns zerrR and zerrI, or sigma"],
  ['--error-model A,B,C,D', 'for errorModel: variance A|Z′| + B|Z″| + C|Z|² + D, in ohm²'],
  ['--robust', 'let single points far off count less (Huber)'],
  ['--fix NAME=VALUE', 'hold a parameter at a value in SI units; may be given several times'],
  ['--bound NAME=LOW..HIGH', 'keep a parameter within; either side may be empty'],
];

/** What `--circuit` names; undefined for `auto`. */
export function circuitOption(command: Command, text: string): Circuit | undefined {
  if (text !== 'auto') return parseCircuit(text);
  if (command.options.sequence) return undefined;
  const message = 'auto is for eis fit; expected a circuit, such as "R0-p(R1,CPE1)"';
  throw new Fault('badInput', { where: '--circuit', message });
}

/** @throws Fault badInput naming every option that is not understood */
export function fitOptionsOf(
  line: CommandLine,
): Pick<FitOptions, 'weighting' | 'errorModel' | 'robust' | 'fixed' | 'bounds'> {
  const problems: Problem[] = [];
  const weighting = weightingOf(line, problems);
  const errorModel = errorModelOf(line, weighting, problems);
  const fixed = Object.fromEntries(listOption(line, 'fix').flatMap((one) => fixOf(one, problems)));
  const bounds = Object.fromEntries(
    listOption(line, 'bound').flatMap((one) => boundOf(one, problems)),
  );
  for (const name of Object.keys(fixed).filter((one) => one in bounds)) {
    problems.push({ where: `--fix ${name}`, message: 'has a --bound as well; give one of them' });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  return {
    weighting,
    ...(errorModel && { errorModel }),
    robust: line.options.robust === true,
    fixed,
    bounds,
  };
}

function weightingOf(line: CommandLine, problems: Problem[]): Weighting {
  const found = WEIGHTINGS.find((one) => one === line.options.weighting);
  if (found) return found;
  const message = `"${line.options.weighting}" is not offered; expected ${WEIGHTINGS.join(', ')}`;
  problems.push({ where: '--weighting', message });
  return 'modulus';
}

function errorModelOf(
  line: CommandLine,
  weighting: Weighting,
  problems: Problem[],
): FitOptions['errorModel'] {
  const text = line.options['error-model'];
  const where = '--error-model';
  if (typeof text !== 'string') {
    if (weighting === 'errorModel') {
      problems.push({ where, message: 'is missing; --weighting errorModel needs its A,B,C,D' });
    }
    return undefined;
  }
  if (weighting !== 'errorModel') {
    problems.push({ where, message: 'is for --weighting errorModel only' });
  }
  const [a, b, c, d, ...more] = text.split(',').map(numberIn);
  if (a === undefined || b === undefined || c === undefined || d === undefined || more.length > 0) {
    const message = `"${text}" is not understood; expected four numbers, such as 0,0,1e-5,0`;
    problems.push({ where, message });
    return undefined;
  }
  return { a, b, c, d };
}

function fixOf(text: string, problems: Problem[]): [string, number][] {
  const { name, rest } = cutAtEquals(text);
  const value = numberIn(rest);
  if (name !== '' && value !== undefined) return [[name, value]];
  const message = `"${text}" is not understood; expected NAME=VALUE, such as CPE1.n=0.9`;
  problems.push({ where: '--fix', message });
  return [];
}

function boundOf(
  text: string,
  problems: Problem[],
): [string, { lower?: number; upper?: number }][] {
  const { name, rest } = cutAtEquals(text);
  const [low, high, ...more] = rest.split('..');
  const lower = low === undefined || low === '' ? undefined : numberIn(low);
  const upper = high === undefined || high === '' ? undefined : numberIn(high);
  const isRead =
    name !== '' &&
    low !== undefined &&
    high !== undefined &&
    more.length === 0 &&
    (low === '') === (lower === undefined) &&
    (high === '') === (upper === undefined) &&
    (lower !== undefined || upper !== undefined);
  if (isRead) {
    return [
      [name, { ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) }],
    ];
  }
  const message = `"${text}" is not understood; expected NAME=LOW..HIGH, such as CPE1.n=0.5..1`;
  problems.push({ where: '--bound', message });
  return [];
}

/** `NAME=REST`; a name that is empty when there is no "=". */
export function cutAtEquals(text: string): { readonly name: string; readonly rest: string } {
  const at = text.indexOf('=');
  return { name: text.slice(0, Math.max(at, 0)).trim(), rest: text.slice(at + 1).trim() };
}

/** A finite number; undefined for anything else, also for nothing. */
export function numberIn(text: string): number | undefined {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : undefined;
}
