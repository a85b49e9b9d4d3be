import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIRMWARE_BOUNDS, PINS } from '../../firmware-bridge/board-protocol.ts';
import { COMMANDS } from '../../src/app/commands.ts';
import { readRig } from '../hardware/simulated/support.ts';

const ROOT = new URL('../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/wiring.md', ROOT), 'utf8');
const DRAWING = readFileSync(new URL('docs/wiring.svg', ROOT), 'utf8');
const LABELS = [...DRAWING.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(
  ([, attributes = '', text = '']) => {
    const number = (name: string) =>
      Number(new RegExp(`${name}="([\\d.]+)"`).exec(attributes)?.[1]);
    return {
      text,
      x: number('x'),
      y: number('y'),
      size: number('font-size'),
      anchor: /text-anchor="(\w+)"/.exec(attributes)?.[1] ?? 'start',
    };
  },
);

/** As it is printed on the board: 14 is A0. */
function printed(pin: number): string {
  return pin < 14 ? `D${pin}` : `A${pin - 14}`;
}

/** Cells of the rows of the table of pins. */
const ROWS = [...PAGE.matchAll(/^\| (D\d+|A\d)[^|]*\|(.*)\|$/gm)].map(
  ([, pin = '', rest = '']) => ({
    pin,
    cells: rest.split('|').map((cell) => cell.trim()),
  }),
);

/** Left and right end, for the narrow letters of the drawing. */
function extent({ text, x, size, anchor }: (typeof LABELS)[number]): readonly [number, number] {
  const width = 0.5 * size * text.length;
  const from = anchor === 'middle' ? x - width / 2 : anchor === 'end' ? x - width : x;
  return [from, from + width];
}

describe('the wiring page', () => {
  it.each(Object.entries(PINS))('has a row for %s at the pin of the firmware', (name, pin) => {
    expect(ROWS.filter((row) => row.pin === printed(pin)).map(({ cells }) => cells[0])).toEqual([
      name,
    ]);
  });

  it('has no pin twice, and for each what it goes to and by what colour', () => {
    const pins = ROWS.map(({ pin }) => pin);
    expect(pins.length).toBeGreaterThanOrEqual(18);
    expect(new Set(pins).size).toBe(pins.length);
    for (const { cells } of ROWS) expect(cells.slice(0, 5).every((cell) => cell !== '')).toBe(true);
  });

  it('has each colour as the drawing has it', () => {
    for (const { pin, cells } of ROWS) {
      const colour = cells[3] ?? '';
      if (/^[a-z]+$/.test(colour)) expect(DRAWING, pin).toContain(colour);
    }
  });

  it('counts the resistors that its own tables ask for', () => {
    for (const [value, count] of [
      ['220 Ω', 2],
      ['2.2 kΩ', 4],
      ['10 kΩ', 5],
    ] as const) {
      const asked = ROWS.filter(({ cells }) =>
        new RegExp(`(^|[^\\d.])${value}`).test(cells[4] ?? ''),
      );
      expect(asked.length, value).toBe(count);
      expect(PAGE).toContain(`| ${count} | Resistor | ${value} |`);
    }
  });

  it('flashes the file that is there, and its commands are commands', () => {
    const files = [...PAGE.matchAll(/flash:w:([^:\s]+):i/g)].map(([, file = '']) => file);
    expect(files).toHaveLength(2);
    for (const file of files) expect(existsSync(new URL(file, ROOT)), file).toBe(true);
    const names = new Set(COMMANDS.map(({ name }) => name));
    const commands = [...PAGE.matchAll(/npx operando ((?:[a-z]+ ?)+)/g)].map(([, one = '']) => one);
    expect(commands.length).toBeGreaterThanOrEqual(2);
    for (const one of commands) {
      const [first = '', second = ''] = one.split(' ');
      expect(names.has(first) || names.has(`${first} ${second}`), one).toBe(true);
    }
  });

  it('says the times and temperatures that firmware and rig hold to', () => {
    const { board } = readRig('reference').instruments;
    const { hostSilence, ovenTemperatureMax } = board?.options.limits as Record<string, string>;
    expect(PAGE).toContain(
      `${Number.parseFloat(hostSilence ?? '') / 1000} s after the last heartbeat`,
    );
    expect(FIRMWARE_BOUNDS.hostSilenceMsMax).toBeLessThan(1000);
    // Software first, the cut-out after it.
    const cutOut = Number(/bimetal, (\d+) °C/.exec(PAGE)?.[1]);
    expect(Number.parseFloat(ovenTemperatureMax ?? '')).toBeLessThan(cutOut);
    expect(DRAWING).toContain(`thermal cut-out ${cutOut} °C`);
  });
});

describe('the drawing', () => {
  it('has a label for every pin of the firmware and every part that matters', () => {
    const texts = LABELS.map(({ text }) => text).join('\n');
    for (const pin of Object.values(PINS))
      expect(texts).toMatch(new RegExp(`^${printed(pin)}\\b`, 'm'));
    for (const part of [
      'MAX31865',
      'MAX31856',
      'HX711',
      'SHT31',
      'Transducer',
      'SSR',
      'Heater 60 W',
      'Cell relay K2',
      'Potentiostat',
      'Detector',
      'Emergency stop, contact 1',
      'Emergency stop, contact 2',
      'Door',
      'Gas alarm',
    ]) {
      expect(texts).toContain(part);
    }
  });

  it('is whole, asks for nothing from elsewhere, and keeps its labels inside', () => {
    expect(DRAWING.match(/<svg/g)).toHaveLength(1);
    expect(DRAWING.trimEnd().endsWith('</svg>')).toBe(true);
    expect(DRAWING).not.toMatch(/<(script|image|use|foreignObject)|href=|url\(/);
    const [, width = '', height = ''] = /viewBox="0 0 (\d+) (\d+)"/.exec(DRAWING) ?? [];
    expect(LABELS.length).toBeGreaterThan(70);
    for (const label of LABELS) {
      const [from, to] = extent(label);
      expect(from, label.text).toBeGreaterThanOrEqual(0);
      expect(to, label.text).toBeLessThanOrEqual(Number(width));
      expect(label.y, label.text).toBeLessThan(Number(height));
      expect(label.size, label.text).toBeGreaterThanOrEqual(10);
    }
  });

  it('has no label upon another', () => {
    const clashes = LABELS.flatMap((one, at) =>
      LABELS.slice(at + 1)
        .filter((other) => {
          const [from, to] = extent(one);
          const [otherFrom, otherTo] = extent(other);
          const isBeside = to <= otherFrom || otherTo <= from;
          const isApart = Math.abs(one.y - other.y) >= 0.8 * Math.min(one.size, other.size);
          return !isBeside && !isApart;
        })
        .map((other) => `${one.text} / ${other.text}`),
    );
    expect(clashes).toEqual([]);
  });
});
