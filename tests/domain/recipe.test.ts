import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { plainIssue } from '../../src/domain/plain-issue.ts';
import { publishedSchema } from '../../src/domain/published-schema.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';

const GOOD = `
recipe: good
title: Good
safety:
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "2 mA" }
steps:
  - { name: warm, technique: soak, temperature: "60 °C", dwell: "10 min", within: "2 h" }
  - name: rest
    technique: openCircuit
    until: { any: [{ time: "10 min" }] }
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "5 s" }
    until: { any: [{ event: short }, { voltage: "> 1.5 V" }, { time: "6 h" }] }
    during:
      - { technique: impedance, from: "200 kHz", to: "0.1 Hz", amplitude: "20 µA", every: "30 min" }
      - { technique: scan, views: 180, span: "180°", duration: "90 s", on: [short] }
  - name: cycle
    technique: loop
    repeat: 3
    steps:
      - { name: eis, technique: impedance, from: "1 kHz", to: "1 Hz", amplitude: "10 mV" }
`;

/** Every issue as `path: message`. */
function issuesOf(yaml: string): string[] {
  const result = recipeSchema.safeParse(parse(yaml), { error: plainIssue });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a recipe', () => {
  it('is held in SI units, with its defaults filled in', () => {
    const recipe = recipeSchema.parse(parse(GOOD));
    expect(recipe.safety).toEqual({
      temperature: { max: 75 },
      voltage: { min: { kind: 'potential', volt: -2 }, max: { kind: 'potential', volt: 2 } },
      current: { max: 0.002 },
    });
    const [warm, rest, plate, cycle] = recipe.steps;
    expect(warm).toMatchObject({ dwell: 600, within: 7200, tolerance: 0.5 });
    expect(rest).toMatchObject({ record: { every: 10 }, until: { any: [{ time: 600 }] } });
    expect(plate).toMatchObject({
      current: { kind: 'density', amperePerSquareMetre: 8 },
      until: {
        any: [{ event: 'short' }, { voltage: { above: true, value: 1.5 } }, { time: 21_600 }],
      },
      during: [
        {
          mode: 'potentiostatic',
          pointsPerDecade: 8,
          every: { kind: 'time', second: 1800 },
          on: [],
        },
        { views: 180, span: Math.PI, duration: 90, on: ['short'] },
      ],
    });
    expect(cycle).toMatchObject({ technique: 'loop', repeat: 3 });
  });

  it('takes an absolute current as well as a density', () => {
    const [, , plate] = recipeSchema.parse(parse(GOOD.replace('0.8 mA/cm²', '-1.2 mA'))).steps;
    expect(plate).toMatchObject({ current: { kind: 'absolute', ampere: -0.0012 } });
  });

  it('can be published as a JSON Schema for editors', () => {
    const schema = JSON.stringify(publishedSchema(recipeSchema, { unknowns: true }));
    for (const word of ['constantCurrent', 'pointsPerDecade', 'additionalProperties']) {
      expect(schema).toContain(word);
    }
  });
});

