import type { z } from 'zod';
import { CHANNELS } from '../../src/domain/channel.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { OvenPlant } from './oven-plant.ts';
import { SimulatedSensor } from './simulated-sensor.ts';
import type { thermometerSchema } from './simulated-thermometer.ts';

/** A second thermometer, on the block of the simulated oven: it sees the heater without a lag. */
export function ovenThermometer(options: {
  readonly id: string;
  readonly settings: z.output<typeof thermometerSchema>;
  readonly oven: OvenPlant;
  readonly clock: Clock;
  readonly seed: number;
}): SimulatedSensor {
  const { id, settings, oven, clock, seed } = options;
  return new SimulatedSensor({
    id,
    model: 'simulated oven thermometer',
    channel: CHANNELS.ovenTemperature,
    trueValue: () => oven.blockCelsius(),
    everySecond: settings.every,
    noise: settings.noise,
    resolution: settings.resolution,
    clock,
    seed,
  });
}
