import type { TriggerModel } from './keithley-2450-trigger-model.ts';
import type { ScpiCommand } from './scpi-commands.ts';
import type { Parameters } from './scpi-parameters.ts';

/** A block takes its number and five parameters at the most. */
const PARAMETERS_MAX = 6;
const BLOCKS_MAX = 63;

/**
 * The commands that define the blocks of a trigger model, 2450 manual 6-131.
 * @param takeBuffer takes the name of a buffer from the parameters
 */
export function triggerBlockCommands(
  model: TriggerModel,
  takeBuffer: (parameters: Parameters) => void,
): readonly ScpiCommand[] {
  const block = (header: string, define: (p: Parameters, at: number) => void): ScpiCommand => ({
    header: `:TRIGger:BLOCk:${header}`,
    parametersMax: PARAMETERS_MAX,
    set: (p) => define(p, p.integer(1, BLOCKS_MAX)),
  });
  const buffered = (p: Parameters): void => {
    if (p.hasMore) takeBuffer(p);
  };
  return [
    block('BUFFer:CLEar', (p, at) => {
      buffered(p);
      model.define(at, { kind: 'clear' });
    }),
    block('SOURce:STATe', (p, at) => model.define(at, { kind: 'source', isOn: p.boolean() })),
    block('MEASure', (p, at) => {
      buffered(p);
      model.define(at, { kind: 'measure' });
    }),
    block('NOTify', (p, at) => {
      p.integer(1, 8);
      model.define(at, { kind: 'notify' });
    }),
    block('NOP', (_, at) => model.define(at, { kind: 'nothing' })),
    block('DELay:CONStant', (p, at) =>
      model.define(at, { kind: 'pause', seconds: p.number(0, 10_000) }),
    ),
    block('BRANch:COUNter', (p, at) =>
      model.define(at, {
        kind: 'count',
        target: p.integer(1, 2 ** 31),
        to: p.integer(0, BLOCKS_MAX),
      }),
    ),
    block('BRANch:EVENt', (p, at) => {
      p.word('COMMand');
      model.define(at, { kind: 'command', to: p.integer(0, BLOCKS_MAX) });
    }),
    block('BRANch:LIMit:CONStant', (p, at) => {
      const isOutside = p.word('OUTSide', 'INside') === 'OUTS';
      const [low, high] = [p.number(-1e37, 1e37), p.number(-1e37, 1e37)];
      const to = p.integer(0, BLOCKS_MAX);
      if (p.hasMore) p.integer(0, BLOCKS_MAX);
      model.define(at, { kind: 'limits', isOutside, low, high, to });
    }),
  ];
}
