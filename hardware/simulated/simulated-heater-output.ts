import type { HeaterOutput } from '../heater/heater-output.ts';
import type { OvenPlant } from './oven-plant.ts';

/** What a rig file calls the heater of the simulated oven. */
export const SIMULATED_HEATER = 'heater-simulated';

/** The power stage of the simulated oven. */
export class SimulatedHeaterOutput implements HeaterOutput {
  readonly #oven: OvenPlant;

  constructor(oven: OvenPlant) {
    this.#oven = oven;
  }

  async setDuty(dutyFraction: number): Promise<number> {
    this.#oven.setDuty(dutyFraction);
    return this.#oven.dutyFraction();
  }
}
