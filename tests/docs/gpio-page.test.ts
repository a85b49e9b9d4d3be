import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { UNSETTLED_TIMES_MAX } from '../../hardware/gpio/contact-debounce.ts';
import { PULSE_WIDTH_SECOND_MAX, PULSE_WIDTH_SECOND_MIN } from '../../hardware/gpio/gpio-line.ts';
import { HEADER_CHIP } from '../../hardware/gpio/kernel-number.ts';
import { GPIO_ADAPTERS } from '../../hardware/gpio/open-gpio.ts';
import { SILENCE_SECOND_MAX } from '../../hardware/gpio/watched-contact.ts';
import { openRig } from '../../hardware/registry.ts';
import { EXIT_CODES } from '../../src/domain/fault.ts';
import { rigSchema } from '../../src/domain/rig.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { LITHIUM_CELL, readRig } from '../hardware/simulated/support.ts';

const PAGE = readFileSync(new URL('../../docs/gpio.md', import.meta.url), 'utf8');
const TEXT = PAGE.replace(/\s+/g, ' ');

describe('the page on the pins of the header', () => {
  it('shows lines of a rig file that open, with the channels that it names', async () => {
    const example = parse(/```yaml\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '');
    const { scanner } = readRig('simulated').instruments;
    const rig = rigSchema.parse({
      rig: 'example',
      title: 'Example',
      instruments: {
        ...example.instruments,
        potentiostat: { driver: 'emstat4-simulated' },
        scanner,
      },
    });
    const clock = new VirtualClock();
    const opened = await openRig(rig, {
      clock,
      cell: LITHIUM_CELL,
      seed: 1,
      recordings: undefined,
    });
    const channels = opened.sensors.flatMap((sensor) => sensor.channels.map(({ name }) => name));
    expect(channels).toEqual([
      'door_open',
      'gas_alarm_open',
      'scanner_trigger_count',
      'scanner_trigger_uncertainty_second',
    ]);
    for (const name of channels.filter((one) => one !== 'gas_alarm_open')) {
      expect(TEXT).toContain(`\`${name}\``);
    }
    expect(opened.guard?.info.id).toBe('interlocks');
  });

  it('states the bounds that the software has', () => {
    const widths = `${PULSE_WIDTH_SECOND_MIN * 1000} ms to ${PULSE_WIDTH_SECOND_MAX} s`;
    expect(TEXT).toContain(`\`width\`, ${widths},`);
    expect(TEXT).toContain(`nothing was heard for ${SILENCE_SECOND_MAX} s`);
    expect(TEXT).toContain(`exit code ${EXIT_CODES.tripped}.`);
    expect(UNSETTLED_TIMES_MAX).toBe(5);
    expect(TEXT).toContain('within five of them');
  });

  it('names every adapter, and every chip that is looked for', () => {
    for (const adapter of GPIO_ADAPTERS) expect(PAGE).toContain(`| \`${adapter}\` |`);
    const labels = /label \(([^)]*)\)/.exec(TEXT)?.[1]?.split(', ') ?? [];
    expect(labels.length).toBe(3);
    for (const label of labels) expect(label).toMatch(HEADER_CHIP);
  });
});
