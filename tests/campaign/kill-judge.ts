import { stepElapsedSecond } from '../../src/app/step-time.ts';
import type { RecordBody, RecordOf, RunRecord } from '../../src/domain/run-record.ts';
import type { WalkState } from '../../src/domain/run-store.ts';
import type { Heard } from './mqtt-oracle.ts';

/** What one kill may cost: the readings since the last commit, and switching on again. */
export interface Allowance {
  readonly currentAmpereMax: number;
  /** Between two readings. */
  readonly sampleSecond: number;
  /** The recipe wants a person to decide: what is cut off beside a step is not taken again. */
  readonly leavesCutOff?: boolean;
}

/** A run as its database and its engine have it at the end. */
export interface WholeRun {
  readonly records: readonly RunRecord[];
  readonly walk: WalkState | undefined;
}

/** Of switching a current off and on again, in s. */
const SWITCHING_SECOND = 2;
/** Steps whose time a resume must carry on; a measurement that begins anew takes longer. */
const TIMED = new Set(['openCircuit', 'constantCurrent']);
const PROBLEMS_MAX = 5;
/** Rounding of charges. */
const SAME_COULOMB = 1e-9;

/** Everything in which a run that was killed differs from one that was not. */
export function differences(
  run: WholeRun,
  twin: WholeRun,
  allowance: Allowance,
): readonly string[] {
  return [
    ...stepProblems(run, twin, allowance),
    ...measurementProblems(run, twin, allowance),
    ...recordProblems(run.records),
    ...cutOffProblems(run.records),
    ...gapProblems(run.records),
  ];
}

/** What was heard and is not in the run, or not as it was heard. */
export function unheardOf(heard: readonly Heard[], records: readonly RunRecord[]) {
  const problems: string[] = [];
  for (const { boot, sequence, value, code } of heard) {
    const record = records[sequence - 1];
    const body = record?.body;
    if (record?.boot !== boot) problems.push(`record ${sequence} of start ${boot} is missing`);
    else if (value !== undefined && (body?.kind !== 'sample' || body.value !== value)) {
      problems.push(`record ${sequence} is ${JSON.stringify(body)}, heard as ${value}`);
    } else if (code !== undefined && (body?.kind !== 'event' || body.code !== code)) {
      problems.push(`record ${sequence} is ${JSON.stringify(body)}, heard as ${code}`);
    }
    if (problems.length > PROBLEMS_MAX) break;
  }
  return problems;
}

/** The same steps, with the passes of their loops, ended the same way, at the same charge and time. */
function stepProblems(run: WholeRun, twin: WholeRun, allowance: Allowance): readonly string[] {
  const said = ({ records }: WholeRun): readonly string[] =>
    of(records, 'step').map(
      ({ body }) => `${body.stepId} ${body.state === 'started' ? 'begins' : `by ${body.endedBy}`}`,
    );
  if (said(run).join(', ') !== said(twin).join(', ')) {
    return [`steps ${said(run).join(', ')}; its twin ${said(twin).join(', ')}`];
  }
  const problems: string[] = [];
  if (JSON.stringify(run.walk) !== JSON.stringify(twin.walk)) {
    problems.push(`ends at ${JSON.stringify(run.walk)}; its twin ${JSON.stringify(twin.walk)}`);
  }
  const twins = passesOf(twin.records);
  for (const [at, pass] of passesOf(run.records).entries()) {
    const other = twins[at];
    if (other) problems.push(...passProblems(pass, other, { run, twin, allowance }));
    if (!(Math.abs(pass.jumpCoulomb) <= SAME_COULOMB)) {
      problems.push(`${pass.end.body.stepId} begins ${pass.jumpCoulomb} C after the step before`);
    }
  }
  return problems;
}

/** One pass of a step, from its beginning to its end. */
interface Pass {
  readonly end: RecordOf<'step'>;
  readonly chargeCoulomb: number;
  /** Between the end of the step before and its own beginning. */
  readonly jumpCoulomb: number;
  /** Interruptions in its midst. */
  readonly gaps: number;
}

function passesOf(records: readonly RunRecord[]): readonly Pass[] {
  const passes: Pass[] = [];
  let start: RecordOf<'step'> | undefined;
  for (const step of of(records, 'step')) {
    if (step.body.state === 'started') start = step;
    else if (start) {
      const from = start.sequence;
      const before = passes.at(-1)?.end.body.chargeCoulomb ?? 0;
      passes.push({
        end: step,
        chargeCoulomb: step.body.chargeCoulomb - start.body.chargeCoulomb,
        jumpCoulomb: start.body.chargeCoulomb - before,
        gaps: of(records.slice(from, step.sequence), 'event').filter(
          ({ body }) => body.code === 'gap',
        ).length,
      });
    }
  }
  return passes;
}

