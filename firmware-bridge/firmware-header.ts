import {
  CLEAR_FIELDS,
  COMMANDS,
  FIRMWARE_BOUNDS,
  type Field,
  HEARTBEAT_FIELDS,
  INPUT_BITS,
  LIMIT_FIELDS,
  OUTPUT_FIELDS,
  PIN_COUNT,
  PINS,
  PROTOCOL_VERSION,
  REFUSALS,
  SENSOR_BITS,
  STATES,
  THERMOMETER_CODES,
  TOKEN_FIELDS,
  TRIGGER_FIELDS,
  TRIPS,
} from './board-protocol.ts';

/** `firmware/protocol.h`: the numbers of board-protocol.ts for the C compiler. */
export function firmwareHeader(): string {
  return [
    '/* Made from board-protocol.ts by "npm run firmware": edit that file. */',
    '#ifndef PROTOCOL_H',
    '#define PROTOCOL_H',
    '',
    `#define PROTOCOL_VERSION ${PROTOCOL_VERSION}`,
    ...defines('COMMAND', COMMANDS),
    ...defines('STATE', STATES),
    ...defines('TRIP', TRIPS),
    ...defines('REFUSAL', REFUSALS),
    ...defines('SENSOR', SENSOR_BITS),
    ...defines('INPUT', INPUT_BITS),
    ...defines('PIN', { ...PINS, count: PIN_COUNT }),
    ...defines('BOUND', FIRMWARE_BOUNDS),
    ...defines('THERMOMETER', THERMOMETER_CODES),
    ...defines('LENGTH', {
      heartbeat: groupCount(HEARTBEAT_FIELDS),
      setLimits: groupCount(LIMIT_FIELDS),
      setOutputs: groupCount(OUTPUT_FIELDS),
      clearTrip: groupCount(CLEAR_FIELDS),
      trigger: groupCount(TRIGGER_FIELDS),
      askTime: groupCount(TOKEN_FIELDS),
    }),
    '',
    '#endif',
    '',
  ].join('\n');
}

function defines(prefix: string, values: Readonly<Record<string, number>>): string[] {
  const lines = Object.entries(values).map(
    ([name, value]) => `#define ${prefix}_${shouted(name)} ${value}`,
  );
  return ['', ...lines];
}

function shouted(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** Groups of seven bits that a message of these fields takes. */
export function groupCount(fields: readonly Field[]): number {
  return fields.reduce((sum, { bits }) => sum + Math.ceil(bits / 7), 0);
}
