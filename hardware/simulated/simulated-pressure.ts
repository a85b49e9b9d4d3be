import type { z } from 'zod';
import { CHANNELS } from '../../src/domain/channel.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';
import { SimulatedSensor } from './simulated-sensor.ts';

export const pressureSchema = closedObject({
  every: quantity('time')
    .refine((value) => value > 0, 'expected a time above zero')
    .default(10),
  /** Standard deviation of one reading. */
  noise: quantity('pressure').default(2e3),
  resolution: quantity('pressure').default(1e3),
});

/** A load cell under the simulated stack. */
export function simulatedPressure(options: {
  readonly id: string;
  readonly settings: z.output<typeof pressureSchema>;
  readonly cell: { pressurePascal(): number };
  readonly clock: Clock;
  readonly seed: number;
}): SimulatedSensor {
  const { id, settings, cell, clock, seed } = options;
  return new SimulatedSensor({
    id,
    model: 'simulated pressure gauge',
    channel: CHANNELS.pressure,
    trueValue: () => cell.pressurePascal(),
    everySecond: settings.every,
    noise: settings.noise,
    resolution: settings.resolution,
    clock,
    seed,
  });
}
