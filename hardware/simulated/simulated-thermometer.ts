import type { z } from 'zod';
import { CHANNELS } from '../../src/domain/channel.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';
import type { OvenPlant } from './oven-plant.ts';
import { SimulatedSensor, type SimulatedSensorOptions } from './simulated-sensor.ts';

export const thermometerSchema = closedObject({
  every: quantity('time')
    .refine((value) => value > 0, 'expected a time above zero')
    .default(5),
  /** Standard deviation of one reading. */
  noise: quantity('temperature').default(0.02),
  resolution: quantity('temperature').default(0.01),
});

export interface ThermometerOptions {
  readonly id: string;
  readonly settings: z.output<typeof thermometerSchema>;
  readonly oven: OvenPlant;
  readonly clock: Clock;
  readonly seed: number;
}

/** A thermometer on the cell in the simulated oven. */
export function simulatedThermometer(options: ThermometerOptions): SimulatedSensor {
  return thermometerAt(options, {
    model: 'simulated thermometer',
    channel: CHANNELS.temperature,
    trueValue: () => options.oven.cellCelsius(),
  });
}

/** A thermometer at some place of the oven. */
export function thermometerAt(
  { id, settings, clock, seed }: ThermometerOptions,
  place: Pick<SimulatedSensorOptions, 'model' | 'channel' | 'trueValue'>,
): SimulatedSensor {
  const { every: everySecond, noise, resolution } = settings;
  return new SimulatedSensor({ id, ...place, everySecond, noise, resolution, clock, seed });
}
