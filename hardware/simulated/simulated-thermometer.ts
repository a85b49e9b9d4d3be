import type { z } from 'zod';
import { CHANNELS } from '../../src/domain/channel.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';
import type { OvenPlant } from './oven-plant.ts';
import { SimulatedSensor } from './simulated-sensor.ts';

export const thermometerSchema = closedObject({
  every: quantity('time')
    .refine((value) => value > 0, 'expected a time above zero')
    .default(5),
  /** Standard deviation of one reading. */
  noise: quantity('temperature').default(0.02),
  resolution: quantity('temperature').default(0.01),
});

/** A thermometer on the cell in the simulated oven. */
export function simulatedThermometer(options: {
  readonly id: string;
  readonly settings: z.output<typeof thermometerSchema>;
  readonly oven: OvenPlant;
  readonly clock: Clock;
  readonly seed: number;
}): SimulatedSensor {
  const { id, settings, oven, clock, seed } = options;
  return new SimulatedSensor({
    id,
    model: 'simulated thermometer',
    channel: CHANNELS.temperature,
    trueValue: () => oven.cellCelsius(),
    everySecond: settings.every,
    noise: settings.noise,
    resolution: settings.resolution,
    clock,
    seed,
  });
}