/** A whole sample more is a difference of two sums of times: it is not a whole number of its own. */
const ROUNDING_SECOND = 1e-6;

/**
 * A step that ends by its charge may take one sample more or less, because noise is drawn anew;
 * each interruption may cost one more, and the switching.
 */
function passProblems(
  pass: Pass,
  twin: Pass,
  {
    run,
    twin: whole,
    allowance,
  }: { readonly run: WholeRun; readonly twin: WholeRun; readonly allowance: Allowance },
): readonly string[] {
  const { currentAmpereMax, sampleSecond } = allowance;
  const { stepId, technique } = pass.end.body;
  const unknownSecond =
    ROUNDING_SECOND + sampleSecond + (sampleSecond + SWITCHING_SECOND) * pass.gaps;
  const problems: string[] = [];
  const offCoulomb = Math.abs(pass.chargeCoulomb - twin.chargeCoulomb);
  // Where a potential sweep begins anew, what its first half has passed was passed.
  if (technique !== 'cyclicVoltammetry' && !(offCoulomb <= currentAmpereMax * unknownSecond)) {
    problems.push(
      `${offCoulomb} C more or less in ${stepId}, ${currentAmpereMax * unknownSecond} allowed`,
    );
  }
  if (!TIMED.has(technique)) return problems;
  const offSecond = Math.abs(elapsed(pass.end, run.records) - elapsed(twin.end, whole.records));
  const allowedSecond = unknownSecond + repeatedSecond(pass.end, run.records);
  if (!(offSecond <= allowedSecond)) {
    problems.push(`${stepId} lasted ${offSecond} s more or less, ${allowedSecond} allowed`);
  }
  return problems;
}

/** In a step that ends with a measurement, what was cut off of it is taken again. */
function repeatedSecond(end: RecordOf<'step'>, records: readonly RunRecord[]): number {
  const start = records.findIndex(
    ({ body }) => body.kind === 'step' && body.stepId === end.body.stepId,
  );
  return records
    .slice(start, end.sequence)
    .flatMap(({ body }) => (body.kind === 'scan' || body.kind === 'spectrum' ? [body] : []))
    .filter(({ complete }) => !complete)
    .reduce((second, { startSecond, stopSecond }) => second + stopSecond - startSecond, 0);
}

function elapsed(end: RecordOf<'step'>, records: readonly RunRecord[]): number {
  return stepElapsedSecond(end, { step: of(records, 'step'), event: of(records, 'event') });
}

/** As many whole spectra, scans and counted regions in each step; what was cut off is repeated. */
function measurementProblems(
  run: WholeRun,
  twin: WholeRun,
  { leavesCutOff = false }: Allowance,
): readonly string[] {
  const [found, wanted] = [listsOf(run.records, wholeOne), listsOf(twin.records, wholeOne)];
  const left = leavesCutOff ? listsOf(run.records, cutOffBeside(run.records)) : new Map();
  const steps = new Set([...found.keys(), ...wanted.keys()]);
  return [...steps].flatMap((stepId) => {
    const [here, there] = [found.get(stepId) ?? [], wanted.get(stepId) ?? []];
    const cutOff: readonly string[] = left.get(stepId) ?? [];
    const missing = without(there, here).map((what) => what.split(' ')[0] ?? '');
    if (without(here, there).length === 0 && without(missing, cutOff).length === 0) return [];
    const said = (all: readonly string[]): string => [...all].sort().join(', ') || 'none';
    return [`measured in ${stepId}: ${said(here)}; its twin ${said(there)}`];
  });
}

/** What records say of the step that they are in, by step. */
function listsOf(
  records: readonly RunRecord[],
  saidOf: (body: RecordBody) => string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const ofSteps = new Map<string, string[]>();
  let stepId = '';
  for (const { body } of records) {
    if (body.kind === 'step' && body.state === 'started') stepId = body.stepId;
    const what = saidOf(body);
    if (what !== undefined) ofSteps.set(stepId, [...(ofSteps.get(stepId) ?? []), what]);
  }
  return ofSteps;
}

