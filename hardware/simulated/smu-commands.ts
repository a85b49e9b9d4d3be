import { OVER_RANGE } from './keithley-numbers.ts';
import type { ScpiCommand } from './scpi-commands.ts';
import type { OutputOffMode, SmuOutput } from './smu-output.ts';
import { type Quantity, WORDS } from './smu-quantities.ts';

/** The output of a source-measure unit: on and off, and how it is while it is off. */
export function outputCommands(
  output: SmuOutput,
  switchOutput: (isOn: boolean) => void,
): readonly ScpiCommand[] {
  return [
    {
      header: ':OUTPut[1][:STATe]',
      set: (p) => switchOutput(p.boolean()),
      query: () => (output.isOn ? '1' : '0'),
    },
    {
      header: ':OUTPut[1]:SMODe',
      set: (p) =>
        output.setOffMode(p.word('HIMPedance', 'NORMal', 'ZERO', 'GUARd') as OutputOffMode),
    },
  ];
}

/** What sourcing works with in a source-measure unit. */
export interface SmuSource {
  readonly output: SmuOutput;
  readonly settings: {
    function: Quantity;
    readonly level: Record<Quantity, number>;
    readonly sourceRange: Readonly<Record<Quantity, number>>;
  };
  /** Hands the settings to the output. */
  apply(): void;
}

/** What is sourced. Changing it switches the output off. */
export function functionCommand(unit: SmuSource): ScpiCommand {
  return {
    header: ':SOURce[1]:FUNCtion[:MODE]',
    set: (p) => {
      const wanted = p.word('VOLTage', 'CURRent') as Quantity;
      if (wanted !== unit.settings.function) unit.output.switch(false);
      unit.settings.function = wanted;
      unit.apply();
    },
    query: () => unit.settings.function,
  };
}

/** How much is sourced: up to a little above the nominal value of the range. */
export function levelCommand(
  unit: SmuSource,
  quantity: Quantity,
  spoken: (value: number) => string,
): ScpiCommand {
  return {
    header: `:SOURce[1]:${WORDS[quantity]}[:LEVel][:IMMediate][:AMPLitude]`,
    set: (p) => {
      const most = unit.settings.sourceRange[quantity] * OVER_RANGE;
      unit.settings.level[quantity] = p.number(-most, most);
      unit.apply();
    },
    query: () => spoken(unit.settings.level[quantity]),
  };
}
