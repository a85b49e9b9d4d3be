import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';
import type { Workbench } from '../../hardware/driver.ts';
import { INSTRUMENT_TWINS } from '../../hardware/simulated/instrument-twins.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { collect, runToEnd } from '../hardware/potentiostats/emstat-bench.ts';
import { ResistorCapacitorTerminals } from '../hardware/potentiostats/resistor-capacitor-terminals.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { Voltmeter } from './add-an-instrument/voltmeter.ts';
import { VOLTMETER_DRIVERS } from './add-an-instrument/voltmeter-drivers.ts';
import { VoltmeterTwin } from './add-an-instrument/voltmeter-twin.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/add-an-instrument.md'), 'utf8');

/** Where the page puts each file, and where the one is that is compiled and run here. */
const FILES: Readonly<Record<string, string>> = {
  'hardware/potentiostats/voltmeter.ts': 'tests/docs/add-an-instrument/voltmeter.ts',
  'hardware/voltmeter-drivers.ts': 'tests/docs/add-an-instrument/voltmeter-drivers.ts',
  'hardware/simulated/voltmeter-twin.ts': 'tests/docs/add-an-instrument/voltmeter-twin.ts',
  'tests/hardware/potentiostats/voltmeter-wire-pairs.test.ts':
    'tests/docs/add-an-instrument/voltmeter-wire-pairs.test.ts',
};

/** The TypeScript of the page by the file name in its first line. */
function snippets(): Map<string, string> {
  const fences = [...PAGE.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)];
  return new Map(fences.map(([, file = '', text = '']) => [file, text]));
}

/**
 * A source without its place: imports name files from the root, and stand in alphabetical order;
 * the rest is as it is, white space aside (imports that are longer take other lines).
 */
function placeless(
  text: string,
  file: string,
): { readonly imports: string[]; readonly rest: string } {
  const imports: string[] = [];
  const rest = text.replaceAll(/^import [\s\S]*?from '([^']+)';\n/gm, (statement, from: string) => {
    const target = from.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), from)) : from;
    const shown = Object.entries(FILES).find(([, real]) => real === target)?.[0] ?? target;
    const names = statement.slice(0, statement.indexOf('from')).replaceAll(/[\s,]+/g, ' ');
    imports.push(`${names.replace('{ ', '{').replace(' }', '}')} ${shown}`);
    return '';
  });
  return { imports: imports.sort(), rest: rest.trim() };
}

describe('the page on adding an instrument', () => {
  it('shows each file as it is compiled and run', () => {
    const shown = snippets();
    expect([...shown.keys()]).toEqual(expect.arrayContaining(Object.keys(FILES)));
    for (const [file, real] of Object.entries(FILES)) {
      const text = readFileSync(join(ROOT, real), 'utf8');
      expect(placeless(shown.get(file) ?? '', file), file).toEqual(placeless(text, real));
    }
  });

  it('quotes the lines of shared files as they are', () => {
    const quotes = [...snippets()].filter(([file]) => !Object.hasOwn(FILES, file));
    expect(quotes.length).toBeGreaterThan(0);
    for (const [file, text] of quotes) {
      const source = readFileSync(join(ROOT, file), 'utf8');
      for (const line of text.split('\n').filter((one) => !/voltmeter/i.test(one))) {
        expect(source, file).toContain(line);
      }
    }
  });

  it('names files that exist, and every simulated instrument', () => {
    const named = [...PAGE.matchAll(/`((?:hardware|firmware-bridge|src|tests|docs)\/[\w./-]+)`/g)]
      .map(([, file = '']) => file)
      .filter((file) => !file.includes('voltmeter'));
    expect(named.length).toBeGreaterThan(10);
    for (const file of named) expect(existsSync(join(ROOT, file)), file).toBe(true);
    for (const name of Object.keys(INSTRUMENT_TWINS)) expect(PAGE).toContain(`\`${name}\``);
  });
});

/** The driver of step 2, built as a rig would build it, with a resistor for a cell. */
async function simulated(clock: VirtualClock) {
  const circuit = { openCircuitVolt: 3.7, seriesOhm: 1, parallelOhm: 1, capacitanceFarad: 1 };
  const terminals = new ResistorCapacitorTerminals(clock, circuit);
  const prepared = VOLTMETER_DRIVERS['voltmeter-simulated']?.prepare({}, 'options');
  if (!prepared) throw new Error('no such driver');
  expect(prepared.problems).toEqual([]);
  return prepared.build('cell-7', { clock, terminals } as unknown as Workbench);
}

describe('the instrument of the page', () => {
  const { signal } = new AbortController();
  const rest = { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 5 } as const;

  it('measures the simulated cell with its standard errors', async () => {
    const clock = new VirtualClock();
    const driver = await simulated(clock);
    await driver.connect(signal);
    const readings = await runToEnd(clock, collect(driver.measure(rest, signal)));
    expect(readings).toHaveLength(5);
    expect(readings[0]).toMatchObject({
      voltageVolt: 3.7,
      voltageErrorVolt: expect.closeTo((3.7e-4 + 0.5e-3) / Math.sqrt(3), 9),
    });
    await driver.disconnect();
  });

  it('refuses by name what it cannot do', async () => {
    const clock = new VirtualClock();
    const driver = await simulated(clock);
    await driver.connect(signal);
    const hold = {
      kind: 'constantVoltage',
      voltageVolt: 1,
      sampleEverySecond: 1,
      durationSecond: 5,
      currentAmpereMax: 1,
    } as const;
    const fault = await caughtFault(() => collect(driver.measure(hold, signal)));
    expect(fault.message).toContain('it cannot run the technique constantVoltage');
    await driver.disconnect();
  });

  it('says what is wrong in a rig file', () => {
    const prepared = VOLTMETER_DRIVERS.voltmeter?.prepare({ port: 'COM3' }, 'options');
    expect(prepared?.problems[0]?.message).toContain('unknown key "port"');
  });

  it('ends in a fault when nobody answers, or somebody else', async () => {
    for (const [answer, code] of [
      [undefined, 'timeout'],
      ['HELLO\n', 'timeout'],
    ] as const) {
      const clock = new VirtualClock();
      const [near, far] = createLinkPair('wire');
      far.onData(() => answer && far.write(new TextEncoder().encode(answer)));
      await far.open(signal);
      const driver = new Voltmeter({ id: 'cell-7', link: near, clock, provenance: 'measured' });
      const fault = await caughtFault(() => runToEnd(clock, driver.connect(signal)));
      expect(fault.code).toBe(code);
      await driver.disconnect();
    }
  });

  it('has a twin that answers nonsense to nonsense, and stops twice', async () => {
    const clock = new VirtualClock();
    const [near, far] = createLinkPair('wire');
    const circuit = { openCircuitVolt: -0.0012, seriesOhm: 1, parallelOhm: 1, capacitanceFarad: 1 };
    const terminals = new ResistorCapacitorTerminals(clock, circuit);
    const twin = new VoltmeterTwin({ link: far, terminals });
    await twin.start();
    await near.open(signal);
    let heard = '';
    near.onData((bytes) => {
      heard += new TextDecoder().decode(bytes);
    });
    near.write(new TextEncoder().encode('VOLT?\nCURR?\n'));
    await clock.advance(0);
    expect(heard).toBe('-1.20000E-03 V\r\nERROR\r\n');
    await twin.stop();
    await twin.stop();
  });
});
