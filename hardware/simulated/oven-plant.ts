import type { z } from 'zod';
import type { Clock } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';

/** A heated block with a cell in it, in a room. */
export const ovenSchema = closedObject({
  /** Of the room; the oven and the cell start there. */
  ambient: quantity('temperature').default(25),
  /** At full duty. */
  heaterPower: quantity('power').default(60),
  /** From the block to the room. */
  heatLoss: quantity('thermalConductance')
    .refine((value) => value > 0, 'expected a value above zero')
    .default(0.5),
  /** Of block and cell together. */
  heatCapacity: quantity('heatCapacity')
    .refine((value) => value > 0, 'expected a value above zero')
    .default(600),
  /** Time constant with which the cell follows the block. */
  cellLag: quantity('time')
    .refine((value) => value > 0, 'expected a value above zero')
    .default(45),
}).refine((oven) => oven.cellLag < (0.9 * oven.heatCapacity) / oven.heatLoss, {
  path: ['cellLag'],
  message: 'expected less than 0.9 × heatCapacity / heatLoss: a cell follows faster than its oven',
});

/** Temperatures in °C, power in W, loss in W/K, capacity in J/K, lag in s. */
export type OvenParameters = z.output<typeof ovenSchema>;

/**
 * Second-order thermal model: C dT/dt = P·duty - G (T - ambient) for the block, a first-order
 * lag for the cell. Between two calls the duty is constant, so the step has a closed form.
 */
export class OvenPlant {
  readonly #clock: Clock;
  readonly #oven: OvenParameters;
  #timeSecond: number;
  #dutyFraction = 0;
  #blockCelsius: number;
  #cellCelsius: number;

  constructor(options: { readonly clock: Clock; readonly oven: OvenParameters }) {
    this.#clock = options.clock;
    this.#oven = options.oven;
    this.#timeSecond = options.clock.nowSecond();
    this.#blockCelsius = options.oven.ambient;
    this.#cellCelsius = options.oven.ambient;
  }

  /** @param dutyFraction share of full power, limited to 0 … 1 */
  setDuty(dutyFraction: number): void {
    this.#advance();
    this.#dutyFraction = Math.min(1, Math.max(0, dutyFraction));
  }

  dutyFraction(): number {
    return this.#dutyFraction;
  }

  blockCelsius(): number {
    this.#advance();
    return this.#blockCelsius;
  }

  cellCelsius(): number {
    this.#advance();
    return this.#cellCelsius;
  }

  #advance(): void {
    const nowSecond = this.#clock.nowSecond();
    const stepSecond = nowSecond - this.#timeSecond;
    this.#timeSecond = nowSecond;
    if (stepSecond <= 0) return;
    const { ambient, heaterPower, heatLoss, heatCapacity, cellLag } = this.#oven;
    const blockLag = heatCapacity / heatLoss;
    const restCelsius = ambient + (heaterPower * this.#dutyFraction) / heatLoss;
    const blockAway = this.#blockCelsius - restCelsius;
    // Cell = rest + a e^(-t/blockLag) + b e^(-t/cellLag); the schema keeps the lags apart.
    const a = (blockAway * blockLag) / (blockLag - cellLag);
    const b = this.#cellCelsius - restCelsius - a;
    const blockDecay = Math.exp(-stepSecond / blockLag);
    this.#blockCelsius = restCelsius + blockAway * blockDecay;
    this.#cellCelsius = restCelsius + a * blockDecay + b * Math.exp(-stepSecond / cellLag);
  }
}
