import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { stringify } from 'yaml';
import { EXIT_CODES, Fault, type Problem } from '../../domain/fault.ts';
import { expectedQuantity, parseQuantity } from '../../domain/units.ts';
import type { ImportedLimits, ImportOptions } from '../../formats/imported-recipe.ts';
import { readPybammExperiment } from '../../formats/pybamm-experiment.ts';
import { readUnicycler, unicyclerLimits } from '../../formats/unicycler.ts';
import { type Command, type CommandLine, required } from '../command.ts';
import { readText } from '../load-yaml.ts';

const FORMATS = ['pybamm', 'unicycler'] as const;
type Format = (typeof FORMATS)[number];

/** The limits that a recipe must have, with their options. */
const LIMITS = [
  ['voltageMin', 'voltage-min', 'voltage'],
  ['voltageMax', 'voltage-max', 'voltage'],
  ['currentMax', 'current-max', 'current'],
  ['temperatureMax', 'temperature-max', 'temperature'],
] as const;
const OPTIONAL_LIMIT = 'temperatureMax';

export const recipeImportCommand: Command = {
  name: 'recipe import',
  summary: 'makes a recipe of a PyBaMM experiment or a unicycler protocol',
  usage:
    'operando recipe import FILE --format pybamm|unicycler --out FILE.yaml --voltage-min V --voltage-max V --current-max A [--temperature-max T]',
  optionHelp: [
    ['--format NAME', 'pybamm: the list of strings; unicycler: the JSON of a protocol'],
    ['--out FILE', 'the recipe; a file that is there already is not overwritten'],
    ['--voltage-min V', 'safety limit, such as "2.5 V"; a unicycler protocol may give it'],
    ['--voltage-max V', 'safety limit'],
    ['--current-max A', 'safety limit, such as "5 mA"'],
    ['--temperature-max T', 'safety limit, such as "60 °C"; for a rig that measures it'],
    ['--name NAME', 'name of the recipe; that of the file unless given'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando recipe import cycles.txt --format pybamm --out cycles.yaml --voltage-min "2.5 V" --voltage-max "4.3 V" --current-max "5 mA"',
  ],
  options: {
    format: { type: 'string' },
    out: { type: 'string' },
    'voltage-min': { type: 'string' },
    'voltage-max': { type: 'string' },
    'current-max': { type: 'string' },
    'temperature-max': { type: 'string' },
    name: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const [path, ...others] = line.words;
    if (path === undefined || others.length > 0) {
      throw new Fault('badInput', {
        where: `operando ${recipeImportCommand.name}`,
        message: `${line.words.length} files given, expected one; usage: ${recipeImportCommand.usage}`,
      });
    }
    const format = formatOf(line);
    const out = required(recipeImportCommand, line, 'out');
    const text = readText(path);
    const options: ImportOptions = {
      name: nameOf(line, path),
      title: `Imported from ${basename(path)}`.slice(0, TITLE_CHARACTERS_MAX),
      source: `${format}: ${basename(path)}`,
      limits: limitsOf(line, format === 'unicycler' ? unicyclerLimits(path, text) : {}),
    };
    const read = format === 'pybamm' ? readPybammExperiment : readUnicycler;
    const { document, losses } = read(path, text, options);
    writeRecipe(out, `${HEADER}${stringify(document)}`);
    for (const { where, message } of losses) terminal.err(`${where}: ${message}\n`);
    const summary = `${out}: written; ${losses.length} remarks on what was left out or added`;
    if (line.options.json) terminal.out(`${JSON.stringify({ output: out, losses })}\n`);
    else terminal.err(`${summary}\n`);
    return EXIT_CODES.done;
  },
};

const TITLE_CHARACTERS_MAX = 200;
const HEADER =
  '# Currents: charging is positive. Check with: operando check FILE --rig RIG --cell CELL\n';

function formatOf(line: CommandLine): Format {
  const given = required(recipeImportCommand, line, 'format');
  const format = FORMATS.find((one) => one === given);
  if (format) return format;
  throw new Fault('badInput', {
    where: '--format',
    message: `"${given}" is not understood: expected ${FORMATS.join(' or ')}`,
  });
}

/** The file's own name in the letters a recipe name has. */
function nameOf(line: CommandLine, path: string): string {
  if (typeof line.options.name === 'string') return line.options.name;
  const plain = basename(path)
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return plain.replace(/^-+|-+$/g, '').slice(0, 32) || 'imported';
}

/** @throws Fault badInput naming each limit that neither the file nor an option gives */
function limitsOf(line: CommandLine, given: Partial<ImportedLimits>): ImportedLimits {
  const problems: Problem[] = [];
  const limits: Partial<Record<keyof ImportedLimits, string>> = { ...given };
  for (const [key, option, dimension] of LIMITS) {
    const text = line.options[option];
    if (typeof text === 'string') limits[key] = text;
    if (typeof text === 'string' && parseQuantity(text, dimension) === undefined) {
      const message = `"${text}" is not understood: ${expectedQuantity(dimension)}`;
      problems.push({ where: `--${option}`, message });
    }
    if (limits[key] === undefined && key !== OPTIONAL_LIMIT) {
      const message = `is missing, and the file does not say it: ${expectedQuantity(dimension)}`;
      problems.push({ where: `--${option}`, message });
    }
  }
  const { voltageMin, voltageMax, currentMax, temperatureMax } = limits;
  if (problems.length > 0 || !voltageMin || !voltageMax || !currentMax) {
    throw new Fault('badInput', problems);
  }
  return { voltageMin, voltageMax, currentMax, ...(temperatureMax ? { temperatureMax } : {}) };
}

function writeRecipe(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('badInput', { where: path, message: `not written: ${reason}` }, error);
  }
}
