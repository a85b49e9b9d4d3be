import { Fault, type Problem } from '../domain/fault.ts';
import {
  type ImportedRecipe,
  type ImportOptions,
  recipeDocument,
  type StepDocument,
  StepNames,
} from './imported-recipe.ts';
import { type UnicyclerLoop, type UnicyclerProtocol, unicyclerSchema } from './unicycler-schema.ts';
import { unicyclerStep } from './unicycler-step.ts';

/**
 * Makes a recipe of a unicycler protocol (aurora-unicycler, JSON). Its charge is positive as ours
 * is. `loop_to` is a tag or the number of a step from 1, counted with tags and loops, and
 * `cycle_count` is the total of passes.
 * @throws Fault fileFormat when the text is no JSON, badInput when it is no such protocol
 */
export function readUnicycler(path: string, text: string, options: ImportOptions): ImportedRecipe {
  const protocol = parseProtocol(path, text);
  const losses = settingsLost(path, protocol);
  const problems: Problem[] = [];
  const names = new StepNames();
  const { record } = protocol;
  // Steps of one list from its first index, so that a loop can take what it goes back over.
  const done: Placed[] = [];
  for (const [at, step] of protocol.method.entries()) {
    const where = `${path}: method[${at}]`;
    if (step.step === 'tag') continue;
    if (step.step === 'loop') {
      const loop = closeLoop(step, at, { protocol, done, names });
      if (typeof loop === 'string') problems.push({ where, message: loop });
      else if (loop) done.push(loop);
      continue;
    }
    const made = unicyclerStep(step, names, record.time_s);
    losses.push(...made.losses.map((message) => ({ where, message })));
    done.push({ from: at, to: at, step: made.step });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  return {
    document: recipeDocument(
      options,
      done.map(({ step }) => step),
    ),
    losses,
  };
}

/** A step of ours and the indices of the method it stands for. */
interface Placed {
  readonly from: number;
  readonly to: number;
  readonly step: StepDocument;
}

/** Takes the steps a loop goes back over into it. @returns why not, as a sentence */
function closeLoop(
  { loop_to, cycle_count }: UnicyclerLoop,
  at: number,
  {
    protocol,
    done,
    names,
  }: {
    readonly protocol: UnicyclerProtocol;
    readonly done: Placed[];
    readonly names: StepNames;
  },
): Placed | string | undefined {
  const from = loopStart(loop_to, protocol);
  if (from === undefined) return `no step is tagged "${loop_to}"`;
  if (from >= at) return `goes back to step ${from + 1}, which does not stand before it`;
  const first = done.findIndex((one) => one.to >= from);
  const crossed = done[first];
  if (crossed === undefined) return 'goes back over nothing';
  if (crossed.from < from) return `goes back into the middle of another loop, to step ${from + 1}`;
  // Once in all is no repetition: the steps stay where they are.
  if (cycle_count === 1) return undefined;
  const steps = done.splice(first).map(({ step }) => step);
  const step = { name: names.next('cycle'), technique: 'loop', repeat: cycle_count, steps };
  return { from, to: at, step };
}

/** Index from 0 in the method. */
function loopStart(target: number | string, { method }: UnicyclerProtocol): number | undefined {
  if (typeof target === 'number') return target - 1;
  const at = method.findIndex((step) => step.step === 'tag' && step.tag === target);
  return at < 0 ? undefined : at;
}

function parseProtocol(path: string, text: string): UnicyclerProtocol {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('fileFormat', { where: path, message: `not valid JSON: ${reason}` }, error);
  }
  return unicyclerSchema(path, value);
}

/** What a protocol says beside its steps and a recipe has no place for. */
function settingsLost(path: string, { record, safety, sample }: UnicyclerProtocol): Problem[] {
  const lost: [string, unknown, string][] = [
    ['record.voltage_V', record.voltage_V, 'a recipe records by time alone'],
    ['record.current_mA', record.current_mA, 'a recipe records by time alone'],
    ['safety.max_capacity_mAh', safety.max_capacity_mAh, 'add a charge condition to the steps'],
    ['safety.delay_s', safety.delay_s, 'our interlocks have their own delays'],
    [
      'sample.capacity_mAh',
      sample.capacity_mAh,
      `write capacity: "${sample.capacity_mAh} mAh" into the cell file`,
    ],
  ];
  return lost
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value, advice]) => ({
      where: `${path}: ${key}`,
      message: `${value} is not carried over: ${advice}`,
    }));
}

/** The limits a protocol gives, as a recipe writes them; what it does not give is absent. */
export function unicyclerLimits(path: string, text: string) {
  const { safety } = parseProtocol(path, text);
  const { min_voltage_V, max_voltage_V, min_current_mA, max_current_mA } = safety;
  const sizes = [min_current_mA, max_current_mA].flatMap((one) =>
    one == null ? [] : [Math.abs(one)],
  );
  return {
    ...(min_voltage_V == null ? {} : { voltageMin: `${min_voltage_V} V` }),
    ...(max_voltage_V == null ? {} : { voltageMax: `${max_voltage_V} V` }),
    ...(sizes.length === 0 ? {} : { currentMax: `${Math.max(...sizes)} mA` }),
  };
}
