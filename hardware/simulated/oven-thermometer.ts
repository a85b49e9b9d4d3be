import { CHANNELS } from '../../src/domain/channel.ts';
import type { SimulatedSensor } from './simulated-sensor.ts';
import { type ThermometerOptions, thermometerAt } from './simulated-thermometer.ts';

/** A second thermometer, on the block of the simulated oven: it sees the heater without a lag. */
export function ovenThermometer(options: ThermometerOptions): SimulatedSensor {
  return thermometerAt(options, {
    model: 'simulated oven thermometer',
    channel: CHANNELS.ovenTemperature,
    trueValue: () => options.oven.blockCelsius(),
  });
}
