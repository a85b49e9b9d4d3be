import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import {
  parseRodeostatLine,
  requestText,
} from '../../../hardware/potentiostats/rodeostat-protocol.ts';
import { RodeostatTwin } from '../../../hardware/simulated/rodeostat-twin.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { describeWithData, sharedData } from '../../support/shared-data.ts';
import { ResistorCapacitorTerminals } from './resistor-capacitor-terminals.ts';
import { CIRCUIT, variantOf } from './rodeostat-bench.ts';

type Json = Readonly<Record<string, unknown>>;

interface Example {
  readonly command: string;
  readonly request: Json;
  readonly response: Json;
  /** Lines of a test that follow. */
  readonly stream: readonly string[];
}

/** Where the page contradicts the firmware and itself: it shows another command's response. */
const MISPRINTED = new Set(['getVariant', 'getWrkElectConnected']);
/** Answers that tell of the particular instrument, the cell, or of tests only the real one has. */
const PARTICULAR = new Set([
  'getCurr',
  'getDeviceId',
  'getElectAutoConnect',
  'getRefVolt',
  'getTestNames',
  'getVersion',
  'getVolt',
]);

/** The blocks of JSON in the page, in order. */
function blocksOf(page: string): string[] {
  const blocks: string[] = [];
  let block: string[] | undefined;
  for (const line of page.split('\n')) {
    if (line.includes('code-block:: json')) {
      block = [];
    } else if (block && line.trim() !== '' && !/^\s/.test(line)) {
      blocks.push(block.join('\n').trim());
      block = undefined;
    } else if (block && /^ {4}[A-Za-z.]/.test(line)) {
      blocks.push(block.join('\n').trim());
      block = undefined;
    } else {
      block?.push(line);
    }
  }
  if (block) blocks.push(block.join('\n').trim());
  return blocks;
}

function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  // The first three blocks show the forms, with placeholders.
  const blocks = blocksOf(page).slice(3);
  for (let at = 0; at < blocks.length; at += 2) {
    const request: Json = JSON.parse(blocks[at] ?? '');
    const response: Json = JSON.parse(blocks[at + 1] ?? '');
    const stream: string[] = [];
    while (blocks[at + 2]?.startsWith('{"t"')) {
      stream.push(...(blocks[at + 2] ?? '').split('\n').map((line) => line.trim()));
      at += 1;
    }
    examples.push({ command: String(request.command), request, response, stream });
  }
  return examples;
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

describeWithData('the examples of the maker', () => {
  let examples: Example[] = [];
  beforeAll(() => {
    examples = examplesOf(readFileSync(sharedData('wire/rodeostat_json_examples.rst'), 'utf8'));
  });

  it('are all there', () => {
    expect(examples.map(({ command }) => command)).toEqual([
      'getVariant',
      'stopTest',
      'getVolt',
      'setVolt',
      'getCurr',
      'getRefVolt',
      'getParam',
      'setParam',
      'setVoltRange',
      'getVoltRange',
      'setCurrRange',
      'getCurrRange',
      'getDeviceId',
      'setDeviceId',
      'setSamplePeriod',
      'getSamplePeriod',
      'getTestDoneTime',
      'getTestNames',
      'getVersion',
      'getHardwareVersion',
      'setRefElectConnected',
      'getRefElectConnected',
      'setCtrElectConnected',
      'getCtrElectConnected',
      'setWrkElectConnected',
      'getWrkElectConnected',
      'setAllElectConnected',
      'getAllElectConnected',
      'setElectAutoConnect',
      'getElectAutoConnect',
      'setRefElectVoltRange',
      'getRefElectVoltRange',
      'runTest',
    ]);
  });

  it('are understood by the driver, every line', () => {
    for (const { command, response } of examples) {
      const line = parseRodeostatLine(JSON.stringify(response));
      if (command !== 'getWrkElectConnected') expect(line?.kind).toBe('reply');
      else expect(line).toBeUndefined();
      if (line?.kind === 'reply' && !MISPRINTED.has(command)) expect(line.command).toBe(command);
    }
    const streams = examples.flatMap(({ stream }) => stream).map(parseRodeostatLine);
    expect(streams.map((line) => line?.kind)).toEqual([...Array(6).fill('sample'), 'end']);
    expect(parseRodeostatLine('{"t":20,"v":-0.1,"i":-2.799983}')).toMatchObject({
      timeMs: 20,
      voltageVolt: -0.1,
    });
  });

  it('are answered by the simulated instrument as the maker shows', async () => {
    const clock = new VirtualClock();
    const [near, far] = createLinkPair('examples');
    const variant = variantOf('10V_microAmpV0.2');
    const terminals = new ResistorCapacitorTerminals(clock, CIRCUIT);
    const twin = new RodeostatTwin({ link: far, clock, terminals, seed: 1, variant });
    await twin.start();
    await near.open(new AbortController().signal);
    const heard: string[] = [];
    near.onData((bytes) => heard.push(new TextDecoder().decode(bytes)));
    const ask = async (request: Json): Promise<Json> => {
      heard.length = 0;
      near.write(new TextEncoder().encode(requestText({ command: '', ...request })));
      await clock.advance(0);
      expect(heard[0]).toMatch(/\r\n$/);
      return JSON.parse(heard[0] ?? '');
    };
    let compared = 0;
    for (const { command, request, response } of examples) {
      if (command === 'getParam' || command === 'getSamplePeriod') {
        // Shown as they are after others: the parameters at power-on, the period that was set.
        expect(shapeOf(await ask(request))).toEqual(shapeOf(response));
        continue;
      }
      const answer = await ask(request);
      if (MISPRINTED.has(command)) {
        expect(answer).toMatchObject({ success: true, response: { command } });
      } else if (command === 'getTestNames') {
        expect(answer).toMatchObject({
          response: { testNames: expect.arrayContaining(['cyclic']) },
        });
      } else if (PARTICULAR.has(command)) {
        expect(shapeOf(answer)).toEqual(shapeOf(response));
      } else if (command === 'getRefElectVoltRange') {
        // The page sets 2 V and shows 5 V.
        expect(answer).toMatchObject({ response: { command, voltRange: '2V' } });
      } else {
        expect(answer).toEqual(response);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(18);
    await twin.stop();
  });
});
