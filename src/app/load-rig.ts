import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { calibrationSchema } from '../domain/calibration.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import { type Rig, rigSchema } from '../domain/rig.ts';
import { type LoadedFile, loadYaml, parseYaml } from './load-yaml.ts';

/** Beside the folder of the rig. */
const FOLDER = '../calibrations';
/** A name and not a path: nothing outside the folder is read. */
const NAME = /^[a-z0-9-]{1,32}$/;

/**
 * A rig file with the calibrations that its instruments name. Their text becomes part of the rig's,
 * so that a run keeps what its numbers were made with.
 * @throws Fault fileMissing, fileFormat, badInput with every problem of all these files
 */
export function loadRig(path: string): LoadedFile<Rig> {
  const rig = loadYaml(path, rigSchema);
  const known = rig.value.calibrations ?? {};
  const wanted = namesIn(rig.value).filter((name) => !Object.hasOwn(known, name));
  if (wanted.length === 0) return rig;
  const problems: Problem[] = [];
  const read = wanted.flatMap((name) => {
    try {
      return [[name, calibrationText(rig, path, name)] as const];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new Fault('badInput', problems);
  return parseYaml(path, withCalibrations(rig.text, new Map(read)), rigSchema);
}

/** Calibrations that instruments name in their options. */
function namesIn({ instruments: { sensors } }: Rig): string[] {
  const names = Object.values(sensors).map(({ options }) => options.calibration);
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

function calibrationText(rig: LoadedFile<Rig>, path: string, name: string): string {
  if (!NAME.test(name)) {
    throw new Fault('badInput', {
      where: rig.placeOf('instruments.sensors'),
      message: `"${name}" is no name of a calibration: expected 1 to 32 of a-z, 0-9 and -`,
    });
  }
  const file = join(dirname(path), FOLDER, `${name}.yaml`);
  return loadYaml(file, calibrationSchema).text;
}

/** A rig that has calibrations of its own gets the others beside them. */
function withCalibrations(text: string, read: ReadonlyMap<string, string>): string {
  const own = parse(text).calibrations ?? {};
  if (Object.keys(own).length > 0) {
    const others = Object.fromEntries([...read].map(([name, one]) => [name, parse(one)]));
    return stringify({ ...parse(text), calibrations: { ...own, ...others } });
  }
  const added = [...read].map(([name, one]) => `  ${name}:\n${indented(one)}`);
  return `${text.trimEnd()}\n\ncalibrations:\n${added.join('\n')}\n`;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n');
}