/** Kinds of what was cut off while the step went on: after a short all is taken again. */
function cutOffBeside(records: readonly RunRecord[]): (body: RecordBody) => string | undefined {
  const [short] = of(records, 'event').filter(({ body }) => body.code === 'cellShort');
  const shortSecond = short?.timeSecond ?? Number.POSITIVE_INFINITY;
  return (body) => {
    if (body.kind !== 'spectrum' && body.kind !== 'scan') return undefined;
    return body.complete || body.startSecond >= shortSecond ? undefined : body.kind;
  };
}

/** The first list without as many of each as the second has. */
function without(all: readonly string[], taken: readonly string[]): readonly string[] {
  const left = [...all];
  for (const one of taken) {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

function wholeOne(body: RecordBody): string | undefined {
  if (body.kind === 'spectrum' && body.complete) return `spectrum of ${body.pointCount}`;
  if (body.kind === 'scan' && body.complete) return `scan of ${body.views}`;
  if (body.kind === 'detectorSpectrum') return `counts of ${body.spectrum.region}`;
  if (body.kind === 'event' && body.code === 'phase' && body.details.whole === true) {
    const { phase, number } = body.details;
    // How often a voltammogram was begun is no matter; a pulse that was cut off is not whole.
    return phase === 'voltammogram' ? phase : phase === 'rest' ? `rest ${number}` : undefined;
  }
  return undefined;
}

/** Numbers without a gap, times that go on within a channel, each id used once. */
function recordProblems(records: readonly RunRecord[]): readonly string[] {
  const problems: string[] = [];
  const lastSecond = new Map<string, number>();
  for (const [at, { sequence, timeSecond, body }] of records.entries()) {
    if (sequence !== at + 1) return [`record ${at + 1} has number ${sequence}`];
    if (body.kind !== 'sample') continue;
    const before = lastSecond.get(body.channel) ?? Number.NEGATIVE_INFINITY;
    if (timeSecond <= before) problems.push(`${body.channel} at ${timeSecond} s after ${before} s`);
    lastSecond.set(body.channel, timeSecond);
  }
  const ids = [
    ...of(records, 'spectrum').map(({ body }) => body.spectrumId),
    ...of(records, 'scan').map(({ body }) => body.scanId),
    ...of(records, 'detectorSpectrum').map(({ body }) => body.spectrumId),
  ];
  for (const [at, id] of ids.entries()) {
    if (ids.indexOf(id) !== at) problems.push(`${id} is on record twice`);
  }
  return problems.slice(0, PROBLEMS_MAX);
}

/** Every point belongs to a spectrum on record that counts it; what is not whole is told of. */
function cutOffProblems(records: readonly RunRecord[]): readonly string[] {
  const points = new Map<string, number>();
  for (const { body } of of(records, 'spectrumPoint')) {
    points.set(body.spectrumId, (points.get(body.spectrumId) ?? 0) + 1);
  }
  const problems: string[] = [];
  for (const { body } of of(records, 'spectrum')) {
    const count = points.get(body.spectrumId) ?? 0;
    if (count !== body.pointCount) {
      problems.push(`${body.spectrumId} counts ${body.pointCount} of ${count} points`);
    }
    points.delete(body.spectrumId);
  }
  for (const id of points.keys()) problems.push(`${id} has points and no record`);
  return problems;
}

/** Each start marks what nobody has observed, and no sample lies in it. */
function gapProblems(records: readonly RunRecord[]): readonly string[] {
  const gaps = of(records, 'event').filter(({ body }) => body.code === 'gap');
  // A start that was killed before its first commit has left nothing, not even a gap.
  const resumes = new Set(records.map(({ boot }) => boot).filter((boot) => boot > 0)).size;
  const problems =
    gaps.length === resumes ? [] : [`${resumes} resumes, ${gaps.length} gaps marked`];
  for (const { body } of gaps) {
    const [start, end] = [Number(body.details.start_second), Number(body.details.end_second)];
    if (!(start <= end)) problems.push(`a gap from ${start} s to ${end} s`);
    const inside = of(records, 'sample').find(
      ({ timeSecond }) => timeSecond > start && timeSecond < end,
    );
    if (inside) problems.push(`a sample at ${inside.timeSecond} s in the gap from ${start} s`);
  }
  return problems;
}

function of<K extends RecordBody['kind']>(
  records: readonly RunRecord[],
  kind: K,
): readonly RecordOf<K>[] {
  return records.filter(({ body }) => body.kind === kind) as readonly RunRecord[] as RecordOf<K>[];
}
