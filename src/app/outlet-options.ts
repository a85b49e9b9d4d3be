import { Fault } from '../domain/fault.ts';
import { type CommandLine, numberOption, type OptionTable } from './command.ts';
import type { NodeOptions } from './node.ts';

const PANEL_PORT = 8080;
const MQTT_PORT = 1883;
const PORT_RANGE = { min: 0, max: 65_535, whole: true };

/** Options of the commands that run an experiment: where it is seen. */
export const OUTLET_OPTIONS = {
  out: { type: 'string', default: 'runs' },
  'panel-port': { type: 'string' },
  'no-panel': { type: 'boolean', default: false },
  'mqtt-port': { type: 'string' },
  broker: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const satisfies OptionTable;

export const OUTLET_HELP: readonly (readonly [option: string, meaning: string])[] = [
  ['--panel-port N', `port of the panel on 127.0.0.1 (default ${PANEL_PORT}; 0: any free one)`],
  ['--no-panel', 'no panel'],
  ['--mqtt-port N', `port of the embedded broker (default ${MQTT_PORT}; 0: any free one)`],
  ['--broker URL|none', 'publish to this MQTT 5 broker instead of the embedded one, or nowhere'],
  ['--json', 'the results as one JSON document on stdout'],
];

/** Where the panel is served; undefined for none. @throws Fault badInput */
export function panelPortOf(line: CommandLine): number | undefined {
  if (line.options['no-panel'] === true) return undefined;
  return numberOption(line, 'panel-port', PORT_RANGE) ?? PANEL_PORT;
}

/** Which broker is published to; undefined for none. @throws Fault badInput */
export function brokerOf(line: CommandLine): NodeOptions['broker'] {
  const { broker } = line.options;
  if (broker === 'none') return undefined;
  if (broker === undefined) {
    return { port: numberOption(line, 'mqtt-port', PORT_RANGE) ?? MQTT_PORT };
  }
  if (typeof broker === 'string' && /^mqtts?:\/\/[^/]+$/.test(broker)) return { url: broker };
  throw new Fault('badInput', {
    where: '--broker',
    message: `"${broker}" is not understood: expected mqtt://HOST:PORT, mqtts://HOST:PORT or none`,
  });
}