describe('a recipe that is wrong', () => {
  const wrong: readonly (readonly [string, string, string, string])[] = [
    [
      'an unknown key at the top',
      'title: Good',
      'titel: Good',
      ': unknown key "titel"; expected one of recipe, title, source, safety, resume, suspend, exclusive, steps',
    ],
    [
      'an unknown key of a step',
      'record: { every: "5 s" }',
      'recrod: { every: "5 s" }',
      'steps.2: unknown key "recrod"; expected one of name, technique, current, record, until, during',
    ],
    [
      'an unknown key of an acquisition',
      'every: "30 min"',
      'evry: "30 min"',
      'steps.2.during.0: unknown key "evry"',
    ],
    [
      'an unknown key of the safety',
      'current: { max',
      'curent: { max',
      'safety: unknown key "curent"',
    ],
    [
      'an unknown technique',
      'technique: soak',
      'technique: bake',
      'steps.0.technique: "bake" is no technique that can stand here: expected one of freshCell, soak, openCircuit, constantCurrent, constantVoltage, constantCurrentConstantVoltage, cyclicVoltammetry, linearSweep, gitt, impedance, scan, spectrum, loop, branch, screen',
    ],
    [
      'a technique that cannot be in a loop',
      'name: eis, technique: impedance',
      'name: eis, technique: screen',
      'steps.3.steps.0.technique: "screen" is no technique that can stand here: expected one of freshCell, soak,',
    ],
    [
      'a missing unit',
      '"2 h"',
      '"2"',
      'steps.0.within: "2" is not understood: expected a time with its unit',
    ],
    [
      'a number where a quantity is due',
      '"2 h"',
      '7200',
      'steps.0.within: expected a time with its unit',
    ],
    [
      'a current in volts',
      '"0.8 mA/cm²"',
      '"0.8 V"',
      'steps.2.current: "0.8 V" is not understood: expected a current',
    ],
    [
      'a condition that is none',
      'event: short }, {',
      'event: bang }, {',
      'steps.2.until.any.0.event: expected one of short, softShort, found "bang"',
    ],
    [
      'a comparison without its sign',
      '> 1.5 V',
      '1.5 V',
      'steps.2.until.any.1.voltage: "1.5 V" is not understood: expected < or > and a voltage, such as "> 0.5 V"',
    ],
    [
      'a condition that says two things',
      '{ voltage: "> 1.5 V" }',
      '{ voltage: "> 1.5 V", time: "1 h" }',
      'steps.2.until.any.1: says time and voltage at once; write them as a list under any or all',
    ],
    [
      'a condition that says nothing',
      '{ voltage: "> 1.5 V" }',
      '{ for: "10 s" }',
      'steps.2.until.any.1: expected one of { time: "10 min" }, { voltage: "> 0.5 V" }',
    ],
    [
      'a quantity that is missing',
      'dwell: "10 min", ',
      '',
      'steps.0.dwell: is missing: expected a time with its unit',
    ],
    ['a fraction of a view', 'views: 180', 'views: 180.5', 'steps.2.during.1.views'],
    ['no passes', 'repeat: 3', 'repeat: 0', 'steps.3.repeat'],
    [
      'a name with blanks',
      'name: plate',
      'name: Plate it',
      'steps.2.name: expected 1 to 32 of a-z, 0-9 and -',
    ],
    ['no steps', GOOD.slice(GOOD.indexOf('steps:')), 'steps: []', 'steps'],
  ];
  it.each(wrong)('is refused at its place: %s', (_, before, after, issue) => {
    expect(GOOD).toContain(before);
    const found = issuesOf(GOOD.replace(before, after));
    expect(found.filter((one) => one.startsWith(issue))).toHaveLength(1);
  });

  it('is refused without its safety section', () => {
    const { safety: _, ...rest } = parse(GOOD) as Record<string, unknown>;
    const issues = recipeSchema.safeParse(rest).error?.issues ?? [];
    expect(issues.map(({ path }) => path.join('.'))).toEqual(['safety']);
  });

  it('names every problem at once', () => {
    const bad = GOOD.replace('title: Good', 'titel: Good')
      .replace('"2 h"', '"2"')
      .replace('"0.8 mA/cm²"', '"fast"');
    expect(issuesOf(bad)).toHaveLength(4);
  });

  it.each([null, 7, 'text', [], {}])('is refused when the file holds %j', (value) => {
    expect(recipeSchema.safeParse(value).success).toBe(false);
  });
});

describe('the JSON Schema for editors', () => {
  const definitions = JSON.stringify(publishedSchema(recipeSchema, { unknowns: true }));

  it('lets an unknown stand where a quantity, a number or a list of energies stands', () => {
    const { $defs } = JSON.parse(definitions) as { $defs: Record<string, Record<string, unknown>> };
    expect($defs.unknown).toMatchObject({ required: ['unknown'], additionalProperties: false });
    const steps = Object.values($defs).filter(({ properties }) => properties !== undefined);
    const scan = steps.find(({ properties }) => 'energies' in (properties as object));
    const { views, energies, name } = scan?.properties as Record<string, unknown>;
    for (const place of [views, energies]) {
      expect(JSON.stringify(place)).toMatch(/anyOf.*#\/\$defs\/unknown|\$ref/);
    }
    expect(JSON.stringify(name)).not.toContain('unknown');
  });

  it('is silent about unknowns where none may stand', () => {
    expect(JSON.stringify(publishedSchema(recipeSchema, { unknowns: false }))).not.toContain(
      '#/$defs/unknown',
    );
    expect(definitions).not.toContain('x-quantity');
  });
});
